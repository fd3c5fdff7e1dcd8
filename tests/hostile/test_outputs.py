"""The same hostile texts through every output: terminals, logs, hosts, formats, pages, tags."""

from __future__ import annotations

import ast
from collections.abc import Callable
from re._parser import SubPattern, parse  # type: ignore[import-not-found]
from typing import Any

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


def possessive_groups(pattern: str) -> list[str]:
    """The kinds of choices inside possessive repetitions of a pattern."""
    found: list[str] = []

    def walk(node: Any, inside: bool) -> None:
        for item in node if isinstance(node, list | tuple | SubPattern) else ():
            name = str(item[0]) if isinstance(item, tuple) and item else ""
            if inside and name in {"BRANCH", "MAX_REPEAT", "MIN_REPEAT"}:
                found.append(name)
            walk(item, inside or name == "POSSESSIVE_REPEAT")

    walk(parse(pattern), False)
    return found


def test_no_pattern_has_choices_in_a_possessive_repetition() -> None:
    """Python 3.11 up to 3.11.4 goes wrong with them."""
    assert possessive_groups(r"(?:a|bc)*+") == ["BRANCH"] and possessive_groups(r"(?:amp;)*+[ab]++") == []
    for path in (ROOT / "src" / "copydesk").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile":
                pattern = node.args[0]
                if isinstance(pattern, ast.Constant) and isinstance(pattern.value, str):
                    assert possessive_groups(pattern.value) == [], f"{path.name}: {pattern.value}"


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
