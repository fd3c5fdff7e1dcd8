"""Rolling hashes, which compare words and sequences of words without the white space between them."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from copydesk.description.signals.tokens import Bytes, Hashes, Offsets, Tokens

PREFIX = 16  # readable bytes after the last letter

_ASCII_WHITE = bytes([*range(9, 14), *range(28, 33)])
_MIX = np.uint64(0x9E3779B97F4A7C15)
_BASE = 0xA0761D6478BD642F
_STEP = 1 << 12
_KEPT = 1 << 19  # powers that are kept from batch to batch
_32 = np.uint64(32)


class Rolling(NamedTuple):
    """Polynomials modulo 2^64 in the bytes of m words, without white space.

    Their hashes can only be compared within the same texts.
    """

    eights: Hashes  # 8 bytes, from each byte on
    offsets: Offsets  # shape (m + 1,): bytes before each word
    prefixes: Hashes  # of all bytes before each
    powers: Hashes

    def between(self, first: Offsets, behind: Offsets) -> Hashes:
        """A hash of the words ``first`` to ``behind - 1`` joined without white space, wherever they are."""
        start = self.offsets[first]
        keys = self.prefixes[self.offsets[behind]]
        keys -= self.prefixes[start]
        keys *= self.powers[self.offsets[-1] - start]
        return mixed(keys)

    def words(self) -> Hashes:
        """A hash of each word."""
        keys = np.diff(self.prefixes[self.offsets])
        keys *= self.powers[self.offsets[-1] - self.offsets[:-1]]
        return mixed(keys)


def roll(tokens: Tokens) -> Rolling:
    """Prepare the hashes of a few texts; 32 bytes of memory for each byte of text."""
    offsets = np.zeros(len(tokens.starts) + 1, dtype=np.int64)
    np.cumsum(tokens.ends - tokens.starts, out=offsets[1:])
    letters = _letters(tokens, int(offsets[-1]))
    powers = _powers(len(letters) + 1)
    terms = letters.astype(np.uint64)
    terms += np.uint64(1)  # for a NUL to count
    terms *= powers[: len(terms)]
    prefixes = np.zeros(len(letters) + 1, dtype=np.uint64)
    np.cumsum(terms, out=prefixes[1:])
    padded = np.concatenate([letters, np.zeros(PREFIX + 8, dtype=np.uint8)])
    eights = np.ndarray((len(letters) + PREFIX,), dtype="<u8", buffer=padded.data, strides=(1,))
    return Rolling(eights.copy(), offsets, prefixes, powers)  # a copy, because numpy is slow with overlapping memory


def mixed(keys: Hashes) -> Hashes:
    """Mix keys, so that all of their bits differ between keys."""
    keys = keys ^ keys >> _32
    keys *= _MIX
    keys ^= keys >> _32
    return keys


def _letters(tokens: Tokens, size: int) -> Bytes:
    """The bytes of the words."""
    letters = np.frombuffer(tokens.data.tobytes().translate(None, _ASCII_WHITE), dtype=np.uint8)
    if len(letters) == size:
        return letters
    inside = np.zeros(len(tokens.data) + 1, dtype=np.int8)  # the text has other white space
    inside[tokens.starts] = 1
    inside[tokens.ends] -= 1
    return tokens.data[np.cumsum(inside[:-1], dtype=np.int8).view(np.bool_)]


def _powers(size: int) -> Hashes:
    return _first_powers(_KEPT)[:size] if size <= _KEPT else _first_powers.__wrapped__(size)


@lru_cache(maxsize=1)
def _first_powers(size: int) -> Hashes:
    """The first powers of the base, as products of small and large powers, which is faster than one by one."""
    small = np.full(_STEP + 1, _BASE, dtype=np.uint64)
    small[0] = 1
    np.cumprod(small, out=small)
    large = np.full(size // _STEP + 1, small[-1])
    large[0] = 1
    np.cumprod(large, out=large)
    powers: Hashes = np.multiply.outer(large, small[:-1]).ravel()
    return powers[:size]
