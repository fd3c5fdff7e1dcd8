"""Old names of columns and fields, rewritten in the text of hand-written files: all else stays as it was written."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import yaml

from copydesk.core.json_schema import load_json
from copydesk.core.renamed_fields import COLUMNS, FIELDS, renamed
from copydesk.errors import ConfigError

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]')
_OLD_COLUMN = re.compile(rf"(?<![\w.])(?:{'|'.join(COLUMNS)})(?!\w)")


def renamed_line(schema_name: str, line: str) -> str:
    """A line of sources.jsonl or decisions.jsonl with the new names; one that is not JSON stays as it is.

    >>> renamed_line("source", '{"doc_id":"a",  "licence": "MIT"}')
    '{"doc_id":"a",  "license": "MIT"}'
    >>> renamed_line("decision", '{"field": "source_outlet", "value": "licence"}')
    '{"field": "source", "value": "licence"}'

    Raises
    ------
    ConfigError
        If a field has different values under its old and its new name.
    """
    try:
        row = renamed(schema_name, load_json(line, "line"))
    except ConfigError:
        return line
    for field, message in row.conflicts.items():
        raise ConfigError(f"{field}: {message}")
    if not row.old_names:
        return line
    pieces, end = [], 0
    for string in _strings(line):
        is_name = string.is_key if schema_name == "source" else string.key == "field"
        if is_name and string.value in FIELDS:
            pieces += [line[end : string.start], json.dumps(FIELDS[string.value])]
            end = string.end
    text = "".join([*pieces, line[end:]])
    # A field that has both of its names cannot be renamed where it stands.
    keys = [string.value for string in _strings(text) if string.is_key]
    return text if keys == list(row.row) else json.dumps(row.row, ensure_ascii=line.isascii())


class _String(NamedTuple):
    """A string of the outermost object of a line: where it stands, and the key it is the value of, if it is one."""

    start: int
    end: int
    value: str
    is_key: bool
    key: str


def _strings(line: str) -> Iterator[_String]:
    depth, key = 0, ""
    for token in _TOKEN.finditer(line):
        if token[0] in "{[":
            depth += 1
        elif token[0] in "}]":
            depth -= 1
        elif depth == 1:
            is_key = line[token.end() :].lstrip().startswith(":")
            value = str(json.loads(token[0]))
            yield _String(token.start(), token.end(), value, is_key, "" if is_key else key)
            key = value if is_key else ""


def renamed_condition(condition: str) -> tuple[str, tuple[str, ...]]:
    """A condition of select.keep with the new names of columns, and the old names that it has.

    One that is not understood stays as it is.

    >>> renamed_condition('licence == "licence" and words > 5')
    ('license == "licence" and words > 5', ('licence',))
    """
    places = _name_places(condition)
    text = _replaced(condition, places.__contains__)
    return text, tuple(sorted({condition[start:stop] for start, stop in places}))


def _name_places(condition: str) -> set[tuple[int, int]]:
    """Where the condition names a column by its old name: start and end, in characters."""
    if not _OLD_COLUMN.search(condition):
        return set()
    # In parentheses a condition may begin with spaces, and on one line it may have had several.
    line = "(" + re.sub(r"\s", " ", condition) + ")"
    try:
        nodes = [node for node in ast.walk(ast.parse(line, mode="eval")) if isinstance(node, ast.Name)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    starts = {len(line.encode()[: node.col_offset].decode()) - 1 for node in nodes if node.id in COLUMNS}
    return {match.span() for match in _OLD_COLUMN.finditer(condition) if match.start() in starts}


def _replaced(text: str, is_name: Callable[[tuple[int, int]], bool]) -> str:
    return _OLD_COLUMN.sub(lambda match: COLUMNS[match[0]] if is_name(match.span()) else match[0], text)


def renamed_params(text: str) -> str:
    """params.yaml with the new names of columns in select.keep; comments, order and layout stay.

    >>> renamed_params('select:\\n  keep: licence == "MIT"  # or licence\\n')
    'select:\\n  keep: license == "MIT"  # or licence\\n'

    Raises
    ------
    ConfigError
        If the condition cannot be rewritten where it stands.
    """
    node = _condition_node(text)
    if node is None:
        return text
    condition, old_names = renamed_condition(node.value)
    if not old_names:
        return text
    start, stop = node.start_mark.index, node.end_mark.index
    # The n-th old name in the YAML is the n-th in the value: neither quotes nor folding change a name.
    are_names = iter([match.span() in _name_places(node.value) for match in _OLD_COLUMN.finditer(node.value)])
    written = _replaced(text[start:stop], lambda _: next(are_names, False))
    new_text = text[:start] + written + text[stop:]
    new_node = _condition_node(new_text)
    if new_node is None or new_node.value != condition:
        names = ", ".join(f"{old} is now {COLUMNS[old]}" for old in old_names)
        raise ConfigError(f"select.keep: {names}, and it cannot be renamed automatically; rename it by hand")
    return new_text


def _condition_node(text: str) -> yaml.ScalarNode | None:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    for key in ("select", "keep"):
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for name, value in node.value if name.value == key), None)
    return node if isinstance(node, yaml.ScalarNode) else None
