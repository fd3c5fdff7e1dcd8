"""HTTP responses in web archives: their header, and their body without its codings.

A body is decoded in steps, up to the size of the largest document, because a kilobyte may unpack to a gigabyte.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import partial
from typing import BinaryIO, Literal, NamedTuple

from copydesk.errors import UnreadableError
from copydesk.readers.decompression import BROKEN, RAW, ZLIB, Decoded, Inflated, TruncatedStream, bomb, is_bomb
from copydesk.readers.plain_text import is_marked, many_controls

_STATUS = re.compile(rb"HTTP/[0-9.]+[ \t]+([0-9]{3})(?![0-9])")
_BLANK = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")
_MAGIC = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_MOST_CODINGS, _LONGEST_HEAD = 4, 1 << 18
_INPUT, _OUTPUT = 1 << 10, 1 << 16

_DECODERS: dict[str, Callable[[BinaryIO], Inflated | Decoded]] = {
    "gzip": Inflated,
    "x-gzip": Inflated,
    "deflate": partial(Inflated, window=ZLIB),
    "br": partial(Decoded, compression="brotli"),
    "zstd": partial(Decoded, compression="zstd"),
}


class _Body(io.BytesIO):
    """A body that is read in small steps, so that the position shows how much was unpacked."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(_INPUT if size is None or size < 0 else min(size, _INPUT))


class Response(NamedTuple):
    """A response. Field names are in lower case. If a field is repeated, the first counts; of codings all count."""

    status: int
    fields: dict[str, list[str]]
    body: bytes

    def field(self, name: str) -> str:
        """Return the value of a field; empty if it is missing."""
        return self.fields.get(name, [""])[0]

    def codings(self, name: str) -> list[str]:
        """Return the codings that a field lists, in the order in which they were applied."""
        named = [coding.strip().lower() for value in self.fields.get(name, []) for coding in value.split(",")]
        return [coding for coding in named if coding not in {"", "identity"}]


def parse_response(block: bytes) -> Response | None:
    """Parse a response; return None if it has no status line. Lines may end in a single line feed.

    Raises
    ------
    UnreadableError
        With reason ``bad-record``, if its header is too long.
    """
    status = _STATUS.match(block)
    if status is None:
        return None
    blank = _BLANK.search(block)
    head, body = (block[: blank.start()], block[blank.end() :]) if blank else (block, b"")
    if len(head) > _LONGEST_HEAD:
        raise _unread(f"a header of {len(head):,} bytes, expected at most {_LONGEST_HEAD:,}")
    lines = re.sub(r"\r?\n[ \t]+", " ", head.decode("latin-1")).split("\n")  # folded lines
    fields: dict[str, list[str]] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), []).append(value.strip())
    return Response(int(status[1]), fields, body)


def decoded_body(response: Response, max_bytes: int) -> tuple[bytes, bool]:
    """Return the body without its codings, and whether it is cut off.

    A body without the codings of its header is returned unchanged: some recorders decode bodies and keep the header.

    Returns
    -------
    body : bytes
        At most ``max_bytes`` + 1 bytes.
    cut : bool

    Raises
    ------
    UnreadableError
        With reason ``bomb`` or ``bad-record``.
    """
    body, cut = response.body, False
    transfer, content = response.codings("transfer-encoding"), response.codings("content-encoding")
    codings = [*content, *(coding for coding in transfer if coding != "chunked")]
    if unknown := [coding for coding in codings if coding not in _DECODERS]:
        raise _unread(f"coding {unknown[0][:40]!r}, expected one of {sorted(_DECODERS)}")
    if len(codings) > _MOST_CODINGS:
        raise _unread(f"{len(codings):,} codings, expected at most {_MOST_CODINGS}")
    if "chunked" in transfer:
        body, cut = _without_chunks(body)
    elif not codings:
        length = response.field("content-length")
        cut = length.isdecimal() and len(length) < 20 and len(body) < int(length)
    for coding in reversed(codings):
        body, ended_early = _undone(body, coding, max_bytes)
        cut = cut or ended_early
    return body[: max_bytes + 1], cut


def _without_chunks(body: bytes) -> tuple[bytes, bool]:
    """Join chunks; return whether the last is missing. Chunk extensions and trailers are ignored."""
    data = bytearray()
    at = 0
    while line := _CHUNK.match(body, at):
        size = int(line[1], 16)
        if not size:
            return bytes(data), False
        at = line.end() + size
        data += memoryview(body)[line.end() : at]
        if at > len(body):
            return bytes(data), True
        at += body.startswith(b"\r", at)
        at += body.startswith(b"\n", at)
    if at == 0:
        return body, False  # already decoded by the recorder
    if b"\n" in body[at:]:
        raise _unread(f"no size of a chunk at byte {at:,} of the body")
    return bytes(data), True


def _undone(body: bytes, coding: str, max_bytes: int) -> tuple[bytes, bool]:
    if not body:
        return body, False
    data, end = _read(_DECODERS[coding](_Body(body)), max_bytes)
    if end != "whole" and coding == "deflate":  # some servers omit the zlib header
        raw, raw_end = _read(Inflated(_Body(body), RAW), max_bytes)
        if raw_end == "whole" or not data:
            data, end = raw, raw_end
    if end == "whole":
        return data, False
    if not body.startswith(_MAGIC) and (is_marked(body) or not many_controls(body[:1024].decode("latin-1"))):
        return body, False  # already decoded by the recorder
    if end == "damaged" or not data:
        raise _unread(f"a body that is damaged, or not {coding} as its header says")
    return data, end == "cut"


def _read(stream: Inflated | Decoded, max_bytes: int) -> tuple[bytes, Literal["whole", "followed", "cut", "damaged"]]:
    """Read a stream; return its data and how it ends. Bytes that do not belong to it may follow."""
    data = bytearray()
    try:
        while len(data) <= max_bytes and (piece := stream.read(_OUTPUT)):
            data += piece
    except BROKEN as error:
        if isinstance(stream, Inflated) and stream.between:
            return bytes(data), "followed"
        return bytes(data), "cut" if isinstance(error, TruncatedStream) else "damaged"
    if len(data) > max_bytes and is_bomb(stream.consumed, len(data)):
        raise bomb(stream.consumed, len(data))
    return bytes(data), "whole"


def _unread(detail: str) -> UnreadableError:
    return UnreadableError("bad-record", f"a response that cannot be read ({detail}); deliver the page as .html")
