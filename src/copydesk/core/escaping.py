"""Text from elsewhere, made safe for each kind of output: one function a kind, all of them here.

Documents, names of files and columns, settings, revisions, arguments, headers of archives and messages of libraries
hold what nobody vouches for. No output may obey it, or show less than there is.

| output | function |
|---|---|
| a line on a terminal or in a log | `log_line`, for lines that rich drew `coloured_line` |
| a message of several lines; a text | `log_lines`; `text_lines` |
| a command to GitHub's runner in a log | `workflow_command` |
| JSON, printed or in a log | `json_line` |
| JUnit's XML; SARIF | `xml_text`; `sarif_text`, `sarif_uri` |
| Markdown | `markdown`, at the beginning of a line `markdown_block`, `markdown_code`, `markdown_address` |
| a message of a commit or tag | `git_line` |
| HTML and SVG | `markup.escaped` |
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

#: What moves the cursor, ends a line, turns the direction of writing, cannot be seen at all, or is no character.
_CONTROLS = (
    "\x00-\x1f\x7f-\x9f\u061c\u180e\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f"
)
_CONTROL = re.compile(f"[{_CONTROLS}]")
_BUT_COLOURS = re.compile(f"(\x1b\\[[0-9;]*m)|[{_CONTROLS}]")
#: How hosts know a command: at the beginning of a line, or for the older ones anywhere in it.
_COMMAND = re.compile(r"^((?:\s|\x1b\[[0-9;]*m)*):(?=:)")
_OLD_COMMAND = re.compile(r"##(?=\w*\[)")
_LONGEST = 2_000  # characters of a line, before some are spelled out
_LINES = 60  # of a message
#: Behind what a host would see a mention, a reference or an address, were the next character its own.
_REFERENCE = re.compile(r"""(?<=[@#!%&^$~])(?=[\w"])|(?<=\b[Gg][Hh]-)(?=\d)|(?<=:)(?=//)|(?<=\b[Ww][Ww][Ww])(?=\.)""")
_SPACE = "\u200b"
#: Halves of characters that stand for no byte of a file's name.
_NO_NAME = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_MARKUP = {
    **{character: f"\\{character}" for character in "\\`*_[]|~#$"},
    **{"<": "&lt;", ">": "&gt;", "&": "&amp;", _SPACE: "&#8203;"},
}


class Line(str):
    """A line that is safe as it stands, put together of values that were escaped."""

    __slots__ = ()


def plain(text: str) -> str:
    """Text with its control characters spelled out, the ends of lines among them.

    >>> plain("a\\n\\x1b[31mb")
    'a\\\\n\\\\x1b[31mb'
    """
    return _CONTROL.sub(_spelled, text)


def plain_text(text: str) -> str:
    """The same of a text of many lines: line feeds and tabs stay."""
    return _CONTROL.sub(lambda match: match[0] if match[0] in "\n\t" else _spelled(match), text)


def shortened(text: str, most: int = _LONGEST) -> str:
    """Text of at most so many characters and a few: of longer ones the middle is counted.

    >>> shortened("a" * 90 + "z" * 10, 8)
    'aaaaaa [… 92 characters …] zz'
    """
    if len(text) <= most:
        return text
    end = most // 4
    return f"{text[: most - end]} [… {len(text) - most:,} characters …] {text[-end:]}"


def log_line(text: str) -> str:
    """One line for a terminal or a log, in which no host sees a command. A `Line` stays as it is.

    >>> log_line("::error::a\\n##[error]b")
    '\\\\x3a:error::a\\\\n#\\\\x23[error]b'
    """
    return text if isinstance(text, Line) else _inert(_short(text))


def log_lines(text: str) -> list[str]:
    """The lines of a message; those behind the first are indented, so that none can pass for another message."""
    first, *others = text.split("\n")
    shown = [log_line(first), *(f"  {log_line(line)}" for line in others[: _LINES - 1])]
    return [*shown, f"  and {len(others) - _LINES + 1:,} more lines"] if len(others) >= _LINES else shown


def text_lines(text: str) -> list[str]:
    """The lines of a document or a page, whole and with their tabs, for a terminal or a log."""
    return list(map(_inert, plain_text(text).split("\n")))


def coloured_line(line: str) -> str:
    """A line that rich drew: its colours stay, nothing else that a terminal or a host obeys does."""
    return _inert(_BUT_COLOURS.sub(lambda match: match[1] or _spelled(match), line))


def workflow_command(name: str, message: str, **properties: str) -> Line:
    """A command to GitHub's runner.

    >>> workflow_command("error", "50 %\\n::b::", title="a: b, c")
    '::error title=a%3A b%2C c::50 %25\\\\n::b::'
    """
    given = ",".join(
        f"{key}={_data(value).replace(':', '%3A').replace(',', '%2C')}" for key, value in properties.items()
    )
    return Line(f"::{name} {given}::{_data(message)}")


def json_line(value: Any, *, indent: int | None = None, ascii_only: bool = False) -> Line:
    """A value as JSON that reads back as it was, whose strings have no control characters and no host's command."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    # Beyond strings there are none of these but line feeds.
    text = _CONTROL.sub(lambda match: match[0] if match[0] == "\n" else json.dumps(match[0])[1:-1], text)
    return Line(_OLD_COMMAND.sub(r"#\\u0023", text))


def xml_text(text: str) -> str:
    """Text that XML 1.0 can hold, in one line."""
    return _short(text)


def sarif_text(text: str) -> str:
    """Text for a message of SARIF, where ``[text](address)`` would be a link."""
    return _short(text).replace("](", "] (")


def sarif_uri(path: str) -> str:
    """The path of a file as an address.

    >>> sarif_uri("seeds/a b:c\\n.txt"), sarif_uri("/tmp/a")
    ('seeds/a%20b%3Ac%0A.txt', 'file:///tmp/a')
    """
    encodable = _NO_NAME.sub(_spelled, path)
    return ("file://" if path.startswith("/") else "") + quote(encodable.encode("utf-8", "surrogateescape"))


def markdown(text: str) -> str:
    """Text for a line or a cell of Markdown that becomes no markup, HTML, mention, reference or link.

    A backslash does not stop mentions, references and addresses on hosts: a space of no width breaks these.

    >>> markdown("a|b *c* @me <d>")
    'a\\\\|b \\\\*c\\\\* @&#8203;me &lt;d&gt;'
    """
    return _marked(shortened(text))


def markdown_block(text: str) -> str:
    """The same, whole and in one line, for the beginning of a paragraph or a heading."""
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", _marked(" ".join(text.split())))


def markdown_code(text: str) -> str:
    """Text as a span of code, which it cannot leave: what stands in one is no mention."""
    return f"`{plain(' '.join(text.replace('`', chr(39)).split())) or ' '}`"


def markdown_address(url: str) -> str:
    """An address as a link; as text, if it is not one of the web."""
    address = quote(url, safe="%/:=&?~#+!$,;'@()*[]")
    return f"<{address}>" if re.match(r"https?://", address, re.IGNORECASE) else markdown(url)


def git_line(text: str) -> str:
    """Text for a line of a commit's or tag's message: hosts read mentions and references, such as ``fixes #1``."""
    return _REFERENCE.sub(_SPACE, _short(text))


def _marked(text: str) -> str:
    return "".join(_MARKUP.get(c, c) for c in _REFERENCE.sub(_SPACE, plain(text)))


def _short(text: str) -> str:
    return plain(shortened(text))


def _inert(line: str) -> str:
    return _OLD_COMMAND.sub(r"#\\x23", _COMMAND.sub(r"\1\\x3a", line))


def _data(text: str) -> str:
    return _short(text).replace("%", "%25")


def _spelled(match: re.Match[str]) -> str:
    return repr(match[0])[1:-1]
