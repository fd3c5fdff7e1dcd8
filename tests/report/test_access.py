"""The served report gives nothing to who has not its key, and answers whatever comes."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from copydesk.project import Project
from copydesk.report import server
from copydesk.report.server import Desk
from report.test_server import PAGE, ask, form_for, lines, origin, send

Start = Callable[[Project], Desk]


def raw(desk: Desk, *parts: bytes, pause: float = 0.0) -> bytes:
    """What is answered to bytes that are sent in parts, until the connection is closed."""
    with socket.create_connection(("127.0.0.1", desk.server_port), timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        answer = b""
        while some := connection.recv(65536):
            answer += some
    return answer


def request(desk: Desk, line: str, *headers: str, end: str = "\r\n") -> bytes:
    own = (f"Host: 127.0.0.1:{desk.server_port}", f"Cookie: {desk.cookie}={desk.key}")
    return "\r\n".join((line, *own, *headers, end)).encode()


def test_without_the_key_nothing_is_given_and_nothing_taken(project: Project, start: Start) -> None:
    desk, other = start(project), start(project)
    form = form_for(desk, "exclude")
    for cookie in (
        "",
        desk.key,
        f"{desk.cookie}=",
        f"{desk.cookie}={desk.key}x",
        f"{other.cookie}={other.key}",
        f"{desk.cookie}={desk.token}",
        f"x={desk.cookie}={desk.key}",
        f"{desk.cookie}=\u00ff",
    ):
        for path in ("/", "/documents.html", "/decisions.html", f"/{PAGE}", "/none.html", "/?key=", "/?key=wrong"):
            status, headers, text = ask(desk, "GET", path, Cookie=cookie)
            assert (status, "outcome of the war" in text, "Set-Cookie" in headers) == (403, False, False)
            assert desk.key not in text
            assert desk.token not in text
        assert ask(desk, "HEAD", "/", Cookie=cookie)[0] == 403
        assert send(desk, form, Cookie=cookie)[0] == 403
    body = urlencode(form)
    assert ask(desk, "POST", f"/decide?key={desk.key}", body, **origin(desk), Cookie="")[0] == 403
    assert lines(project) == []
    assert ask(desk, "GET", "/", Cookie=f"a=b;{desk.cookie}={desk.key}; c=d")[0] == 200


def test_the_first_visit_leaves_the_key_in_a_cookie_and_not_in_the_address(project: Project, start: Start) -> None:
    desk = start(project)
    query = desk.address.partition("?")[2]
    for path, location in (("/", "/"), (f"/{PAGE}", f"/{PAGE}"), ("//evil.example/x", "/evil.example/x")):
        status, headers, text = ask(desk, "GET", f"{path}?{query}", Cookie="")
        assert (status, headers["Location"], text) == (303, location, "")
        cookie, *flags = headers["Set-Cookie"].split("; ")
        assert set(flags) == {"Path=/", "HttpOnly", "SameSite=Strict"}
        assert ask(desk, "GET", "/", Cookie=cookie)[0] == 200
    assert ask(desk, "GET", f"/?{query}", Host="evil.example")[0] == 421


@pytest.mark.parametrize("target", ["http://[", "http://[::1", "//[", "/?" + "a=b&" * 40, "/?a=%ff"])
def test_an_address_that_cannot_be_read_is_answered(
    project: Project, start: Start, target: str, capfd: pytest.CaptureFixture[str]
) -> None:
    desk = start(project)
    for method in ("GET", "HEAD", "POST"):
        answer = raw(desk, request(desk, f"{method} {target} HTTP/1.1", "Connection: close"))
        assert answer.split()[1] in {b"400", b"403", b"404"}
    assert capfd.readouterr().err == ""


def test_decisions_that_cannot_be_written_are_answered_in_a_line(
    project: Project, start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    desk = start(project)
    form = form_for(desk, "exclude")
    (project.seeds / "decisions.jsonl").mkdir()
    for status, _, text in (send(desk, form), ask(desk, "GET", f"/{PAGE}")):
        assert status == 500
        assert "decisions.jsonl: " in text
    said = capfd.readouterr().err
    assert "Traceback" not in said
    assert len(said.splitlines()) <= 2
    (project.seeds / "decisions.jsonl").rmdir()
    shutil.rmtree(project.build)
    project.build.write_text("a file where a folder is expected")
    assert send(desk, form)[0] == 500
    assert lines(project) == []


def test_what_follows_a_body_that_no_page_has_is_no_request(project: Project, start: Start) -> None:
    desk = start(project)
    hidden = request(desk, f"GET /{PAGE} HTTP/1.1")
    for header in (f"Content-Length: {len(hidden)}", "Transfer-Encoding: chunked"):
        answer = raw(desk, request(desk, "GET / HTTP/1.1", header), hidden)
        assert answer.count(b"HTTP/1.1 ") == 1
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"Connection: close" in answer
    body = urlencode(form_for(desk, "exclude"))
    kind = [f"{name.replace('_', '-')}: {value}" for name, value in origin(desk).items()]
    for more in (["Transfer-Encoding: chunked"], [f"Content-Length: {len(body) + 1}"]):
        lengths = [f"Content-Length: {len(body)}", *more]
        answer = raw(desk, request(desk, "POST /decide HTTP/1.1", *kind, *lengths, end="\r\n" + body))
        assert answer.startswith(b"HTTP/1.1 413 ")
    assert lines(project) == []


def test_a_request_has_so_much_time_however_it_comes(
    project: Project, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = start(project)
    monkeypatch.setattr(server._Handler, "timeout", 0.6)
    head = request(desk, "GET / HTTP/1.1", end="")
    begun = time.monotonic()
    # Each part comes well within the time that a read may take.
    with pytest.raises(ConnectionError):
        raw(desk, *(head[at : at + 1] for at in range(40)), pause=0.15)
    assert time.monotonic() - begun < 5
    kind = [f"{name.replace('_', '-')}: {value}" for name, value in origin(desk).items()]
    post = request(desk, "POST /decide HTTP/1.1", *kind, "Content-Length: 9")
    assert raw(desk, post, b"a").startswith(b"HTTP/1.1 408 ")
    assert ask(desk, "GET", "/")[0] == 200


def test_forty_at_once_are_all_answered(project: Project, start: Start) -> None:
    desk = start(project)
    gate = threading.Barrier(40)

    def visit(_: int) -> int:
        gate.wait()
        return ask(desk, "GET", "/none.html")[0]

    with ThreadPoolExecutor(40) as pool:
        assert list(pool.map(visit, range(40))) == [404] * 40
