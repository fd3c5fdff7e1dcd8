"""CSV by RFC 4180: a header, commas, double quotes, UTF-8."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from copydesk.errors import UnreadableError
from copydesk.readers.base import STATED, Record, RecordOptions, damaged

_MOST_COLUMNS = 10_000


def read_csv(file: BinaryIO, options: RecordOptions) -> Iterator[Record]:
    """Yield the rows below the header. A row with another number of fields than the header is refused.

    Raises
    ------
    UnreadableError
        If quotes do not close, or a field is longer than the longest allowed text: the rest is ambiguous.
    """
    rows = csv.reader(_lines(file, options.longest_line), strict=True)
    header = _next(rows, 0, options)
    if header is None:
        raise UnreadableError("bad-container", "no header; expected names of columns in the first line")
    if len(header) > _MOST_COLUMNS:
        names = ", ".join((options.id, options.text, *STATED))
        limit = f"at most {_MOST_COLUMNS:,} are read; deliver the columns {names} alone"
        raise UnreadableError("bad-container", f"a header of {len(header):,} columns, {limit}")
    counts = Counter(header)
    repeated = [name for name in sorted(options.fields) if counts[name] > 1]
    if repeated or options.text not in header:
        problem = f"the column {repeated[0]!r} twice" if repeated else f"the columns {', '.join(header)[:300]}"
        advice = f"expected one column {options.text!r}, or its name in params.yaml: ingest.fields"
        raise UnreadableError("bad-container", f"{problem}; {advice}")
    number = 0
    while (row := _next(rows, number, options)) is not None:
        if not row:
            continue  # an empty line
        number += 1
        if len(row) == len(header):
            yield Record(number, {name: value for name, value in zip(header, row, strict=True) if value})
        else:
            detail = f"{len(row)} fields in line {rows.line_num}, expected {len(header)} as in the header"
            yield Record(number, None, ("bad-record", detail))


def _next(rows: Iterator[list[str]], number: int, options: RecordOptions) -> list[str] | None:
    # The limit is global to the process, so it is set for each row and then reset.
    previous_limit = csv.field_size_limit(options.max_bytes + 1)
    try:
        return next(rows, None)
    except csv.Error as error:
        raise damaged(number + 1, str(error)) from None
    finally:
        csv.field_size_limit(previous_limit)


def _lines(file: BinaryIO, limit: int) -> Iterator[str]:
    """Yield lines with their endings. Invalid UTF-8 becomes surrogates, for which the text is refused later."""
    first = True
    while line := file.readline(limit + 1):
        if len(line) > limit:
            raise csv.Error(f"a line of more than {limit:,} bytes")
        yield line.decode("utf-8-sig" if first else "utf-8", "surrogateescape")
        first = False
