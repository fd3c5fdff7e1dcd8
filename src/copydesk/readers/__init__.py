"""Readers of files: a seed becomes rows of ``raw``, or is refused with a reason.

A file is one document, or has one record per document. A reader of documents is a function of a file's bytes; it
returns text that encodes to exactly these bytes, or raises :class:`~copydesk.errors.UnreadableError`. A reader of
records yields them one by one, see :mod:`copydesk.readers.record_cache`. A new format needs a file here and a line in
``READERS`` or ``CONTAINERS``; a project adds its own with :func:`copydesk.reader`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from copydesk.core.plugins import added
from copydesk.readers.archives.warc import read_warc
from copydesk.readers.base import RecordReader
from copydesk.readers.csv_records import read_csv
from copydesk.readers.html_pages import read_html
from copydesk.readers.jsonl import read_json_records
from copydesk.readers.newsrooms.epub import read_epub
from copydesk.readers.newsrooms.ninjs import read_ninjs
from copydesk.readers.newsrooms.xml_files import read_news_xml
from copydesk.readers.parquet_records import read_parquet_rows
from copydesk.readers.plain_text import RawText, read_text
from copydesk.readers.whole_file import read_single, read_single_page


class Reader(NamedTuple):
    """A format: the ending of its file names, and the function that reads a file."""

    suffix: str
    read: Callable[[bytes, Sequence[str]], RawText]


#: Endings of web pages. Their raw text is HTML; cleaning removes all but the article.
PAGES = (".html", ".htm")
#: Endings of texts; a file without an ending is a text, too. Markdown stays as it is written.
TEXTS = (".txt", ".text", ".md", ".markdown", "")
READERS = {
    **{ending: Reader(ending, read_text) for ending in TEXTS},
    **{ending: Reader(ending, read_html) for ending in PAGES},
}

#: Readers of files of records, by the ending of the file name.
_RECORDS: dict[str, RecordReader] = {
    ".atom": read_news_xml,
    ".csv": read_csv,
    ".epub": read_epub,
    ".json": read_ninjs,
    ".jsonl": read_json_records,
    ".ndjson": read_json_records,
    ".nitf": read_news_xml,
    ".parquet": read_parquet_rows,
    ".rss": read_news_xml,
    ".warc": read_warc,
    ".wet": read_warc,
    ".xml": read_news_xml,
}
#: Readers of compressed documents, which are files with a single record.
_SINGLE: dict[str, RecordReader] = {
    **dict.fromkeys(TEXTS, read_single),
    **dict.fromkeys(PAGES, read_single_page),
}
#: Names of compressions, by the ending of the file name.
COMPRESSED = {".gz": "gzip", ".zst": "zstd"}
_PACKED = tuple(COMPRESSED)


def _with_compressed(readers: Mapping[str, RecordReader]) -> dict[str, RecordReader]:
    return {ending + end: read for ending, read in readers.items() for end in COMPRESSED}


#: Every ending of a compressed file with a single document.
SINGLE = frozenset(_with_compressed(_SINGLE))
#: Every ending of a file of records, with the package's reader for it.
CONTAINERS: dict[str, RecordReader] = {**_RECORDS, **_with_compressed({**_RECORDS, **_SINGLE})}


#: Endings that say little of what is in a file: a plug-in may read these files in its own way.
GENERAL = frozenset((".json", ".xml"))


def record_readers() -> Mapping[str, RecordReader]:
    """Every ending of a file of records, also those of the plug-ins in force."""
    plugins = added("reader")
    return {**CONTAINERS, **plugins, **_with_compressed(plugins)} if plugins else CONTAINERS


def readable_endings() -> str:
    """List the endings of files that can be read, for messages."""
    endings = sorted({ending for ending in {*READERS, *record_readers()} if ending and not ending.endswith(_PACKED)})
    return f"{', '.join(endings)}; no ending, for a text; each also with {' or '.join(_PACKED)} behind it"


def split_name(name: str) -> tuple[str, str]:
    """Split a file name into stem and ending, in lower case. A compressed file has a double ending.

    >>> split_name("news.2026.JSONL.gz")
    ('news.2026', '.jsonl.gz')
    """
    stem, ending = os.path.splitext(name)  # noqa: PTH122  (path objects are slow for many files)
    if ending.lower() in COMPRESSED:
        stem, inner = os.path.splitext(stem)  # noqa: PTH122
        ending = inner + ending
    return stem, ending.lower()


#: The reason for refusing a field of a record. The record itself is kept.
FIELD = "bad-metadata"
#: Why a seed, or a field of a record, may be refused.
REASONS = {
    "outside": "a symbolic link that leaves the folder, or that leads nowhere",
    "not-a-file": "a device, a socket or a pipe; or a link to a folder, which is not followed",
    "unreadable": "the operating system refused to read it",
    "unknown-format": "no reader for files with this ending",
    "bad-name": "a name or a record's id that cannot be a document id",
    "duplicate-id": "another seed has the same id",
    "too-large": "larger than ingest.max_bytes",
    "no-article": "no article could be extracted from the web page, or it could not be aligned with the HTML",
    "empty": "no characters other than white space",
    "not-text": "many control characters: a binary file, or UTF-16 without a byte-order mark",
    "undecodable": "bytes that none of ingest.encodings can decode",
    "bad-container": "a file of records that is damaged or empty; what can be read is read",
    "bad-record": "a record that does not follow its format, or has no text",
    FIELD: "metadata that is invalid, or given twice with different values; the record is kept without that field",
    "bomb": "a compressed file, a book, or a page in an archive, that unpacks to more than 200 times its size",
    "taken-down": "in seeds/takedowns.jsonl, by its id or its bytes",
    "not-reversible": "decoded, but the text does not encode to the same bytes",
}
