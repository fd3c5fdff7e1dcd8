"""Archives of the web (WARC), and the texts that Common Crawl makes of them (WET)."""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from copydesk.core.progress import say
from copydesk.errors import BuildError, UnreadableError
from copydesk.readers.base import Record, RecordOptions, damaged
from copydesk.readers.http import decoded_body, parse_response

if TYPE_CHECKING:
    from fastwarc.warc import WarcRecord

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_UUID = re.compile(r"<?urn:uuid:([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})>?")
_WEB = re.compile("https?:", re.IGNORECASE)
#: Headers, chunks: what a response takes beside its payload.
_AROUND = 1 << 20
_NAMED = 10  # kinds of records that are no documents


def read_warc(file: BinaryIO, wanted: RecordOptions) -> Iterator[Record]:
    """Read responses with the status 200 that are HTML or plain text, and conversions (WET); others are skipped.

    A document's id is the UUID of its record, or a hash of what else the record is called.

    Raises
    ------
    UnreadableError
        Where the archive is damaged or ends inside a record.
    BuildError
        If fastwarc is not installed.
    """
    try:
        from fastwarc.warc import ArchiveIterator
    except ImportError:
        needs = f"{wanted.stem}: archives are read with fastwarc, which is not installed"
        raise BuildError(f"{needs}; run: pip install 'copydesk[web]'") from None

    skipped: Counter[str] = Counter()
    number = 0
    try:
        # Records are decoded one by one below: a payload that is damaged must not end the archive.
        for record in ArchiveIterator(_Told(file), parse_http=False, stream_detect=False):
            number += 1
            read = _read(record, number, wanted)
            if isinstance(read, Record):
                yield read
            else:
                skipped[read] += 1
    except (OSError, ValueError) as error:
        raise damaged(number + 1, f"not WARC ({' '.join(str(error).split())[:200]})") from None
    if skipped:
        counted = ", ".join(f"{count} {name}" for name, count in sorted(skipped.most_common(_NAMED)))
        counted += f" and those of {len(skipped) - _NAMED:,} more kinds" if len(skipped) > _NAMED else ""
        say(f"ingest: {wanted.stem}: {number:,} records, of which are no documents: {counted}")


class _Told(io.RawIOBase):
    """A file that says where it stands, which fastwarc asks for, whether or not it can go there."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        # What comes before a damage is given out before the error.
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


def _read(record: WarcRecord, number: int, wanted: RecordOptions) -> Record | str:
    """A record as a document or as a refusal; or what it is, if it is skipped."""
    if not (record.headers.get("Content-Length") or "").strip().isdigit() or not record.headers.get("WARC-Type"):
        raise damaged(number, "a record without its type or its length")
    kind = str(record.headers.get("WARC-Type")).strip().lower()
    if kind == "conversion":
        return _conversion(record, number, wanted)
    if kind != "response":
        return kind[:40]
    return _response(record, number, wanted)


def _conversion(record: WarcRecord, number: int, wanted: RecordOptions) -> Record | str:
    if _media(record.headers.get("Content-Type"))[0] != "text/plain":
        return "conversion of another type"
    block = _block(record, number, wanted.max_bytes)
    if block is None:
        return _too_large(record, number, wanted)
    return Record(number, _fields(record, block, wanted), charset="utf-8", cut=_is_cut(record))


def _response(record: WarcRecord, number: int, wanted: RecordOptions) -> Record | str:
    block = _block(record, number, 2 * wanted.max_bytes + _AROUND)
    if block is None:
        return _too_large(record, number, wanted)
    if not block.startswith(b"HTTP/"):
        return "response of another protocol"
    try:
        response = parse_response(block)
        if response is None:
            return "response without a status"
        media, charset = _media(response.field("content-type"))
        if response.status != 200 or media not in {*_HTML, "text/plain"}:
            return f"response {f'with status {response.status}' if response.status != 200 else 'of another type'}"
        payload, cut = decoded_body(response, wanted.max_bytes)
    except UnreadableError as error:
        return Record(number, None, (error.reason, error.detail))
    fields = _fields(record, payload, wanted)
    return Record(number, fields, page=media in _HTML, charset=charset, cut=cut or _is_cut(record))


def _is_cut(record: WarcRecord) -> bool:
    """Whether the crawler says that it did not keep all of it: for its length, for the time, since the line broke."""
    return bool((record.headers.get("WARC-Truncated") or "").strip())


def _block(record: WarcRecord, number: int, limit: int) -> bytes | None:
    """The bytes of a record, None if they are too many."""
    if record.content_length > limit:
        return None
    data: bytes = record.reader.read(limit + 1)
    if len(data) != record.content_length:
        raise damaged(number, f"a record of {record.content_length:,} bytes, of which {len(data):,} are there")
    return data


def _too_large(record: WarcRecord, number: int, wanted: RecordOptions) -> Record:
    limit = f"at most {wanted.max_bytes:,} (params.yaml: ingest.max_bytes)"
    detail = f"{record.content_length:,} bytes, {limit}; split the document"
    return Record(number, None, ("too-large", detail))


def _fields(record: WarcRecord, payload: bytes, wanted: RecordOptions) -> dict[str, Any]:
    url = _url(record)
    # Records of other protocols are named by addresses of their own kind.
    return {wanted.id: _id(record, url), wanted.text: payload, "url": url if _WEB.match(url) else None}


def _url(record: WarcRecord) -> str:
    return (record.headers.get("WARC-Target-URI") or "").strip().strip("<>")


def _id(record: WarcRecord, url: str) -> str:
    name = (record.headers.get("WARC-Record-ID") or "").strip()
    if match := _UUID.fullmatch(name):
        return match[1].lower()
    return hashlib.sha256((name or f"{url} {record.headers.get('WARC-Date')}").encode()).hexdigest()[:32]


def _media(content_type: str | None) -> tuple[str, str | None]:
    """Type and encoding that a Content-Type names.

    >>> _media('text/html; charset="UTF-8"')
    ('text/html', 'UTF-8')
    """
    kind, _, rest = (content_type or "").partition(";")
    given = dict(part.strip().partition("=")[::2] for part in rest.split(";"))
    charset = {name.strip().lower(): value for name, value in given.items()}.get("charset", "")
    return kind.strip().lower(), charset.strip().strip("\"'") or None
