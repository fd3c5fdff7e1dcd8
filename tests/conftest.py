"""What tests share: the repository, corpora made on the spot, texts that are hard on everything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from copydesk.config import check_params
from copydesk.pipeline import STAGES
from copydesk.project import Project
from copydesk.tables import PACKAGED

ROOT = Path(__file__).parents[1]

# The same examples on every run; a slow machine is no failure.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=300)
# Other examples on every run, and many: make soak.
hypothesis.settings.register_profile("soak", deadline=None, max_examples=20_000)
hypothesis.settings.load_profile(os.environ.get("COPYDESK_HYPOTHESIS", "repeatable"))

#: Characters that rules, splitters and encoders trip over.
HARD = " \n\r\t\v\f.!?…,;:'\"“”‘’()[]*&#<>|\\/-–_@=aAbBzZéßñÑ0 9\u00a0\u00ad\u200b\u200d\u2028\u3000\ufeff\ufffd中。！ё𝒳👩"
hard_texts = st.text(st.sampled_from(HARD) | st.characters(exclude_categories=["Cs"]), max_size=120)

Files = Mapping[str, bytes | str]


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


def write_seeds(folder: Path, files: Files) -> None:
    """Write seeds into a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def run_stages(project: Project, until: str = "package") -> Project:
    """Run the stages of a project in order, up to and including one."""
    for name, run in STAGES.items():
        run(project)
        if name == until:
            break
    return project


def file_bytes(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def articles(count: int) -> dict[str, str]:
    """Seeds that differ from each other, made of the sentences of the two articles."""
    sentences = [
        sentence
        for path in sorted((ROOT / "seeds").glob("*.txt"))
        for sentence in path.read_text("utf-8").replace("\n", " ").split(". ")
    ]
    step = len(sentences) // 7
    return {
        f"article-{n:04d}.txt": f"Report {n}. "
        + (".\n" if n % 2 else ".  ").join(sentences[(n * step + i * 5) % len(sentences)] for i in range(3 + n % 5))
        for n in range(count)
    }


def run_python(code: str, *, cwd: Path | None = None, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own, without a network, with a cache folder of its own if one is given."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    if home is not None:
        environment |= {"HF_HOME": str(home), "HF_DATASETS_CACHE": str(home / "datasets")}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


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
