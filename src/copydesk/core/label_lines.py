"""Read files of labels, JSON Lines of any size: a line that is wrong is reported, and the others go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from copydesk.core.atomic_files import leads_out
from copydesk.core.json_schema import PACKAGED, load_json, load_schema, violations
from copydesk.core.schema_validator import clipped, fast_validator
from copydesk.errors import ConfigError, InputError

#: Largest line, in bytes.
_LINE = 1 << 20
#: Lines, and bytes, that are in memory at once.
_LINES, _BYTES = 20_000, 64 << 20

#: Deepest nesting of a field: a reader with a deep stack of its own must still be able to parse it.
_DEEPEST = 100
#: Fields that are offsets.
_OFFSETS = ("start", "end", "raw_start", "raw_end")

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


def label_files(folder: Path) -> list[Path]:
    """The files of labels in a folder, in the order of their names; none if there is no such folder."""
    return sorted(folder.glob("*.jsonl"))


def unreadable(path: Path) -> str | None:
    """Why a file of labels of a repository is not read; None if it is."""
    try:
        path.name.encode()
        if leads_out(path, path.parent.parent):
            return "a link that leads out of the repository, which is not followed; put the file itself there"
    except UnicodeEncodeError:
        return "its name is not UTF-8; rename it"
    except (OSError, RuntimeError):
        return "a link that leads to itself; put the file itself there"
    return None if path.is_file() else "not a regular file; put a file with a label in each line there"


def read_labels(path: Path, schema: LineSchema | None = None) -> Iterator[list[LabelLine | LineProblem]]:
    """Yield the lines of a file of labels in parts, in order; empty lines are left out.

    Parameters
    ----------
    path : Path
    schema : LineSchema, optional
        What the lines must obey; ``label.schema.json`` by default.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; expected a file of labels") from None
    schema = schema or _LABEL
    with file:
        part: list[LabelLine | LineProblem] = []
        size = 0
        for number, line in _lines(file):
            if not line.strip():
                continue
            part.append(_checked(number, line, schema))
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


def _checked(number: int, line: bytes, schema: LineSchema) -> LabelLine | LineProblem:
    if len(line) > _LINE:
        return LineProblem(number, "", f"more than {_LINE:,} bytes, the largest line that is read")
    try:
        label = _parsed(line.decode())
    except UnicodeDecodeError as error:
        return LineProblem(number, "", f"not UTF-8 at byte {error.start} of the line")
    except ConfigError as error:
        return LineProblem(number, "", clipped(str(error).removeprefix(": ")))
    return schema.check(number, label, line)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise ValueError
    return mapping


def _refuse(constant: str) -> None:
    raise ValueError(constant)


#: Made once, since this takes as long as to parse a line.
_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)
_plain_decoder = json.JSONDecoder(parse_constant=_refuse)


def _parsed(text: str) -> Any:
    if "\\u" not in text:
        with suppress(ValueError, RecursionError):
            value = _plain_decoder.decode(text)
            if type(value) is dict and len(value) == text.count(":"):
                return value  # a key for each colon, so that none can stand there twice
            return _decoder.decode(text)
    return load_json(text, "")  # which says what is wrong


class LineSchema:
    """The schema that the lines of a file of labels obey.

    Parameters
    ----------
    name : str
        ``label``: labels that people write and tools exchange; ``raw_label``: those that a repository keeps.
    folder : Path
        Folder with the schemas. A line must obey the package's schema too.
    """

    def __init__(self, name: str = "label", folder: Path = PACKAGED) -> None:
        schemas = [load_schema(name), load_schema(name, folder)]
        self._schemas = schemas[:1] if schemas[0] == schemas[1] else schemas
        self._validators = [fast_validator(schema) for schema in self._schemas]

    def check(self, number: int, label: Any, source: bytes = b"") -> LabelLine | LineProblem:
        """Check a label; ``number`` says where it stands, ``source`` how it is written."""
        for schema, validator in zip(self._schemas, self._validators, strict=True):
            if not validator.is_valid(label):
                departures = violations(schema, label)
                first = next((violation for violation in departures if violation.field), departures[0])
                return LineProblem(number, first.field, first.message)
        kinds = {*map(type, label.values())}
        if float in kinds and any(isinstance(label.get(name), float) for name in _OFFSETS):  # 0.0 is whole there
            label = {name: int(value) if name in _OFFSETS else value for name, value in label.items()}
            source = json.dumps(label, ensure_ascii=False).encode()
        if label["start"] >= label["end"]:
            found = f"[{label['start']}, {label['end']}) holds no character; expected start < end"
            return LineProblem(number, "end", found)
        if self._schemas[0]["title"] == "raw_label" and label["raw_start"] > label["raw_end"]:
            found = f"[{label['raw_start']}, {label['raw_end']}) is no span; expected raw_start <= raw_end"
            return LineProblem(number, "raw_end", found)
        if (dict in kinds or list in kinds) and _depth(label) > _DEEPEST:
            return LineProblem(number, "", f"nested more than {_DEEPEST} levels deep; keep such values elsewhere")
        return LabelLine(number, label, source)


def _depth(label: Label) -> int:
    """How deep the values of a label are nested, as far as it matters."""
    depth = 0
    level: list[Any] = [value for value in label.values() if isinstance(value, dict | list)]
    while level and depth <= _DEEPEST:
        depth += 1
        inner = (part for value in level for part in (value.values() if isinstance(value, dict) else value))
        level = [part for part in inner if isinstance(part, dict | list)]
    return depth


_LABEL = LineSchema()


def checked_label(number: int, label: Any, source: bytes = b"") -> LabelLine | LineProblem:
    """Check a label against ``label.schema.json``; see :meth:`LineSchema.check`."""
    return _LABEL.check(number, label, source)
