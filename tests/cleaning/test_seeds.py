"""What cleaning does to the two articles."""

from __future__ import annotations

import pytest

from copydesk.cleaning import Cleaned, clean_text, plan
from copydesk.config import load_params
from support import ROOT


def cleaned(name: str) -> Cleaned:
    (path,) = (ROOT / "seeds").glob(f"{name}_*.txt")
    return clean_text(path.read_text("utf-8"), plan(load_params(ROOT / "params.yaml")["clean"]))


@pytest.mark.parametrize(
    ("name", "repaired"),
    [
        ("000", "to deal with the future with Russia Military Threat."),
        ("000", "lacking enough Military resources to counter"),
        ("000", "are in the economy, Military and in terms"),
        ("000", "NATO is beginning to think about how to respond to Russia's Military Threat."),
        ("000", "what was the outcome of the war? Russia does not"),
        ("003", "to keep our people safe in a more dangerous world.”"),
    ],
)
def test_what_is_repaired(name: str, repaired: str) -> None:
    assert repaired in cleaned(name).edited.text


def test_what_is_marked_and_not_invented() -> None:
    text = cleaned("000")
    assert [(f.kind, text.edited.text[f.start - 10 : f.end + 8]) for f in text.flags] == [
        ("redaction", "unable to ** in the ")
    ]


def test_what_is_left_alone() -> None:
    # Edits touch the defects and nothing else: all other lines are those of the file.
    for name, changed in (("000", 7), ("003", 1)):
        text = cleaned(name).edited
        assert text.revert() == text.raw
        raw_lines = text.raw.split("\n")
        assert len(set(raw_lines) - set(text.text.split("\n"))) <= changed
    assert "Source: Today IT" not in cleaned("003").edited.text
