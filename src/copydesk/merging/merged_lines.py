"""Merge files of JSON Lines by document and field.

Lines that all three versions have are not parsed, so the work follows the size of the differences.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from copydesk.core.hand_written import SPLIT_LIST
from copydesk.core.json_schema import load_json
from copydesk.core.renamed_fields import renamed
from copydesk.errors import ConfigError
from copydesk.merging.line_files import LABELS, LINES
from copydesk.merging.three_way import MISSING, Conflict, Merged, UnmergeableError, choices, same, sorted_json, taken

#: Lines around the two versions of a line in conflict.
OURS, BETWEEN, THEIRS = "<<<<<<< ours (copydesk merge)", "=======", ">>>>>>> theirs (copydesk merge)"
#: Fields of a label that say where it is; they only make sense together.
_PLACE = ("start", "end", "text_sha256", "span_sha256", "raw_start", "raw_end", "raw_sha256")
_TOGETHER = "start … raw_sha256"

Key = tuple[Any, ...]


class _Line(NamedTuple):
    text: str
    row: dict[str, Any]


def merge_lines(name: str, base: bytes, ours: bytes, theirs: bytes) -> Merged:
    """Merge three versions of a file of lines: every line that either branch added, changed or removed.

    Parameters
    ----------
    name : str
        Its path in the project: one of ``LINES``, or a file of labels.
    base, ours, theirs : bytes
        The content in the common ancestor and on both branches; empty if a version has no such file.

    Returns
    -------
    Merged
        Lines are in the order of ours; those that only theirs has stand behind the line they follow there. A line of
        the ledger of takedowns is never removed. In a conflict both versions of the line have the merged fields, so
        they differ in what is in conflict alone.

    Raises
    ------
    UnmergeableError
        If a line of a branch is not a JSON object, or has different values under an old and a new name.
    """
    schema, fields = LINES.get(name, LABELS)
    texts = [_texts(data, name) for data in (base, ours, theirs)]
    common = set(texts[0]).intersection(*texts[1:])
    differing = [
        [_parsed(text, name, schema, strict=side > 0) for text in version if text not in common]
        for side, version in enumerate(texts)
    ]
    parsed = [[line for line in version if line] for version in differing]
    keys = _keys(parsed, schema, fields)
    versions = [dict(zip(*pair, strict=True)) for pair in zip(keys, parsed, strict=True)]
    orders = []
    for version, version_keys in zip(texts[1:], keys[1:], strict=True):
        next_key = iter(version_keys)
        orders.append(dict.fromkeys(text if text in common else next(next_key) for text in version))
    blocks: list[str] = []
    conflicts: list[Conflict] = []
    for key in _merged_order(*orders):
        if isinstance(key, str):  # a line that all have
            blocks.append(key)
            continue
        block, disputed = _merged_line(name, schema, *(version.get(key) for version in versions))
        if block:
            blocks.append("\n".join(block))
        conflicts += disputed
    if name == SPLIT_LIST:  # as a release writes it
        blocks.sort(key=_document)
    text = "".join(f"{block}\n" for block in blocks)
    return Merged((text.replace("\n", "\r\n") if b"\r\n" in ours[:100_000] else text).encode(), conflicts)


_BY_KEY, _WHOLE = "key", "line"


def _texts(data: bytes, name: str) -> list[str]:
    try:
        lines = (line.rstrip("\r") for line in data.decode().split("\n"))
    except UnicodeDecodeError as error:
        raise UnmergeableError(f"{name}: not UTF-8 at byte {error.start}") from None
    return [line for line in lines if line.strip()]


def _parsed(text: str, name: str, schema: str, *, strict: bool) -> _Line | None:
    """A line with its row; None for a line of the base that is none: it may hold conflicts of earlier merges."""
    try:
        row, _, problems = renamed(schema, load_json(text, name))
        if problems or not isinstance(row, dict):
            raise ConfigError(f"{name}: {next(iter(problems.values()), 'a line that is no JSON object')}")
    except ConfigError as error:
        if strict:
            raise UnmergeableError(f"{error}: {text[:100]!r}") from None
        return None
    return _Line(text, row)


def _keys(parsed: list[list[_Line]], schema: str, fields: tuple[str, ...]) -> list[list[Key]]:
    """A key for each line; lines that would share theirs within a version are known by their whole content."""
    keys: list[list[Key]] = [
        [(_BY_KEY, *(sorted_json(line.row.get(field)) for field in fields)) for line in version] for version in parsed
    ]
    if schema == LABELS[0]:
        # A span may have several labels: only a label that the base has can have been given another name.
        known = set(keys[0])
        keys[1:] = [
            [
                key if key in known else (*key, sorted_json(line.row.get("label")))
                for key, line in zip(version_keys, version, strict=True)
            ]
            for version_keys, version in zip(keys[1:], parsed[1:], strict=True)
        ]
    shared = {key for version in keys for key, times in Counter(version).items() if times > 1}
    return [
        [
            (_WHOLE, sorted_json(line.row)) if key in shared else key
            for key, line in zip(version_keys, version, strict=True)
        ]
        for version_keys, version in zip(keys, parsed, strict=True)
    ]


def _merged_order(ours: Mapping[Key | str, None], theirs: Mapping[Key | str, None]) -> Iterator[Key | str]:
    """Keys in the order of ours; each that only theirs has behind the one that it follows there."""
    following: dict[Key | str | None, list[Key | str]] = {}
    before: Key | str | None = None
    for key in theirs:
        if key in ours:
            before = key
        else:
            following.setdefault(before, []).append(key)
    yield from following.get(None, ())
    for key in ours:
        yield key
        if key in following:
            yield from following[key]


def _merged_line(
    name: str, schema: str, base: _Line | None, ours: _Line | None, theirs: _Line | None
) -> tuple[list[str], list[Conflict]]:
    """The lines that a key has after the merge: none, one, or two with the marks of a conflict."""
    rows = [MISSING if line is None else line.row for line in (base, ours, theirs)]
    if schema == "takedown":  # a takedown is withdrawn, never deleted
        ours, theirs = ours or theirs, theirs or ours
        rows[1:] = [line.row for line in (ours, theirs) if line]
    if same(rows[1], rows[2]) or same(rows[2], rows[0]):
        return _rewritten(base, ours, theirs), []
    if same(rows[1], rows[0]):
        return _rewritten(base, theirs, ours), []
    place = _place(rows[2] if ours is None else rows[1])
    if ours is None or theirs is None:
        block = [OURS, *([ours.text] if ours else []), BETWEEN, *([theirs.text] if theirs else []), THEIRS]
        return block, [Conflict(name, place, "", rows[1], rows[2])]
    folded = [_folded(row, schema) for row in rows]
    chosen = list(choices(*folded, depth=1))
    versions = [_unfolded(taken(folded[1], chosen, conflicts=side)) for side in (False, True)]
    order = dict.fromkeys([*ours.row, *theirs.row])
    lines = [json.dumps({name: row[name] for name in order if name in row}, ensure_ascii=False) for row in versions]
    conflicts = [Conflict(name, place, c.keys[0], c.ours, c.theirs) for c in chosen if c.conflict]
    return ([OURS, lines[0], BETWEEN, lines[1], THEIRS] if conflicts else [lines[0]]), conflicts


def _rewritten(base: _Line | None, kept: _Line | None, other: _Line | None) -> list[str]:
    """The line to keep; in the other's form if that was rewritten without a change, as for a new name of a field."""
    if kept is None:
        return []
    if base and other and other.text not in (base.text, kept.text) and same(base.row, other.row):
        return [other.text if same(kept.row, base.row) else json.dumps(kept.row, ensure_ascii=False)]
    return [kept.text]


def _folded(row: Any, schema: str) -> Any:
    """A row of labels with the fields of its place as one field."""
    if row is MISSING or schema != LABELS[0] or _TOGETHER in row:
        return row
    rest = {field: value for field, value in row.items() if field not in _PLACE}
    return {**rest, _TOGETHER: {field: row[field] for field in _PLACE if field in row}}


def _unfolded(row: dict[str, Any]) -> dict[str, Any]:
    together = row.get(_TOGETHER)
    if not isinstance(together, dict) or not together.keys() <= {*_PLACE}:
        return row
    return {**row, **together}


def _place(row: dict[str, Any]) -> str:
    """What a line is about, in words."""
    if "doc_id" in row:
        return f"document {row['doc_id']!r}"
    if "source" in row:
        return f"source {row['source']!r}, line {row.get('line')!r}"
    return f"{row.get('name')!r}"


def _document(block: str) -> str:
    line = next((line for line in block.split("\n") if line.startswith("{")), "{}")
    return str(json.loads(line).get("doc_id", ""))
