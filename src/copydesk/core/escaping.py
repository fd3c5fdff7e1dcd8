"""Escaping of untrusted text, one function for each kind of output.

Documents, names of files and columns, settings, revisions, arguments, headers of archives and messages of libraries
are untrusted. No terminal, host or page may execute what they contain, and none may hide a part of it.

| output | function |
|---|---|
| a line on a terminal or in a log | `log_line`; `coloured_line` for lines rendered by rich |
| a message of several lines; a document | `log_lines`; `text_lines` |
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

from copydesk.core.plural import plural

#: Control characters, line separators, bidi controls, invisible characters, non-characters.
_CONTROLS = (
    "\x00-\x1f\x7f-\x9f\u061c\u180e\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f"
)
_CONTROL = re.compile(f"[{_CONTROLS}]")
_BUT_COLOURS = re.compile(f"(\x1b\\[[0-9;]*m)|[{_CONTROLS}]")
#: How CI hosts recognise a command: at the beginning of a line, or in the older form anywhere in it.
_COMMAND = re.compile(r"^((?:\s|\x1b\[[0-9;]*m)*):(?=:)")
_OLD_COMMAND = re.compile(r"##(?=\w*\[)")
_LONGEST = 2_000  # characters of a line, before escaping
_LINES = 60  # lines of a message
#: Positions in a mention, a reference or an address where an inserted space stops a host from linking it.
_REFERENCE = re.compile(r"""(?<=[@#!%&^$~])(?=[\w"])|(?<=\b[Gg][Hh]-)(?=\d)|(?<=:)(?=//)|(?<=\b[Ww][Ww][Ww])(?=\.)""")
_SPACE = "\u200b"
#: Surrogates that do not stand for a byte of a file name.
_NO_NAME = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_MARKUP = {
    **{character: f"\\{character}" for character in "\\`*_[]|~#$"},
    **{"<": "&lt;", ">": "&gt;", "&": "&amp;", _SPACE: "&#8203;"},
}


class Line(str):
    """A line whose values are already escaped."""

    __slots__ = ()


def plain(text: str) -> str:
    """Return text with its control characters spelled out, line breaks included.

    >>> plain("a\\n\\x1b[31mb")
    'a\\\\n\\\\x1b[31mb'
    """
    return _CONTROL.sub(_spelled, text)


def plain_text(text: str) -> str:
    """Return text with its control characters spelled out, except line feeds and tabs."""
    return _CONTROL.sub(lambda match: match[0] if match[0] in "\n\t" else _spelled(match), text)


def shortened(text: str, most: int = _LONGEST) -> str:
    """Return text with its middle replaced by a count if it is longer than ``most`` characters.

    >>> shortened("a" * 90 + "z" * 10, 8)
    'aaaaaa [… 92 characters …] zz'
    """
    if len(text) <= most:
        return text
    end = most // 4
    return f"{text[: most - end]} [… {len(text) - most:,} characters …] {text[-end:]}"


def log_line(text: str) -> str:
    """Return one line for a terminal or a log, without commands to a CI host. A `Line` is returned unchanged.

    >>> log_line("::error::a\\n##[error]b")
    '\\\\x3a:error::a\\\\n#\\\\x23[error]b'
    """
    return text if isinstance(text, Line) else _inert(_short(text))


def log_lines(text: str) -> list[str]:
    """Return the lines of a message. All but the first are indented, so that none looks like another message."""
    first, *following = text.split("\n")
    shown = [log_line(first), *(f"  {log_line(line)}" for line in following[: _LINES - 1])]
    hidden = len(following) - _LINES + 1
    return [*shown, f"  and {plural(hidden, 'more line')}"] if hidden > 0 else shown


def text_lines(text: str) -> list[str]:
    """Return all lines of a document or a page, with their tabs, for a terminal or a log."""
    return list(map(_inert, plain_text(text).split("\n")))


def coloured_line(line: str) -> str:
    """Return a line rendered by rich with its colours; other control sequences and commands are escaped."""
    return _inert(_BUT_COLOURS.sub(lambda match: match[1] or _spelled(match), line))


def workflow_command(name: str, message: str, **properties: str) -> Line:
    """Return a workflow command for GitHub's runner.

    >>> workflow_command("error", "50 %\\n::b::", title="a: b, c")
    '::error title=a%3A b%2C c::50 %25\\\\n::b::'
    """
    given = ",".join(
        f"{key}={_data(value).replace(':', '%3A').replace(',', '%2C')}" for key, value in properties.items()
    )
    return Line(f"::{name} {given}::{_data(message)}")


def json_line(value: Any, *, indent: int | None = None, ascii_only: bool = False) -> Line:
    """Return JSON that parses to the same value and contains neither control characters nor commands to a CI host."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    # Outside strings, JSON has no control characters but line feeds.
    text = _CONTROL.sub(lambda match: match[0] if match[0] == "\n" else json.dumps(match[0])[1:-1], text)
    return Line(_OLD_COMMAND.sub(r"#\\u0023", text))


def xml_text(text: str) -> str:
    """Return text that is valid in XML 1.0, in one line."""
    return _short(text)


def sarif_text(text: str) -> str:
    """Return text for a SARIF message, where ``[text](address)`` would be a link."""
    return _short(text).replace("](", "] (")


def sarif_uri(path: str) -> str:
    """Return the path of a file as a URI.

    >>> sarif_uri("seeds/a b:c\\n.txt"), sarif_uri("/tmp/a")
    ('seeds/a%20b%3Ac%0A.txt', 'file:///tmp/a')
    """
    encodable = _NO_NAME.sub(_spelled, path)
    return ("file://" if path.startswith("/") else "") + quote(encodable.encode("utf-8", "surrogateescape"))


def markdown(text: str) -> str:
    """Return text for a line or a table cell of Markdown, without markup, HTML, mentions, references or links.

    Hosts ignore a backslash before mentions, references and addresses; a zero-width space breaks these up.

    >>> markdown("a|b *c* @me <d>")
    'a\\\\|b \\\\*c\\\\* @&#8203;me &lt;d&gt;'
    """
    return _marked(shortened(text))


def markdown_block(text: str) -> str:
    """Return text in one line for the beginning of a paragraph or a heading (see :func:`markdown`), not shortened."""
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", _marked(" ".join(text.split())))


def markdown_code(text: str) -> str:
    """Return text as a code span; hosts do not look for mentions in one."""
    return f"`{plain(' '.join(text.replace('`', chr(39)).split())) or ' '}`"


def markdown_address(url: str) -> str:
    """Return a web address as a link, any other address as text."""
    address = quote(url, safe="%/:=&?~#+!$,;'@()*[]")
    return f"<{address}>" if re.match(r"https?://", address, re.IGNORECASE) else markdown(url)


def git_line(text: str) -> str:
    """Return text for a line of a commit or tag message, where hosts act on references such as ``fixes #1``."""
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
