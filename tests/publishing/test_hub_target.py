"""A release on the Hub, by the unmodified client: exactly its files, tagged, and loaded back."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from copydesk.publishing.publish import publish
from hub_double import TOKEN, HubDouble, git
from repositories import make_releases
from servers import HOST
from support import ROOT, run_python

CODE = """
import json
from pathlib import Path
from copydesk.publishing.publish import publish
from copydesk.errors import ReleaseError

found = []

def put(repo_id, version=None, **more):
    try:
        done = publish(Path({root!r}), "hub", repo_id=repo_id, version=version, cache=Path({cache!r}), **more)
        found.append([done.version, done.before])
    except ReleaseError as error:
        found.append(str(error))

{code}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests of this module keep what they fetched."""
    return tmp_path_factory.mktemp("cache")


@contextlib.contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """Show a folder on a web server."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((HOST, 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HOST}:{server.server_address[1]}"
        server.shutdown()


def run(code: str, releases: Any, cache: Path, home: Path, environment: dict[str, str]) -> list[Any]:
    """Run code that fills ``found``, in a process of its own: the client reads its settings when it is imported."""
    whole = CODE.format(root=str(releases.root), cache=str(cache), code=code)
    done = run_python(whole, home=home, **environment)
    assert done.returncode == 0, done.stderr
    assert TOKEN not in done.stdout + done.stderr
    found: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def released_files(releases: Any, version: str) -> dict[str, bytes]:
    """Path and bytes of the files of a release, from git and from DVC's remote."""
    listed = releases.run("git", "show", f"corpus@v{version}:corpus/MANIFEST.sha256")
    objects = {_sha256(p.read_bytes()): p.read_bytes() for p in releases.objects()}
    files = {"MANIFEST.sha256": listed.encode()}
    for line in listed.splitlines():
        digest, _, name = line.partition("  ")
        files[name] = objects.get(digest) or releases.run("git", "show", f"corpus@v{version}:corpus/{name}").encode()
        assert _sha256(files[name]) == digest
    return files


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_releases_are_published_tagged_and_loaded_by_their_tags(
    hub: HubDouble, releases: Any, cache: Path, tmp_path: Path
) -> None:
    code = """
put("desk/corpus", "1.0.0", dry_run=True)
put("desk/corpus", "1.0.0")
put("desk/corpus", "1.0.0")
put("desk/corpus")
from datasets import load_dataset
for tag in ("v1.0.0", "v1.1.0", "main", "v1.0.0"):
    rows = load_dataset("desk/corpus", revision=tag, split="train")
    found.append([len(rows), str(rows.info.version)])
"""
    # What the documentation says to readers: of the Hub, and of a folder that a web server shows.
    page = (ROOT / "docs" / "publish.md").read_text("utf-8")
    by_tag, by_web = (re.search(rf"```python {name}\n(.*?)```", page, re.DOTALL)[1] for name in ("hub", "web"))  # type: ignore[index]
    publish(releases.root, str(tmp_path / "web"), cache=cache)
    with web_server(tmp_path / "web") as address:
        names = {"my-desk/": "desk/", "v1.2.0": "v1.1.0", "https://example.org/corpus": address}
        for block in (by_tag, by_web):
            real = re.sub("|".join(names), lambda found: names[found[0]], block)
            code += f"{real}\nfound.append(logical_hash(sentences))\n"
        code = f"from copydesk import logical_hash\n{code}"
        *found, one, other = run(code, releases, cache, tmp_path, hub.environment())
    listing = json.loads(released_files(releases, "1.1.0")["manifest.json"])
    assert one == other == listing["tables"]["sentences"]["splits"]["train"]["logical_sha256"]
    assert found == [
        *(["1.0.0", False], ["1.0.0", False], ["1.0.0", True], ["1.1.0", False]),
        *([3, "1.0.0"], [5, "1.1.0"], [5, "1.1.0"], [3, "1.0.0"]),
    ]
    attributes = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"
    for version in releases.documents:
        expected = {**released_files(releases, version), ".gitattributes": attributes}
        assert hub.files("desk/corpus", f"v{version}") == expected
    repo = hub.repo("desk/corpus")
    assert git(repo, "log", "--format=%s", "main").splitlines() == [
        "Release 1.1.0",
        "Release 1.0.0",
        "initial commit",
    ]
    assert git(repo, "branch", "--format=%(refname:short)") == "main"


