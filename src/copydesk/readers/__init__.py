"""Bytes in, raw text out: how a seed becomes a row of ``raw``, or is refused with a reason.

A reader is a function of a file's bytes. It returns text from which exactly these bytes come back, or raises
:class:`~copydesk.errors.UnreadableError`. Adding a format means adding a file here and a line to ``READERS``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from copydesk.readers.text import RawText, read_text


class Reader(NamedTuple):
    """A format: the ending of its files' names, and how one is read."""

    suffix: str
    read: Callable[[bytes, Sequence[str]], RawText]


READERS = {reader.suffix: reader for reader in (Reader(".txt", read_text),)}

#: Why a seed may be refused.
REASONS = {
    "outside": "a symbolic link that leaves the folder, or that leads nowhere",
    "not-a-file": "a device, a socket or a pipe; or a link to a folder, which is not followed",
    "unreadable": "the system refused to read it",
    "unknown-format": "no reader for files with this ending",
    "bad-name": "a name that cannot be a document id",
    "duplicate-id": "another seed has the same id",
    "too-large": "larger than ingest.max_bytes",
    "empty": "no characters other than white space",
    "not-text": "many control characters: a binary file, or UTF-16 without a byte-order mark",
    "undecodable": "bytes that none of ingest.encodings can decode",
    "taken-down": "in seeds/takedowns.jsonl, by its id or its bytes",
    "not-reversible": "decoded, but the text does not encode to the same bytes",
}
