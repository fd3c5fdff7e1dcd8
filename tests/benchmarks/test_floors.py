"""Quality on the open bench does not fall below its floors, which are only ever raised."""

from __future__ import annotations

import importlib
import json
import sys
from types import ModuleType

import pytest

from support import ROOT

QUALITY = ROOT / "benchmarks" / "quality"
FLOORS = json.loads((QUALITY / "floors.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def scoring() -> ModuleType:
    sys.path.insert(0, str(QUALITY))
    try:
        importlib.import_module("adapters")
        return importlib.import_module("score_cleaning")
    finally:
        sys.path.remove(str(QUALITY))


@pytest.mark.parametrize("which", FLOORS)
def test_the_cleaner_keeps_its_floors(scoring: ModuleType, which: str) -> None:
    clean = getattr(sys.modules["adapters"], which)
    scores = scoring.score(clean, scoring.load("bench"), scoring.load("control"))
    floors = FLOORS[which]
    assert scores.unfaithful == 0
    assert scores.overall_recall >= floors["overall_recall"]
    assert scores.overall_precision >= floors["overall_precision"]
    assert scores.false_edits_per_10k <= floors["false_edits_per_10k"]
    assert {k: v for k, v in scores.recall.items() if v < floors["recall"].get(k, 0)} == {}
    assert {k: v for k, v in scores.flags.items() if v < floors["flags"].get(k, 0)} == {}


def test_the_scorer_tells_right_from_wrong(scoring: ModuleType) -> None:
    document = {
        "dirty": "one  two",
        "edits": [{"start": 3, "end": 4, "replacement": "", "class": "multi_space"}],
        "flags": [{"start": 0, "end": 3, "class": "redaction"}],
    }

    def cleaner(*edits: tuple[int, int, str]) -> object:
        made = [{"start": s, "end": e, "replacement": r, "class": None, "rule": "r"} for s, e, r in edits]
        return lambda text: (scoring.applied(text, made), made, [])

    # Which of two spaces goes is the same in effect.
    assert scoring.score(cleaner((4, 5, "")), [document], []).overall_recall == 1
    assert scoring.score(cleaner((3, 5, " ")), [document], []).overall_precision == 1
    wrong = scoring.score(cleaner((3, 5, "")), [document], [document])
    assert (wrong.overall_recall, wrong.overall_precision, wrong.flags) == (0, 0, {"redaction": 0})
    assert wrong.false_edits_per_10k == 1e4 / 8
    extra = scoring.score(cleaner((4, 5, ""), (0, 1, "O")), [document], [])
    assert (extra.overall_recall, extra.overall_precision) == (1, 0.5)
    assert scoring.score(lambda text: ("other", [], []), [document], []).unfaithful == 1
