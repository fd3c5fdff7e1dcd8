"""The pipeline under real git and real DVC, in a copy of this repository."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import copydesk
from copydesk.pipeline import STAGES
from copydesk.revisions.toolkit_lock import STAGES as TOOLKIT_STAGES
from copydesk.store.fingerprint import sources
from label_history import documents, label, write_labels
from support import ROOT, file_bytes, run_python

_PACKAGE = ROOT / "src" / "copydesk"


def run(root: Path, *command: str, check: bool = True) -> str:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DVC_NO_ANALYTICS": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{f"GIT_{who}_{what}": "test@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    done = subprocess.run(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0 or not check, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the files of this one as they are now, committed, and nothing built."""
    root = tmp_path_factory.mktemp("clone")
    listed = run(ROOT, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name, follow_symlinks=False)
    run(root, "git", "init", "-q", "-b", "main")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "-q", "-m", "as it is")
    return root


@pytest.fixture(scope="module")
def reproduced(clone: Path) -> tuple[Path, str]:
    """That repository after ``dvc repro``, and what the command said."""
    return clone, run(clone, "dvc", "repro")


def test_a_fresh_clone_makes_the_bytes_that_are_committed(reproduced: tuple[Path, str]) -> None:
    root, said = reproduced
    # What the dataset was validated by stands in git, and its bytes are those that were validated.
    outdated = run(root, "git", "status", "--porcelain")
    assert outdated == "", f"code or settings have changed; run dvc repro and commit:\n{outdated}"
    assert [name for name in STAGES if f"Running stage '{name}'" in said] == list(STAGES)
    assert sorted(p.name for p in (root / "corpus").iterdir()) == [
        *(".gitignore", "CITATION.cff", "LICENSE", "MANIFEST.sha256", "README.md"),
        *("croissant.json", "data", "manifest.json", "plots"),
    ]


def test_a_log_has_a_line_a_stage_and_no_control_characters(reproduced: tuple[Path, str]) -> None:
    _, said = reproduced
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", said.replace("\r\n", "\n"))
    assert len(re.findall(r"^clean: .*", said, re.MULTILINE)) == 1


def test_the_second_run_does_nothing(reproduced: tuple[Path, str]) -> None:
    root, _ = reproduced
    said = run(root, "dvc", "repro")
    assert "Running stage" not in said
    assert "Data and pipelines are up to date." in said
    assert "up to date" in run(root, "dvc", "status")


def test_building_without_dvc_gives_the_same_bytes(reproduced: tuple[Path, str], tmp_path: Path) -> None:
    root, _ = reproduced
    built = copydesk.build(root / "seeds", tmp_path / "corpus", params=root / "params.yaml", schemas=root / "schemas")
    expected = {name: data for name, data in file_bytes(root / "corpus").items() if name != ".gitignore"}
    assert file_bytes(built.corpus) == expected
    assert file_bytes(tmp_path / "reports") == file_bytes(root / "reports")
    assert (built.metrics["documents"], built.quarantined) == (2, [])


def test_metrics_and_plots_are_shown(reproduced: tuple[Path, str]) -> None:
    root, _ = reproduced
    shown = json.loads(run(root, "dvc", "metrics", "show", "--json"))
    assert shown[""]["data"]["reports/metrics.json"]["data"]["documents"] == 2
    page = run(root, "dvc", "plots", "show", "-o", "plots").strip()
    assert "edits_per_rule" in (root / "plots" / "index.html").read_text("utf-8"), page
    shutil.rmtree(root / "plots")


def test_a_changed_article_changes_what_follows_from_it(reproduced: tuple[Path, str]) -> None:
    root, _ = reproduced
    seed = next((root / "seeds").glob("003_*.txt"))
    before = seed.read_bytes()
    try:
        seed.write_bytes(before + b"\nOne more  sentence.")
        said = run(root, "dvc", "repro")
        assert [name for name in STAGES if f"Running stage '{name}'" in said] == list(STAGES)
        changes = json.loads(run(root, "dvc", "metrics", "diff", "--json"))
        assert changes["reports/metrics.json"]["sentences"]["diff"] == 1
        assert changes["reports/metrics.json"]["edits.spaces"] == {"old": None, "new": 1}
    finally:
        seed.write_bytes(before)
    # Everything is known again: the outputs come from the caches, the bytes are the old ones.
    run(root, "dvc", "repro")
    assert run(root, "git", "status", "--porcelain") == ""


def test_labels_run_only_the_stages_that_need_them(reproduced: tuple[Path, str], tmp_path: Path) -> None:
    root, _ = reproduced
    document = next(iter(documents(root).values()))
    given = write_labels(tmp_path / "words.jsonl", [label(document, document["text"][:12], by="Ana")])
    try:
        run(root, "copydesk", "labels", "add", str(given))
        said = run(root, "dvc", "repro")
        assert [name for name in STAGES if f"Running stage '{name}'" in said] == ["labels", "package", "validate"]
        assert re.search(r"^package: 1 shard, 0 computed, 1 cached$", said, re.MULTILINE)
        loaded = run_python(
            "from datasets import load_dataset\n"
            "for more in ({}, {'streaming': True}):\n"
            "    print([row['by'] for row in load_dataset('corpus', 'labels', split='train', **more)])\n"
            "import sys, os; sys.stdout.flush(); os._exit(0)",
            cwd=root,
            home=tmp_path,
        )
        assert loaded.stdout == "['Ana']\n['Ana']\n", loaded.stderr
    finally:
        (root / "labels" / "words.jsonl").unlink()
    run(root, "dvc", "repro")
    assert run(root, "git", "status", "--porcelain") == ""


def test_a_bad_article_is_named_and_the_rest_goes_on(reproduced: tuple[Path, str]) -> None:
    root, _ = reproduced
    bad = root / "seeds" / "bad.txt"
    try:
        bad.write_bytes(b"caf\xe9")
        said = run(root, "dvc", "repro", "package")
        assert "1 seed refused, see reports/quarantine.jsonl: bad.txt" in said
        assert json.loads((root / "reports" / "quarantine.jsonl").read_text("utf-8"))["reason"] == "undecodable"
        assert "clean: 1 shard, 0 computed, 1 cached" in said
    finally:
        bad.unlink()
        run(root, "git", "checkout", "-q", ".")


@pytest.mark.parametrize("name", TOOLKIT_STAGES)
def test_a_stage_depends_on_all_the_code_it_runs(name: str) -> None:
    stage = yaml.safe_load((ROOT / "dvc.yaml").read_text("utf-8"))["stages"][name]
    code = {p.relative_to(_PACKAGE).as_posix() for p in sources(f"copydesk.stages.{name}")}
    # A room is depended on as a whole; the stages, which share one, file by file.
    rooms = {p if "/" not in p or p.startswith("stages/") else p.partition("/")[0] for p in code}
    expected = sorted(f"src/copydesk/{p}" for p in rooms)
    assert sorted(d for d in stage["deps"] if d.startswith("src/")) == expected
    assert {f"scripts/{name}.py", *(["schemas"] if name in STAGES else [])} <= set(stage["deps"])


def test_a_script_does_one_thing() -> None:
    for name in TOOLKIT_STAGES:
        lines = (ROOT / "scripts" / f"{name}.py").read_text("utf-8").splitlines()
        assert f"    main({name}.run)" in lines
        assert len(lines) < 15
