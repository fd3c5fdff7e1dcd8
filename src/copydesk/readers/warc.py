"""Web archives (WARC), and the texts that Common Crawl extracts from them (WET)."""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from copydesk.core.plural import plural
from copydesk.core.progress import say
from copydesk.errors import BuildError, UnreadableError
from copydesk.language.moments import moment
from copydesk.readers.base import Record, RecordOptions, damaged
from copydesk.readers.http import decoded_body, parse_response
from copydesk.store.installed_from import install_extra
from copydesk.webpages.page_rights import STATEMENTS, statement

if TYPE_CHECKING:
    from fastwarc.warc import WarcRecord

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_UUID = re.compile(r"<?urn:uuid:([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})>?")
_WEB = re.compile("https?:", re.IGNORECASE)
#: Bytes allowed for headers and chunk sizes beside the payload.
_AROUND = 1 << 20
_MOST_STATED = 20  # repetitions of a header field with rights
_LISTED = 10  # kinds of skipped records to name in the message


def read_warc(file: BinaryIO, options: RecordOptions) -> Iterator[Record]:
    """Yield responses of status 200 with HTML or plain text, and conversions (WET); other records are skipped.

    The id of a document is the UUID of its record, or else a hash of the record's id, or of its URL and date.

    Raises
    ------
    UnreadableError
        If the archive is damaged or ends inside a record.
    BuildError
        If fastwarc is not installed.
    """
    try:
        from fastwarc.warc import ArchiveIterator
    except ImportError:
        needs = f"{options.stem}: archives are read with fastwarc, which is not installed"
        raise BuildError(f"{needs}; {install_extra('web')}") from None

    skipped: Counter[str] = Counter()
    number = 0
    try:
        # Payloads are decoded below, so that a damaged one does not end the archive.
        for record in ArchiveIterator(_WithPosition(file), parse_http=False, stream_detect=False):
            number += 1
            result = _read(record, number, options)
            if isinstance(result, Record):
                yield result
            else:
                skipped[result] += 1
    except (OSError, ValueError) as error:
        raise damaged(number + 1, f"not WARC ({' '.join(str(error).split())[:200]})") from None
    if skipped:
        counted = ", ".join(f"{count} {name}" for name, count in sorted(skipped.most_common(_LISTED)))
        more = len(skipped) - _LISTED
        counted += f" and {plural(more, 'more kind')}" if more > 0 else ""
        say(f"ingest: {options.stem}: {plural(number, 'record')}, not documents: {counted}")


class _WithPosition(io.RawIOBase):
    """A stream with a position, which fastwarc needs, whether or not the stream is seekable."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        # With read1, data before a damaged place is returned before the error.
        self._read = getattr(file, "read1", file.read)
        self._at = 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        data = self._read(size)
        self._at += len(data)
        return data


def _read(record: WarcRecord, number: int, options: RecordOptions) -> Record | str:
    """Return a document or a refusal, or the kind of a skipped record."""
    if not (record.headers.get("Content-Length") or "").strip().isdigit() or not record.headers.get("WARC-Type"):
        raise damaged(number, "a record without its type or its length")
    kind = str(record.headers.get("WARC-Type")).strip().lower()
    if kind == "conversion":
        return _conversion(record, number, options)
    if kind != "response":
        return kind[:40]
    return _response(record, number, options)


def _conversion(record: WarcRecord, number: int, options: RecordOptions) -> Record | str:
    if _media(record.headers.get("Content-Type"))[0] != "text/plain":
        return "conversion of another type"
    block = _block(record, number, options.max_bytes)
    if block is None:
        return _too_large(record, number, options)
    return Record(number, _fields(record, block, options), charset="utf-8", cut=_is_cut(record))


def _response(record: WarcRecord, number: int, options: RecordOptions) -> Record | str:
    block = _block(record, number, 2 * options.max_bytes + _AROUND)
    if block is None:
        return _too_large(record, number, options)
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


def _captured(record: WarcRecord) -> str | None:
    try:
        return moment((record.headers.get("WARC-Date") or "").strip())
    except ValueError:
        return None


def _is_cut(record: WarcRecord) -> bool:
    """Return whether the crawler declares the record as truncated, for its length, for time or a lost connection."""
    return bool((record.headers.get("WARC-Truncated") or "").strip())


def _block(record: WarcRecord, number: int, limit: int) -> bytes | None:
    """Return the bytes of a record, or None if they are too many."""
    if record.content_length > limit:
        return None
    data: bytes = record.reader.read(limit + 1)
    if len(data) != record.content_length:
        raise damaged(number, f"a record of {record.content_length:,} bytes, of which {len(data):,} are present")
    return data


def _too_large(record: WarcRecord, number: int, options: RecordOptions) -> Record:
    limit = f"at most {options.max_bytes:,} (params.yaml: ingest.max_bytes)"
    detail = f"{record.content_length:,} bytes, {limit}; split the document"
    return Record(number, None, ("too-large", detail))


def _fields(record: WarcRecord, payload: bytes, options: RecordOptions) -> dict[str, Any]:
    url = _url(record)
    # Records of other protocols have URIs of other schemes.
    return {options.id: _id(record, url), options.text: payload, "url": url if _WEB.match(url) else None}


def _url(record: WarcRecord) -> str:
    return (record.headers.get("WARC-Target-URI") or "").strip().strip("<>")


def _id(record: WarcRecord, url: str) -> str:
    name = (record.headers.get("WARC-Record-ID") or "").strip()
    if match := _UUID.fullmatch(name):
        return match[1].lower()
    return hashlib.sha256((name or f"{url} {record.headers.get('WARC-Date')}").encode()).hexdigest()[:32]


def _media(content_type: str | None) -> tuple[str, str | None]:
    """Return the media type and the encoding of a Content-Type.

    >>> _media('text/html; charset="UTF-8"')
    ('text/html', 'UTF-8')
    """
    kind, _, options_text = (content_type or "").partition(";")
    parameters = dict(part.strip().partition("=")[::2] for part in options_text.split(";"))
    charset = {name.strip().lower(): value for name, value in parameters.items()}.get("charset", "")
    return kind.strip().lower(), charset.strip().strip("\"'") or None
