"""A compressed text file or web page: one record with the bytes of the unpacked file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from copydesk.readers.base import Record, RecordOptions


def read_single(file: BinaryIO, options: RecordOptions) -> Iterator[Record]:
    """Yield the file as one record, with the id of an uncompressed file."""
    data = file.read(options.max_bytes + 1)
    yield Record(1, {options.id: options.stem, options.text: data})


def read_single_page(file: BinaryIO, options: RecordOptions) -> Iterator[Record]:
    """Yield a web page as one record (see :func:`read_single`)."""
    for record in read_single(file, options):
        yield record._replace(page=True)
