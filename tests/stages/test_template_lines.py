"""Lines that stand in many documents of one source: listed, decided about once, and removed or kept in all of them."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from copydesk.ci.hand_written_files import check_inputs
from copydesk.core.atomic_files import read_json_lines
from copydesk.core.config import check_params
from copydesk.core.decisions import folded_line
from copydesk.dataset import common_lines
from copydesk.dataset.common_lines import CountedShard, line_counts, template_lines
from copydesk.differences.diff import diff
from copydesk.errors import ConfigError
from copydesk.project import Project
from copydesk.report.corpus_view import Corpus
from copydesk.revisions.revision import open_revision
from copydesk.stages import runner
from copydesk.stages.clean import STAGE as CLEAN_STAGE
from copydesk.stages.package import STAGE as PACKAGE_STAGE
from copydesk.stages.runner import Task, compute, output_table
from copydesk.store.shard_store import Store
from copydesk.validation import validate
from support import articles, file_bytes, run_stages, write_seeds

PROMISE = "The Desk reads the fine print for you."
OFFER = "Subscribe to our newsletter and never miss a story."
SMALL: dict[str, Any] = {"shards": {"target": 6, "minimum": 3, "maximum": 18}, "engine": {"workers": 1}}


def decision(kind: str, line: str, source: str = "The Desk") -> dict[str, Any]:
    return {"decision": kind, "source": source, "line": line, "date": "2026-01-02"}


def decide(project: Project, *rows: Mapping[str, Any]) -> None:
    write_seeds(project.seeds, {"decisions.jsonl": "".join(f"{json.dumps(row)}\n" for row in rows)})


def listed(project: Project) -> list[dict[str, Any]]:
    return read_json_lines(project.reports / "template_lines.jsonl")


def unmet(project: Project) -> list[tuple[str, str, str]]:
    rows = read_json_lines(project.reports / "decisions.jsonl")
    return [(row["source"], row["decision"], row["problem"].partition(";")[0]) for row in rows]


def texts(project: Project) -> dict[str, str]:
    corpus = Corpus(project)
    return {doc_id: corpus.document(doc_id).row["text"] for doc_id in corpus.ids}


def two_sources(count: int = 24) -> dict[str, str]:
    """Seeds of two sources; each text ends in two lines of the site, and those of even number are of The Desk."""
    seeds = {name: f"{text}\n{PROMISE}\n{OFFER}" for name, text in articles(count).items()}
    stated = [
        {
            "doc_id": name.removesuffix(".txt"),
            **({"source": "The Desk"} if n % 2 == 0 else {"url": "https://www.wire.example/a"}),
        }
        for n, name in enumerate(seeds)
    ]
    return {**seeds, "sources.jsonl": "".join(f"{json.dumps(row)}\n" for row in stated)}


@pytest.fixture
def desk(make_corpus: Callable[..., Project]) -> Project:
    return make_corpus(two_sources(), SMALL)


def test_lines_in_many_documents_of_a_source_are_listed_with_their_counts(
    desk: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row for row in listed(desk) if row["line"] in {PROMISE, OFFER}]
    of_desk = {"documents": 12, "decision": None, "example": "article-0000"}
    assert rows == [
        {"source": "The Desk", "line": PROMISE, "standing": 12, "removed": 0, **of_desk},
        {
            "source": "wire.example",
            "line": PROMISE,
            "standing": 12,
            "removed": 0,
            **of_desk,
            "example": "article-0001",
        },
        {"source": "The Desk", "line": OFFER, "standing": 0, "removed": 12, **of_desk},
        {"source": "wire.example", "line": OFFER, "standing": 0, "removed": 12, **of_desk, "example": "article-0001"},
    ]
    run_stages(desk)
    assert "2 lines in 5 or more documents of one source; decide, see" in capsys.readouterr().err


def test_how_many_documents_make_a_template_is_a_setting(make_corpus: Callable[..., Project]) -> None:
    seeds = two_sources()
    for documents, share, found in ((12, 0, True), (13, 0, False), (2, 1, True), (2, 0.02, True)):
        params = {**SMALL, "select": {"template_documents": documents, "template_share": share}}
        project = make_corpus(seeds, params, f"{documents}-{share}")
        assert (PROMISE in {row["line"] for row in listed(project)}) is found


def test_duplicates_dropped_documents_and_those_without_a_source_do_not_count(
    make_corpus: Callable[..., Project],
) -> None:
    texts = list(articles(9).values())
    seeds = {f"copy-{n}.txt": f"{texts[0]}\n{PROMISE}" for n in range(9)}
    seeds |= {f"short-{n}.txt": f"{n} Only {n}.\n{PROMISE}" for n in range(9)}
    seeds |= {f"nobody-{n}.txt": f"{text}\n{PROMISE}" for n, text in enumerate(texts)}
    stated = [{"doc_id": name[:-4], "source": "The Desk"} for name in seeds if not name.startswith("nobody")]
    seeds["sources.jsonl"] = "".join(f"{json.dumps(row)}\n" for row in stated)
    project = make_corpus(seeds, {**SMALL, "select": {"keep": "words >= 20"}})
    assert listed(project) == []


def test_a_line_is_removed_from_all_documents_of_the_source_and_from_no_other(desk: Project) -> None:
    decide(desk, decision("remove-line", f"  The  Desk{PROMISE[8:]} "))
    run_stages(desk)
    assert unmet(desk) == []
    assert validate(desk.corpus, desk.schemas, load=False).ok
    for number, text in enumerate(texts(desk).values()):
        assert (PROMISE in text) is (number % 2 == 1)
    edits = [e for e in Corpus(desk).document("article-0000").edits if "template-line" in e["rules"]]
    assert [(e["applied"], e["tier"], e["confidence"], e["after"]) for e in edits] == [(True, "safe", 1.0, "")]
    assert edits[0]["before"] == f"\n{PROMISE}"
    of_desk = next(row for row in listed(desk) if row["line"] == PROMISE and row["source"] == "The Desk")
    assert (of_desk["standing"], of_desk["removed"], of_desk["decision"]) == (0, 12, "remove-line")


def test_a_line_is_kept_that_rules_would_remove_or_suggest_to_remove(desk: Project) -> None:
    decide(desk, decision("keep-line", OFFER))
    run_stages(desk)
    assert unmet(desk) == []
    for number, text in enumerate(texts(desk).values()):
        assert (OFFER in text) is (number % 2 == 0)
    assert not any(OFFER in edit["before"] for edit in Corpus(desk).document("article-0000").edits)
    for tier in ("suggest", "off"):
        suggested = replace(desk, params=check_params({**SMALL, "clean": {"rules": {"subscribe": tier}}}))
        run_stages(suggested)
        assert not any(OFFER in edit["before"] for edit in Corpus(suggested).document("article-0000").edits)
        is_suggested = any(OFFER in edit["before"] for edit in Corpus(suggested).document("article-0001").edits)
        assert is_suggested is (tier == "suggest")


def test_one_document_may_keep_what_its_source_loses(desk: Project) -> None:
    removed = decision("remove-line", PROMISE)
    decide(desk, removed)
    run_stages(desk)
    document = Corpus(desk).document("article-0000")
    edit = next(e for e in document.edits if "template-line" in e["rules"])
    about = {name: edit[name] for name in ("raw_start", "raw_end", "before", "after")}
    of_document = {"doc_id": "article-0000", "raw_sha256": document.row["raw_sha256"], "date": "2026-01-02"}
    decide(desk, removed, {**of_document, "decision": "reject", **about})
    run_stages(desk)
    assert unmet(desk) == []
    assert [doc_id for doc_id, text in texts(desk).items() if PROMISE in text][:2] == ["article-0000", "article-0001"]


def test_a_decision_that_fits_no_document_is_reported(desk: Project, capsys: pytest.CaptureFixture[str]) -> None:
    decide(
        desk,
        decision("remove-line", PROMISE, "The Dusk"),
        decision("remove-line", "A line that is not there."),
        decision("keep-line", "Nor this one."),
        decision("keep-line", OFFER, "wire.example"),
    )
    run_stages(desk)
    assert unmet(desk) == [
        ("The Dusk", "remove-line", "no document has this source"),
        ("The Desk", "remove-line", "no document of this source has this line"),
        ("The Desk", "keep-line", "no document of this source has this line"),
    ]
    assert (
        "decision not applied: remove-line 'A line that is not there.' in The Desk: no document of"
        in capsys.readouterr().err
    )


def test_a_line_of_a_dropped_document_or_a_duplicate_is_met(make_corpus: Callable[..., Project]) -> None:
    seeds = two_sources(4)
    seeds["article-0002.txt"] = seeds["article-0000.txt"]
    seeds["short.txt"] = f"Short.\n{PROMISE[:-1]}!"
    seeds["sources.jsonl"] += json.dumps({"doc_id": "short", "source": "The Desk"}) + "\n"
    project = make_corpus(seeds, {**SMALL, "select": {"keep": "words >= 20"}})
    decide(project, decision("remove-line", f"{PROMISE[:-1]}!"), decision("remove-line", PROMISE))
    run_stages(project)
    assert unmet(project) == []
    # A text of nothing else stays.
    write_seeds(project.seeds, {"short.txt": f"{PROMISE}\n"})
    run_stages(replace(project, params=check_params(SMALL)))
    assert Corpus(project).document("short").row["text"].strip() == PROMISE


def test_a_decision_touches_the_shards_of_its_source_alone_and_equals_a_build_from_nothing(
    make_corpus: Callable[..., Project], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seeds = two_sources(40)
    rows = [json.loads(row) for row in seeds["sources.jsonl"].split("\n") if row]
    for number, row in enumerate(rows):
        row["source"] = f"Source {number // 20}"
    seeds["sources.jsonl"] = "".join(f"{json.dumps(row)}\n" for row in rows)
    project = make_corpus(seeds, SMALL)
    shards = [part["text"].rows for part in runner.read_receipts(project, "clean")]
    touched, before = 0, 0
    for count in shards:
        touched += before < 20
        before += count
    computed: Counter[str] = Counter()

    def counting(task: Task) -> Any:
        computed[task.stage.name] += 1
        return compute(task)

    monkeypatch.setattr(runner, "compute", counting)
    decide(project, decision("remove-line", PROMISE, "Source 0"))
    run_stages(project)
    assert computed == dict.fromkeys(("ingest", "clean", "split", "describe", "package"), touched)
    assert touched < len(shards)
    computed.clear()
    decide(project, decision("remove-line", PROMISE, "Source 0"), decision("remove-line", "Nowhere.", "No Source"))
    run_stages(project)
    assert not computed
    for round_ in range(3):
        chosen = random.Random(round_)
        name = chosen.choice([name for name in seeds if name.endswith(".txt")])
        write_seeds(
            project.seeds, {name: seeds[name].replace(PROMISE, f"{PROMISE}\nAnother line {round_}.\n{PROMISE}")}
        )
        decide(
            project,
            decision(chosen.choice(["remove-line", "keep-line"]), chosen.choice([PROMISE, OFFER]), "Source 1"),
        )
        run_stages(project)
        fresh = {name: tmp_path / str(round_) / name for name in ("corpus", "reports", "build")}
        anew = run_stages(replace(project, **fresh))
        assert file_bytes(anew.corpus) == file_bytes(project.corpus)
        assert file_bytes(anew.reports) == file_bytes(project.reports)


def test_how_shards_are_cut_changes_nothing_in_the_list(make_corpus: Callable[..., Project]) -> None:
    one = make_corpus(two_sources(), {"shards": {"target": 1000, "minimum": 250, "maximum": 4000}}, "one")
    many = make_corpus(two_sources(), {**SMALL, "engine": {"workers": 2}}, "many")
    assert listed(one) == listed(many) != []


def test_a_changed_decision_is_the_cause_of_the_change(desk: Project, tmp_path: Path) -> None:
    before = tmp_path / "before"
    shutil.copytree(desk.corpus.parent, before)
    decide(desk, decision("remove-line", PROMISE), decision("keep-line", OFFER, "wire.example"))
    run_stages(desk)
    changed = diff(open_revision(before), open_revision(desk.corpus.parent)).changed
    assert [change.doc_id for change in changed] == list(texts(desk))
    assert {change.causes[0] for change in changed} == {"decision"}
    # What is suggested in the rest of a text may depend on its words.
    assert {cause for change in changed for cause in change.causes[1:]} <= {"rule glued-word-maybe"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"line": "x"}, "'source' is a required property"),
        ({"source": "x"}, "'line' is a required property"),
        ({"source": "x", "line": "two\nlines"}, "does not match"),
        ({"source": "x", "line": "x" * 401}, "is too long"),
        ({"source": "x", "line": "x", "doc_id": "plain"}, "'doc_id' is not one of ['decision'"),
    ],
)
def test_a_wrong_decision_is_named_by_the_build_and_in_ci(
    make_project: Callable[..., Project], row: dict[str, Any], message: str
) -> None:
    project = make_project(articles(2), SMALL)
    decide(project, {"decision": "remove-line", "date": "2026-01-02", **row})
    with pytest.raises(ConfigError) as caught:
        run_stages(project, "ingest")
    assert str(caught.value).startswith(f"{project.seeds / 'decisions.jsonl'}:1: ")
    assert message in str(caught.value)
    findings = check_inputs(project.seeds.parent).findings
    assert [(f.file, f.line) for f in findings] == [("seeds/decisions.jsonl", 1)]


def test_a_line_cannot_be_removed_and_kept(make_project: Callable[..., Project]) -> None:
    project = make_project(articles(2), SMALL)
    decide(project, decision("remove-line", PROMISE), decision("keep-line", PROMISE))
    with pytest.raises(ConfigError, match=r"decisions.jsonl:2: .*given twice"):
        run_stages(project, "ingest")


LINES = ["One.", "Two two.", "Three  three three.", "\tFour", "One.\u00a0", ""]
SOURCES = ["a", "b", None]
corpora = st.lists(
    st.tuples(
        st.lists(st.sampled_from(LINES), min_size=1, max_size=6),
        st.lists(st.sampled_from(LINES[:3]), max_size=3),
        st.sampled_from(SOURCES),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@given(corpora, st.integers(1, 4), st.sampled_from([0.0, 0.5]), st.integers(1, 12))
def test_counts_are_those_of_a_plain_count(
    tmp_path_factory: pytest.TempPathFactory, documents: list[Any], least: int, share: float, cut: int
) -> None:
    store = Store(tmp_path_factory.getbasetemp() / "counted")
    shapes = [
        output_table(outputs[name], Path(common_lines.__file__).parents[1] / "schemas")
        for outputs, name in ((PACKAGE_STAGE.writes, "lines"), (CLEAN_STAGE.writes, "removed_lines"))
    ]
    shards = []
    for start in range(0, len(documents), cut):
        some = documents[start : start + cut]
        ids = [f"doc-{start + n}" for n in range(len(some))]
        texts = pa.table({"doc_id": ids, "text": ["\n".join(lines) for lines, *_ in some]})
        removed = shapes[1].from_rows(
            {"doc_id": doc_id, "line": folded_line(line)}
            for doc_id, (_, gone, *_) in zip(ids, some, strict=True)
            for line in gone
        )
        counted = pa.array([counts for *_, counts in some], pa.bool_())
        rows = line_counts(texts, [source for _, _, source, _ in some], removed, {}, counted)
        shards.append(CountedShard(store.add(shapes[0].from_rows(rows)), store.add(texts), store.add(removed)))
    rows, _ = template_lines(store, shards, least, share)
    expected: dict[tuple[str, str], list[str]] = {}
    totals = Counter(source for *_, source, counts in documents if counts)
    for number, (lines, gone, source, counts) in enumerate(documents):
        for line in {*map(folded_line, lines), *map(folded_line, gone)} - {""} if counts and source else ():
            expected.setdefault((source, line), []).append(f"doc-{number}")
    assert {(row["source"], row["line"]): (row["standing"] + row["removed"], row["example"]) for row in rows} == {
        key: (len(ids), ids[0]) for key, ids in expected.items() if len(ids) >= max(least, share * totals[key[0]])
    }
    assert all(row["documents"] == totals[row["source"]] for row in rows)
    assert [row["standing"] for row in rows] == sorted((row["standing"] for row in rows), reverse=True)
