"""Where each setting stands in the text of a params.yaml, and the text with some of them replaced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

Keys = tuple[str, ...]


class Entry(NamedTuple):
    """A key with its value: lines from ``start`` up to ``stop``, and the column of the key."""

    start: int
    stop: int
    column: int
    #: Whether lines can be added below the key, at this column; None if not.
    inner_column: int | None


def entries(text: str) -> dict[Keys, Entry]:
    """Entries by their keys; left out are those that do not have their lines for themselves, as in ``{a: 1}``."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    listed: dict[Keys, Entry] = {}
    if isinstance(root, yaml.MappingNode) and not root.flow_style:
        listed |= _below(root, ())
    return listed


def _below(node: yaml.MappingNode, keys: Keys) -> Iterator[tuple[Keys, Entry]]:
    for name, value in node.value:
        block = isinstance(value, yaml.MappingNode) and not value.flow_style and value.value
        inner = value.value[0][0].start_mark.column if block else None
        path = (*keys, name.value)
        yield path, Entry(name.start_mark.line, _last_line(value) + 1, name.start_mark.column, inner)
        if block:
            yield from _below(value, path)


def _last_line(node: yaml.Node) -> int:
    """The last line of a value; PyYAML counts comments and blank lines behind a block to it."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    mark = node.end_mark
    return mark.line - 1 if mark.column == 0 and mark.line > node.start_mark.line else mark.line


def own_lines(lines: list[str], entry: Entry, column: int) -> list[str]:
    """The lines of an entry, moved to another column."""
    shift = column - entry.column
    return [
        " " * shift + line if shift >= 0 else line[-shift:] if not line[:-shift].strip() else line
        for line in lines[entry.start : entry.stop]
    ]


def as_line(name: str, value: Any, column: int) -> str:
    """A key and its value in one line."""
    return " " * column + dumped({name: value}, flow=True).strip()[1:-1]


def dumped(values: dict[str, Any], *, flow: bool) -> str:
    """Settings as YAML; ``flow``: in one line."""
    written: str = yaml.dump(
        values, Dumper=_Dumper, default_flow_style=flow, width=1 << 30, allow_unicode=True, sort_keys=False
    )
    return written


class _Dumper(yaml.SafeDumper):
    """Safe YAML without aliases, which are refused in settings."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
