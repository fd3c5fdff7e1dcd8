"""Web archives (WARC), and the texts that Common Crawl extracts from them (WET)."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

from copydesk.errors import UnreadableError
from copydesk.language.moments import moment
from copydesk.readers.archives.archive_records import ArchiveRecord, archive_records
from copydesk.readers.archives.http import decoded_body, parse_response
from copydesk.readers.base import Record, RecordOptions
from copydesk.readers.skipped_records import say_skipped
from copydesk.webpages.page_rights import STATEMENTS, statement

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_UUID = re.compile(r"<?urn:uuid:([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})>?")
_WEB = re.compile("https?:", re.IGNORECASE)
#: Bytes allowed for headers and chunk sizes beside the payload.
_AROUND = 1 << 20
_MOST_STATED = 20  # repetitions of a header field with rights


def read_warc(file: BinaryIO, options: RecordOptions) -> Iterator[Record]:
    """Yield responses of status 200 with HTML or plain text, and conversions (WET); other records are skipped.

    The id of a document is the UUID of its record, or else a hash of the record's id, or of its URL and date. Of a
    record that is cut off, what is there becomes a document; records behind it are read.

    Raises
    ------
    UnreadableError
        After the records, if the archive was damaged anywhere.
    """
    skipped: Counter[str] = Counter()
    number = 0
    try:
        for record in archive_records(file, 2 * options.max_bytes + _AROUND):
            number = record.number
            result = _read(record, options)
            if isinstance(result, Record):
                yield result
            else:
                skipped[result] += 1
    except UnreadableError:
        say_skipped(options.stem, "record", number, skipped)
        raise
    say_skipped(options.stem, "record", number, skipped)


def _read(record: ArchiveRecord, options: RecordOptions) -> Record | str:
    """Return a document or a refusal, or the kind of a skipped record."""
    kind = record.fields["warc-type"].lower()
    if kind == "conversion":
        return _conversion(record, options)
    if kind != "response":
        return kind[:40]
    return _response(record, options)


def _conversion(record: ArchiveRecord, options: RecordOptions) -> Record | str:
    if _media(record.fields.get("content-type"))[0] != "text/plain":
        return "conversion of another type"
    if record.block is None:
        return _too_large(record, options)
    return Record(record.number, _fields(record, record.block, options), charset="utf-8", cut=_is_cut(record))


def _response(record: ArchiveRecord, options: RecordOptions) -> Record | str:
    number, block = record.number, record.block
    if block is None:
        return _too_large(record, options)
    if not block.startswith(b"HTTP/"):
        return "response of another protocol"
    try:
        response = parse_response(block)
        if response is None:
            return "response without a status"
        media, charset = _media(response.field("content-type"))
        if response.status != 200 or media not in {*_HTML, "text/plain"}:
            return f"response {f'with status {response.status}' if response.status != 200 else 'of another type'}"
        payload, cut = decoded_body(response, options.max_bytes)
    except UnreadableError as error:
        return Record(number, None, (error.reason, error.detail))
    fields = _fields(record, payload, options)
    rights = [
        stated
        for name in STATEMENTS
        for value in response.fields.get(name, [])[:_MOST_STATED]
        if (stated := statement(name, value, f"header {name}"))
    ]
    return Record(
        number,
        fields,
        page=media in _HTML,
        charset=charset,
        cut=cut or _is_cut(record),
        rights=rights,
        captured=_captured(record),
    )


def _captured(record: ArchiveRecord) -> str | None:
    try:
        return moment((record.fields.get("warc-date") or "").strip())
    except ValueError:
        return None


def _is_cut(record: ArchiveRecord) -> bool:
    """Return whether the record is cut off, or the crawler says so: for its length, for time, a lost connection."""
    return record.is_cut or bool((record.fields.get("warc-truncated") or "").strip())


def _too_large(record: ArchiveRecord, options: RecordOptions) -> Record:
    limit = f"at most {options.max_bytes:,} (params.yaml: ingest.max_bytes)"
    return Record(record.number, None, ("too-large", f"{record.length:,} bytes, {limit}; split the document"))


def _fields(record: ArchiveRecord, payload: bytes, options: RecordOptions) -> dict[str, Any]:
    url = _url(record)
    # Records of other protocols have URIs of other schemes.
    return {options.id: _id(record, url), options.text: payload, "url": url if _WEB.match(url) else None}


def _url(record: ArchiveRecord) -> str:
    return (record.fields.get("warc-target-uri") or "").strip().strip("<>")


def _id(record: ArchiveRecord, url: str) -> str:
    name = (record.fields.get("warc-record-id") or "").strip()
    if match := _UUID.fullmatch(name):
        return match[1].lower()
    return hashlib.sha256((name or f"{url} {record.fields.get('warc-date')}").encode()).hexdigest()[:32]


def _media(content_type: str | None) -> tuple[str, str | None]:
    """Return the media type and the encoding of a Content-Type.

    >>> _media('text/html; charset="UTF-8"')
    ('text/html', 'UTF-8')
    """
    kind, _, options_text = (content_type or "").partition(";")
    parameters = dict(part.strip().partition("=")[::2] for part in options_text.split(";"))
    charset = {name.strip().lower(): value for name, value in parameters.items()}.get("charset", "")
    return kind.strip().lower(), charset.strip().strip("\"'") or None
