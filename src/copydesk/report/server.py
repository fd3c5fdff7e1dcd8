"""Serve the report on this machine: pages are rendered on request, and decisions are saved.

The server listens on loopback, where every user of the machine can connect. So each request needs the key from the
printed address, which the first visit stores in a cookie. Pages of other sites can make a browser send requests here.
So the Host header must be ours (this defeats DNS rebinding), and a decision must come from one of our pages and carry
the token that only these contain.
"""

from __future__ import annotations

import hmac
import io
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

from copydesk.core.atomic_files import explained
from copydesk.core.progress import say
from copydesk.dataset.manifest import LISTING
from copydesk.errors import CopydeskError
from copydesk.markup.html import tag
from copydesk.project import Project
from copydesk.report.corpus_page import corpus_page
from copydesk.report.corpus_view import Corpus
from copydesk.report.decisions_page import decisions_page
from copydesk.report.document_page import document_page
from copydesk.report.documents_page import documents_pages
from copydesk.report.lines_page import lines_page
from copydesk.report.page_frame import policy, render_page
from copydesk.report.queue_page import PAGE as QUEUE
from copydesk.report.queue_page import View, queue_page
from copydesk.report.release_page import release_page
from copydesk.report.rules_page import rules_page
from copydesk.report.save_decision import RefusedDecision, decide

_FORM_BYTES = 64 << 10
_FORM_FIELDS = 20
_TIMEOUT = 30  # seconds for a whole request to arrive, and for the client to read a page