def test_files_of_real_size_are_published_and_read_by_ranges(
    hub: HubDouble, cache: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def text(n: int) -> str:
        words = (hashlib.sha256(f"{n} {i}".encode()).hexdigest() for i in range(700))
        return "".join(f"The entry {i} is {int(word, 16) % 10**75} in the book. " for i, word in enumerate(words))

    deliveries = {"1.0.0": {f"book-{n:02d}.txt": text(n) for n in range(40)}}
    made = make_releases(tmp_path_factory.mktemp("large"), deliveries)
    code = """
put("desk/large")
import pyarrow.parquet as pq
from datasets import load_dataset
from huggingface_hub import HfFileSystem
streamed = load_dataset("desk/large", "sentences", revision="v1.0.0", split="train", streaming=True)
found.append([sum(1 for _ in load_dataset("desk/large", revision="v1.0.0", split="train")), sum(1 for _ in streamed)])
files = HfFileSystem()
for path in sorted(files.glob("datasets/desk/large@v1.0.0/data/*/*.parquet")):
    with files.open(path, block_size=2**16) as file:
        found.append([path.split("/")[-2], file.size, pq.ParquetFile(file).metadata.num_rows])
"""
    published, loaded, *files = run(code, made, cache, tmp_path, hub.environment())
    assert (published, loaded) == (["1.0.0", False], [40, 40 * 700])
    sizes = {name: size for name, size, _ in files}
    assert sum(sizes.values()) > 4 * 2**20 and min(sizes["documents"], sizes["raw"], sizes["sentences"]) > 2**20
    assert {name: rows for name, _, rows in files}["sentences"] == 40 * 700
    parts = [status for status, _ in hub.parts]
    assert parts and set(parts) == {206}
    assert min(size for _, size in hub.parts) < 2**17 < 2**20 < max(sizes.values())


def test_an_older_release_does_not_take_main_back(hub: HubDouble, releases: Any, cache: Path, tmp_path: Path) -> None:
    code = 'put("desk/back", private=True); put("desk/back", "1.0.0", private=True); put("desk/back", "1.0.0")'
    found = run(code, releases, cache, tmp_path, hub.environment())
    assert found == [["1.1.0", False], ["1.0.0", False], ["1.0.0", True]]
    repo = hub.repo("desk/back")
    assert git(repo, "rev-parse", "main") == git(repo, "rev-parse", "v1.1.0")
    assert git(repo, "rev-parse", "release-1.0.0") == git(repo, "rev-parse", "v1.0.0")
    assert "desk/back" in hub.private


def test_killed_nothing_is_seen_and_it_goes_on(hub: HubDouble, releases: Any, cache: Path, tmp_path: Path) -> None:
    hub.forget()
    note = tmp_path / "pid"

    def kill(uploads: Counter[str]) -> bool:
        if len(uploads) < 2:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(note.read_text()), signal.SIGKILL)
        return True

    hub.full = kill
    code = f"import os; Path({str(note)!r}).write_text(str(os.getpid())); put('desk/cut')"
    whole = CODE.format(root=str(releases.root), cache=str(cache), code=code)
    assert run_python(whole, home=tmp_path, **hub.environment()).returncode == -signal.SIGKILL
    hub.full = None
    repo = hub.repo("desk/cut")
    assert git(repo, "log", "--format=%s", "main") == "initial commit"
    assert git(repo, "tag") == ""
    assert len(hub.uploads) == 2
    # Then killed between commit and tag: that commit is tagged.
    code = f"""
put("desk/cut")
import subprocess
def git(*arguments): return subprocess.run(["git", "-C", {str(repo)!r}, *arguments], check=True, capture_output=True).stdout
head = git("rev-parse", "main")
git("tag", "-d", "v1.1.0")
put("desk/cut")
found.append(head == git("rev-parse", "main") == git("rev-parse", "v1.1.0"))
"""
    found = run(code, releases, cache, tmp_path, hub.environment())
    assert found == [["1.1.0", False], ["1.1.0", False], True]
    assert len(hub.uploads) == 4
    assert set(hub.uploads.values()) == {1}  # nothing that had arrived was sent again


def test_what_is_refused(hub: HubDouble, releases: Any, cache: Path, tmp_path: Path) -> None:
    hub.make("desk/other", {"notes.txt": "of somebody else", "README.md": ""})
    hub.make("desk/meanwhile", {})
    hub.make("desk/moved", {"README.md": "not the release"})
    git(hub.repo("desk/moved"), "tag", "v1.1.0")
    hub.make("desk/more", {})

    def meanwhile() -> None:
        (hub.repo("desk/meanwhile") / "README.md").write_text("somebody else's")
        git(hub.repo("desk/meanwhile"), "add", "-A")
        git(hub.repo("desk/meanwhile"), "commit", "-q", "-m", "meanwhile")

    hub.meanwhile = meanwhile
    code = """
put("desk/meanwhile")
put("desk/meanwhile")
put("desk/other")
put("desk/moved")
put("desk/other", private=True)
put("nobody")
put("../desk/other")
"""
    found = run(code, releases, cache, tmp_path, hub.environment())
    expected = [
        "somebody else committed meanwhile; run it again",
        ["1.1.0", False],
        "desk/other: has 2 files and no MANIFEST.sha256, so copydesk did not make it; choose another name",
        "found no file, expected sha256",
        "desk/other: exists and is public; make it private in its settings, or leave out --private",
        "--repo-id nobody: expected ORG/NAME",
        "--repo-id ../desk/other: ",
    ]
    for outcome, wanted in zip(found, expected, strict=True):
        assert wanted in outcome if isinstance(wanted, str) else wanted == outcome
    assert git(hub.repo("desk/other"), "log", "--format=%s") == "initial commit"
    assert git(hub.repo("desk/moved"), "log", "--format=%s", "--all") == "initial commit"
    (message,) = run('put("desk/stranger")', releases, cache, tmp_path, hub.environment(token="hf_wrong"))
    assert "log in with hf auth login, or set HF_TOKEN" in message
    assert "hf_wrong" not in message
    assert not hub.repo("desk/stranger").exists()
