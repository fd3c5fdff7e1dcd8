"""Plain text files, in any encoding that is certain."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from typing import NamedTuple

from copydesk.errors import UnreadableError

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MARK_OF = {encoding: mark for mark, encoding in _MARKS}
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


def is_marked(data: bytes) -> bool:
    """Whether a file begins with a byte-order mark."""
    return data.startswith(tuple(mark for mark, _ in _MARKS))


def to_bytes(raw: RawText) -> bytes:
    """Encode a text to the bytes of its file."""
    return (_MARK_OF[raw.encoding] if raw.bom else b"") + raw.text.encode(raw.encoding)


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
    raise UnreadableError(
        "undecodable",
        f"{'; '.join(failures)}; convert the file, or name its encoding in params.yaml: ingest.encodings",
    )


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
