"""Folders and files that the system does not let be used: each command says so in a line, and none shows a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from copydesk.project import Project
from copydesk.readers.seed_files import list_seeds
from support import GIT, ROOT, articles, run_stages, write_seeds

# Run in one process, since to start one takes longer than all of it. Root may do everything, so the process first
# gives up the right to pass over permissions, which takes hold when Python is started once more.
RUN = """
import contextlib, ctypes, io, json, os, shutil, sys
if not os.geteuid() and "again" not in sys.argv:
    for right in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        assert ctypes.CDLL(None).prctl(24, right, 0, 0, 0) == 0
    os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], "again"])
from copydesk.cli import main

answers = []
for number, (closed, mode, command) in enumerate(json.loads(sys.stdin.read())):
    root = f"case-{number}"
    shutil.copytree("whole", root, symlinks=True)
    os.chdir(root)
    folders = [closed] if closed != "all" else [each for each, _, _ in os.walk(".", topdown=False)]
    if mode == "folder":
        os.path.exists(closed) and os.unlink(closed)
        os.mkdir(closed)
    else:
        for each in folders:
            os.chmod(each, int(mode, 8))
    out, sys.argv, status = io.StringIO(), ["copydesk", *command.split()], 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            main()
        except SystemExit as error:
            status = error.code
        except BaseException as error:
            status = repr(error)
    for each in reversed(folders):
        os.chmod(each, 0o755)
    os.chdir("..")
    answers.append([status, out.getvalue()])
print(json.dumps(answers))
"""


#: What is closed and how (``folder``: one stands in its place), and the command that is then given.
CLOSED = [
    *((folder, "555", "build") for folder in ("corpus", "reports", "build", "all")),
    *((folder, "555", "validate --no-load") for folder in ("build", "all")),
    *((folder, "555", "report") for folder in ("build", "all")),
    ("all", "555", "export out"),
    ("all", "555", "check --junit reports/check.xml"),
    ("all", "555", "release --dry-run"),
    ("seeds", "555", "takedown article-0000 --reason asked --yes"),
    *((name, "000", "build") for name in ("params.yaml", "seeds/sources.jsonl", "seeds", "corpus/data", "schemas")),
    *((name, "000", "check") for name in ("params.yaml", "seeds/sources.jsonl", "seeds")),
    ("corpus", "000", "report"),
]
REPLACED = [
    (n, "folder", "build")
    for n in ("params.yaml", "seeds/sources.jsonl", "seeds/decisions.jsonl", "corpus/README.md")
]
AMONG = [(name, "000", "build --strict") for name in ("seeds/deeper", "seeds/deeper/inside.txt")]
NOTHING_WRITTEN = [("all", "555", "check"), ("all", "555", "rules")]

Answers = dict[tuple[str, str, str], tuple[int, str]]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    root = tmp_path_factory.mktemp("closed")
    deeper = {"deeper/inside.txt": "One more article. It lies deeper.", "sources.jsonl": ""}
    write_seeds(root / "whole" / "seeds", articles(2) | deeper)
    shutil.copytree(ROOT / "schemas", root / "whole" / "schemas")
    (root / "whole" / "params.yaml").write_text("engine: {workers: 1}\n")
    run_stages(Project.open(root / "whole"))
    cases = [*CLOSED, *REPLACED, *AMONG, *NOTHING_WRITTEN]
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=root,
        input=json.dumps(cases),
        env={**os.environ, **GIT, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(cases, map(tuple, json.loads(done.stdout.splitlines()[-1])), strict=True))


@pytest.mark.parametrize("case", CLOSED, ids=" ".join)
def test_a_command_says_in_a_line_what_it_may_not_use(answers: Answers, case: tuple[str, str, str]) -> None:
    status, text = answers[case]
    assert (status, "Traceback" in text) == (1, False), text
    assert "Permission denied" in text or case[2].startswith("release"), text


@pytest.mark.parametrize("case", REPLACED, ids=" ".join)
def test_a_folder_in_the_place_of_a_file_is_named(answers: Answers, case: tuple[str, str, str]) -> None:
    status, text = answers[case]
    assert (status, "Traceback" in text) == (1, False), text
    assert case[0] in text.splitlines()[-1]


@pytest.mark.parametrize("case", AMONG, ids=" ".join)
def test_a_closed_folder_among_the_seeds_is_refused_as_a_closed_file_is(
    answers: Answers, case: tuple[str, str, str]
) -> None:
    status, text = answers[case]
    assert status == 1
    assert f"  {case[0].removeprefix('seeds/')}: unreadable: Permission denied" in text


@pytest.mark.parametrize("case", NOTHING_WRITTEN, ids=" ".join)
def test_where_nothing_need_be_written_nothing_is_said(answers: Answers, case: tuple[str, str, str]) -> None:
    assert answers[case][0] == 0


def test_seeds_in_folders_as_deep_as_they_get(tmp_path: Path) -> None:
    deepest = os.open(tmp_path, os.O_RDONLY)
    for _ in range(2500):  # deeper than a path may be long: what is below is refused
        os.mkdir("d", dir_fd=deepest)
        below = os.open("d", os.O_RDONLY, dir_fd=deepest)
        os.close(deepest)
        deepest = below
    os.close(os.open("far.txt", os.O_WRONLY | os.O_CREAT, dir_fd=deepest))
    os.close(deepest)
    (tmp_path / "/".join("d" * 1500) / "deep.txt").write_text("An article.")
    seeds, refusals = list_seeds(tmp_path, 1000)
    assert seeds["doc_id"].to_pylist() == ["deep"]
    (refusal,) = refusals
    assert (refusal.reason, refusal.detail) == (
        "unreadable",
        "File name too long; expected a folder that can be read",
    )
    subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)  # Python's own way is recursive
