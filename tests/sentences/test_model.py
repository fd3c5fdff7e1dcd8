"""The weights come from the training script and the texts in the repository, and from nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from copydesk.sentences import model, split
from copydesk.sentences.candidates import candidates
from copydesk.sentences.context import Context
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


#: Values of the fields of a context, as the names of features have them: all that have a weight, and one that has none.
VALUES = {
    field: sorted({value for name in model.weights() for value in re.findall(rf" {field} (\S+)", name)} | {"unseen"})
    for field in Context._fields
    if field not in ("mark", "closed", "opener", "written")
}
KINDS = sorted({name.split(" ")[0] for name in model.weights()})


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    # As strings, as features have them: "True" and True have the same names of features.
    values: dict[str, Any] = {field: draw(st.sampled_from(options)) for field, options in VALUES.items()}
    marks = [(kind, "") for kind in KINDS] + [(kind, "quote") for kind in ".?!…"]
    mark, closed = draw(st.sampled_from(marks))
    opener, written = (
        draw(st.sampled_from(["", "", "quote", "bracket"])),
        draw(st.sampled_from(["", "common", "name"])),
    )
    return Context(mark=mark, closed=closed, opener=opener, written=written, **values)


@given(contexts(), st.data(), st.sampled_from([model.FREE, model.STATE]))
@settings(max_examples=500, deadline=None)
def test_what_is_decided_whatever_else_holds_is_decided_so_with_anything_else(
    context: Context, data: st.DataObject, free: frozenset[str]
) -> None:
    decided = model.ends_whatever_else(context, free)
    for _ in range(20):
        other = context._replace(**{field: data.draw(st.sampled_from(VALUES[field])) for field in sorted(free)})
        assert decided in (None, model.ends_sentence(other))
        assert model.ends_whatever_else(other, free) is decided


def test_least_and_greatest_scores_are_reached_where_fields_do_not_share_a_feature() -> None:
    """The bounds are as narrow as they can be for fields of one feature: else few candidates were decided by them."""
    (context,) = [context for _, context in candidates("She left the house. The dog stayed", lexicon("en"))]
    assert context is not None
    assert model.ends_whatever_else(context, model.FREE) is True
    assert model.ends_whatever_else(context._replace(mark=":", after="low"), model.FREE) is False
    assert model.ends_whatever_else(context._replace(before="number2", earlier="month"), model.FREE) is None
    for field in ("rest", "casual"):
        scores = [score(context._replace(**{field: value})) for value in range(5)]
        names = [name for name in model.features(context) if f" {field} " in name]
        least, greatest = model._bounds()[model._free_field(names[0])[1]]
        assert max(scores) - min(scores) == greatest - least


def score(context: Context) -> int:
    return sum(model.weights().get(name, 0) for name in model.features(context))
