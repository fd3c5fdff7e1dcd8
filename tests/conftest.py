"""Fixtures, and how property tests are run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from copydesk.core.config import check_params
from copydesk.core.json_schema import PACKAGED
from copydesk.project import Project
from servers import S3, Ssh, s3_server, ssh_server
from support import ROOT, Files, run_stages, write_seeds

pytest_plugins = ["browsing", "repositories", "stated_releases"]

# The same examples on every run, so more of them would only take longer; a slow machine is no failure.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=50)
# Other examples on every run, and many: make soak.
hypothesis.settings.register_profile("soak", deadline=None, max_examples=20_000)
hypothesis.settings.load_profile(os.environ.get("COPYDESK_HYPOTHESIS", "repeatable"))


@pytest.fixture(autouse=True)
def _no_safe_path_left() -> Iterator[None]:
    """The command line sets this for its child processes; those of the next test are others."""
    yield
    os.environ.pop("PYTHONSAFEPATH", None)


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Project]:
    """Return a function that lays out a project with the given seeds, settings and name."""

    def make(files: Files, params: dict[str, Any] | None = None, name: str = "project") -> Project:
        root = tmp_path / name
        write_seeds(root / "seeds", files)
        return Project(
            seeds=root / "seeds",
            corpus=root / "corpus",
            reports=root / "reports",
            build=root / "build",
            schemas=PACKAGED,
            params=check_params({"engine": {"workers": 1}, **(params or {})}),
        )

    return make


@pytest.fixture
def make_corpus(make_project: Callable[..., Project]) -> Callable[..., Project]:
    """Return a function that builds a corpus from seeds, up to the dataset, without the final validation."""

    def make(files: Files, params: dict[str, Any] | None = None, name: str = "project") -> Project:
        return run_stages(make_project(files, params, name))

    return make


@pytest.fixture(scope="session")
def two_articles(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The corpus of this repository, built from a copy of its seeds. Tests read it and do not change it."""
    root = tmp_path_factory.mktemp("articles")
    shutil.copytree(ROOT / "seeds", root / "seeds")
    shutil.copytree(ROOT / "schemas", root / "schemas")
    shutil.copy(ROOT / "params.yaml", root)
    return run_stages(Project.open(root))


@pytest.fixture
def own_copy(two_articles: Project, tmp_path: Path) -> Project:
    """A copy of the repository's corpus that a test may break."""
    root = tmp_path / "copy"
    shutil.copytree(two_articles.corpus.parent, root)
    return Project.open(root)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """A server with the S3 API, for all tests of a worker."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ssh]:
    """An SSH server, for all tests of a worker."""
    with ssh_server(tmp_path_factory.mktemp("ssh")) as server:
        yield server
