"""A repository with two releases, made once: real git, real DVC, the real pipeline."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest

import forks
from copydesk.revisions import dvc_command
from copydesk.validation import croissant_check, loader_check
from servers import Place, folder_place
from support import BUILD, GIT, OUTS, ROOT, Files, articles, write_seeds
from support import run_command as run

DVC = f"""
stages:
  package:
    cmd: python build.py
    deps: [seeds, params.yaml]
    outs:
{OUTS}"""


class Releases(NamedTuple):
    """The repository, a bare clone of it, its DVC remote, and how many documents each release has."""

    root: Path
    bare: Path
    remote: Path
    documents: dict[str, int]

    def run(self, *command: str, cwd: Path | None = None) -> str:
        return run(cwd or self.root, *command)

    def objects(self, place: Path | None = None) -> list[Path]:
        """Objects in the remote (or the cache) that are Parquet files."""
        found = (place or self.remote).rglob("files/md5/*/*")
        return sorted(p for p in found if p.suffix != ".dir" and p.read_bytes()[:4] == b"PAR1")

    def object_of(self, version: str, place: Path | None = None) -> Path:
        """The object with the documents of a release."""
        listed = self.run("git", "show", f"corpus@v{version}:corpus/MANIFEST.sha256")
        digest = next(line.split()[0] for line in listed.splitlines() if "data/documents/" in line)
        return next(p for p in self.objects(place) if _sha256(p) == digest)

    def listing_of(self, version: str) -> Path:
        """The object in the remote that lists the objects of a release."""
        lock = self.run("git", "show", f"corpus@v{version}:dvc.lock")
        return next(p for p in self.remote.rglob("*.dir") if f"md5: {p.parent.name}{p.name}" in lock)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def _holding(path: Path, data: bytes | None) -> Iterator[None]:
    kept, mode = path.read_bytes(), path.stat().st_mode
    path.unlink()
    try:
        if data is not None:
            path.write_bytes(data)
        yield
    finally:
        path.unlink(missing_ok=True)
        path.write_bytes(kept)
        path.chmod(mode)


@pytest.fixture(autouse=True)
def _committer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who commits where a test calls the library, which runs git itself."""
    for name, value in GIT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def _dvc_in_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC that the library runs: in a fork, as that which tests run."""
    monkeypatch.setattr(dvc_command, "_completed", forks.completed)


@pytest.fixture(autouse=True)
def _checks_in_forks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes that validation starts to load a dataset: forks, but where a test is about these processes."""
    if request.node.get_closest_marker("own_processes"):
        return
    for module, double in (
        (loader_check, SimpleNamespace(Popen=forks.Check, PIPE=subprocess.PIPE)),
        (croissant_check, SimpleNamespace(run=forks.run_check)),
    ):
        monkeypatch.setattr(module, "subprocess", double)


