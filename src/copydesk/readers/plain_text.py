"""Plain text files, in any encoding that is certain."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import NamedTuple

from copydesk.core.stray_bytes import _FIRST_STRAY, STRAYS
from copydesk.errors import UnreadableError

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: UTF-8 with a few bytes that are none: each is read as a character for private use, U+10F700 plus the byte.
STRAY = "utf-8-stray"
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")
#: Python reads them as halves of characters, which no other program takes.
_OF_HALVES = {0xDC00 + byte: _FIRST_STRAY + byte for byte in range(0x80, 0x100)}
_TO_HALVES = {stray: half for half, stray in _OF_HALVES.items()}
#: Right characters outside ASCII for each stray byte, at least.
_RIGHT = 4
#: Bytes for each stray one, at least, of what says itself that it is UTF-8.
_BYTES = 1_000
_MARK_OF = {STRAY: codecs.BOM_UTF8} | {encoding: mark for mark, encoding in _MARKS}
_CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\v\f\r\x1b") + b"\x7f"
_MOST_CONTROLS = 0.05


class RawText(NamedTuple):
    """A file's text and what is needed to get its bytes back (see :func:`to_bytes`)."""

    text: str
    encoding: str
    bom: bool
    newline: str


def read_text(data: bytes, encodings: Sequence[str]) -> RawText:
    """Decode a file without guessing: by its byte-order mark, else by the first encoding that fits exactly.

    Line ends stay as they are; ``newline`` says what they are.

    Raises
    ------
    UnreadableError
        With reason ``empty``, ``not-text``, ``undecodable`` or ``not-reversible``.
    """
    marked = next(((mark, encoding) for mark, encoding in _MARKS if data.startswith(mark)), None)
    if marked:
        mark, encoding = marked
        text = _decoded(data[len(mark) :], [encoding])[0]
    else:
        text, encoding = _decoded(data, encodings)
    raw = RawText(text, encoding, marked is not None, newline_style(text))
    refuse_blank_and_binary(text, len(data))
    if to_bytes(raw) != data:
        raise UnreadableError("not-reversible", f"decoding as {encoding} and encoding again gives other bytes")
    return raw


def read_stray(data: bytes, *, named: bool = False) -> RawText | None:
    """Read what is UTF-8 but for a few bytes; None if that is not clear, or if there are no such bytes.

    ``named`` says that whoever wrote or sent it calls it UTF-8: then a text of ASCII may have such bytes as well.
    """
    bom = data.startswith(codecs.BOM_UTF8)
    text, strays, right = _with_strays(data[3 if bom else 0 :])
    raw = RawText(text, STRAY, bom, newline_style(text))
    clear = right >= _RIGHT * strays or (named and len(data) >= _BYTES * strays)
    if not strays or not clear or to_bytes(raw) != data:
        return None
    refuse_blank_and_binary(text, len(data))
    return raw


def _with_strays(data: bytes) -> tuple[str, int, int]:
    """Bytes as UTF-8, how many of them are none, and how many characters outside ASCII are right."""
    text = data.decode("utf-8", "surrogateescape").translate(_OF_HALVES)
    strays = len(STRAYS.findall(text))
    return text, strays, len(_BEYOND_ASCII.findall(text)) - strays


def is_marked(data: bytes) -> bool:
    """Whether a file begins with a byte-order mark."""
    return data.startswith(tuple(mark for mark, _ in _MARKS))


def to_bytes(raw: RawText) -> bytes:
    """Encode a text to the bytes of its file."""
    bom = _MARK_OF[raw.encoding] if raw.bom else b""
    if raw.encoding == STRAY:
        return bom + raw.text.translate(_TO_HALVES).encode("utf-8", "surrogateescape")
    return bom + raw.text.encode(raw.encoding)


def newline_style(text: str) -> str:
    """Name the line ends in a text: ``none``, ``lf``, ``crlf``, ``cr`` or ``mixed``."""
    pairs = text.count("\r\n")
    singles = {"crlf": pairs, "lf": text.count("\n") - pairs, "cr": text.count("\r") - pairs}
    found = [name for name, count in singles.items() if count]
    return found[0] if len(found) == 1 else ("mixed" if found else "none")


def _decoded(data: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    failures = []
    for encoding in encodings:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError as error:
            failures.append(f"not {encoding} at byte {error.start} (0x{data[error.start]:02x})")
    advice = "convert the file, or name its encoding in params.yaml: ingest.encodings"
    _, strays, right = _with_strays(data)
    if "utf-8" in encodings and right > strays:
        advice = f"{strays:,} bytes are not UTF-8 and {right:,} characters outside ASCII are; correct these bytes"
    raise UnreadableError("undecodable", f"{'; '.join(failures)}; {advice}")


def refuse_blank_and_binary(text: str, size: int) -> None:
    """Refuse what was decoded and is no text.

    Raises
    ------
    UnreadableError
        With reason ``empty`` or ``not-text``.
    """
    if not text.strip():
        raise UnreadableError("empty", f"{size} bytes without a visible character; expected text")
    sample = text[: 1 << 16]
    if controls := many_controls(sample):
        raise UnreadableError(
            "not-text",
            f"{controls} control characters in the first {len(sample)}, at most {_MOST_CONTROLS:.0%} expected; "
            "if it is UTF-16, save it with a byte-order mark",
        )


def many_controls(sample: str) -> int:
    """How many control characters there are, if they are more than a text has; 0 otherwise."""
    data = sample.encode()
    controls = len(data) - len(data.translate(None, delete=_CONTROLS))
    return controls if controls > _MOST_CONTROLS * len(sample) else 0
