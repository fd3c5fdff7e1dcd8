"""The weights come from the training script and the texts in the repository, and from nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from copydesk.sentences import model, split
from copydesk.sentences.candidates import candidates
from copydesk.sentences.lexicon import lexicon
from support import ROOT

TRAINER = ROOT / "benchmarks" / "quality" / "train_sentences.py"


def test_training_gives_the_shipped_weights(tmp_path: Path) -> None:
    made = tmp_path / "weights.tsv"
    subprocess.run([sys.executable, TRAINER, "--output", made], check=True, capture_output=True)
    assert made.read_bytes() == model.WEIGHTS.read_bytes(), "run benchmarks/quality/train_sentences.py"
    assert made.stat().st_size < 300_000


def test_decisions_do_not_depend_on_what_was_asked_before(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "“Is it so?” she asked. Mr. Lee left the U.S. He never came back... Or did he? See No. 5. It ended."
    known = split(text)
    model._known.clear()
    monkeypatch.setattr(model, "_KEPT", 1)
    assert split(text) == known
    assert len(model._known) == 1


def test_a_context_never_seen_is_decided() -> None:
    (seen,) = [context for _, context in candidates("He left. She stayed", lexicon("en"))]
    assert seen is not None
    strange = seen._replace(before="nothing known", after="nothing known", mark="*")
    assert model.ends_sentence(strange) is False
