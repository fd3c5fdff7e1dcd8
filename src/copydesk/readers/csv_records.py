"""CSV as RFC 4180 has it: a header, commas, double quotes, UTF-8."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from copydesk.errors import UnreadableError
from copydesk.readers.base import STATED, Record, RecordOptions, damaged

_MOST_COLUMNS = 10_000


def read_csv(file: BinaryIO, wanted: RecordOptions) -> Iterator[Record]:
    """Read the rows under a header; one with other than its number of fields is refused, and the next is read.

    Raises
    ------
    UnreadableError
        Where quotes do not close or a field is longer than any text may be: what follows could be read in two ways.
    """
    rows = csv.reader(_lines(file, wanted.longest_line), strict=True)
    header = _next(rows, 0, wanted)
    if header is None:
        raise UnreadableError("bad-container", "no header; expected names of columns in the first line")
    if len(header) > _MOST_COLUMNS:
        names = ", ".join((wanted.id, wanted.text, *STATED))
        limit = f"at most {_MOST_COLUMNS:,} are read; deliver the columns {names} alone"
        raise UnreadableError("bad-container", f"a header of {len(header):,} columns, {limit}")
    counts = Counter(header)
    twice = [name for name in sorted(wanted.fields) if counts[name] > 1]
    if twice or wanted.text not in header:
        found = f"the column {twice[0]!r} twice" if twice else f"the columns {', '.join(header)[:300]}"
        advice = f"expected one column {wanted.text!r}, or its name in params.yaml: ingest.fields"
        raise UnreadableError("bad-container", f"{found}; {advice}")
    number = 0
    while (row := _next(rows, number, wanted)) is not None:
        if not row:
            continue  # an empty line
        number += 1
        if len(row) == len(header):
            yield Record(number, {name: value for name, value in zip(header, row, strict=True) if value})
        else:
            detail = f"{len(row)} fields in line {rows.line_num}, expected {len(header)} as in the header"
            yield Record(number, None, ("bad-record", detail))


def _next(rows: Iterator[list[str]], number: int, wanted: RecordOptions) -> list[str] | None:
    # The limit belongs to the process, so it is set for each row and set back.
    before = csv.field_size_limit(wanted.max_bytes + 1)
    try:
        return next(rows, None)
    except csv.Error as error:
        raise damaged(number + 1, str(error)) from None
    finally:
        csv.field_size_limit(before)


def _lines(file: BinaryIO, limit: int) -> Iterator[str]:
    """Lines with their ends. Bytes that are not UTF-8 become lone surrogates, which a text is then refused for."""
    first = True
    while line := file.readline(limit + 1):
        if len(line) > limit:
            raise csv.Error(f"a line of more than {limit:,} bytes")
        yield line.decode("utf-8-sig" if first else "utf-8", "surrogateescape")
        first = False
