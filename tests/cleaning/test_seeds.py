"""The two articles come out as a careful editor would leave them: every known repair, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from copydesk.cleaning.apply import Cleaned, clean_text
from copydesk.cleaning.plan import plan
from copydesk.core.config import load_params
from support import ROOT

#: For each article the repairs, and the places that can only be marked, as an editor found them by reading.
KNOWN = json.loads((Path(__file__).parent / "seeds.json").read_text("utf-8"))
articles = pytest.mark.parametrize("name", KNOWN)


def cleaned(name: str) -> Cleaned:
    text = (ROOT / "seeds" / name).read_bytes().decode()
    return clean_text(text, plan(load_params(ROOT / "params.yaml")["clean"]))


@articles
def test_the_text_is_the_one_an_editor_would_leave(name: str) -> None:
    text = cleaned(name).edited
    expected = text.raw
    for start, end, replacement in reversed(KNOWN[name]["edits"]):
        expected = expected[:start] + replacement + expected[end:]
    assert text.text == expected
    assert text.revert() == text.raw


@articles
def test_what_cannot_be_known_is_marked(name: str) -> None:
    text = cleaned(name)
    found = [(flag.kind, *text.edited.to_raw(flag.start, flag.end)) for flag in text.flags]
    for kind, start, end in KNOWN[name]["flags"]:
        assert any(k == kind.replace("_", "-") and s < end and start < e for k, s, e in found), (kind, start, end)
