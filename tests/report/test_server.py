"""The served report: who is answered, what is written down, what is refused."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from copydesk.errors import CopydeskError
from copydesk.project import Project
from copydesk.report.corpus_view import Corpus, address
from copydesk.report.server import Desk
from copydesk.validation import validate
from served import ask, form_of, forms, lines, origin, send
from support import articles, run_stages

Start = Callable[[Project], Desk]
PAGE = address("plain")


def form_for(desk: Desk, kind: str, page: str = PAGE, **values: str) -> dict[str, str]:
    return form_of(desk, kind, page, **values)


def test_every_page_is_there_and_guarded(project: Project, start: Start) -> None:
    desk = start(project)
    for path in (
        "/",
        "/index.html",
        "/documents.html",
        "/rules.html",
        "/lines.html",
        "/release.html",
        "/decisions.html",
        f"/{PAGE}",
    ):
        status, headers, text = ask(desk, "GET", path)
        assert status == 200, path
        assert text.startswith("<!doctype html>")
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
    assert ask(desk, "HEAD", "/")[::2] == (200, "")
    assert ask(desk, "GET", "/../params.yaml")[0] == 404
    assert ask(desk, "GET", "/documents/none.html")[0] == 404
    assert ask(desk, "PUT", "/")[0] == 501


def test_only_loopback_is_listened_on(project: Project, start: Start) -> None:
    assert start(project).server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", ""])
def test_another_name_for_this_machine_is_not_answered(project: Project, start: Start, host: str) -> None:
    desk = start(project)
    status, _, text = ask(desk, "GET", f"/{PAGE}", Host=host.format(port=desk.server_port))
    assert status == 421
    assert "outcome of the war" not in text
    assert ask(desk, "GET", "/", Host=f"localhost:{desk.server_port}")[0] == 200


def test_a_part_of_an_edit_is_rejected_alone(make_corpus: Callable[..., Project], start: Start) -> None:
    text = "He left the house.\nREAD MORE:  Ten things,you should know\nShe said so."
    project = make_corpus({"cut.txt": text})
    desk, page = start(project), address("cut")
    shown = ask(desk, "GET", f"/{page}")[2]
    assert "3 parts" in shown
    assert "part 2, read-more: " in shown
    form = form_for(desk, "reject", page, part="2")
    assert send(desk, {**form, "part": "3"})[0] == 409
    assert send(desk, {**form, "part": "-1"})[0] == 409
    assert send(desk, form)[0] == 303
    (line,) = lines(project)
    assert (line["part"], line["rule"], line["after"]) == (2, "read-more", "")
    assert send(desk, form)[0] == 409  # decided already
    waiting = ask(desk, "GET", f"/{page}")[2]
    assert waiting.count("takes effect in the next build") == 1
    assert "part 2 (read-more)" in waiting
    run_stages(project)
    assert validate(project.corpus, project.schemas, load=False).ok
    now = Corpus(project).document("cut")
    assert now.row["text"] == "He left the house.\nREAD MORE: Ten things, you should know\nShe said so."
    assert [[part["rule"] for part in edit["parts"]] for edit in now.edits] == [["spaces"], ["glued-punctuation"]]


def test_a_decision_is_a_line_and_the_next_build_obeys_it(project: Project, start: Start) -> None:
    desk = start(project)
    status, headers, _ = send(desk, form_for(desk, "accept"))
    assert (status, headers["Location"]) == (303, f"/{PAGE}#edit-0")
    send(desk, form_for(desk, "reject", edit="1"))
    send(desk, {**form_for(desk, "correct", field="byline"), "value": " A. Writer\u2028 "})
    send(desk, {**form_for(desk, "exclude", page=address("twin")), "reason": "a copy"})
    assert [(row["doc_id"], row["decision"]) for row in lines(project)] == [
        ("plain", "accept"),
        ("plain", "reject"),
        ("plain", "correct"),
        ("twin", "exclude"),
    ]
    waiting = ask(desk, "GET", f"/{PAGE}")[2]
    assert waiting.count("takes effect in the next build") == 3
    run_stages(project)
    now = ask(desk, "GET", f"/{PAGE}")[2]
    assert "A. Writer" in now
    assert "takes effect in the next build" not in now
    assert ask(desk, "GET", f"/{address('twin')}")[0] == 404
    # What was left out can be taken in again.
    everything = forms(ask(desk, "GET", "/decisions.html")[2])
    assert [form["decision"] for form in everything] == ["withdraw"] * 4
    for form in everything:
        assert send(desk, form)[0] == 303
    assert lines(project) == []
    run_stages(project)
    assert ask(desk, "GET", f"/{address('twin')}")[0] == 200


def test_a_line_of_a_source_is_decided_about_once(make_corpus: Callable[..., Project], start: Start) -> None:
    evil = "</td><script>alert(1)</script>\u202e promise"
    names = [name[:-4] for name in articles(8)]
    seeds = {name: f"{text}\n{evil}" for name, text in articles(8).items()}
    seeds["sources.jsonl"] = "".join(json.dumps({"doc_id": name, "source": "<b>Desk"}) + "\n" for name in names)
    project = make_corpus(seeds)
    desk = start(project)
    text = ask(desk, "GET", "/lines.html")[2]
    assert "<script>alert" not in text
    assert "U+202E" in text
    (removing, keeping) = forms(text)
    assert [removing["decision"], keeping["decision"]] == ["remove-line", "keep-line"]
    assert send(desk, {**removing, "line": "0" * 20})[0] == 409
    status, headers, _ = send(desk, {**removing, "reason": "an advert"})
    assert (status, headers["Location"]) == (303, "/lines.html#decisions")
    (row,) = lines(project)
    del row["date"]
    assert row == {"source": "<b>Desk", "line": evil, "decision": "remove-line", "reason": "an advert"}
    status, _, refusal = send(desk, keeping)
    assert (status, "the line removed in all documents of &lt;b&gt;Desk" in refusal) == (409, True)
    assert forms(ask(desk, "GET", "/lines.html")[2])[0]["decision"] == "withdraw"
    run_stages(project)
    assert "promise" not in Corpus(project).document(names[0]).row["text"]
    assert "in all documents of" in ask(desk, "GET", "/decisions.html")[2]
    (undo,) = forms(ask(desk, "GET", "/decisions.html")[2])
    assert send(desk, undo)[0] == 303
    assert lines(project) == []


def test_lines_that_a_hand_wrote_stay_as_they_are(project: Project, start: Start) -> None:
    desk = start(project)
    path = project.seeds / "decisions.jsonl"
    row = {"date": "2026-01-02", "decision": "exclude", "raw_sha256": "0" * 64, "doc_id": "gone"}
    path.write_text(f"{json.dumps(row)}\n")
    assert send(desk, form_for(desk, "exclude"))[0] == 303
    assert path.read_text().startswith(f"{json.dumps(row)}\n")
    path.write_text('{"doc_id": "gone"}\n')
    status, _, text = ask(desk, "GET", f"/{PAGE}")
    assert status == 500
    assert "decisions.jsonl:1" in text


def test_what_another_site_sends_is_refused(project: Project, start: Start) -> None:
    desk = start(project)
    form = form_for(desk, "exclude")
    body = urlencode(form)
    kind = {"Content_Type": "application/x-www-form-urlencoded"}
    assert ask(desk, "POST", "/decide", body, **kind)[0] == 403
    assert send(desk, form, Origin="http://evil.example")[0] == 403
    assert send(desk, form, Origin="null")[0] == 403
    assert send(desk, form, Host="evil.example")[0] == 421
    assert send(desk, {**form, "token": "guessed"})[0] == 403
    assert send(desk, {name: value for name, value in form.items() if name != "token"})[0] == 403
    assert ask(desk, "POST", "/other", body, **origin(desk))[0] == 404
    assert lines(project) == []


def test_a_form_that_cannot_be_is_refused(project: Project, start: Start) -> None:
    desk = start(project)
    form = form_for(desk, "exclude")
    assert send(desk, form, Content_Type="text/plain")[0] == 415
    assert send(desk, {**form, "reason": "x" * 70_000})[0] == 413
    assert send(desk, form, Content_Length="9" * 5000)[0] in {413, 431}
    assert ask(desk, "POST", "/decide", "%ff=%ff", **origin(desk))[0] == 400
    assert ask(desk, "POST", "/decide", "&".join(f"a{n}=b" for n in range(50)), **origin(desk))[0] == 400
    assert lines(project) == []


def test_what_a_form_is_about_must_be_there(project: Project, start: Start) -> None:
    desk = start(project)
    known = form_for(desk, "reject")
    for change, message in (
        ({"page": "documents/none.html"}, "no such document"),
        ({"raw_sha256": "0" * 64}, "has changed since you opened the page"),
        ({"edit": "99"}, "This edit no longer exists"),
        ({"raw_end": "1"}, "This edit no longer exists"),
        ({"decision": "delete"}, "is not one of"),
    ):
        status, _, text = send(desk, {**known, **change})
        assert status == 409
        assert message in text
    correct = form_for(desk, "correct", field="url")
    assert send(desk, {**correct, "value": "no address"})[0] == 409
    assert send(desk, {**correct, "field": "text", "value": "x"})[0] == 409
    assert lines(project) == []
    assert send(desk, known)[0] == 303
    status, _, text = send(desk, known)
    assert (status, "This was already decided" in text) == (409, True)
    assert send(desk, {**known, "decision": "withdraw", "known": "0" * 20})[0] == 409
    assert len(lines(project)) == 1


def test_a_port_that_is_taken_is_said(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CopydeskError, match=rf"port {port}: .*; choose another with --port"):
            Desk(project, port)
