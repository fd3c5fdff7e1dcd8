"""Documentation is run: its Python, its tables, its help texts."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import copydesk
from copydesk.cleaning.plan import RULES
from copydesk.core.config import check_params
from copydesk.project import Project
from copydesk.readers import REASONS
from support import ROOT, run_python

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pages
def test_python_runs(page: Path, two_articles: Project, tmp_path: Path) -> None:
    code = "\n".join(blocks(page, "python"))
    done = run_python(code, cwd=two_articles.corpus.parent, home=tmp_path)
    assert done.returncode == 0, done.stderr


@pages
def test_settings_are_valid(page: Path) -> None:
    for block in blocks(page, "yaml"):
        settings = yaml.safe_load(block)
        check_params(settings)
        assert set(settings.get("clean", {}).get("rules", {})) <= {rule.name for rule in RULES}


def test_the_readme_names_what_is_there() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert (
        "\n    make corpus    # build the dataset from the articles in seeds/ and say how to load it"
        "\n    make test      # lint, type check and test the toolkit\n"
    ) in text
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for name in re.findall(r"(?:`|\n    )make ([a-z-]+)", "".join(page.read_text("utf-8") for page in PAGES)):
        assert re.search(rf"^{name}:", makefile, re.MULTILINE), name
    for place in re.findall(r"`([a-z]+/|[a-z]+\.yaml)`", text):
        assert (ROOT / place).exists(), place


def test_every_reason_for_refusing_a_seed_is_documented() -> None:
    text = (ROOT / "docs" / "keep.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", text, re.MULTILINE))
    assert listed == REASONS


@pytest.mark.parametrize("command", ["build", "rules", "clean", "check", "validate", "report", "publish"])
def test_help_in_the_docs_is_what_the_command_prints(command: str) -> None:
    (block,) = (
        b for b in blocks(ROOT / "docs" / "check.md", "console") if b.startswith(f"$ copydesk {command} --help")
    )
    expected = f"$ copydesk {command} --help\n{help_of(command)}"
    assert block == expected, f"docs/check.md is out of date; expected:\n{expected}"


def help_of(command: str) -> str:
    """The help text, without frames and colours, which depend on the terminal."""
    code = (
        "import sys; sys.argv[0] = 'copydesk'\n"
        "from copydesk import cli\n"
        "cli.app(args=sys.argv[1:], prog_name='copydesk')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, command, "--help"],
        env={
            "TERM": "dumb",
            "COLUMNS": "100",
            "PATH": "",
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(Path(copydesk.__path__[0]).parent),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.strip("\n").splitlines())


def test_examples_in_docstrings_hold() -> None:
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner()
    for module in pkgutil.walk_packages(copydesk.__path__, "copydesk."):
        for example in finder.find(importlib.import_module(module.name)):
            if example.name != "copydesk.releases.load.load":  # it needs a release: tests/releases has some
                assert runner.run(example).failed == 0, example.name
    assert runner.summarize().attempted >= 50


def test_exit_statuses_are_those_of_the_table(two_articles: Project) -> None:
    text = (ROOT / "docs" / "check.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| [^|]+ \| (?:`copydesk ([^`|]+)`)? ?\|$", text, re.MULTILINE)
    assert [status for status, _ in rows] == ["0", "1", "2", "130"]
    for status, command in rows[:3]:
        code = f"import sys; sys.argv = ['copydesk', *{command.split()!r}]\nfrom copydesk.cli import main\nmain()"
        done = run_python(code, cwd=two_articles.corpus.parent)
        assert (done.returncode, "Traceback" in done.stderr) == (int(status), False), (command, done.stderr)


def test_every_command_says_what_its_exit_status_means() -> None:
    from typer.main import get_command

    from copydesk.cli import app

    def walk(command: Any, name: str) -> None:
        for own, inner in getattr(command, "commands", {}).items():
            walk(inner, f"{name} {own}")
        if not hasattr(command, "commands"):
            assert "Exits with 0" in " ".join(command.help.split()), name

    walk(get_command(app), "copydesk")
