"""The report as a server on this machine: pages made when they are asked for, and decisions that are written down.

It listens on loopback alone. A page of another site can make a browser send requests here, so the name of the host
must be ours (a name that someone else made to point here is not), and a decision must come from a page of ours and
carry the token that only these have.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from copydesk.errors import CopydeskError
from copydesk.markup import tag
from copydesk.progress import say
from copydesk.project import Project
from copydesk.publishing.manifest import LISTING
from copydesk.report.corpus_page import corpus_page
from copydesk.report.data import Corpus
from copydesk.report.decide import Refused, decide
from copydesk.report.decisions_page import decisions_page
from copydesk.report.document_page import document_page
from copydesk.report.documents_page import documents_pages
from copydesk.report.page import page, policy
from copydesk.report.release_page import release_page
from copydesk.report.rules_page import rules_page

_LARGEST = 64 << 10  # bytes of a form
_FIELDS = 20  # of a form
_PATIENCE = 30  # seconds for a request to arrive


class Desk(ThreadingHTTPServer):
    """The server of one project.

    Parameters
    ----------
    project : Project
    port : int
        0 for any that is free.

    Raises
    ------
    CopydeskError
        If there is no corpus, or the port is taken.
    """

    daemon_threads = True

    def __init__(self, project: Project, port: int) -> None:
        self.project = project
        self.token = secrets.token_urlsafe(32)
        self.deciding = threading.Lock()
        self._locks = threading.Lock(), threading.Lock()  # to open the corpus; to make a page of all of it
        self._stamp: object = None
        self.corpus()
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise CopydeskError(f"port {port}: {error.strerror}; choose another with --port, or 0 for any") from None
        self.hosts = {f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost")}

    def corpus(self) -> Corpus:
        """The corpus as it is now."""
        return self._opened()[0]

    def _opened(self) -> tuple[Corpus, dict[str, str]]:
        """The corpus and the pages made of all of it; opened again once it was built again."""
        with self._locks[0]:
            try:
                state = (self.project.corpus / LISTING).stat()
                stamp: object = (state.st_mtime_ns, state.st_ino)
            except OSError:
                stamp = None
            if stamp is None or stamp != self._stamp:
                self._held = Corpus(self.project), dict[str, str]()
                self._stamp = stamp
            return self._held

    def render(self, path: str) -> str | None:
        """The page at a path, None where there is none."""
        corpus, pages = self._opened()
        if path in corpus.addresses:
            return document_page(corpus, corpus.addresses[path], self.token)
        if path == "decisions.html":
            return decisions_page(corpus, linked=True, token=self.token)
        with self._locks[1]:
            # These follow from the corpus alone, and take long to make of a large one.
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


class _Refusal(Exception):
    """A request that is not obeyed."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    server: Desk
    server_version, sys_version = "copydesk", ""
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE

    def do_GET(self) -> None:
        """Send a page."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """Send what would come before a page."""
        self._answer(body=False)

    def do_POST(self) -> None:
        """Write a decision down, and lead back to the page that it was made on."""
        try:
            self._check_host()
            form = self._form()
            with self.server.deciding:
                corpus = self.server.corpus()
                decide(corpus, form)
        except _Refusal as error:
            self._wrong(error.status, str(error))
        except Refused as error:
            self._wrong(HTTPStatus.CONFLICT, str(error))
        except CopydeskError as error:
            self._wrong(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        else:
            target = form.get("page", "")
            known = target in corpus.addresses or target == "decisions.html"
            anchor = f"#edit-{form['edit']}" if form.get("edit", "").isdecimal() else "#decisions"
            self._send(HTTPStatus.SEE_OTHER, "", {"Location": f"/{target if known else 'index.html'}{anchor}"})

    def _answer(self, body: bool) -> None:
        path = urlsplit(self.path).path.removeprefix("/") or "index.html"
        try:
            self._check_host()
            found = self.server.render(path)
        except _Refusal as error:
            self._wrong(error.status, str(error))
        except CopydeskError as error:
            self._wrong(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        else:
            if found is None:
                self._wrong(HTTPStatus.NOT_FOUND, "There is no such page; the corpus may have been built again.")
            else:
                self._send(HTTPStatus.OK, found, body=body)

    def _check_host(self) -> None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0] not in self.server.hosts:
            message = "This server answers to 127.0.0.1 and localhost alone."
            raise _Refusal(HTTPStatus.MISDIRECTED_REQUEST, message)

    def _form(self) -> dict[str, str]:
        """The fields of a form that a page of ours sent."""
        if self.headers.get("Origin") not in {f"http://{host}" for host in self.server.hosts}:
            raise _Refusal(HTTPStatus.FORBIDDEN, "The form does not come from a page of this server.")
        if urlsplit(self.path).path != "/decide":
            raise _Refusal(HTTPStatus.NOT_FOUND, "Forms are sent to /decide.")
        length = self.headers.get("Content-Length", "")
        # No more digits than the limit has: nobody has to read a number of a million of them.
        if not (length.isascii() and length.isdecimal() and len(length) <= 5 and int(length) <= _LARGEST):
            message = f"A form has a length, of at most {_LARGEST:,} bytes."
            raise _Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
        if self.headers.get_content_type() != "application/x-www-form-urlencoded":
            raise _Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Expected a form.")
        try:
            text = self.rfile.read(int(length)).decode("ascii")
            fields = parse_qs(text, True, True, errors="strict", max_num_fields=_FIELDS)
        except ValueError:
            raise _Refusal(HTTPStatus.BAD_REQUEST, "The form cannot be read.") from None
        form = {name: values[0] for name, values in fields.items() if len(values) == 1}
        if not hmac.compare_digest(form.get("token", "").encode(), self.server.token.encode()):
            message = "The page is of an earlier run of the server: go back and reload it."
            raise _Refusal(HTTPStatus.FORBIDDEN, message)
        return form

    def _wrong(self, status: HTTPStatus, message: str) -> None:
        back = tag("p", tag("a", "Back to the corpus", href="/index.html"))
        self.close_connection = True
        self._send(status, page("error.html", status.phrase, tag("p", message), back, corpus="Report"))

    def _send(self, status: HTTPStatus, text: str, headers: dict[str, str] | None = None, body: bool = True) -> None:
        data = text.encode()
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
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: what was decided stands in the file."""


def serve(project: Project, port: int) -> None:
    """Serve the report until it is interrupted."""
    with Desk(project, port) as desk:
        say(f"http://127.0.0.1:{desk.server_port}/ (stop with Ctrl+C)")
        try:
            desk.serve_forever()
        except KeyboardInterrupt:
            say("stopped")