class Desk(ThreadingHTTPServer):
    """The server of one project.

    Parameters
    ----------
    project : Project
    port : int
        0: any free port.

    Raises
    ------
    CopydeskError
        If there is no corpus, or the port is taken.
    """

    daemon_threads = True
    request_queue_size = 256  # connections that wait for a thread; more are reset

    def __init__(self, project: Project, port: int) -> None:
        self.project = project
        self.key = secrets.token_urlsafe(32)
        self.token = secrets.token_urlsafe(32)
        self.deciding = threading.Lock()
        self._locks = threading.Lock(), threading.Lock()  # to open the corpus; to render a page about all of it
        self._stamp: object = None
        _ = self.corpus().queue  # read once: its first page is answered at once then
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise CopydeskError(f"port {port}: {error.strerror}; choose another with --port, or 0 for any") from None
        self.hosts = {f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost")}
        # Browsers share cookies among the ports of a host, so the name contains the port.
        self.cookie = f"copydesk-{self.server_port}"

    @property
    def address(self) -> str:
        """The address with the key. Everyone who knows it can read the pages and make decisions."""
        return f"http://127.0.0.1:{self.server_port}/?key={self.key}"

    def corpus(self) -> Corpus:
        """The current corpus."""
        return self._opened()[0]

    def _opened(self) -> tuple[Corpus, dict[str, str]]:
        """The corpus and the cached pages about all of it; reopened after a build."""
        with self._locks[0]:
            try:
                state = (self.project.corpus / LISTING).stat()
                stamp: object = (state.st_mtime_ns, state.st_ino)
            except OSError:
                stamp = None
            if stamp is None or stamp != self._stamp:
                self._current = Corpus(self.project), dict[str, str]()
                self._stamp = stamp
            return self._current

    def render(self, path: str, values: Mapping[str, str]) -> str | None:
        """Render the page at a path; None if there is none. ``values`` are those of the address."""
        corpus, pages = self._opened()
        if path in corpus.addresses:
            return document_page(corpus, corpus.addresses[path], self.token, everything="all" in values)
        if path == "lines.html":
            return lines_page(corpus, linked=True, token=self.token)
        if path == "decisions.html":
            return decisions_page(corpus, linked=True, token=self.token)
        if path == QUEUE:
            with self._locks[1]:  # a new corpus is read once
                _ = corpus.queue
            return queue_page(corpus, values, self.token)
        with self._locks[1]:
            # These depend on the corpus alone, and take long for a large one: cache them.
            if path not in pages:
                match path:
                    case "index.html":
                        pages[path] = corpus_page(corpus)
                    case "rules.html":
                        pages[path] = rules_page(corpus, linked=True)
                    case "release.html":
                        pages[path] = release_page(corpus, linked=True)
                    case _ if path.startswith("documents") and "documents.html" not in pages:
                        pages.update(documents_pages(corpus, linked=True))
            return pages.get(path)


class _HttpError(Exception):
    """An error response: its status and its message."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class _TimedReader(socket.SocketIO):
    """Reads from a client with one deadline for all reads together."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection, "r")
        self._connection = connection
        self.deadline = 0.0

    def readinto(self, buffer: Any) -> int | None:
        """Read available data, or wait for it; raise TimeoutError after the deadline."""
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._connection.settimeout(remaining)
        return super().readinto(buffer)


class _Handler(BaseHTTPRequestHandler):
    server: Desk
    server_version, sys_version = "copydesk", ""
    protocol_version = "HTTP/1.1"
    timeout = _TIMEOUT

    def setup(self) -> None:
        """Read with a deadline."""
        super().setup()
        self.rfile.close()
        self._reader = _TimedReader(self.connection)
        self.rfile = io.BufferedReader(self._reader)

    def handle_one_request(self) -> None:
        """Set the deadline of a request; close the connection if it breaks off."""
        self._reader.deadline = time.monotonic() + self.timeout
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def do_GET(self) -> None:
        """Send a page."""
        self._answer(self._page)

    def do_HEAD(self) -> None:
        """Send the headers of a page."""
        self._answer(self._page)

    def do_POST(self) -> None:
        """Save a decision, and redirect to its page."""
        self._answer(self._decide)

    def _answer(self, respond: Callable[[str, Mapping[str, str]], None]) -> None:
        """Authorise a request and respond to it; turn errors into error pages."""
        try:
            self._check_host()
            try:
                target = urlsplit(self.path)
                query = parse_qs(target.query, errors="strict", max_num_fields=_FORM_FIELDS)
            except ValueError:
                raise _HttpError(HTTPStatus.BAD_REQUEST, "The address cannot be read.") from None
            if self.command != "POST" and self._same(query.get("key", [""])[0], self.server.key):
                self._welcome(target.path)
                return
            self._check_key()
            respond(target.path, {name: values[0] for name, values in query.items()})
        except _HttpError as error:
            self._send_error(error.status, str(error))
        except RefusedDecision as error:
            self._send_error(HTTPStatus.CONFLICT, str(error))
        except CopydeskError as error:
            self._send_error(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        except TimeoutError:
            self._send_error(HTTPStatus.REQUEST_TIMEOUT, f"The request did not arrive within {self.timeout} seconds.")
        except ConnectionError:
            raise  # nobody is left to answer
        except OSError as error:
            say(f"report: {explained(error)}")
            self._send_error(HTTPStatus.INTERNAL_SERVER_ERROR, explained(error))

    def _welcome(self, path: str) -> None:
        """Store the key in a cookie, and redirect to the address without it."""
        cookie = f"{self.server.cookie}={self.server.key}; Path=/; HttpOnly; SameSite=Strict"
        location = "/" + quote(path.lstrip("/"))
        self._send(HTTPStatus.SEE_OTHER, "", {"Location": location, "Set-Cookie": cookie})

    def _page(self, path: str, values: Mapping[str, str]) -> None:
        """Send a page."""
        text = self.server.render(path.removeprefix("/") or "index.html", values)
        if text is None:
            raise _HttpError(HTTPStatus.NOT_FOUND, "There is no such page; the corpus may have been built again.")
        if "Transfer-Encoding" in self.headers or self.headers.get("Content-Length", "0") != "0":
            self.close_connection = True  # what comes next is no request
        self._send(HTTPStatus.OK, text)

    def _decide(self, path: str, _: Mapping[str, str]) -> None:
        """Write down what a form asks for."""
        form = self._form(path)
        with self.server.deciding:
            corpus = self.server.corpus()
            done = decide(corpus, form)
        if "queue" in form:
            self._send(HTTPStatus.SEE_OTHER, "", {"Location": _place_in_queue(corpus, form, done)})
            return
        target = form.get("page", "")
        known = target in corpus.addresses or target in {"decisions.html", "lines.html"}
        anchor = f"#edit-{form['edit']}" if form.get("edit", "").isdecimal() else "#decisions"
        self._send(HTTPStatus.SEE_OTHER, "", {"Location": f"/{target if known else 'index.html'}{anchor}"})

    def _check_host(self) -> None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0] not in self.server.hosts:
            message = "This server answers to 127.0.0.1 and localhost alone."
            raise _HttpError(HTTPStatus.MISDIRECTED_REQUEST, message)

    def _check_key(self) -> None:
        cookies = (part.strip() for header in self.headers.get_all("Cookie", []) for part in header.split(";"))
        if not any(self._same(cookie, f"{self.server.cookie}={self.server.key}") for cookie in cookies):
            message = "Open the address that copydesk report --serve printed: it holds the key to these pages."
            raise _HttpError(HTTPStatus.FORBIDDEN, message)

    @staticmethod
    def _same(given: str, wanted: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())

    def _form(self, path: str) -> dict[str, str]:
        """Read a form, and check that one of our pages sent it."""
        if self.headers.get("Origin") not in {f"http://{host}" for host in self.server.hosts}:
            raise _HttpError(HTTPStatus.FORBIDDEN, "The form does not come from a page of this server.")
        if path != "/decide":
            raise _HttpError(HTTPStatus.NOT_FOUND, "Forms are sent to /decide.")
        lengths = self.headers.get_all("Content-Length", [])
        length = lengths[0] if len(lengths) == 1 and "Transfer-Encoding" not in self.headers else ""
        # Check the number of digits first: parsing a very long number is slow.
        if not (length.isascii() and length.isdecimal() and len(length) <= 5 and int(length) <= _FORM_BYTES):
            message = f"Expected a form with a Content-Length of at most {_FORM_BYTES:,} bytes."
            raise _HttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
        if self.headers.get_content_type() != "application/x-www-form-urlencoded":
            raise _HttpError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Expected a form.")
        try:
            text = self.rfile.read(int(length)).decode("ascii")
            fields = parse_qs(text, True, True, errors="strict", max_num_fields=_FORM_FIELDS)
        except ValueError:
            raise _HttpError(HTTPStatus.BAD_REQUEST, "The form cannot be read.") from None
        form = {name: values[0] for name, values in fields.items() if len(values) == 1}
        if not self._same(form.get("token", ""), self.server.token):
            message = "The page is from an earlier run of the server: go back and reload it."
            raise _HttpError(HTTPStatus.FORBIDDEN, message)
        return form

    def _send_error(self, status: HTTPStatus, message: str) -> None:
        back = tag("p", tag("a", "Back to the corpus", href="/index.html"))
        self.close_connection = True
        self._send(status, render_page("error.html", status.phrase, tag("p", message), back, corpus="Report"))

    def _send(self, status: HTTPStatus, text: str, headers: dict[str, str] | None = None) -> None:
        data = text.encode()
        self.connection.settimeout(_TIMEOUT)
        self.send_response(status)
        for name, value in {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(data)),
            "Content-Security-Policy": f"{policy(forms=True)}; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
            **(headers or {}),
            **({"Connection": "close"} if self.close_connection else {}),
        }.items():
            self.send_header(name, value)
        try:
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)
        except TimeoutError:
            raise ConnectionAbortedError("the client does not read the response") from None

    def log_message(self, format: str, *args: object) -> None:
        """Write no access log."""


def _place_in_queue(corpus: Corpus, form: Mapping[str, str], done: str | None) -> str:
    """The address of the queue where a form was sent, at the group that has taken the place of the decided one."""
    view = View.of(corpus.queue, dict(parse_qsl(form["queue"], max_num_fields=_FORM_FIELDS)))
    query = "&".join(filter(None, (view.query, done and f"done={done}")))
    at = form.get("at", "")
    anchor = f"group-{at}" if at.isascii() and at.isdecimal() else "count"
    return f"/{QUEUE}{'?' if query else ''}{query}#{anchor}"


def serve(project: Project, port: int) -> None:
    """Serve the report until Ctrl+C."""
    with Desk(project, port) as desk:
        say(f"{desk.address} (keep it secret: it allows decisions; stop with Ctrl+C)")
        try:
            desk.serve_forever()
        except KeyboardInterrupt:
            say("stopped")
