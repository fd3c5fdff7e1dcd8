"""Text normalisation, exact-match keys and MinHash signatures for deduplication.

MinHash: A. Broder, "On the resemblance and containment of documents", 1997. Of two sets, the share of equal
components of their signatures estimates the Jaccard index, the size of the intersection over that of the union.
"""

from __future__ import annotations

import hashlib
from array import array
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.description.signals.tokens import Bytes, Hashes, Offsets, hash_tokens, tokenize, utf8

Signatures = NDArray[np.uint32]
Mask = NDArray[np.bool_]

COMPONENTS = 128  # the standard deviation of an estimate is below 0.045
WORDS = 5  # of a shingle
#: Each component of the signature of a text without words.
WORDLESS = np.uint32(0xFFFFFFFF)

_SEED = 42
_BATCH = 64  # texts at a time: their bytes stay in the processor's cache, and the library starts no threads
_STEP = np.uint64(0x2545F4914F6CDD1D)
_MIX = np.uint64(0xBF58476D1CE4E5B9)

_SPACE = 0x20
# The folded form of each single-byte character; other bytes stay.
_FOLDED = bytes(ord(chr(byte).lower()) if chr(byte).isalnum() else _SPACE for byte in range(0x80)) + bytes(
    range(0x80, 0x100)
)
# The folded form of each code point, computed when it first occurs; -1 until then.
_LOWERED = np.full(0x110000, -1, dtype=np.int32)
# Characters of 2, 3 and 4 bytes: length, first and last leading byte, its marker bits, the code points.
_LONGER = (
    (2, 0xC2, 0xDF, 0xC0, range(0x80, 0x800)),
    (3, 0xE0, 0xEF, 0xE0, range(0x800, 0x10000)),
    (4, 0xF0, 0xF4, 0xF0, range(0x10000, 0x110000)),
)


def normalised(texts: pa.Array) -> pa.Array:
    """Normalise texts for comparison: lower-case letters, marks and digits, with single spaces between words.

    A text without letters or digits stays as it is; otherwise all such texts would be equal.

    Parameters
    ----------
    texts : pa.Array of string, shape (n,), without nulls

    Returns
    -------
    pa.Array of string, shape (n,)
    """
    batches = [_normalised_bytes(texts.slice(at, _BATCH)) for at in range(0, len(texts), _BATCH)]
    return pa.concat_arrays([pa.array([], pa.string()), *batches])


def normalised_by_regex(texts: pa.Array) -> pa.Array:
    """The same as :func:`normalised` in three lines, several times as slow."""
    reduced = pc.replace_substring_regex(pc.utf8_lower(texts), r"[^\pL\pM\pN]+", " ")
    bare = pc.utf8_trim(reduced, " ")
    return pc.if_else(pc.equal(bare, ""), texts, bare)


def text_keys(texts: pa.Array) -> pa.Array:
    """The exact-match key of each text, its SHA-256: shape (n,) in, shape (n,) of hexadecimal out."""
    data, rows = utf8(texts)
    content = data.data
    sha256 = hashlib.sha256
    return pa.array([sha256(content[start:end]).hexdigest() for start, end in pairwise(rows.tolist())], pa.string())


def minhash(texts: pa.Array) -> Signatures:
    """Signatures of the sets of five-word shingles of texts.

    Parameters
    ----------
    texts : pa.Array of string, shape (n,), without nulls
        Normalised, with words separated by white space.

    Returns
    -------
    numpy.ndarray of uint32, shape (n, 128)
        A signature depends on the text alone. All components of a text without words are ``WORDLESS``; such a
        text is similar to none.
    """
    signatures = np.empty((len(texts), COMPONENTS), dtype=np.uint32)
    for at in range(0, len(texts), _BATCH):
        tokens = tokenize(texts.slice(at, _BATCH))
        signatures[at : at + _BATCH] = _digests(*shingles(hash_tokens(tokens), tokens.bounds))
    return signatures


def shingles(words: Hashes, bounds: Offsets) -> tuple[Hashes, Offsets]:
    """Hashes of the shingles of n texts, which are all runs of five words.

    A text of fewer words has one shingle with all of them, a text without words has none.

    Parameters
    ----------
    words : numpy.ndarray of uint64, shape (m,)
        The hash of each word.
    bounds : numpy.ndarray of int64, shape (n + 1,)
        The first word of each text, and m.

    Returns
    -------
    (numpy.ndarray of uint64, shape (k,), numpy.ndarray of int64, shape (n + 1,))
        The hashes; the position of the first hash of each text, and k.
    """
    lengths = np.diff(bounds)
    counts = np.where(lengths < WORDS, np.minimum(lengths, 1), lengths - WORDS + 1)
    starts = np.concatenate([[0], np.cumsum(counts)])
    first = np.arange(starts[-1]) + np.repeat(bounds[:-1] - starts[:-1], counts)
    if (lengths >= WORDS).all():
        # All runs of five words are hashed, and then those that do not cross into the next text are taken.
        runs = np.zeros(max(len(words) - WORDS + 1, 0), dtype=np.uint64)
        for at in range(WORDS):
            runs *= _STEP
            runs += words[at : at + len(runs)]
        hashes = runs[first]
    else:
        behind = np.repeat(bounds[1:], counts)
        hashes = np.zeros(len(first), dtype=np.uint64)
        for at in range(WORDS):
            place = first + at
            inside = place < behind  # false only in a text of fewer than five words
            hashes = hashes * _STEP + np.where(inside, words[np.where(inside, place, 0)], np.uint64(0))
    hashes ^= hashes >> np.uint64(29)
    hashes *= _MIX
    return hashes ^ (hashes >> np.uint64(32)), starts


