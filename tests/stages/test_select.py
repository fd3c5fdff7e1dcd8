"""Which documents are kept, how they are split, and how each that is not there is accounted for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from copydesk import validate
from copydesk.core.escaping import markdown
from copydesk.errors import BuildError, ConfigError
from copydesk.project import Project
from support import articles

LONG = (
    "The council met on Monday to speak about the new bridge, its cost, and the trams that will use it. Two members "
    "asked why the price had doubled since the plans were drawn, and whether the old crossing could be kept for walkers "
    "and bicycles. The mayor answered that steel had become dear, that the river bed was softer than expected, and "
    "that nobody had wanted to wait. After three hours the plan was accepted with one vote against it. Work begins when "
    "the ice has gone, and the first tram should cross in four years, if the winters are mild and no flood comes. "
)
Make = Callable[..., Project]


def rows(project: Project, table: str) -> list[dict[str, Any]]:
    paths = sorted(project.corpus.glob(f"data/{table}/*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_what_is_dropped_is_listed_with_the_reason_and_the_values(make_corpus: Make) -> None:
    files = {
        "long.txt": LONG,
        "short.txt": "Too short to keep.",
        "sources.jsonl": '{"doc_id": "short", "source": "Wire"}',
    }
    project = make_corpus(files, {"select": {"keep": "words >= 10 and characters < 5000"}})
    dropped = [{"doc_id": "short", "reason": "words >= 10", "values": '{"words": 4}', "source": "Wire"}]
    assert lines(project.reports / "dropped.jsonl") == dropped
    assert json.loads((project.corpus / "manifest.json").read_text("utf-8"))["dropped"] == dropped
    assert f"| {markdown('words >= 10')} | 1 |" in (project.corpus / "README.md").read_text("utf-8")
    for table in ("documents", "raw", "sentences"):
        assert {row["doc_id"] for row in rows(project, table)} == {"long"}
    assert validate(project.corpus, project.schemas).ok


def test_a_condition_may_ask_for_language_and_text(make_corpus: Make) -> None:
    german = (
        "Der Rat sprach am Montag über die neue Brücke und ihre Kosten. Zwei Mitglieder fragten nach dem Preis. " * 3
    )
    project = make_corpus(
        {"a.txt": LONG, "b.txt": german}, {"select": {"keep": "language == 'de' and sentence_count > 1"}}
    )
    assert [row["doc_id"] for row in rows(project, "documents")] == ["b"]


def test_a_condition_over_what_others_decide_is_refused(make_corpus: Make) -> None:
    with pytest.raises(ConfigError, match=r"select.keep: .* there is no column split"):
        make_corpus({"a.txt": LONG}, {"select": {"keep": "split == 'train'"}})


def test_nothing_left_is_an_error(make_corpus: Make) -> None:
    with pytest.raises(BuildError, match=r"no documents to package; 1 dropped, see .*dropped.jsonl"):
        make_corpus({"a.txt": LONG}, {"select": {"keep": "words > 100000"}})


def test_duplicates_are_flagged_or_dropped(make_corpus: Make) -> None:
    near = LONG.replace("Monday", "Tuesday", 1) + " It was late."
    files = {"a.txt": LONG.upper(), "b.txt": LONG, "c.txt": near, "d.txt": "Something else entirely, and short."}
    flagged = {row["doc_id"]: row for row in rows(make_corpus(files, name="flag"), "documents")}
    assert {doc_id: (row["duplicate_of"], row["duplicate_kind"]) for doc_id, row in flagged.items()} == {
        "a": ("c", "near"),
        "b": ("c", "near"),
        "c": (None, None),
        "d": (None, None),
    }
    assert [row["duplicate_group"] for row in flagged.values()] == ["c", "c", "c", None]
    project = make_corpus(files, {"deduplicate": {"duplicates": "drop"}}, name="drop")
    assert {row["doc_id"] for row in rows(project, "documents")} == {"c", "d"}
    assert [(row["doc_id"], row["reason"]) for row in lines(project.reports / "dropped.jsonl")] == [
        ("a", "duplicate"),
        ("b", "duplicate"),
    ]
    assert validate(project.corpus, project.schemas, load=False).ok
    exact = make_corpus(files, {"deduplicate": {"near": False}}, name="exact")
    kinds = {row["doc_id"]: (row["duplicate_of"], row["duplicate_kind"]) for row in rows(exact, "documents")}
    assert kinds == {"a": (None, None), "b": ("a", "exact"), "c": (None, None), "d": (None, None)}


def test_a_document_that_is_not_kept_keeps_no_other_out(make_corpus: Make) -> None:
    near = LONG.replace("Monday", "Tuesday", 1) + " It was late, and a number of people left."
    settings = {"select": {"keep": f"characters <= {len(LONG.strip())}"}, "deduplicate": {"duplicates": "drop"}}
    project = make_corpus({"a.txt": LONG, "b.txt": near}, settings)
    assert [row["doc_id"] for row in rows(project, "documents")] == ["a"]
    assert [(row["doc_id"], row["reason"][:10]) for row in lines(project.reports / "dropped.jsonl")] == [
        ("b", "characters")
    ]


def test_a_source_that_loses_much_raises_an_alarm(make_corpus: Make, capsys: pytest.CaptureFixture[str]) -> None:
    seeds: dict[str, str] = {f"wire{n}.txt": f"Short note {n}." for n in range(6)}
    seeds |= {f"post{n}.txt": f"{n}. {LONG}" for n in range(6)}
    known = [{"doc_id": name[:-4], "source": "Wire" if name.startswith("wire") else "Post"} for name in seeds]
    seeds["sources.jsonl"] = "".join(json.dumps(row) + "\n" for row in known)
    settings = {"select": {"keep": "words > 20", "alarm": 0.5, "alarm_minimum": 5}, "deduplicate": {"near": False}}
    project = make_corpus(seeds, settings)
    assert lines(project.reports / "alarms.jsonl") == [{"source": "Wire", "documents": 6, "dropped": 6, "share": 1.0}]
    assert "ALARM: Wire loses 6 of 6 documents" in capsys.readouterr().err


def test_documents_are_split_with_all_that_belongs_to_them(make_corpus: Make) -> None:
    settings = {
        "splits": {"train": 0.6, "validation": 0.2, "test": 0.2, "minimum": 20},
        "shards": {"target": 6, "minimum": 3, "maximum": 18},
    }
    seeds = articles(40)
    seeds["copy.txt"] = seeds["article-0003.txt"] + " And more."
    project = make_corpus(seeds, settings)
    assert validate(project.corpus, project.schemas).ok
    homes = {row["doc_id"]: row["split"] for row in rows(project, "documents")}
    assert set(homes.values()) == {"train", "validation", "test"}
    assert homes["copy"] == homes["article-0003"]
    for table in ("documents", "raw", "sentences", "edits"):
        for path in project.corpus.glob(f"data/{table}/*.parquet"):
            split = path.name.partition("-")[0]
            assert {homes[doc_id] for doc_id in pq.read_table(path)["doc_id"].to_pylist()} == {split}
    # One more document moves no other.
    seeds["another.txt"] = "A document that is like none of the others, and says so."
    grown = make_corpus(seeds, settings, name="grown")
    assert {row["doc_id"]: row["split"] for row in rows(grown, "documents") if row["doc_id"] != "another"} == homes


def test_a_license_outside_the_gate_is_not_public(make_corpus: Make) -> None:
    files = {
        "a.txt": LONG,
        "b.txt": "Another text, about ships.",
        "sources.jsonl": '{"doc_id": "a", "license": "CC-BY-4.0"}\n',
    }
    project = make_corpus(files, {"publish": {"allow": ["CC-BY-4.0", "CC0-1.0"]}})
    assert {row["doc_id"]: row["public"] for row in rows(project, "documents")} == {"a": True, "b": False}
    assert "without a license listed in `publish.allow`: 1 of 2." in (project.corpus / "README.md").read_text("utf-8")


def test_benchmarks_are_found_and_are_no_documents(make_corpus: Make, capsys: pytest.CaptureFixture[str]) -> None:
    question = "which river flows through the city of Prague before it joins the Elbe north of Melnik"
    files = {
        "a.txt": f"He asked: {question}? Nobody knew. {LONG}",
        "b.txt": LONG,
        "benchmarks.jsonl": "".join(
            json.dumps({"name": name, "text": text}) + "\n"
            for name, text in (("quiz/1", question), ("quiz/2", "Which river?"), ("quiz/3", "哪条河？"))
        ),
    }
    found = {row["doc_id"]: row for row in rows(make_corpus(files), "documents")}
    assert set(found) == {"a", "b"}
    assert found["b"]["benchmark_overlap"] == 0 and found["a"]["benchmark_overlap"] > 0.1
    (flag,) = [flag for flag in found["a"]["flags"] if flag["kind"] == "benchmark"]
    assert found["a"]["text"][flag["start"] : flag["end"]] == question
    assert "2 texts with fewer than 13 words (decontaminate.words), so they" in (said := capsys.readouterr().err)
    assert said.split("cannot be found in documents: ")[1].startswith("quiz/2, quiz/3\n")


def test_provenance_says_where_each_value_is_from(make_corpus: Make) -> None:
    body = (
        "The mayor opened the bridge on Monday, two years after work began, and walked across it with all the builders. "
        * 2
    )
    text = f"City opens second bridge over the harbour\n{body.strip()}\n{body.strip()}\nSource: Today IT"
    sources = '{"doc_id": "a", "publisher": "The Harbour Gazette", "url": "https://example.org/1"}\n'
    project = make_corpus({"a.txt": text, "sources.jsonl": sources})
    (row,) = rows(project, "documents")
    (raw,) = rows(project, "raw")
    assert (row["title"], row["source"], row["publisher"]) == (
        "City opens second bridge over the harbour",
        "Today IT",
        "The Harbour Gazette",
    )
    found = {
        each["field"]: (each["origin"], each["raw_end"] and raw["text"][each["raw_start"] : each["raw_end"]])
        for each in row["provenance"]
    }
    assert found == {
        "title": ("text", "City opens second bridge over the harbour"),
        "source": ("source-line", "Today IT"),
        "publisher": ("sources.jsonl", None),
        "url": ("sources.jsonl", None),
    }
