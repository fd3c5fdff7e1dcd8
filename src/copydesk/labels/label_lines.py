"""Read files of labels, JSON Lines of any size: a line that is wrong is reported, and the others go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from copydesk.core.json_schema import load_json, load_schema, violations
from copydesk.core.schema_validator import clipped, fast_validator
from copydesk.errors import ConfigError, InputError

#: Largest line, in bytes.
_LINE = 1 << 20
#: Lines, and bytes, that are in memory at once.
_LINES, _BYTES = 20_000, 64 << 20

Label = dict[str, Any]


class LineProblem(NamedTuple):
    """What is wrong with a line: its number from 1, the field, what was found and what was expected."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.line}: {self.field or '(line)'}: {self.message}"


class LabelLine(NamedTuple):
    """A line of a file, by its number from 1, the label that it holds, and its bytes."""

    line: int
    label: Label
    source: bytes = b""


def read_labels(path: Path) -> Iterator[list[LabelLine | LineProblem]]:
    """Yield the lines of a file of labels in parts, in order; empty lines are left out.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; expected a file of labels") from None
    with file:
        part: list[LabelLine | LineProblem] = []
        size = 0
        for number, line in _lines(file):
            if not line.strip():
                continue
            part.append(_checked(number, line))
            size += len(line)
            if len(part) == _LINES or size > _BYTES:
                yield part
                part, size = [], 0
        if part:
            yield part


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := file.readline(_LINE + 1):
        number += 1
        yield number, line
        while len(line) > _LINE and line[-1:] != b"\n":  # pass over the rest of a line that is too long
            line = file.readline(_LINE + 1)


def _checked(number: int, line: bytes) -> LabelLine | LineProblem:
    if len(line) > _LINE:
        return LineProblem(number, "", f"more than {_LINE:,} bytes, the largest line that is read")
    try:
        label = _parsed(line.decode())
    except UnicodeDecodeError as error:
        return LineProblem(number, "", f"not UTF-8 at byte {error.start} of the line")
    except ConfigError as error:
        return LineProblem(number, "", clipped(str(error).removeprefix(": ")))
    return checked_label(number, label, line)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise ValueError
    return mapping


def _refuse(constant: str) -> None:
    raise ValueError(constant)


#: Made once, since this takes as long as to parse a line.
_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)


def _parsed(text: str) -> Any:
    if "\\u" not in text:
        with suppress(ValueError, RecursionError):
            return _decoder.decode(text)
    return load_json(text, "")  # which says what is wrong


_schema = load_schema("label")
_validator = fast_validator(_schema)


def checked_label(number: int, label: Any, source: bytes = b"") -> LabelLine | LineProblem:
    """Check a label against ``label.schema.json``; ``number`` says where it stands, ``source`` how it is written."""
    if _validator.is_valid(label):
        if isinstance(label["start"], float) or isinstance(label["end"], float):  # 0.0 is whole in JSON Schema
            label = {**label, "start": int(label["start"]), "end": int(label["end"])}
            source = json.dumps(label, ensure_ascii=False).encode()
        if label["start"] < label["end"]:
            return LabelLine(number, label, source)
        found = f"[{label['start']}, {label['end']}) holds no character; expected start < end"
        return LineProblem(number, "end", found)
    departures = violations(_schema, label)
    first = next((violation for violation in departures if violation.field), departures[0])
    return LineProblem(number, first.field, first.message)
