"""JSON Lines: one object per line, in UTF-8: a record, or a news item in ninjs."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from copydesk.core.json_schema import load_json
from copydesk.errors import ConfigError
from copydesk.readers.base import Record, RecordOptions
from copydesk.readers.field_names import nested_value
from copydesk.readers.newsrooms.ninjs import is_ninjs, ninjs_record


def read_json_records(file: BinaryIO, options: RecordOptions) -> Iterator[Record]:
    """Yield the objects. Another line is refused, and reading continues; empty lines are skipped."""
    limit = options.longest_line
    number = 0
    while line := file.readline(limit + 1):
        number += 1
        if len(line) > limit:
            while line and not line.endswith(b"\n"):
                line = file.readline(1 << 20)
            yield _refused(number, "too-large", f"a line of more than {limit:,} bytes; split the record")
            continue
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if line.strip():
            yield _parsed(number, line, options)


def _parsed(number: int, line: bytes, options: RecordOptions) -> Record:
    try:
        value = load_json(line.decode(), "line")
    except UnicodeDecodeError as error:
        return _refused(number, "undecodable", f"not UTF-8 at byte {error.start} of the line; convert the file")
    except ConfigError as error:
        return _refused(number, "bad-record", str(error))
    if not isinstance(value, dict):
        return _refused(number, "bad-record", f"expected a JSON object, found {type(value).__name__}")
    if value.get(options.text) is None and is_ninjs(value) and nested_value(value, options.text) is None:
        return ninjs_record(value, number, options)
    return Record(number, value)


def _refused(number: int, reason: str, detail: str) -> Record:
    return Record(number, None, (reason, detail))