def _digests(hashes: Hashes, starts: Offsets) -> Signatures:
    """Signatures of n sets of hashes: hashes, shape (k,), and set bounds, shape (n + 1,), in; (n, 128) out."""
    import rensa  # type: ignore[import-untyped]

    matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(hashes, starts.astype(np.uint64), COMPONENTS, _SEED)
    rows = [array("I", row) for row in matrix.to_rows()]  # twice as fast as a list
    return np.array(rows, dtype=np.uint32).reshape(len(starts) - 1, COMPONENTS)


def _normalised_bytes(texts: pa.Array) -> pa.Array:
    """Normalise texts as UTF-8 bytes; texts for which that is not possible, by regular expression."""
    data, rows = utf8(texts)
    folded = np.frombuffer(bytearray(data).translate(_FOLDED), np.uint8)  # five times as fast as indexing a table
    longer = _fold_longer(data, folded)
    white = folded == _SPACE
    behind_white = np.empty_like(white)
    behind_white[1:] = white[:-1]
    behind_white[rows[:-1][np.diff(rows) > 0]] = True  # the start of a text
    dropped = white & behind_white
    dropped[_last_spaces(dropped, white, rows)] = True
    folded, bounds = folded[~dropped], rows - np.searchsorted(np.flatnonzero(dropped), rows)
    buffers = [None, pa.py_buffer(bounds), pa.py_buffer(folded)]
    normalised_texts = pa.Array.from_buffers(pa.large_string(), len(texts), buffers).cast(pa.string())
    by_regex = np.diff(bounds) == 0
    by_regex[np.searchsorted(rows, longer, side="right") - 1] = True
    if by_regex.any():
        mask = pa.array(by_regex)
        normalised_texts = pc.replace_with_mask(
            normalised_texts, mask, normalised_by_regex(texts.filter(mask)).cast(pa.string())
        )
    return normalised_texts


def _fold_longer(data: Bytes, folded: Bytes) -> Offsets:
    """Fold multi-byte characters in place; return the positions of those whose folded form has another length."""
    leading = np.flatnonzero(data >= 0xC2)
    unfit = [leading[:0]]
    for length, first, last, mark, points in _LONGER:
        places = leading[(data[leading] >= first) & (data[leading] <= last)]
        if not len(places):
            continue
        code = (data[places] ^ mark).astype(np.int32)
        for at in range(1, length):
            code = code << 6 | data[places + at] & 0x3F
        lowered = _lowered(code)
        spaces = lowered == _SPACE
        fits = (lowered >= points.start) & (lowered < points.stop)
        unfit.append(places[~fits & ~spaces])
        for at in range(length):
            folded[places[spaces] + at] = _SPACE
        changed = fits & (lowered != code)
        places, lowered = places[changed], lowered[changed]
        for at in range(length - 1, 0, -1):
            folded[places + at] = lowered & 0x3F | 0x80
            lowered = lowered >> 6
        folded[places] = lowered | mark
    return np.concatenate(unfit)


def _lowered(code: NDArray[np.int32]) -> NDArray[np.int32]:
    """The folded form of code points: lower case for letters, marks and digits, a space for all others."""
    new = np.unique(code[_LOWERED[code] < 0])
    if len(new):
        lowered = pc.utf8_lower(pa.array([chr(point) for point in new], pa.string()))
        letters = pc.match_substring_regex(lowered, r"[\pL\pM\pN]").to_pylist()
        _LOWERED[new] = [ord(c) if letter else _SPACE for c, letter in zip(lowered.to_pylist(), letters, strict=True)]
    return _LOWERED[code]


def _last_spaces(dropped: Mask, white: Mask, rows: Offsets) -> Offsets:
    """Positions of white space that remains at the end of texts, before the dropped run if there is one."""
    last = rows[1:][np.diff(rows) > 0] - 1
    places = np.flatnonzero(dropped)
    if len(places):
        runs = places[np.flatnonzero(np.diff(places, prepend=-2) != 1)]
        begun = runs[np.searchsorted(runs, last, side="right") - 1]
        last = np.where(dropped[last], begun - 1, last)
    # For a text of only white space this may be the end of the previous text, for which it is listed anyway.
    last = last[last >= 0]
    return last[white[last]]
