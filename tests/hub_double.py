"""A Hub on loopback for the unmodified client. Reading: olah, a mirror of the Hub, serves git repositories as datasets.

Writing: nothing that can be installed takes the Hub's commits, so what stands before olah is a DOUBLE of that part,
written from what the client sends: it makes repositories, takes files, commits, branches and tags. What it cannot tell
is whether the Hub itself would refuse something, and how its own storage (Xet) behaves.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from servers import HOST, running
from support import GIT

TOKEN = "hf_onlyonloopback"
_OLAH = """
[basic]
host = "{host}"
port = {port}
repos-path = "{folder}/repos"
hf-scheme = "http"
hf-netloc = "{host}:1"
hf-lfs-netloc = "{host}:1"
mirrors-path = ["{folder}/mirrors"]
[accessibility]
offline = true
"""


class HubDouble:
    """Where the Hub on loopback is, and what it holds."""

    def __init__(self, folder: Path, upstream: int) -> None:
        self.folder = folder
        self.upstream = upstream
        self.private: set[str] = set()
        #: How often the bytes of each object arrived.
        self.uploads: Counter[str] = Counter()
        #: Status and size of each answer to a request for a range.
        self.parts: list[tuple[int, int]] = []
        #: Whether no more bytes are taken, by what arrived so far; the connection is then closed without an answer.
        self.full: Callable[[Counter[str]], bool] | None = None
        #: Called once, right before the next commit: what others do meanwhile.
        self.meanwhile: Callable[[], None] | None = None
        self.lock = threading.Lock()
        (folder / "objects").mkdir()
        double = self

        class Handler(_Handler):
            hub = double

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def environment(self, port: int | None = None, token: str | None = TOKEN) -> dict[str, str]:
        """Variables by which clients find this Hub, or a wire to it, and nothing else."""
        return {
            "HF_ENDPOINT": f"http://{HOST}:{port or self.port}",
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_TOKEN": token or "",
        }

    def repo(self, repo_id: str) -> Path:
        """The git repository of a dataset."""
        return self.folder / "mirrors" / "datasets" / repo_id

    def make(self, repo_id: str, files: dict[str, str], *, private: bool = False) -> None:
        """Make a dataset, as somebody may have done before."""
        repo = self.repo(repo_id)
        repo.mkdir(parents=True)
        git(repo, "init", "-q", "-b", "main")
        for name, text in files.items():
            (repo / name).write_text(text)
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "--allow-empty", "-m", "initial commit")
        if private:
            self.private.add(repo_id)

    def forget(self) -> None:
        """Lose the objects that were sent for whatever dataset; commits keep theirs."""
        self.uploads.clear()
        for path in (self.folder / "objects").iterdir():
            path.unlink()

    def files(self, repo_id: str, revision: str) -> dict[str, bytes]:
        """The files of a dataset at a revision."""
        repo = self.repo(repo_id)
        names = git(repo, "ls-tree", "-r", "--name-only", revision).splitlines()
        return {name: _git(repo, "cat-file", "blob", f"{revision}:{name}") for name in names}


def git(repo: Path, *arguments: str) -> str:
    return _git(repo, *arguments).decode().strip()


def _git(repo: Path, *arguments: str) -> bytes:
    environment = {**os.environ, **GIT}
    return subprocess.run(
        ["git", "-C", str(repo), *arguments], env=environment, check=True, capture_output=True
    ).stdout


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: HubDouble

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._proxy(None)

    do_HEAD = do_GET

    def do_PUT(self) -> None:
        body = self._body()
        oid = self.path.rpartition("/")[2]
        if hashlib.sha256(body).hexdigest() != oid:
            self._answer(400, {"error": "other bytes"})
            return
        with self.hub.lock:
            if self.hub.full is not None and self.hub.full(self.hub.uploads):
                self.close_connection = True
                return
            self.hub.uploads[oid] += 1
            (self.hub.folder / "objects" / oid).write_bytes(body)
        self._answer(200, {})

    def do_POST(self) -> None:
        body = self._body()
        path = urllib.request.unquote(self.path.partition("?")[0])  # type: ignore[attr-defined]
        if path == "/api/validate-yaml":
            self._answer(200, {"errors": [], "warnings": []})
            return
        for pattern, answer in _ROUTES:
            if found := re.fullmatch(pattern, path):
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    self._answer(401, {"error": "Invalid username or password."})
                    return
                with self.hub.lock:
                    self._answer(*answer(self, body, *found.groups()))
                return
        self._proxy(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: int, content: Any) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _url(self, path: str) -> str:
        return f"http://{self.headers['Host']}{path}"  # through the wire, where there is one

    def _create(self, body: bytes) -> tuple[int, Any]:
        asked = json.loads(body)
        repo_id = f"{asked['organization']}/{asked['name']}"
        url = {"url": self._url(f"/datasets/{repo_id}")}
        if self.hub.repo(repo_id).exists():
            return 409, {"error": "You already created this dataset repo", **url}
        attributes = {".gitattributes": "*.7z filter=lfs diff=lfs merge=lfs -text\n"}
        self.hub.make(repo_id, attributes, private=asked.get("visibility") == "private")
        return 200, url

    def _preupload(self, body: bytes, repo_id: str, revision: str) -> tuple[int, Any]:
        repo = self.hub.repo(repo_id)
        there = dict(
            reversed(line.split(None, 2)[2].split("\t")) for line in git(repo, "ls-tree", "-r", revision).splitlines()
        )
        answers = []
        for asked in json.loads(body)["files"]:
            path = asked["path"]
            large = path.endswith(".parquet")
            oid = there.get(path)
            if oid and large:  # kept by its SHA-256, as the Hub keeps it
                oid = hashlib.sha256(_git(repo, "cat-file", "blob", oid)).hexdigest()
            mode = "lfs" if large else "regular"
            answers.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return 200, {"files": answers, "commitOid": git(repo, "rev-parse", revision)}

    def _batch(self, body: bytes, _: str) -> tuple[int, Any]:
        answers = []
        for asked in json.loads(body)["objects"]:
            answer = {"oid": asked["oid"], "size": asked["size"]}
            if not (self.hub.folder / "objects" / asked["oid"]).exists():
                answer["actions"] = {"upload": {"href": self._url(f"/objects/{asked['oid']}")}}
            answers.append(answer)
        return 200, {"transfer": "basic", "objects": answers}

    def _commit(self, body: bytes, repo_id: str, branch: str) -> tuple[int, Any]:
        if self.hub.meanwhile is not None:
            meanwhile, self.hub.meanwhile = self.hub.meanwhile, None
            meanwhile()
        repo = self.hub.repo(repo_id)
        git(repo, "checkout", "-q", branch)
        lines = [json.loads(line) for line in body.decode().splitlines()]
        head = next(line["value"] for line in lines if line["key"] == "header")
        if head.get("parentCommit", git(repo, "rev-parse", "HEAD")) != git(repo, "rev-parse", "HEAD"):
            return 412, {"error": "A commit has happened since. Please refresh and try again."}
        for key, value in ((line["key"], line["value"]) for line in lines):
            path = repo / value.get("path", "")
            if key in ("file", "lfsFile"):
                path.parent.mkdir(parents=True, exist_ok=True)
                stored = self.hub.folder / "objects" / value.get("oid", "")
                path.write_bytes(base64.b64decode(value["content"]) if key == "file" else stored.read_bytes())
            elif key == "deletedFile":
                path.unlink()
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", head["summary"])
        commit = git(repo, "rev-parse", "HEAD")
        url = self._url(f"/datasets/{repo_id}/commit/{commit}")
        return 200, {"success": True, "commitOid": commit, "commitUrl": url, "hookOutput": ""}

    def _refer(self, body: bytes, repo_id: str, kind: str, name: str) -> tuple[int, Any]:
        asked = json.loads(body) if body else {}
        repo = self.hub.repo(repo_id)
        name, start = (asked["tag"], name) if kind == "tag" else (name, asked.get("startingPoint", "main"))
        if git(repo, kind, "--list", name):
            return 409, {"error": f"Reference exists already: {name}"}
        git(repo, kind, name, start)
        return 200, {}

    def _proxy(self, body: bytes | None) -> None:
        """Have olah answer."""
        upstream = f"http://{HOST}:{self.hub.upstream}"
        kept = ("range", "accept", "content-type", "user-agent")
        headers = {name: value for name, value in self.headers.items() if name.lower() in kept}
        asked = urllib.request.Request(upstream + self.path, data=body, method=self.command, headers=headers)
        try:
            answer: Any = _OPENER.open(asked, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            data = answer.read() if self.command != "HEAD" else b""
        status, part = answer.status, None
        if self.command == "GET" and status == 200 and "/resolve/" in self.path:
            # olah sends the whole file, whatever is asked for; readers of a Parquet file ask for its end.
            status, data, part = _part_of(data, self.headers.get("Range", ""))
            if part is not None:
                self.hub.parts.append((status, len(data)))
        found = re.fullmatch(rf"/api/datasets/{_NAME}/revision/[^?]+", self.path.partition("?")[0])
        if found and found[1] in self.hub.private:
            data = json.dumps({**json.loads(data), "private": True}).encode()
        self.send_response(status)
        if part is not None:
            self.send_header("Content-Range", part)
        for name, value in answer.headers.items():
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "content-range"):
                self.send_header(name, value.replace(upstream, self._url("")))
        size = answer.headers.get("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", size or str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _part_of(data: bytes, asked: str) -> tuple[int, bytes, str | None]:
    """Status, bytes and Content-Range of the answer to a request for a range of some bytes (RFC 9110, 14.2)."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.replace(" ", ""))
    if found is None or not any(found.groups()):  # several ranges: the whole, as a server may
        return 200, data, None
    first, last = found.groups()
    start = int(first) if first else max(0, len(data) - int(last))
    end = min(int(last), len(data) - 1) if first and last else len(data) - 1
    if start > end:
        return 416, b"", f"bytes */{len(data)}"
    return 206, data[start : end + 1], f"bytes {start}-{end}/{len(data)}"


