"""Quality on the open bench does not fall below its floors, which are only ever raised."""

from __future__ import annotations

import importlib
import json
import re
import sys
from types import ModuleType

import pytest

from support import ROOT

QUALITY = ROOT / "benchmarks" / "quality"
FLOORS = json.loads((QUALITY / "floors.json").read_text("utf-8"))


def script(name: str) -> ModuleType:
    sys.path.insert(0, str(QUALITY))
    try:
        importlib.import_module("adapters")
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(QUALITY))


@pytest.fixture(scope="module")
def scoring() -> ModuleType:
    return script("score_cleaning")


@pytest.fixture(scope="module")
def splitting() -> ModuleType:
    return script("score_sentences")


@pytest.mark.parametrize("which", ["clean", "clean_all"])
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


@pytest.mark.parametrize("treebank", FLOORS["split"])
def test_the_splitter_keeps_its_floors(splitting: ModuleType, treebank: str) -> None:
    documents = [d for d in splitting.load(splitting.OPEN / "dev.jsonl.xz") if d["id"].startswith(treebank + "/")]
    split = sys.modules["adapters"].split
    found = splitting.score(documents, split)._asdict()
    found["glued_f1"] = splitting.score(map(splitting.glued, documents), split).f1
    floors = FLOORS["split"][treebank]
    assert {name: found[name] for name in floors if found[name] < floors[name]} == {}


def test_golden_rules_that_fail_are_those_the_docs_explain(splitting: ModuleType) -> None:
    split = sys.modules["adapters"].split
    rules = json.loads((splitting.OPEN / "golden_rules_en.json").read_text("utf-8"))
    failing = [
        int(rule["rule"].removeprefix("golden"))
        for rule in rules
        if [rule["text"][start:end] for start, end in split(rule["text"])] != [s.strip() for s in rule["sentences"]]
    ]
    table = (ROOT / "docs" / "sentences.md").read_text("utf-8")
    rows = re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)
    assert len(rules) == 48
    assert failing == [int(number) for row in rows for number in row.split(", ")]


def test_the_splitting_scorer_tells_right_from_wrong(splitting: ModuleType) -> None:
    text = "Heading One. Two? Three\nFour"
    gold = [(0, 7), (8, 12), (13, 17), (18, 23), (24, 28)]
    document = {"id": "x", "lang": "en", "text": text, "spans": gold}
    assert splitting.score([document], lambda text, lang: gold)[:3] == (1, 1, 1)
    # Without the heading: one boundary of three is missed, which carries no mark; two sentences of five are lost.
    found = splitting.score([document], lambda text, lang: [(0, 12), (13, 18), (18, 23), (24, 28)])
    assert found[:3] == (4 / 5, 1, 6 / 9)
    # One sentence a line: all three are missed, two of them with a mark.
    assert splitting.score([document], lambda text, lang: [(0, 23), (24, 28)])[:3] == (0, 0, 2 / 7)
    # One too many.
    assert splitting.score([document], lambda text, lang: [(0, 3), (4, 7), *gold[1:]])[:2] == (6 / 7, 6 / 7)


def test_gluing_deletes_the_space_between_sentences_only(splitting: ModuleType) -> None:
    text = " ".join(f"Sentence {number} is here." for number in range(200))
    spans = [(m.start(), m.end()) for m in re.finditer(r"Sentence[^.]*\.", text)]
    glued = splitting.glued({"id": "x", "lang": "en", "text": text, "spans": spans})
    assert 5 < len(text) - len(glued["text"]) < 40
    assert [glued["text"][s:e] for s, e in glued["spans"]] == [text[s:e] for s, e in spans]


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


@pytest.fixture(scope="module")
def measuring() -> ModuleType:
    return script("measure_precision")


def test_the_confidence_of_rules_is_what_is_measured(measuring: ModuleType) -> None:
    measured = measuring.measure(measuring.documents())
    assert json.loads(measuring.PRECISION_FILE.read_text("utf-8")) == json.loads(measuring.as_json(measured)), (
        "measure again: python benchmarks/quality/measure_precision.py --write"
    )
    page = measuring.DOCS.read_text("utf-8")
    assert page == measuring.with_table(page, measuring.as_markdown(measured))
    assert page.count("not measured") > 1


def test_measuring_tells_right_from_wrong(measuring: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "The ministers met  in the capital and  they left."
    document = {"dirty": text, "edits": [{"start": 17, "end": 19, "replacement": " "}]}
    assert measuring.measure([document]) == {"spaces": {"en": {"prose": (1, 2)}}}


def test_damage_is_undone_by_the_repairs_that_are_named(measuring: ModuleType) -> None:
    text = "Zwölf Männer kamen, sahen und gingen. Niemand wußte, wohin. Später kehrten sie zurück nach Köln. " * 20
    kinds = set()
    for document in sys.modules["damaged"].damaged({"id": "x", "text": text}):
        assert sys.modules["score_cleaning"].applied(document["dirty"], document["edits"]) == text
        kinds |= {(e["replacement"], document["dirty"][e["start"] : e["end"]]) for e in document["edits"]}
    assert {(" ", ""), (" ", "  "), ("", " "), (" ", "\n"), ("", "-\n"), ("zurück", "zurÃ¼ck")} <= kinds
