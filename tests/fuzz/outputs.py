"""Every kind of output, given a hostile text wherever one comes from elsewhere, and what must hold of each.

``test_outputs.py`` sends a list of such texts through all of them, the fuzzer whatever it finds.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import typer
from markdown_it import MarkdownIt
from rich.table import Table
from rich.text import Text

from copydesk.ci import output_formats
from copydesk.cli import main
from copydesk.core import progress
from copydesk.core.escaping import git_line, markdown_block, sarif_uri
from copydesk.core.findings import Report
from copydesk.dataset.card_plots import _file
from copydesk.differences import rendering
from copydesk.differences.diff_model import Change, Delta, Diff, Move, Pair, Parameter
from copydesk.differences.schema_changes import SchemaChange
from copydesk.differences.text_diff import TextDiff, TextPiece
from copydesk.errors import ReleaseError
from copydesk.markup.html import facts, html_table, tag
from copydesk.markup.plots import bars
from copydesk.proofs.content_figures import Amount, ContentFigures
from copydesk.proofs.eu_summary import eu_summary
from copydesk.releases import changelog
from copydesk.releases.verify import Problem
from copydesk.revisions.withdrawals import withdrawal_message
from copydesk.takedowns.command import _plan_lines
from fuzz.corpora import Parsed

#: Texts that terminals, hosts or readers of a format obey, all of them harmless.
HOSTILE = (
    "\x1b[2Jx\x1b]0;title\x07",
    "a\r\n::error::b",
    "::add-mask::a",
    "\u3000 ::stop-commands::a",
    "##[error]a ##vso[task.x]b ###[group]c",
    "a\n##teamcity[x]",
    "\0\x08\x7f",
    "\x9b2J\x85\x9d",
    "\u202ea\u2066b\u200fc\u061c",
    "a\u2028::error::b\u2029\x0b\x0c\x1c",
    "]]><a>&amp;%0A%25",
    "<script>alert(1)</script><!-- -->",
    "@name @org/team #1 a/b#2 GH-3 !4 ~l &5 $6$",
    "https://example.org www.example.org a@example.org ftp://x",
    "[a](https://example.org) ![b](c) [d]: e",
    "a | b || `c` ``` d ~~e~~ *f* _g_ **h**",
    "# a\n- b\n1. c\n---\n===\n    d\n> e\n/close",
    "[red]x[/] [/] [link=a]b[/link] :smile: [bold",
    "\\` \\| \\[ \\",
    "\ud800 \udcff \ufffe \ufdd0 \U000e0041",
    "%s %d %(x)s {} {0} {x",
    "a" * 1_000_000,
    "\x1b[31m" * 50_000,
    "a\n" * 100_000,
)

_LONG = 60_000  # more characters than a line of a log may have, once its controls are spelled out


def log_outputs(text: str) -> Iterator[tuple[str, str]]:
    """What each way to print makes of a text, by its name."""
    calls: dict[str, Callable[[], object]] = {
        "say": lambda: progress.say(text),
        "fail": lambda: progress.fail(text),
        "show": lambda: progress.show(text, f"{text}: a", f"b: {text}"),
        "track": lambda: list(progress.track([], 0, text, 0)),
        "draw": lambda: progress.draw(*rendering.diff_as_table(_diff(text))),
        "warning": lambda: sys.stderr.write(warnings.formatwarning(text, UserWarning, text, 1)),
        "log": lambda: logging.getLogger("elsewhere").warning(text),
        "log with arguments": lambda: logging.getLogger("elsewhere").warning("%s", text),
        "traceback": lambda: sys.excepthook(ReleaseError, ReleaseError(text), None),
        "problem": lambda: progress.show(str(Problem(text, text, text, text))),
        "schema change": lambda: progress.show(str(_diff(text).schemas[0])),
        "findings": lambda: [progress.say(line) for line in output_formats.as_lines(_report(text))],
        "purge": lambda: progress.show(*_plan_lines(*_purge(text))),
        **{f"usage: {' '.join(words)}": _usage(text, words) for words in _USAGES},
    }
    for name, call in calls.items():
        with _printed() as (out, err):
            call()
        yield name, out() + err()


def text_outputs(text: str) -> Iterator[tuple[str, str]]:
    """What the ways to print a document make of one; its lines may be long."""
    ways: tuple[tuple[str, bool, Callable[[], None]], ...] = (
        ("text on a terminal", True, lambda: progress.show_text(text, raw=True)),
        ("page", False, lambda: progress.show_text(text)),
        ("document", False, lambda: progress.draw(rendering.document_diff_as_text(_document(text[:20_000])))),
        (
            "table whose maker escapes nothing",
            False,
            lambda: progress.draw(_sheet(text[:2_000]), text[:2_000], Text(text[:2_000])),
        ),
    )
    for name, terminal, call in ways:
        with _printed(terminal=terminal) as (out, _):
            call()
        yield name, out()


def check_log(output: str) -> None:
    """Nothing that a terminal or a host obeys."""
    assert not _STEERS.search(output.replace("\n", "").replace("\t", ""))
    assert not re.search(r"(?m)^\s*::|##\w*\[", output)


def check_json(text: str) -> None:
    """JSON in a log and on a terminal: gives the text back, and is ASCII or plain."""
    with _printed(log="json") as (_, err):
        progress.say(text)
        progress.fail(text)
    message, error = map(json.loads, err().splitlines())
    assert err().isascii()
    assert message == {"event": "message", "message": error["message"]}
    assert message["message"] == text or len(text) > 2_000
    with _printed() as (out, _):
        progress.show_json(rendering.diff_as_json(_diff(text[:20_000])))
    check_log(out())
    assert json.loads(out())["added"] == [text[:20_000]]


def check_hosts(text: str) -> None:
    """GitHub's commands, JUnit and SARIF: well formed, and the text in them."""
    report = _report(text)
    for command in output_formats.as_github(report, "copydesk check"):
        assert command.startswith("::error ") and not _STEERS.search(command) and len(command) < _LONG
        given, _, data = command.removeprefix("::error ").partition("::")
        assert [part.partition("=")[0] for part in given.split(",")] == ["file", "line", "title"]
        assert not re.search("%(?!25|3A|2C)", given) and not re.search("%(?!25)", data)
    junit = ET.fromstring(output_formats.as_junit(report, "copydesk check"))
    failure = junit.find(".//failure")
    assert failure is not None
    sarif = json.loads(output_formats.as_sarif(report, "copydesk check"))
    message = sarif["runs"][0]["results"][0]["message"]["text"]
    assert "](" not in message
    if len(text) < 300 and text.isprintable():
        assert failure.attrib["message"] == text
        assert (failure.text or "").endswith(text)
        assert message.endswith(text.replace("](", "] ("))
    for shown in (*failure.attrib.values(), failure.text or "", message):
        assert not _STEERS.search(shown) and len(shown) < _LONG
    uri = sarif_uri(f"seeds/{text}")
    assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", uri)
    if not re.search("[\ud800-\udfff]", text):
        assert unquote(uri) == f"seeds/{text}"


