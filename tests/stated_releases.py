"""A signed release with its statement of provenance: real git, DVC, ssh-keygen; seeds in DVC; an origin and a remote."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

import forks
from copydesk.proofs.sigstore_bundles import SigstoreSigning
from copydesk.releases import check, prove
from copydesk.releases.release import release
from copydesk.revisions import dvc_command
from copydesk.validation import validate
from support import GIT, OUTS, articles, make_repository, write_seeds
from support import run_stripped as run

_DVC = f"""
stages:
  package:
    cmd: python build.py
    deps: [seeds, build.py]
    params: [corpus]
    outs:
{OUTS}      - build/package/shards.jsonl: {{cache: false}}
"""
_PARAMS = """\
corpus:
  name: stated
  version: 0.1.0
  title: Stated articles
engine: {workers: 1}
"""
_LOCK = "ftfy==6.3.1 \\\n    --hash=sha256:" + "a" * 64 + " \\\n    --hash=sha256:" + "b" * 64 + "\n"


class Stated(NamedTuple):
    """The repository, a bare origin that has its tag, the DVC remote, and the file that allows the signer."""

    root: Path
    origin: Path
    remote: Path
    allowed: Path
    tag: str

    @property
    def corpus(self) -> Path:
        return self.root / "corpus"

    def clone(self, place: Path) -> Path:
        """Clone the origin as a stranger would; the data are in the remote alone."""
        run(place.parent, "git", "clone", "--quiet", str(self.origin), str(place))
        return place


def make_stated(root: Path, key: Path | None, *, plugin: str = "", sigstore: SigstoreSigning | None = None) -> str:
    """Make a repository whose seeds DVC keeps, and release it; return the tag."""
    write_seeds(root / "seeds", articles(4))
    params = _PARAMS + ("plugins: [desk]\n" if plugin else "")
    make_repository(root, _DVC, params)
    (root / "requirements.lock").write_text(_LOCK)
    if plugin:
        (root / "desk.py").write_text(plugin)
    run(root, "dvc", "remote", "add", "--quiet", "--default", "store", str(root.parent / "remote"))
    run(root, "dvc", "add", "--quiet", "seeds")
    run(root, "dvc", "repro", "--quiet")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", "first")
    return release(root, key=key, sigstore=sigstore).tag


@pytest.fixture(scope="session")
def stated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stated]:
    place = tmp_path_factory.mktemp("stated")
    key = place / "key"
    run(place, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "desk", "-f", str(key))
    (place / "allowed").write_text(f"desk@example.org {key.with_suffix('.pub').read_text()}")
    with pytest.MonkeyPatch.context() as patched:
        for name, value in GIT.items():
            patched.setenv(name, value)
        patched.setattr(dvc_command, "_completed", forks.completed)
        for step in (check, prove):
            patched.setattr(step, "validate", partial(validate, load=False))
        tag = make_stated(place / "work", key)
        run(place, "git", "clone", "--quiet", "--bare", str(place / "work"), str(place / "origin.git"))
        yield Stated(place / "work", place / "origin.git", place / "remote", place / "allowed", tag)


@pytest.fixture
def stated_copy(stated: Stated, tmp_path: Path) -> Path:
    """A copy of the release's dataset in a folder that a test may break."""
    root = tmp_path / "copy"
    shutil.copytree(stated.corpus, root / "corpus")
    for path in (root / "corpus").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
    return root
