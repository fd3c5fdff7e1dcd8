"""Seal values about a document with its raw text: only who holds that text can read them.

The key stream and the tag are SHAKE-256 of the raw text and a purpose; the tag is also the nonce, so equal values
give equal bytes, and other values another stream. The published SHA-256 of the raw text says nothing of either. A
text that can be guessed as a whole protects nothing, but neither would it behind its SHA-256 alone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import zlib
from typing import Any

import numpy as np

from copydesk.errors import ValidationError

_TAG = 32  # bytes
#: Largest size of opened values, so that nobody can fill the memory.
_MOST_BYTES = 1 << 28


def seal(values: Any, raw_text: str) -> bytes:
    """Seal values that JSON can express."""
    plain = zlib.compress(json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(), 9)
    secret = raw_text.encode()
    tag = _digest("tag", secret, plain, _TAG)
    return tag + _exchanged(plain, _digest("stream", secret, tag, len(plain)))


def unseal(sealed: bytes, raw_text: str) -> Any:
    """Open sealed values.

    Raises
    ------
    ValidationError
        If they were sealed with another text, or are damaged.

    Examples
    --------
    >>> unseal(seal({"title": "A headline"}, "the raw text"), "the raw text")
    {'title': 'A headline'}
    """
    tag, hidden = sealed[:_TAG], sealed[_TAG:]
    secret = raw_text.encode()
    plain = _exchanged(hidden, _digest("stream", secret, tag, len(hidden)))
    if not hmac.compare_digest(tag, _digest("tag", secret, plain, _TAG)):
        raise ValidationError("the sealed values do not open with this text")
    unpacked = zlib.decompressobj()
    data = unpacked.decompress(plain, _MOST_BYTES)
    if not unpacked.eof:
        raise ValidationError(f"the sealed values have more than {_MOST_BYTES:,} bytes")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValidationError(f"the sealed values are not JSON: {error}") from None


def _digest(purpose: str, secret: bytes, data: bytes, size: int) -> bytes:
    """Bytes that follow from all that is given; the length before the secret keeps it apart from the data."""
    state = hashlib.shake_256(f"copydesk sealed {purpose} 1 {len(secret)}\n".encode())
    state.update(secret)
    state.update(data)
    return state.digest(size)


def _exchanged(data: bytes, stream: bytes) -> bytes:
    return (np.frombuffer(data, np.uint8) ^ np.frombuffer(stream, np.uint8)).tobytes()
