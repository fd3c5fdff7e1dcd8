"""The same hostile texts through every output: terminals, logs, hosts, formats, pages, tags."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

import pytest

from fuzz import outputs
from support import ROOT

CHECKS: dict[str, Callable[[str], None]] = {
    "json": outputs.check_json,
    "hosts": outputs.check_hosts,
    "markdown": outputs.check_markdown,
    "pictures": outputs.check_pictures,
    "html": outputs.check_html,
    "git": outputs.check_git,
}
NAMES = [f"{number}-{ascii(text)[:20]}" for number, text in enumerate(outputs.HOSTILE)]


@pytest.mark.parametrize("text", outputs.HOSTILE, ids=NAMES)
def test_a_terminal_and_a_log_obey_nothing(text: str) -> None:
    for name, output in outputs.log_outputs(text):
        outputs.check_log(output)
        assert max(map(len, output.split("\n"))) < 40_000, name
        assert output.count("\n") < 5_000, name
    for _, output in outputs.text_outputs(text):
        outputs.check_log(output)


@pytest.mark.parametrize("kind", CHECKS)
def test_every_format_holds_it_and_is_inert(kind: str) -> None:
    for text in outputs.HOSTILE:
        CHECKS[kind](text)


#: What one file alone may do: print, and whatever else reaches a terminal or a log.
PRINTS = {"print", "Console", "echo", "secho", "pprint"}
#: Beside it: a process that answers another one on a pipe.
MAY_PRINT = {"core/progress.py", "validation/croissant_check.py", "validation/loader_check.py"}
#: Where str.splitlines is meant: published signals, YAML, and files of the toolkit and the system.
MAY_SPLIT = {
    "description/signals/line_signals.py",
    "engines/machine.py",
    "sentences/model.py",
    "sentences/lexicon.py",
}
MAY_SPLIT |= {"scaffold/template_files.py", "releases/params_file.py", "merging/merged_settings.py"}


def test_no_pattern_has_a_possessive_group() -> None:
    """Python 3.11 up to 3.11.4 takes some of them for less than they match; a possessive class is right there."""
    package = ROOT / "src" / "copydesk"
    assert [
        path.name for path in package.rglob("*.py") if re.search(r"\w*\|.*\)[*+?]\+", path.read_text("utf-8"))
    ] == []


def test_nothing_prints_or_splits_lines_on_its_own() -> None:
    package = ROOT / "src" / "copydesk"
    printing, splitting = set(), set()
    for path in package.rglob("*.py"):
        name = path.relative_to(package).as_posix()
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            if called.rpartition(".")[2] in PRINTS or called in {"sys.stdout.write", "sys.stderr.write"}:
                printing.add(name)
            if called in {"SystemExit", "sys.exit"} and node.args and isinstance(node.args[0], ast.JoinedStr):
                printing.add(name)
            if isinstance(node.func, ast.Attribute) and node.func.attr == "splitlines":
                splitting.add(name)
    assert printing == MAY_PRINT
    assert splitting <= MAY_SPLIT
