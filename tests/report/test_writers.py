"""Several who decide at once: what was accepted is kept, what others wrote stays, what collides is shown."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from copydesk.project import Project
from copydesk.report.corpus_view import address
from copydesk.report.server import Desk
from report.test_server import PAGE, ask, form_for, forms, lines, send

Start = Callable[[Project], Desk]

# An editor, or a script, that knows nothing of locks: it opens the file, appends a line, and does so again.
EDITOR = """
import json, sys, time
path, handle = sys.argv[1], None
for n in range(int(sys.argv[3])):
    if handle is None or sys.argv[2] == "reopen":
        handle = open(path, "a")
    row = {"doc_id": f"gone-{n}", "raw_sha256": "0" * 64, "decision": "exclude", "date": "2026-01-02"}
    handle.write(json.dumps(row) + "\\n")
    handle.flush()
    print(n, flush=True)
    time.sleep(0.01)
"""


def editor(project: Project, how: str, count: int) -> subprocess.Popen[str]:
    """Begin to append lines; returns once the first is there."""
    command = [sys.executable, "-c", EDITOR, str(project.seeds / "decisions.jsonl"), how, str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def gone(project: Project) -> list[str]:
    return [row["doc_id"] for row in lines(project) if row["doc_id"].startswith("gone-")]


def corrections(desk: Desk) -> list[dict[str, str]]:
    """Forms that correct a field: each about another one."""
    pages = [address(doc_id) for doc_id in desk.corpus().ids]
    found = [form for page in pages for form in forms(ask(desk, "GET", f"/{page}")[2])]
    known = [form for form in found if form["decision"] == "correct" and form["field"] != "url"]
    return [{**form, "value": "2026-01-02"} for form in known]


def place(row: dict[str, Any]) -> tuple[str, str]:
    return row["doc_id"], row["field"]


@pytest.mark.parametrize("how", ["reopen", "hold open"])
def test_two_servers_and_an_editor_lose_nothing(project: Project, start: Start, how: str) -> None:
    desks = [start(project), start(project)]
    mine = [corrections(desk) for desk in desks]
    # Of the first ones each server is asked for some; for the last ones both are, with other values.
    posts = [(desks[0], f) for f in mine[0][:8]] + [(desks[1], f) for f in mine[1][8:]]
    posts += [(desks[0], {**f, "value": "2025-01-01"}) for f in mine[0][16:]]
    beside = editor(project, how, 40)
    with ThreadPoolExecutor(len(posts)) as pool:
        answers = list(pool.map(lambda post: send(*post), posts))
    beside.communicate(timeout=60)
    statuses = Counter(status for status, *_ in answers)
    asked = len(mine[0])
    assert asked >= 24
    assert statuses == {303: asked, 409: len(posts) - asked}
    kept = [row for row in lines(project) if row["decision"] == "correct"]
    assert len({place(row) for row in kept}) == len(kept) == asked
    assert gone(project) == [f"gone-{n}" for n in range(40)]
    assert all("This was already decided" in text for status, _, text in answers if status == 409)


@pytest.mark.parametrize("how", ["reopen", "hold open"])
def test_a_decision_is_taken_back_while_an_editor_appends(project: Project, start: Start, how: str) -> None:
    desk = start(project)
    assert send(desk, form_for(desk, "accept"))[0] == 303
    beside = editor(project, how, 40)
    for _ in range(8):
        assert send(desk, form_for(desk, "withdraw"))[0] == 303
        assert send(desk, form_for(desk, "accept"))[0] == 303
    beside.communicate(timeout=60)
    assert sorted(gone(project)) == sorted(f"gone-{n}" for n in range(40))
    assert send(desk, form_for(desk, "withdraw"))[0] == 303
    assert [row["decision"] for row in lines(project)] == ["exclude"] * 40
    text = (project.seeds / "decisions.jsonl").read_text()
    assert text.count("\n") == 40  # nobody has it open now, so no blank line is left


def test_what_others_decided_meanwhile_is_shown_and_not_written_over(project: Project, start: Start) -> None:
    desk, other = start(project), start(project)
    accept, reject = form_for(desk, "accept"), form_for(other, "reject", edit="0")
    assert send(other, reject)[0] == 303
    status, _, text = send(desk, accept)
    assert (status, "already decided: the edit rejected" in text) == (409, True)
    # Another edit of the same document is another matter.
    assert send(desk, form_for(desk, "reject", edit="1"))[0] == 303
    # The name of a decision is what it says: whoever saw another one does not take this one back.
    seen = form_for(desk, "withdraw")
    assert send(other, form_for(other, "withdraw"))[0] == 303
    assert send(other, form_for(other, "accept"))[0] == 303
    status, _, text = send(desk, seen)
    assert (status, "or somebody changed it" in text) == (409, True)
    before = form_for(desk, "correct", field="title")
    assert send(other, form_for(other, "exclude"))[0] == 303
    status, _, text = send(desk, {**before, "value": "A headline"})
    assert (status, "Somebody has excluded this document" in text) == (409, True)
    assert sorted(row["decision"] for row in lines(project)) == ["accept", "exclude", "reject"]
    assert send(desk, {**form_for(desk, "correct", field="title"), "value": "A headline"})[0] == 303


def test_a_line_without_an_end_gets_one(project: Project, start: Start) -> None:
    desk = start(project)
    path = project.seeds / "decisions.jsonl"
    row = {"doc_id": "gone", "raw_sha256": "0" * 64, "decision": "exclude", "date": "2026-01-02"}
    path.write_text(json.dumps(row))
    assert send(desk, form_for(desk, "exclude", page=PAGE))[0] == 303
    assert [each["doc_id"] for each in lines(project)] == ["gone", "plain"]


def test_a_file_that_is_replaced_at_the_same_moment_is_not_called_written(
    project: Project, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = start(project)
    form = form_for(desk, "exclude")
    path = project.seeds / "decisions.jsonl"

    def saved_by_an_editor(*_: object) -> None:
        Path(path.parent, "new").write_text("")
        Path(path.parent, "new").replace(path)

    monkeypatch.setattr("copydesk.report.save_decision.os.fsync", saved_by_an_editor)
    status, _, text = send(desk, form)
    assert (status, "Another program has just replaced" in text) == (409, True)