class _AsItIs(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_AsItIs)
_NAME = "([^/]+/[^/]+)"
_ROUTES: list[tuple[str, Callable[..., tuple[int, Any]]]] = [
    ("/api/repos/create", _Handler._create),
    (rf"/api/datasets/{_NAME}/preupload/(.+)", _Handler._preupload),
    (rf"/datasets/{_NAME}\.git/info/lfs/objects/batch", _Handler._batch),
    (rf"/api/datasets/{_NAME}/commit/(.+)", _Handler._commit),
    (rf"/api/datasets/{_NAME}/(tag|branch)/(.+)", _Handler._refer),
]


@contextmanager
def hub_double(folder: Path) -> Iterator[HubDouble]:
    """Run olah, and the double before it, in a folder."""
    if importlib.util.find_spec("olah") is None:
        said = "no olah on this machine; pip install olah"
        pytest.fail(said) if os.environ.get("CI") else pytest.skip(said)
    for name in ("mirrors/datasets", "repos"):
        (folder / name).mkdir(parents=True)

    def command(ports: Iterator[int]) -> tuple[list[str], int]:
        port = next(ports)
        config = folder / "olah.toml"
        config.write_text(_OLAH.format(host=HOST, port=port, folder=folder))
        start = "import sys; from olah.server import cli; sys.exit(cli())"
        return [sys.executable, "-c", start, "--config", str(config), "--log-path", str(folder / "logs")], port

    def answers(port: int) -> bool:
        asked = urllib.request.Request(f"http://{HOST}:{port}/api/datasets/not/there/refs")
        try:
            _OPENER.open(asked, timeout=5).close()
        except urllib.error.HTTPError as error:
            return error.code == 404
        return False

    with running(command, answers, folder / "log") as port:
        double = HubDouble(folder, port)
        try:
            yield double
        finally:
            double.close()
            shutil.rmtree(folder / "objects")