@pytest.fixture(scope="session", autouse=True)
def _forks_end() -> Iterator[None]:
    yield
    forks.stop()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Releases are validated without loading by datasets, which takes most of the time."""
    from copydesk.releases import check, prove
    from copydesk.validation import validate

    for step in (check, prove):
        monkeypatch.setattr(step, "validate", partial(validate, load=False))


@pytest.fixture(scope="session")
def holding():
    """A context in which a file has other bytes, or is missing."""
    return _holding


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    seeds = list(articles(5).items())
    return make_releases(tmp_path_factory.mktemp("releases"), {"1.0.0": dict(seeds[:3]), "1.1.0": dict(seeds)})


def make_releases(place: Path, deliveries: dict[str, Files]) -> Releases:
    """A repository in an empty folder with a release of each delivery: version, and its seeds."""
    root, remote, bare = place / "work", place / "remote", place / "bare.git"
    root.mkdir()
    shutil.copytree(ROOT / "schemas", root / "schemas")
    run(root, "git", "init", "-q", "-b", "main")
    run(root, "dvc", "init", "-q")
    run(root, "dvc", "remote", "add", "-q", "--default", "store", str(remote))
    (root / "build.py").write_text(BUILD)
    (root / "dvc.yaml").write_text(DVC)
    (root / ".gitignore").write_text("/build/\n/reports/\n__pycache__/\n")
    parameters = (ROOT / "params.yaml").read_text("utf-8")
    for version, seeds in deliveries.items():
        write_seeds(root / "seeds", seeds)
        settled = re.sub(r"^  version: .*$", f"  version: {version}", parameters, flags=re.MULTILINE)
        (root / "params.yaml").write_text(settled, "utf-8")
        run(root, "dvc", "repro", "-q")
        run(root, "git", "add", "--all")
        run(root, "git", "commit", "-q", "-m", f"Release {version}")
        run(root, "git", "tag", "-a", f"corpus@v{version}", "-m", f"Release {version}")
        run(root, "dvc", "push", "-q")
    # What is no release must not be taken for one.
    for name in ("corpus@v2.0", "corpus@v1.0.0-draft", "corpus@vnext", "v9.9.9", "corpus@v01.0.0"):
        run(root, "git", "tag", "-a", name, "-m", "no release")
    run(place, "git", "clone", "-q", "--bare", str(root), str(bare))
    return Releases(root, bare, remote, {version: len(seeds) for version, seeds in deliveries.items()})


class Published(NamedTuple):
    """A repository whose releases lie in a remote of some kind, and the URL by which others clone it."""

    kind: str
    root: Path
    url: str
    place: Place


@pytest.fixture(scope="session")
def places(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Place]:
    """Return a function that makes room for a remote on a server of some kind."""

    def make(kind: str) -> Place:
        if kind == "local":
            return folder_place(tmp_path_factory.mktemp("place"))
        place: Place = request.getfixturevalue(kind).place()
        return place

    return make


@pytest.fixture(scope="module", params=["local", "ssh", "s3"])
def published(
    request: pytest.FixtureRequest,
    releases: Releases,
    places: Callable[[str], Place],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Published]:
    """The two releases in a remote of each kind; the environment has what opens it."""
    folder = tmp_path_factory.mktemp(request.param)
    place = places(request.param)
    root, bare = folder / "work", folder / "corpus.git"
    with pytest.MonkeyPatch.context() as patched:
        for name, value in place.environment.items():
            patched.setenv(name, value)
        # A key is the user's: no repository names it.
        (folder / "dvc").mkdir()
        (folder / "dvc" / "config").write_text(place.config("store", default=False))
        patched.setenv("DVC_GLOBAL_CONFIG_DIR", str(folder / "dvc"))
        _move(releases, root, place)
        run(root, "dvc", "push", "-q", "--all-tags")
        run(folder, "git", "clone", "-q", "--bare", str(root), str(bare))
        url = request.getfixturevalue("ssh").url(bare) if request.param == "ssh" else f"file://{bare}"
        yield Published(request.param, root, url, place)


def _move(releases: Releases, root: Path, place: Place) -> None:
    """Make a repository with the same releases, whose commits name another remote."""
    shutil.copytree(releases.root / ".dvc", root / ".dvc", ignore=shutil.ignore_patterns("tmp"))
    run(root, "git", "init", "-q", "-b", "main")
    run(root, "git", "fetch", "-q", "--no-tags", str(releases.root), "refs/tags/*:refs/before/*")
    for version in releases.documents:
        run(root, "git", "read-tree", "--reset", "-u", f"refs/before/corpus@v{version}")
        (root / ".dvc" / "config").write_text(place.config("store"))
        (root / ".gitignore").write_text("/build/\n__pycache__/\n")
        run(root, "git", "add", "--all")
        run(root, "git", "commit", "-q", "-m", f"Release {version}")
        run(root, "git", "tag", "-a", f"corpus@v{version}", "-m", f"Release {version}")