def check_markdown(text: str) -> None:
    """The comment, the changelog and what the card is made of: the same elements as of a harmless text."""
    for page in _pages:
        text = text[:20_000]
        made, harmless = _MARKDOWN.parse(page(text)), _MARKDOWN.parse(page("x"))
        assert [token.type for token in made] == [token.type for token in harmless]
        for token, other in zip(made, harmless, strict=True):
            kinds = [child.type for child in token.children or [] if child.type != "text"]
            assert kinds == [child.type for child in other.children or [] if child.type != "text"]
            shown = "".join(child.content for child in token.children or [] if child.type == "text")
            assert not _STEERS.search(shown)
            assert not re.search(r"[@#]\w|\bgh-\d|://|\bwww\.", shown, re.IGNORECASE), shown


def check_pictures(text: str) -> None:
    """A plot as a file: well formed, with the elements of a harmless one and those that spell out what is not seen."""
    made, harmless = (list(ET.fromstring(_file(bars("A", {name: 1}, "b"))).iter()) for name in (text, "x"))
    assert [e.tag for e in made if not e.tag.endswith("span")] == [e.tag for e in harmless]


def check_html(text: str) -> None:
    """A page: the elements of a harmless one and those that spell out what is not seen, no attribute more."""
    made, harmless = (Parsed(_page(given[:20_000])) for given in (text, "x"))
    unseen = {("span", "class"), ("/span",)}
    assert [e for e in made.elements if e not in unseen] == harmless.elements
    assert made.links == []


def check_git(text: str) -> None:
    """The message of a tag: as many lines as it should have, and no reference."""
    lines = withdrawal_message("1.0.0", text, "1.0.1").split("\n")
    assert (len(lines), lines[3]) == (4, "Replaced-by: 1.0.1")
    assert lines[2] == f"Takedown: {git_line(text)}"
    assert not _STEERS.search(lines[2]) and not re.search(r"[@#]\w|\bgh-\d|://", lines[2], re.IGNORECASE)


_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _summary(text: str) -> str:
    """The public summary of a dataset whose every value is the text."""
    figures = ContentFigures()
    for amounts in (figures.languages, figures.licenses, figures.years, figures.domains, figures.reserving):
        amounts[text] = Amount(1, 1, 1, 1)
    tables = {"documents": {"logical_sha256": text}}
    listing = {"version": text, "tables": tables, "params": {}, "dropped": [{"reason": text}]}
    return eu_summary(figures, {"name": "x", "title": text or "x"}, listing)


