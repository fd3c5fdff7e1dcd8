"""Text made safe for an output: nothing is obeyed, and what is harmless stays as it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.core.escaping import (
    git_line,
    json_line,
    log_line,
    log_lines,
    markdown,
    markdown_address,
    markdown_block,
    markdown_code,
    shortened,
    workflow_command,
)
from fuzz.outputs import HOSTILE, check_git, check_hosts, check_log, check_markdown

texts = st.lists(
    st.sampled_from([text[:20] for text in HOSTILE]) | st.text(st.characters(), max_size=4), max_size=6
).map("".join)


@settings(max_examples=200)
@given(texts)
def test_no_text_is_obeyed(text: str) -> None:
    check_log("\n".join([log_line(text), *log_lines(text), json_line(text)]))
    assert json.loads(json_line(text)) == json.loads(json_line(text, ascii_only=True)) == text
    check_hosts(text)
    check_git(text)


@settings(max_examples=40)
@given(texts)
def test_no_text_becomes_markup(text: str) -> None:
    check_markdown(text)


@pytest.mark.parametrize(
    "text", ["naïve “quotes” — 文\u00a0😀", "12 %, a/b_c.txt: [3].text", "", "a:: b", "## [1.0.0]", "👩‍💻"]
)
def test_what_is_harmless_stays(text: str) -> None:
    assert log_line(text) == text
    assert log_lines(text) == [text]
    assert git_line(text) == text
    assert json_line(text) == json.dumps(text, ensure_ascii=False)


def test_a_command_is_obeyed_only_where_it_is_meant() -> None:
    command = workflow_command("error", "a", file="b:c")
    assert log_line(command) == command == "::error file=b%3Ac::a"
    assert log_line(str(command)) == log_line(command[:]) == r"\x3a:error file=b%3Ac::a"


def test_long_texts_are_cut_and_counted() -> None:
    assert log_line("a" * 5_000) == f"{'a' * 1_500} [… 3,000 characters …] {'a' * 500}"
    assert shortened("a" * 2_000) == "a" * 2_000
    assert len(log_line("\x1b" * 5_000)) < 10_000
    assert log_lines("a\n" * 100) == ["a", *["  a"] * 59, "  and 41 more lines"]
    assert len(markdown("a" * 5_000)) < 2_100
    assert markdown_block("a" * 5_000) == "a" * 5_000


def test_markdown_has_its_own_escapes() -> None:
    assert markdown("fixes #1, GH-2, a/b@c; www.x http://y") == (
        "fixes \\#&#8203;1, GH-&#8203;2, a/b@&#8203;c; www&#8203;.x http:&#8203;//y"
    )
    assert [markdown_block(text) for text in ("1. a", "- a", "  =\na", "# a")] == [
        "1\\. a",
        "\\- a",
        "\\= a",
        "\\# a",
    ]
    assert markdown_code("a `b`\n@c") == "`a 'b' @c`"
    assert markdown_address("https://example.org/a>b c\\") == "<https://example.org/a%3Eb%20c%5C>"
    assert markdown_address("javascript:x") == "javascript:x"
