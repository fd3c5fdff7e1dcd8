"""The queue of open suggestions: what it lists and counts, what a form writes, what it refuses, how fast it is."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import pytest

from copydesk.core.decisions import Decision
from copydesk.project import Project
from copydesk.report.corpus_view import Corpus, address
from copydesk.report.queue_page import queue_page
from copydesk.report.server import Desk
from copydesk.report.suggestion_queue import CONFIDENCES, Selection, SuggestionQueue, short_name
from served import ask, forms, lines, origin, send
from support import run_stages

Start = Callable[[Project], Desk]
EVIL = "<b>Desk</b>\u202e"
RULE = "glued-word-maybe"
TWICE = "The woods were full ofsilence, and the two of us went home.\n"
SEEDS = {
    "one.txt": TWICE,
    "two.txt": "The streets of the city were full ofsilence, and nobody else went home.\n",
    "three.txt": "An evening in the city is full ofnoise, and the two of us went home.\nREAD MORE: Ten things to know\n",
    "four.txt": "No word of this text is doubted by anybody at all.\n",
    "sources.jsonl": "".join(
        json.dumps({"doc_id": doc_id, "source": source}) + "\n"
        for doc_id, source in (("one", EVIL), ("two", "Post"), ("three", EVIL))
    ),
}


@pytest.fixture
def queued(make_corpus: Callable[..., Project]) -> Project:
    return make_corpus(SEEDS, {"clean": {"apply": ["safe"]}})


def left(text: str) -> int:
    return int(re.search(r"(\d+) suggestions? left", text)[1])  # type: ignore[index]


def page(desk: Desk, **selected: str) -> str:
    status, _, text = ask(desk, "GET", f"/queue.html?{urlencode({k: short_name(v) for k, v in selected.items()})}")
    assert status == 200
    return text


def of_group(text: str, decision: str, **values: str) -> dict[str, str]:
    return next(f for f in forms(text) if f["decision"] == decision and "group" in f and values.items() <= f.items())


def test_a_group_is_decided_about_with_one_line_and_undone(queued: Project, start: Start) -> None:
    desk = start(queued)
    text = page(desk)
    assert left(text) == 4
    assert "Accept all 2" in text
    assert "<b>Desk" not in text
    form = {**of_group(text, "accept"), "reason": "two words"}
    status, headers, _ = send(desk, form)
    assert (status, headers["Location"].partition("?")[0]) == (303, "/queue.html")
    (row,) = lines(queued)
    assert row.pop("date")
    words = {"before": "ofsilence", "after": "of silence"}
    assert row == {"rule": RULE, **words, "decision": "accept", "reason": "two words"}
    text = ask(desk, "GET", headers["Location"])[2]
    assert left(text) == 2
    assert "“ofsilence” → “of silence” of glued-word-maybe in all documents accepted" in text
    assert "takes effect in the next build" in ask(desk, "GET", f"/{address('one')}")[2]
    # Whoever still has the old page is told.
    status, _, refusal = send(desk, form)
    assert (status, "None of these suggestions is open any more" in refusal) == (409, True)
    (undo,) = [form for form in forms(text) if form["decision"] == "withdraw"]
    status, headers, _ = send(desk, undo)
    assert status == 303
    assert (lines(queued), left(ask(desk, "GET", headers["Location"])[2])) == ([], 4)


def test_a_rule_is_decided_about_in_a_source_and_the_build_obeys(queued: Project, start: Start) -> None:
    desk = start(queued)
    text = page(desk, rule=RULE, source=EVIL)
    whole = next(f for f in forms(text) if f["decision"] == "reject" and f.get("rule"))
    assert "Reject all 2" in text
    for change in ({"rule": short_name("another")}, {"source": ""}, {"queue": f"rule={short_name(RULE)}"}):
        assert send(desk, {**whole, **change})[0] == 409
    assert send(desk, whole)[0] == 303
    (row,) = lines(queued)
    assert row.pop("date")
    assert row == {"rule": RULE, "source": EVIL, "decision": "reject"}
    assert left(page(desk)) == 2
    run_stages(queued)
    text = page(desk)
    assert left(text) == 2
    assert "left of 2" in text
    assert "suggestions of glued-word-maybe in &lt;b&gt;Desk" in ask(desk, "GET", "/decisions.html")[2]
    # Without a rule, or with a range of confidence, there is no such form.
    for selected in ({}, {"rule": RULE, "confidence": [*CONFIDENCES][1]}):
        assert not [form for form in forms(page(desk, **selected)) if form.get("rule")]


def test_one_suggestion_is_decided_about_alone(queued: Project, start: Start) -> None:
    desk = start(queued)
    alone = [f for f in forms(page(desk)) if f.get("page") == address("two") and f["decision"] == "accept"]
    status, headers, _ = send(desk, {**alone[0], "at": "7"})
    assert (status, headers["Location"].partition("#")[2]) == (303, "group-7")
    (row,) = lines(queued)
    assert (row["doc_id"], row["raw_start"], row["after"]) == ("two", 36, " ")
    assert left(page(desk)) == 3
    (undo,) = [f for f in forms(ask(desk, "GET", headers["Location"])[2]) if f["decision"] == "withdraw"]
    assert send(desk, undo)[0] == 303
    assert left(page(desk)) == 4


def test_the_queue_is_selected_by_rule_source_and_confidence(queued: Project, start: Start) -> None:
    desk = start(queued)
    shown = page(desk, source="Post")
    assert (shown.count('class="group"'), "1 suggestion selected" in shown) == (1, True)
    sure = page(desk, confidence=".8 and more")
    assert ("read-more ·" in sure, f"{RULE} ·" in sure) == (True, False)
    unsure = page(desk, order="least confident")
    assert unsure.index("ofnoise") < unsure.index("ofsilence")
    # What no address of ours says selects nothing and breaks nothing.
    for query in ("page=99", "page=-1", "page=x", "rule=%00", "source=zz&order=1", "done=1"):
        assert left(ask(desk, "GET", f"/queue.html?{query}")[2]) == 4


def test_a_form_that_was_tampered_with_is_refused(queued: Project, start: Start) -> None:
    desk = start(queued)
    form = of_group(page(desk), "accept")
    for change in ({"group": "99"}, {"group": "-1"}, {"group": "9" * 30}, {"words": "0"}, {"decision": "correct"}):
        assert send(desk, {**form, **change})[0] == 409, change
    body = urlencode({**form, "token": "guessed"})
    assert ask(desk, "POST", "/decide", body, **origin(desk))[0] == 403
    status, headers, _ = send(desk, {**form, "queue": "page=2&x=\r\nX: y", "at": "0\r\nX: y"})
    assert (status, headers["Location"].startswith("/queue.html?page=2&done=")) == (303, True)
    assert "X" not in headers


def test_a_source_that_was_corrected_is_known_by_what_was_delivered(queued: Project) -> None:
    corpus = Corpus(queued)
    row = {"doc_id": "two", "raw_sha256": corpus.document("two").row["raw_sha256"], "date": "2026-01-02"}
    row |= {"decision": "correct", "field": "source", "value": "The Gazette"}
    (queued.seeds / "decisions.jsonl").write_text(f"{json.dumps(row)}\n")
    run_stages(queued)
    corpus = Corpus(queued)
    assert corpus.document("two").row["source"] == "The Gazette"
    assert corpus.queue.sources == sorted([EVIL, "Post"])


def test_a_record_whose_source_was_corrected_too(make_corpus: Callable[..., Project]) -> None:
    record = {"id": "two", "text": SEEDS["two.txt"], "source": "Post", "url": "https://host.example/2"}
    queued = make_corpus({"records.jsonl": json.dumps(record), "one.txt": TWICE}, {"clean": {"apply": ["safe"]}})
    row = {"doc_id": "two", "raw_sha256": Corpus(queued).document("two").row["raw_sha256"], "date": "2026-01-02"}
    row |= {"decision": "correct", "field": "source", "value": "The Gazette"}
    group = {"rule": RULE, "source": "Post", "decision": "accept", "date": "2026-01-02"}
    (queued.seeds / "decisions.jsonl").write_text(f"{json.dumps(row)}\n{json.dumps(group)}\n")
    assert Corpus(queued).queue.sources == ["", "Post"]
    run_stages(queued)
    corpus = Corpus(queued)
    assert corpus.document("two").row["source"] == "The Gazette"
    assert any(edit["applied"] for edit in corpus.document("two").edits)  # as the build counts it, it is of the Post
    assert corpus.source(corpus.document("two").row) == "Post"


def test_the_line_of_a_group_can_be_copied(queued: Project, start: Start) -> None:
    for shown, source in ((page(start(queued)), None), (page(start(queued), source=EVIL), EVIL)):
        written = [json.loads(html.unescape(line)) for line in re.findall(r"<code>(\{.*?\})</code>", shown)]
        assert {row["decision"] for row in written} == {"accept"} and {row.get("source") for row in written} == {
            source
        }
        assert {"rule": RULE, "before": "ofsilence", "after": "of silence"}.items() <= written[0].items()


def many(documents: int, of_each: int) -> SuggestionQueue:
    """A queue of documents of 40 sources, with words that are glued in many of them."""
    texts = {f"d{n}": " ".join(f"of{(n * 7 + k * k) % 5000}x" for k in range(of_each)) for n in range(documents)}
    rows: list[dict[str, Any]] = []
    for doc_id, text in texts.items():
        for k, found in enumerate(re.finditer("of", text)):
            place = {"raw_start": found.end(), "raw_end": found.end(), "before": "", "after": " "}
            rule = {"rules": [f"rule-{k % 8}"], "confidence": k / of_each, "applied": k % 11 == 10}
            rows.append({"doc_id": doc_id, "index": k, **place, **rule})
    stated = [{"field": "source", "origin": "sources.jsonl"}]
    described = [
        {"doc_id": doc_id, "raw_sha256": "0" * 64, "source": f"s{n % 40}", "provenance": stated}
        | {"publisher": None, "url": None}
        for n, doc_id in enumerate(texts)
    ]
    return SuggestionQueue([(pa.Table.from_pylist(rows), texts)], pa.Table.from_pylist(described), {})


def test_the_first_page_of_a_hundred_thousand_suggestions_takes_less_than_a_second() -> None:
    queue = many(10_000, 11)
    assert len(queue) == 100_000
    groups = [
        Decision(None, None, "reject", rule=f"rule-{n % 8}", before=f"of{n}x", after=f"of {n}x") for n in range(200)
    ]
    edits = {f"d{n}": [Decision(f"d{n}", "0" * 64, "accept", 2, 2, "", " ")] for n in range(200)}
    decisions = {"": groups, **edits}
    corpus: Any = SimpleNamespace(queue=queue, decisions=lambda: decisions, title="Many")
    began = time.perf_counter()
    text = queue_page(corpus, {}, "token")
    assert time.perf_counter() - began < 1
    assert text.count('class="group"') == 25
    assert 90_000 < int(queue.selected(Selection(), decisions).sum()) < 100_000
    # A decision about each group, and none about anything else, leaves nothing open.
    all_groups = [Decision(None, None, "accept", rule=rule) for rule in queue.rules]
    assert not queue.selected(Selection(), {"": all_groups}).any()