_pages: tuple[Callable[[str], str], ...] = (
    _summary,
    lambda text: rendering.diff_as_markdown(_diff(text)),
    lambda text: changelog.changelog_section("1.0.0", "2026-01-02", _diff(text)),
    lambda text: (
        f"# {markdown_block(f'A {text}')}\n\n{markdown_block(text) or 'x'}\n\n- {markdown_block(text) or 'x'}\n"
    ),
)
_USAGES = (
    ("TEXT",),
    ("--TEXT",),
    ("check", "TEXT", "TEXT"),
    ("build", "--workers", "TEXT"),
    ("release", "--at-least", "TEXT"),
    ("takedown", "TEXT", "TEXT"),
)


#: Controls, ends of lines, turns of the direction of writing, and what is no character.
_STEERS = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff\\ufeff\\ufffe\\uffff]"
)


class _Stream(io.TextIOWrapper):
    """A stream that is a terminal or says that it is none."""

    terminal = False

    def isatty(self) -> bool:
        return self.terminal


@contextlib.contextmanager
def _printed(*, terminal: bool = False, log: str = "") -> Iterator[tuple[Callable[[], str], Callable[[], str]]]:
    """What is printed on stdout and stderr, and what libraries print, with the process as it was afterwards."""
    import os

    before = sys.excepthook, warnings.formatwarning, logging.getLogRecordFactory(), os.environ.get(progress.LOG)
    streams = [_Stream(io.BytesIO(), "utf-8", newline="\n") for _ in range(2)]
    for stream in streams:
        stream.terminal = terminal
    handler = logging.StreamHandler(streams[1])
    os.environ[progress.LOG] = log
    logging.getLogger("elsewhere").addHandler(handler)
    try:
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            progress.guard()
            yield tuple(lambda stream=stream: _read(stream) for stream in streams)  # type: ignore[misc]
    finally:
        logging.getLogger("elsewhere").removeHandler(handler)
        sys.excepthook, warnings.formatwarning, factory, known = before
        logging.setLogRecordFactory(factory)
        os.environ.pop(progress.LOG)
        if known is not None:
            os.environ[progress.LOG] = known


def _read(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined,no-any-return]


_command = cache(typer.main.get_command)  # it takes a while


def _usage(text: str, words: tuple[str, ...]) -> Callable[[], None]:
    given = [word.replace("TEXT", text[:500] or "x") for word in words]

    def run() -> None:
        argv, sys.argv = sys.argv, ["copydesk", *given]
        try:
            with patch("typer.main.get_command", _command):
                main()
        except SystemExit as ended:
            assert ended.code in {1, 2}
        finally:
            sys.argv = argv

    return run


def _report(text: str) -> Report:
    report = Report()
    report.add("content", f"seeds/{text}", text, document=text, field=text, line=3)
    return report


def _sheet(text: str) -> Table:
    sheet = Table("a", title="b")
    sheet.add_row(text)
    return sheet


def _page(text: str) -> str:
    return tag(
        "div",
        html_table(text, (text, "b"), [(text, text)], title=text),
        facts([(text, text)]),
        bars(text, {text: 1}, text),
    )


def _document(text: str) -> TextDiff:
    edit = {"before": text, "after": text, "rules": [text], "applied": True}
    pieces = [TextPiece("equal", text, text), TextPiece("replace", "##", f"[a]{text}")]
    return TextDiff(text, text, text, pieces, {text: (text, text)}, [edit], [edit])


def _diff(text: str) -> Diff:
    return Diff(
        old=text,
        new=text,
        added=[text],
        removed=[text],
        dropped={text: text},
        moved=[Move(text, text, text)],
        changed=[Change(text, (text,), (text,), (text,), Delta(1, 0), Delta(), text, text)],
        sources={text: Pair(1, 2)},
        languages={text: Pair(1, 2)},
        complete=True,
        tables={text: Pair(1, 2)},
        schemas=[SchemaChange(text, text, f"type changed {text}", text, [text], True)],
        parameters=[Parameter(text, text, {text: text})],
    )


def _purge(text: str) -> tuple[Any, Any, list[str], str]:
    from types import SimpleNamespace

    storage = SimpleNamespace(name=text)
    storages = SimpleNamespace(with_object=lambda _: [storage], unreadable={text: text})
    reissue = SimpleNamespace(version=text, new_version=text, affected=SimpleNamespace(ids=[text]))
    occurrences = SimpleNamespace(shards=[text], kept_releases=[text], leftovers=[text])
    plan = SimpleNamespace(
        reissues=[reissue],
        without_replacement=[reissue],
        objects_to_delete=[text],
        objects_to_keep=[text],
        occurrences=occurrences,
    )
    return storages, plan, [text], "would be"
