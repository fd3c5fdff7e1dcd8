"""Responses of HTTP as archives of the web hold them: what the header says, and the body without its codings.

A body is decoded step by step and no further than a document may be long, since a kilobyte may unpack to a gigabyte.
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
    """A body that is read a little at a time: what was read of it is what was unpacked."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(_INPUT if size is None or size < 0 else min(size, _INPUT))


class Response(NamedTuple):
    """A response. Names of fields are in lower case; of several with one name the first counts, of codings all."""

    status: int
    fields: dict[str, list[str]]
    body: bytes

    def field(self, name: str) -> str:
        """The value of a field, empty if there is none."""
        return self.fields.get(name, [""])[0]

    def codings(self, name: str) -> list[str]:
        """The codings that a field names, in the order in which they were applied."""
        named = [coding.strip().lower() for value in self.fields.get(name, []) for coding in value.split(",")]
        return [coding for coding in named if coding not in {"", "identity"}]


def parse_response(block: bytes) -> Response | None:
    """Read a response; None if it has no line with its status. Lines may end in a line feed alone.

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
    lines = re.sub(r"\r?\n[ \t]+", " ", head.decode("latin-1")).split("\n")  # a value may go on in the next line
    fields: dict[str, list[str]] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), []).append(value.strip())
    return Response(int(status[1]), fields, body)


def decoded_body(response: Response, max_bytes: int) -> tuple[bytes, bool]:
    """The body without its codings, and whether it ends before its end.

    A body that is not coded as its header says is taken as it is: some recorders decode bodies and keep the header.

    Returns
    -------
    body : bytes
        One byte more than ``max_bytes`` where there are more.
    cut : bool

    Raises
    ------
    UnreadableError
        With reason ``bomb`` or ``bad-record``.
    """
    body, cut = response.body, False
    transfer, content = response.codings("transfer-encoding"), response.codings("content-encoding")
    codings = [*content, *(coding for coding in transfer if coding != "chunked")]
    if strange := [coding for coding in codings if coding not in _DECODERS]:
        raise _unread(f"coding {strange[0][:40]!r}, expected one of {sorted(_DECODERS)}")
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
    """The data of chunks, and whether the last is missing. Extensions of chunks and trailers are passed over."""
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
        return body, False  # it was decoded, and the field stayed
    if b"\n" in body[at:]:
        raise _unread(f"no size of a chunk at byte {at:,} of the body")
    return bytes(data), True


def _undone(body: bytes, coding: str, max_bytes: int) -> tuple[bytes, bool]:
    if not body:
        return body, False
    data, end = _read(_DECODERS[coding](_Body(body)), max_bytes)
    if end != "whole" and coding == "deflate":  # some send it without the header of zlib
        raw, raw_end = _read(Inflated(_Body(body), RAW), max_bytes)
        if raw_end == "whole" or not data:
            data, end = raw, raw_end
    if end == "whole":
        return data, False
    if not body.startswith(_MAGIC) and (is_marked(body) or not many_controls(body[:1024].decode("latin-1"))):
        return body, False  # it was decoded, and the field stayed
    if end == "damaged" or not data:
        raise _unread(f"a body that is damaged, or not {coding} as its header says")
    return data, end == "cut"


def _read(stream: Inflated | Decoded, max_bytes: int) -> tuple[bytes, Literal["whole", "followed", "cut", "damaged"]]:
    """What a stream gives, and how it ends; it may be followed by bytes that are no part of it."""
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
