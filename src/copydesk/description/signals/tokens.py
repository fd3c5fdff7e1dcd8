"""Words of a whole column at once: their first and last UTF-8 bytes, and their hashes.

Words are separated by white space. In scripts without spaces (:data:`SPACELESS`) each letter counts as a word, with
the marks and punctuation after it. Otherwise a Chinese sentence would be one word, and counts and comparisons of
words would be meaningless.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]
Hashes = NDArray[np.uint64]

# White space as in str.split: bytes 9 to 13 and 28 to 32.
_WHITE_FROM, _WHITE_COUNT = (np.uint8(9), np.uint8(28)), np.uint8(5)
# Other white space, by its UTF-8: U+0085, U+00A0; U+1680; U+2000 to U+200A, U+2028, U+2029, U+202F; U+205F; U+3000.
_WHITE: dict[int, tuple[set[tuple[int, ...]], int]] = {
    0xC2: ({(0x85,), (0xA0,)}, 1),
    0xE1: ({(0x9A, 0x80)}, 2),
    0xE2: ({*((0x80, low) for low in (*range(0x80, 0x8B), 0xA8, 0xA9, 0xAF)), (0x81, 0x9F)}, 2),
    0xE3: ({(0x80, 0x80)}, 2),
}
#: Scripts without spaces between words: those of Unicode's line breaking classes ID, CJ and SA.
SPACELESS = (
    *("Han", "Hiragana", "Katakana", "Bopomofo", "Yi", "Thai", "Lao", "Khmer", "Myanmar"),
    *("Tai_Le", "New_Tai_Lue", "Tai_Tham", "Tai_Viet", "Ahom", "Javanese", "Balinese"),
)
# Kinds of characters for the words of such a script: a letter of it, a character that continues a word, the mark
# that ends each syllable of Tibetan, or any other.
_LETTER, _JOINED, _ENDING, _OTHER = range(4)
# The last pattern that matches decides. The sound marks U+30FC and U+FF70 are letters without a script.
_KINDS = (
    (_LETTER, "[" + "".join(rf"\p{{{script}}}" for script in SPACELESS) + "]"),
    (_OTHER, r"\p{Nd}"),
    (_JOINED, r"[^\pL\pN\s]|[\x{30FC}\x{FF70}]"),
    (_ENDING, r"\x{0F0B}"),
)
# The kind of each code point, computed when it first occurs; -1 until then.
_kinds = np.full(0x110000, -1, dtype=np.int8)
_LONGEST = 512  # longest word, in bytes, that is hashed by arithmetic; longer ones are digested one by one
_MIX = np.uint64(0x9E3779B97F4A7C15)
_MIX2 = np.uint64(0xD6E8FEB86659FD93)
_32 = np.uint64(32)
#: Masks of the first 0 to 8 bytes of eight.
_FIRST = np.array([(1 << (8 * count)) - 1 for count in range(9)], dtype=np.uint64)


class Tokens(NamedTuple):
    """The words of n texts, m words in all."""

    data: Bytes  # the UTF-8 of all texts
    rows: Offsets  # shape (n + 1,): the byte at which each text begins, and the end
    starts: Offsets  # shape (m,): the first byte of each word
    ends: Offsets  # shape (m,): the byte after each word
    bounds: Offsets  # shape (n + 1,): the first word of each text, and m


def tokenize(texts: pa.Array) -> Tokens:
    """Split a column of texts at white space, as ``str.split`` does, and before the letters of spaceless scripts.

    Parameters
    ----------
    texts : pa.Array of string, shape (n,), without nulls
        Pass about 64 texts at a time, so that the bytes stay in the processor's cache.
    """
    data, rows = utf8(texts)
    # Smaller bytes wrap around, so that one comparison checks a range.
    word = (data - _WHITE_FROM[0] >= _WHITE_COUNT) & (data - _WHITE_FROM[1] >= _WHITE_COUNT)
    leads = np.flatnonzero(data >= min(_WHITE))
    for lead, (tails, length) in _WHITE.items():
        places = leads[data[leads] == lead]
        places = places[places + length < len(data)]
        if len(places):
            white = np.zeros(len(places), dtype=bool)
            for tail in tails:
                white |= np.logical_and.reduce([data[places + 1 + at] == byte for at, byte in enumerate(tail)])
            for at in range(length + 1):
                word[places[white] + at] = False
    edges = np.flatnonzero(np.diff(word, prepend=False, append=False))
    # A word ends at the end of its text, and after a letter that is a word by itself.
    meet = np.unique(rows[1:-1])
    meet = meet[(meet > 0) & (meet < len(data))]
    cuts = _cuts(data, rows, leads, word)
    meet = np.union1d(meet, cuts) if len(cuts) else meet
    meet = np.repeat(meet[word[meet] & word[meet - 1]], 2)
    edges = np.insert(edges, np.searchsorted(edges, meet), meet)
    starts, ends = edges[::2].copy(), edges[1::2].copy()
    return Tokens(data, rows, starts, ends, np.searchsorted(starts, rows))


def _cuts(data: Bytes, rows: Offsets, leads: Offsets, word: NDArray[np.bool_]) -> Offsets:
    """First bytes of words in scripts without spaces, and of other words right after them, sorted."""
    # A screen: characters with the lead byte 0xE2 are dashes and quotation marks, and of these scripts only radicals.
    high = leads[(data[leads] >= 0xE0) & (data[leads] != 0xE2)]
    if not len(high) or not np.isin(_kinds_of(data, high), (_LETTER, _ENDING)).any():
        return np.zeros(0, dtype=np.int64)
    places = np.flatnonzero((data & 0xC0) != 0x80)
    kinds = _kinds_of(data, places)
    # The kind before each character in its text, ignoring characters that continue a word.
    passed = (kinds == _JOINED) & word[places]
    passed[np.searchsorted(places, rows[:-1][np.diff(rows) > 0])] = False
    before = kinds[np.maximum.accumulate(np.where(passed, 0, np.arange(len(places))))]
    begins = kinds[1:] == _LETTER
    begins |= (kinds[1:] == _OTHER) & ((before[:-1] == _LETTER) | (before[:-1] == _ENDING))
    cuts: Offsets = places[1:][begins]
    return cuts


def _kinds_of(data: Bytes, leads: Offsets) -> NDArray[np.int8]:
    """The kind of the character that begins at each of these bytes."""
    points = code_points(np.concatenate([data, np.zeros(3, dtype=np.uint8)]), leads)
    new = np.unique(points[_kinds[points] < 0])
    if len(new):
        _kinds[new] = _OTHER
        characters = pa.array([chr(point) for point in new], pa.string())
        for kind, pattern in _KINDS:
            _kinds[new[pc.match_substring_regex(characters, pattern).to_numpy(zero_copy_only=False)]] = kind
    return _kinds[points]


def code_points(data: Bytes, leads: Offsets) -> Offsets:
    """The code point that begins at each of these bytes; ``data`` has three more bytes after the last."""
    first, second, third, fourth = (data[leads + at].astype(np.int64) for at in range(4))
    second, third, fourth = second & 0x3F, third & 0x3F, fourth & 0x3F
    two = (first & 0x1F) << 6 | second
    three = (first & 0x0F) << 12 | second << 6 | third
    four = (first & 0x07) << 18 | second << 12 | third << 6 | fourth
    return np.where(first < 0x80, first, np.where(first < 0xE0, two, np.where(first < 0xF0, three, four)))


def utf8(texts: pa.Array) -> tuple[Bytes, Offsets]:
    """The concatenated UTF-8 of a column of texts, the first byte of each text, and the end."""
    texts = texts.cast(pa.large_string())
    _, offsets, data = texts.buffers()
    rows = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    if data is None or not len(texts):
        return np.zeros(0, dtype=np.uint8), np.zeros(len(texts) + 1, dtype=np.int64)
    whole = np.frombuffer(data, dtype=np.uint8)
    return whole[rows[0] : rows[-1]], rows - rows[0]


def hash_tokens(tokens: Tokens) -> Hashes:
    """A 64-bit hash of each word, which depends only on its bytes.

    Computed eight bytes at a time over all words that are long enough, by multiplication and shifts.
    """
    lengths = tokens.ends - tokens.starts
    hashes = lengths.astype(np.uint64) * _MIX2
    padded = np.concatenate([tokens.data, np.zeros(8, dtype=np.uint8)])
    words = np.ndarray((len(tokens.data) + 1,), dtype="<u8", buffer=padded.data, strides=(1,))
    hashes = _stirred(hashes ^ words[tokens.starts] & _FIRST[np.minimum(lengths, 8)])
    longer = np.flatnonzero((lengths > 8) & (lengths <= _LONGEST))
    at = 8
    while len(longer):
        left = lengths[longer] - at
        chunk = words[tokens.starts[longer] + at] & _FIRST[np.minimum(left, 8)]
        hashes[longer] = _stirred(hashes[longer] ^ chunk)
        longer = longer[left > 8]
        at += 8
    for place in np.flatnonzero(lengths > _LONGEST):
        word = tokens.data[tokens.starts[place] : tokens.ends[place]].tobytes()
        digest = hashlib.blake2b(word, digest_size=8).digest()
        hashes[place] = int.from_bytes(digest, "little")
    hashes *= _MIX2
    return hashes ^ (hashes >> _32)


def _stirred(hashes: Hashes) -> Hashes:
    hashes = hashes * _MIX
    hashes ^= hashes >> _32
    return hashes
