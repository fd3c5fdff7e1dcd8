"""A text file or web page that is compressed: one record, whose bytes are those of the file unpacked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from copydesk.readers.base import Record, RecordOptions


def read_single(file: BinaryIO, wanted: RecordOptions) -> Iterator[Record]:
    """Read the file as one record with the id that the file would have."""
    data = file.read(wanted.max_bytes + 1)
    yield Record(1, {wanted.id: wanted.stem, wanted.text: data})


def read_single_page(file: BinaryIO, wanted: RecordOptions) -> Iterator[Record]:
    """The same of a web page."""
    for record in read_single(file, wanted):
        yield record._replace(page=True)
