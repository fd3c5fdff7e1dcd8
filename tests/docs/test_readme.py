"""The commands in README.md are run as they are printed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from typer.main import get_command

from copydesk.cli import app
from copydesk.project import Project
from support import BUILD, GIT, ROOT

TEXT = (ROOT / "README.md").read_text("utf-8")
#: Stands for ``dvc repro``, which tests/scaffold runs in a repository made by ``copydesk init``: the same stages in
#: one process.
DVC = f"#!{sys.executable}\nimport sys\nassert sys.argv[1:] == ['repro']\n{BUILD}"


def commands(program: str) -> list[str]:
    """The commands of the console block that contains a program."""
    (block,) = (
        block for block in re.findall(r"^```console\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE) if program in block
    )
    return [line.removeprefix("$ ") for line in block.splitlines()]


def run(cwd: Path, folder: Path, lines: list[str]) -> subprocess.CompletedProcess[str]:
    """Run commands as a shell does, with programs of a folder in front of all others, and that as home."""
    path = os.pathsep.join((str(folder), str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {**os.environ, **GIT, "PATH": path, "HOME": str(folder)}
    command = ["bash", "-eu", "-c", "\n".join(lines)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_from_init_to_the_report(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    shutil.copy(ROOT / "seeds" / "003_7f19f5ed8fd5d325.txt", tmp_path / "articles" / "article.txt")
    (tmp_path / "dvc").write_text(DVC)
    (tmp_path / "dvc").chmod(0o755)
    done = run(tmp_path, tmp_path, commands("copydesk init"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lost-full-stop" in done.stdout or "missing-space" in done.stdout
    assert (tmp_path / "my-corpus" / "build" / "report" / "index.html").is_file()


def test_in_ci(two_articles: Project, tmp_path: Path) -> None:
    root = shutil.copytree(two_articles.corpus.parent, tmp_path / "corpus")
    done = run(Path(root), tmp_path, commands("copydesk check"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_installed_is_this_package_and_its_extra() -> None:
    lines = re.findall(r'^    pip install "(.*?)"', TEXT, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    requirements = [Requirement(line.replace("URL", ROOT.as_uri())) for line in lines]
    assert [requirement.name for requirement in requirements] == [project["name"]] * 2
    assert all(requirement.extras <= project["optional-dependencies"].keys() for requirement in requirements)


def test_commands_and_options_in_the_text_exist() -> None:
    group = get_command(app)
    for name, options in re.findall(r"`copydesk ([a-z]+)([^`]*)`", TEXT):
        command = group.commands[name]  # type: ignore[attr-defined]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {option for option in options.split() if option.startswith("-")} <= known, name
