"""Archives of the web (WARC), and the texts that Common Crawl makes of them (WET)."""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from copydesk.errors import BuildError
from copydesk.json_schema import load_schema
from copydesk.progress import say
from copydesk.readers.record import Record, Wanted, damaged

if TYPE_CHECKING:
    from fastwarc.warc import WarcRecord

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_UUID = re.compile(r"<?urn:uuid:([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})>?")
_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
#: Codings that are undone. One that fastwarc does not know it would leave, and say nothing.
_CODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate", "br"})
#: Headers, chunks: what a response takes beside its payload.
_AROUND = 1 << 20
_NAMED = 10  # kinds of records that are no documents


def read_warc(file: BinaryIO, wanted: Wanted) -> Iterator[Record]:
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


def _read(record: WarcRecord, number: int, wanted: Wanted) -> Record | str:
    """A record as a document or as a refusal; or what it is, if it is skipped."""
    if not (record.headers.get("Content-Length") or "").strip().isdigit() or not record.headers.get("WARC-Type"):
        raise damaged(number, "a record without its type or its length")
    kind = str(record.headers.get("WARC-Type")).strip().lower()
    if kind == "conversion":
        return _conversion(record, number, wanted)
    if kind != "response":
        return kind[:40]
    return _response(record, number, wanted)


def _conversion(record: WarcRecord, number: int, wanted: Wanted) -> Record | str:
    if _media(record.headers.get("Content-Type"))[0] != "text/plain":
        return "conversion of another type"
    block = _block(record, number, wanted.max_bytes)
    if block is None:
        return _too_large(record, number, wanted)
    return Record(number, _fields(record, block, wanted), charset="utf-8")


def _response(record: WarcRecord, number: int, wanted: Wanted) -> Record | str:
    block = _block(record, number, 2 * wanted.max_bytes + _AROUND)
    if block is None:
        return _too_large(record, number, wanted)
    if not block.startswith(b"HTTP/"):
        return "response of another protocol"
    try:
        headers = _http(block, decoded=False).http_headers
        media, charset = _media(headers.get("Content-Type"))
        if headers.status_code != 200 or media not in {*_HTML, "text/plain"}:
            status = f"with status {headers.status_code}" if headers.status_code != 200 else "of another type"
            return f"response {status}"
        codings = {part.strip().lower() for part in (headers.get("Content-Encoding") or "").split(",")}
        if strange := sorted(codings - _CODINGS):
            raise ValueError(f"Content-Encoding {strange[0][:40]!r}, expected one of {sorted(_CODINGS - {''})}")
        payload = _http(block, decoded=True).reader.read(wanted.max_bytes + 1)
    except (OSError, ValueError) as error:
        detail = f"record {number}: a response that cannot be read ({' '.join(str(error).split())[:200]})"
        return Record(number, None, ("bad-record", f"{detail}; deliver the page as .html"))
    return Record(number, _fields(record, payload, wanted), page=media in _HTML, charset=charset)


def _http(block: bytes, *, decoded: bool) -> WarcRecord:
    from fastwarc.warc import WarcRecord

    record = WarcRecord()
    record.set_bytes_content(block)
    record.is_http = True
    record.parse_http(auto_decode="all" if decoded else "none")
    return record


def _block(record: WarcRecord, number: int, limit: int) -> bytes | None:
    """The bytes of a record, None if they are too many."""
    if record.content_length > limit:
        return None
    data: bytes = record.reader.read(limit + 1)
    if len(data) != record.content_length:
        raise damaged(number, f"a record of {record.content_length:,} bytes, of which {len(data):,} are there")
    return data


def _too_large(record: WarcRecord, number: int, wanted: Wanted) -> Record:
    limit = f"at most {wanted.max_bytes:,} (params.yaml: ingest.max_bytes)"
    detail = f"record {number}: {record.content_length:,} bytes, {limit}; split the document"
    return Record(number, None, ("too-large", detail))


def _fields(record: WarcRecord, payload: bytes, wanted: Wanted) -> dict[str, Any]:
    url = (record.headers.get("WARC-Target-URI") or "").strip().strip("<>")
    return {wanted.id: _id(record, url), wanted.text: payload, "url": _address(url)}


def _address(url: str) -> str | None:
    """An address as RFC 3986 writes it, None if it is none: crawlers write down what they found in a link.

    >>> _address("https://example.org/a|b c?d=50%"), _address("dns:example.org:80:80")
    ('https://example.org/a%7Cb%20c?d=50%25', None)
    """
    if not url.startswith(("http://", "https://")):
        return None
    written = quote(_PERCENT.sub("%25", url), safe="%:/?#[]@!$&'()*+,;=~")
    return written if _is_address()(written) else None


@cache
def _is_address() -> Callable[[str], bool]:
    """Whether a text is an address by the schema of sources.jsonl; made once, since that takes as long as a page."""
    import jsonschema_rs

    field = load_schema("source")["properties"]["url"]
    return jsonschema_rs.Draft202012Validator(field, validate_formats=True).is_valid


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
