"""What a steward decides is obeyed by the next build, shard by shard, and said where it cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from copydesk.cleaning.apply import Cleaned, clean_text, inspected
from copydesk.cleaning.plan import plan
from copydesk.cleaning.steward_decisions import decided
from copydesk.core.atomic_files import read_json_lines
from copydesk.core.decisions import Decision
from copydesk.errors import ConfigError
from copydesk.pipeline import build_project
from copydesk.project import Project
from copydesk.report.corpus_view import Corpus
from copydesk.stages import runner
from copydesk.stages.runner import Task, compute
from copydesk.text import Edit, EditedText
from copydesk.validation import validate
from support import articles, file_bytes, hard_texts, run_stages, write_seeds

HOW = plan({"apply": ["safe"], "rules": {}})
TEXT = "The outcome of the war?Russia  does not say.  He left ."


def decision(kind: str, edit: Any, **other: Any) -> Decision:
    return Decision("a", "0" * 64, kind, edit.raw_start, edit.raw_end, edit.before, edit.after, **other)


def line(corpus: Corpus, doc_id: str, kind: str, **values: Any) -> dict[str, Any]:
    sha256 = corpus.document(doc_id).row["raw_sha256"]
    return {"doc_id": doc_id, "raw_sha256": sha256, "decision": kind, **values, "date": "2026-01-02"}


def about(edit: dict[str, Any]) -> dict[str, Any]:
    return {name: edit[name] for name in ("raw_start", "raw_end", "before", "after")}


def write(project: Project, *rows: dict[str, Any]) -> None:
    write_seeds(project.seeds, {"decisions.jsonl": "".join(f"{json.dumps(row)}\n" for row in rows)})


def unmet(project: Project) -> list[tuple[str, str, str]]:
    rows = read_json_lines(project.reports / "decisions.jsonl")
    return [(row["doc_id"], row["decision"], row["problem"].partition(";")[0]) for row in rows]


def test_an_edit_that_was_rejected_is_taken_back_and_one_that_was_accepted_is_made() -> None:
    cleaned = clean_text(TEXT, HOW)
    first = next(edit for edit in cleaned.edited.edits if edit.raw_start == TEXT.index("  does"))
    (suggested,) = cleaned.suggestions
    now, left = decided(cleaned, [decision("reject", first), decision("accept", suggested)], HOW)
    assert left == []
    assert now.edited.text == "The outcome of the war? Russia  does not say. He left."
    assert now.edited.revert() == TEXT
    assert now.suggestions == ()
    now, left = decided(cleaned, [decision("reject", suggested)], HOW)
    assert (now.edited.text, now.edited.edits) == (cleaned.edited.text, cleaned.edited.edits)
    assert (now.suggestions, left) == ((), [])


def test_what_no_rule_makes_any_more_is_said() -> None:
    cleaned = clean_text(TEXT, HOW)
    gone = Decision("a", "0" * 64, "accept", 0, 3, "The", "A")
    now, left = decided(cleaned, [gone, gone._replace(decision="reject", after="An")], HOW)
    assert (now.edited.text, now.suggestions, now.flags) == (cleaned.edited.text, cleaned.suggestions, cleaned.flags)
    assert ["no rule makes or suggests" in (each.problem or "") for each in left] == [True, True]


def test_a_suggestion_that_is_an_edit_by_now_is_as_it_was_wanted() -> None:
    (suggested,) = clean_text(TEXT, HOW).suggestions
    applied = plan({"apply": ["safe", "probable"], "rules": {}})
    cleaned = clean_text(TEXT, applied)
    now, left = decided(cleaned, [decision("accept", suggested)], applied)
    assert (now.edited.text, left) == (cleaned.edited.text, [])


@given(hard_texts, st.data())
def test_any_decisions_keep_the_raw_text_and_all_other_edits(text: str, data: st.DataObject) -> None:
    cleaned = clean_text(text, HOW)
    rejected = [edit for edit in cleaned.edited.edits if data.draw(st.booleans())]
    accepted = [edit for edit in cleaned.suggestions if data.draw(st.booleans())]
    decisions = [*(decision("reject", e) for e in rejected), *(decision("accept", e) for e in accepted)]
    now, _ = decided(cleaned, decisions, HOW)
    assert now.edited.revert() == text
    if not accepted:
        kept = [edit[:2] + edit[4:] for edit in cleaned.edited.edits if edit not in rejected]
        assert [edit[:2] + edit[4:] for edit in now.edited.edits] == kept
    for edit in now.edited.edits:
        assert now.edited.text[edit.start : edit.end] == edit.after


CUT = "He left.\nREAD MORE:  Ten things,you should know\nShe said so ."
APPLIED = plan({"apply": ["safe", "probable"], "rules": {}})


def of_part(edit: Any, number: int, rule: str | None = None) -> Decision:
    return decision("reject", edit, part=number, rule=rule or edit.parts[number].rule)


def test_a_part_that_was_rejected_is_taken_back_alone() -> None:
    cleaned = clean_text(CUT, APPLIED)
    edit = next(e for e in cleaned.edited.edits if len(e.parts) == 3)
    assert [part.rule for part in edit.parts] == ["spaces", "glued-punctuation", "read-more"]
    now, left = decided(cleaned, [of_part(edit, 2)], APPLIED)
    assert (now.edited.text, left) == ("He left.\nREAD MORE: Ten things, you should know\nShe said so.", [])
    assert (
        now.edited.text
        == clean_text(CUT, plan({"apply": ["safe", "probable"], "rules": {"read-more": "off"}}))[0].text
    )
    # What is left are edits that further lines may name, as the next page shows them.
    spaces = next(e for e in now.edited.edits if e.rules == ("spaces",))
    again, left = decided(cleaned, [decision("reject", spaces), of_part(edit, 2)], APPLIED)
    assert (again.edited.text, left) == ("He left.\nREAD MORE:  Ten things, you should know\nShe said so.", [])
    both, left = decided(cleaned, [of_part(edit, 2), of_part(edit, 0)], APPLIED)
    assert (both.edited, left) == (again.edited, []) or both.edited.edits == again.edited.edits
    whole, left = decided(cleaned, [decision("reject", edit), of_part(edit, 0)], APPLIED)
    assert ("Ten things,you should know" in whole.edited.text, left) == (True, [])


def test_a_part_that_cannot_be_taken_back_alone_is_said() -> None:
    text = "It isÂ\u00a0 here  ."
    cleaned = clean_text(text, APPLIED)
    edit = next(e for e in cleaned.edited.edits if e.rules == ("spaces", "space-before-mark"))
    nobody = [of_part(edit, 0, "other"), of_part(edit, 1)._replace(part=7)]
    now, left = decided(cleaned, nobody, APPLIED)
    assert now.edited.edits == cleaned.edited.edits
    assert ["has no such part" in (each.problem or "") for each in left] == [True, True]
    mixed = EditedText("ab").apply([Edit(0, 1, "xy", "one")]).apply([Edit(1, 2, "z", "two")])
    (edit,) = mixed.edits
    now, left = decided(Cleaned(mixed), [of_part(edit, 0)], APPLIED)
    assert (now.edited.text, left[0].problem) == ("xzb", "other parts build on it: 1 (two); reject these, too")
    now, left = decided(Cleaned(mixed), [of_part(edit, 0), of_part(edit, 1)], APPLIED)
    assert (now.edited.text, left) == ("ab", [])
    now, left = decided(Cleaned(mixed), [of_part(edit, 1)], APPLIED)
    assert (now.edited.text, left) == ("xyb", [])


@given(hard_texts, st.data())
def test_any_parts_are_rejected_or_said_not_to_be(text: str, data: st.DataObject) -> None:
    cleaned = clean_text(text, APPLIED)
    places = [(edit, number) for edit in cleaned.edited.edits for number in range(len(edit.parts))]
    chosen = [place for place in places if data.draw(st.booleans())]
    now, left = decided(cleaned, [of_part(*place) for place in chosen], APPLIED)
    assert now.edited.revert() == text
    alone = [(e, n) for e, n in chosen if not {(e, other) for other in e.dependents(n)} <= set(chosen)]
    assert bool(left) == bool(alone)


@given(hard_texts)
def test_what_is_looked_at_anew_is_what_cleaning_found(text: str) -> None:
    cleaned = clean_text(text, HOW)
    assert inspected(cleaned.edited, HOW) == cleaned


def test_without_any_edit_the_text_is_the_source() -> None:
    edited = clean_text(TEXT, HOW).edited
    assert edited.without(edited.edits).text == TEXT
    assert isinstance(edited.without(()), EditedText)


def test_the_next_build_obeys_and_the_corpus_holds(project: Project) -> None:
    corpus = Corpus(project)
    edits = corpus.document("plain").edits
    suggested, applied = (next(e for e in edits if e["applied"] is wanted) for wanted in (False, True))
    write(
        project,
        line(corpus, "plain", "accept", **about(suggested)),
        line(corpus, "plain", "reject", **about(applied)),
        line(corpus, "plain", "correct", field="title", value=None),
        line(corpus, "plain", "correct", field="published", value="2024-02-29"),
        line(corpus, "second-of-two", "exclude", reason="not an article"),
    )
    built = build_project(project)
    assert built.metrics["dropped"] == {"decision": 1}
    assert unmet(project) == []
    assert validate(project.corpus, project.schemas, load=False).ok
    now = Corpus(project).document("plain")
    assert now.row["text"].startswith("The outcome of the war? Russia  does not say.")
    assert [(edit["applied"], edit["rules"]) for edit in now.edits[:1]] == [(True, suggested["rules"])]
    assert (now.row["title"], now.row["published"]) == (None, "2024-02-29")
    origins = {origin["field"]: origin["origin"] for origin in now.row["provenance"]}
    stated = ("byline", "publisher", "source", "url")
    assert origins == {**dict.fromkeys(stated, "sources.jsonl"), "published": "decision"}
    assert "second-of-two" not in Corpus(project).ids
    assert json.loads((project.reports / "dropped.jsonl").read_text("utf-8"))["reason"] == "decision"


def test_a_decision_that_fits_no_more_is_reported_and_not_obeyed(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = Corpus(project)
    (edit,) = [e for e in corpus.document("twin").edits if e["applied"]][:1]
    write(
        project,
        line(corpus, "plain", "exclude"),
        line(corpus, "twin", "reject", **{**about(edit), "after": "-\u2028"}),
        {**line(corpus, "twin", "reject", **about(edit)), "doc_id": "never-there", "before": "\x85"},
    )
    (project.seeds / "plain.txt").write_text("Another text  altogether.")
    run_stages(project)
    assert sorted(unmet(project)) == [
        ("never-there", "reject", "there is no such document"),
        ("plain", "exclude", "the file has changed since the decision"),
        ("twin", "reject", "no rule makes or suggests this edit any more"),
    ]
    assert "package: decision not applied: exclude plain: the file has changed" in capsys.readouterr().err
    assert "plain" in Corpus(project).ids
    (project.seeds / "plain.txt").write_bytes(b"\xff")
    run_stages(project)
    assert ("plain", "exclude", "the document was refused, see reports/quarantine.jsonl") in unmet(project)


def test_a_decision_touches_its_shard_alone(
    make_corpus: Callable[..., Project], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    small = {"shards": {"target": 6, "minimum": 3, "maximum": 18}}
    forty = make_corpus(articles(40), small)
    computed: list[str] = []

    def counting(task: Task) -> Any:
        computed.append(task.stage.name)
        return compute(task)

    monkeypatch.setattr(runner, "compute", counting)
    corpus = Corpus(forty)
    edit = next(e for e in corpus.document("article-0016").edits if e["applied"])
    write(
        forty,
        line(corpus, "article-0016", "reject", **about(edit)),
        line(corpus, "article-0016", "correct", field="byline", value="A. Writer"),
    )
    run_stages(forty)
    assert {name: computed.count(name) for name in set(computed)} == dict.fromkeys(
        ("ingest", "clean", "split", "describe", "package"), 1
    )
    fresh = {name: tmp_path / "fresh" / name for name in ("corpus", "reports", "build")}
    anew = run_stages(replace(forty, **fresh))
    assert file_bytes(anew.corpus) == file_bytes(forty.corpus)
    assert file_bytes(anew.reports) == file_bytes(forty.reports)


SHA = "0" * 64
EMPTY = {"raw_start": 0, "raw_end": 0, "before": "", "after": " "}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"decision": "maybe"}, "'maybe' is not one of"),
        ({"decision": "accept"}, "'raw_start' is a required property"),
        ({"decision": "exclude", "field": "title"}, "'field' is not one of ['doc_id'"),
        ({**EMPTY, "decision": "accept", "part": 0, "rule": "spaces"}, "'part' is not one of ['doc_id'"),
        ({**EMPTY, "decision": "reject", "part": 0}, "'rule' is a required property"),
        ({**EMPTY, "decision": "reject", "rule": "spaces"}, "'part' is a required property"),
        ({"decision": "correct", "field": "text", "value": "x"}, "'text' is not one of"),
        ({"decision": "correct", "field": "url", "value": "no address"}, "'no address' is not a 'uri'"),
        ({"decision": "correct", "field": "published", "value": "yesterday"}, "is not valid under any"),
        ({"decision": "correct", "field": "license", "value": "??"}, "does not match"),
        ({"decision": "exclude", "raw_sha256": "1"}, "raw_sha256: '1' does not match"),
        ({"decision": "exclude", "date": "2026-13-01"}, "is not a 'date'"),
        ({"decision": "remove-line", "doc_id": None, "source": "", "line": "x"}, "source: "),
        ({"decision": "accept", "doc_id": None}, "'rule' is a required property"),
        ({"decision": "accept", "doc_id": None, "rule": "r", "before": "x"}, "'after' is a required property"),
        ({"decision": "reject", "doc_id": None, "rule": "r", "part": 0}, "'part' is not one of"),
    ],
)
def test_a_line_that_is_wrong_is_named(project: Project, row: dict[str, Any], message: str) -> None:
    whole = {"doc_id": "plain", "raw_sha256": SHA, "date": "2026-01-02", **row}
    without = ("doc_id", "raw_sha256") if whole["doc_id"] is None else ()
    write(project, {name: value for name, value in whole.items() if name not in without})
    with pytest.raises(ConfigError) as caught:
        run_stages(project, "ingest")
    assert str(caught.value).startswith(f"{project.seeds / 'decisions.jsonl'}:1: ")
    assert message in str(caught.value)


def test_what_is_decided_twice_is_refused(project: Project) -> None:
    row = {"doc_id": "plain", "raw_sha256": SHA, "decision": "exclude", "date": "2026-01-02"}
    write(project, row, {**row, "reason": "again"})
    with pytest.raises(ConfigError, match=r"decisions.jsonl:2: .*given twice"):
        run_stages(project, "ingest")


GLUED = {
    "one.txt": "The woods were full ofsilence, and the two of us went home.\nREAD MORE: Ten things to know\n",
    "two.txt": "The streets of the city were full ofsilence, and nobody else went home.\nREAD MORE: Ten things to know\n",
    "three.txt": "An evening in the city is full ofnoise, and the two of us went home.\n",
    "sources.jsonl": "".join(
        json.dumps({"doc_id": doc_id, "source": source}) + "\n"
        for doc_id, source in (("one", "Desk"), ("two", "Post"), ("three", "Desk"))
    ),
}
OF_SILENCE = {"rule": "glued-word-maybe", "before": "ofsilence", "after": "of silence", "date": "2026-01-02"}


def texts(project: Project) -> dict[str, str]:
    corpus = Corpus(project)
    return {doc_id: corpus.document(doc_id).row["text"] for doc_id in corpus.ids}


def open_suggestions(project: Project) -> list[tuple[str, str]]:
    corpus = Corpus(project)
    rows = [(i, edit) for i in sorted(corpus.ids) for edit in corpus.document(i).edits if not edit["applied"]]
    return [(doc_id, edit["rules"][0]) for doc_id, edit in rows]


@pytest.fixture
def glued(make_project: Callable[..., Project]) -> Project:
    return make_project(GLUED, {"clean": {"apply": ["safe"]}})


def test_one_line_decides_about_a_wording_in_all_sources_or_in_one(glued: Project) -> None:
    write(glued, {**OF_SILENCE, "decision": "accept"})
    run_stages(glued)
    now = texts(glued)
    assert ["of silence" in now[doc_id] for doc_id in ("one", "two")] == [True, True]
    assert "ofnoise" in now["three"]
    assert unmet(glued) == []
    assert validate(glued.corpus, glued.schemas, load=False).ok
    write(glued, {**OF_SILENCE, "decision": "accept", "source": "Post"})
    run_stages(glued)
    now = texts(glued)
    assert ["of silence" in now[doc_id] for doc_id in ("one", "two")] == [False, True]


def test_one_line_decides_about_a_rule_in_a_source(glued: Project) -> None:
    run_stages(glued)
    before = open_suggestions(glued)
    assert {"glued-word-maybe", "read-more"} <= {rule for _, rule in before}
    write(glued, {"rule": "glued-word-maybe", "source": "Desk", "decision": "reject", "date": "2026-01-02"})
    run_stages(glued)
    assert open_suggestions(glued) == [row for row in before if row[0] == "two" or row[1] != "glued-word-maybe"]
    assert texts(glued)["three"] == GLUED["three.txt"]


def test_the_narrower_decision_holds_and_one_about_an_edit_before_all(glued: Project) -> None:
    run_stages(glued)
    corpus = Corpus(glued)
    edit = next(e for e in corpus.document("two").edits if e["rules"] == ["glued-word-maybe"])
    write(
        glued,
        {"rule": "glued-word-maybe", "decision": "reject", "date": "2026-01-02"},
        {**OF_SILENCE, "decision": "accept"},
        line(corpus, "two", "reject", **about(edit)),
    )
    run_stages(glued)
    now = texts(glued)
    assert ["of silence" in now[i] for i in ("one", "two")] == [True, False]
    left = {rule for _, rule in open_suggestions(glued)}
    assert "read-more" in left
    assert "glued-word-maybe" not in left
    assert unmet(glued) == []


def test_documents_without_a_source_are_a_source_of_their_own(make_project: Callable[..., Project]) -> None:
    project = make_project({**GLUED, "sources.jsonl": '{"doc_id": "one", "source": "Desk"}\n'})
    write(project, {**OF_SILENCE, "decision": "accept", "source": ""})
    run_stages(project)
    assert ["of silence" in texts(project)[i] for i in ("one", "two")] == [False, True]


def test_a_group_that_fits_nothing_is_reported(glued: Project, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        glued,
        {**OF_SILENCE, "decision": "accept", "source": "Gazette"},
        {**OF_SILENCE, "decision": "reject", "before": "home", "after": "ho me"},
        {**OF_SILENCE, "decision": "reject", "before": "nowhere", "after": "no where"},
        {"rule": "no-such-rule", "decision": "reject", "date": "2026-01-02"},
        {**OF_SILENCE, "decision": "reject"},
    )
    run_stages(glued)
    rows = read_json_lines(glued.reports / "decisions.jsonl")
    assert sorted((row["rule"], row["before"], row["source"]) for row in rows if row["before"]) == [
        ("glued-word-maybe", "home", None),
        ("glued-word-maybe", "nowhere", None),
        ("glued-word-maybe", "ofsilence", "Gazette"),
    ]
    assert [row["rule"] for row in rows if not row["before"]] == ["no-such-rule"]
    assert "decision not applied: reject 'nowhere' in all documents: no rule suggests" in capsys.readouterr().err


def test_a_group_touches_the_shards_that_have_its_words(
    make_corpus: Callable[..., Project], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    seeds = {**articles(40), "article-0016.txt": GLUED["one.txt"]}
    forty = make_corpus(seeds, {"shards": {"target": 6, "minimum": 3, "maximum": 18}})
    computed: list[str] = []

    def counting(task: Task) -> Any:
        computed.append(task.stage.name)
        return compute(task)

    monkeypatch.setattr(runner, "compute", counting)
    write(forty, {**OF_SILENCE, "decision": "accept"})
    run_stages(forty)
    assert computed.count("clean") == computed.count("package") == 1
    fresh = {name: tmp_path / "fresh" / name for name in ("corpus", "reports", "build")}
    anew = run_stages(replace(forty, **fresh))
    assert "of silence" in texts(anew)["article-0016"]
    assert file_bytes(anew.corpus) == file_bytes(forty.corpus)
    assert file_bytes(anew.reports) == file_bytes(forty.reports)


@given(hard_texts, st.sampled_from(["accept", "reject"]))
def test_a_decision_about_a_rule_is_one_about_each_of_its_suggestions(text: str, kind: str) -> None:
    cleaned = clean_text(text, HOW)
    rules = sorted({edit.rules[0] for edit in cleaned.suggestions})
    by_rule, left = decided(cleaned, [Decision("a", None, kind, rule=rule) for rule in rules], HOW)
    assert left == []
    each, _ = decided(cleaned, [decision(kind, edit) for edit in cleaned.suggestions], HOW)
    assert by_rule.edited.text == each.edited.text
    assert by_rule.edited.revert() == text
    assert kind == "accept" or by_rule.suggestions == ()


def test_a_group_decided_twice_is_refused(glued: Project) -> None:
    write(glued, {**OF_SILENCE, "decision": "accept"}, {**OF_SILENCE, "decision": "reject", "before": " ofsilence"})
    with pytest.raises(ConfigError, match=r"two decisions about one group of suggestions of glued-word-maybe"):
        run_stages(glued, "ingest")
