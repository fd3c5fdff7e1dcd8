"""Find the paragraphs of a document that are in another language, as quotations and notices are."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa

from copydesk.language.compact_detector import LEAST_PERCENT, NO_SHARE, model_shares, without_addresses

Passage = tuple[int, int, str]

#: Characters of a line or paragraph that are read, 40 ns each.
_SAMPLE = 800
#: Least percent of the letters of a short paragraph in its language.
_LEAST_OF_SHORT = 80
#: Most percent of a foreign paragraph's letters in the language of the document: a quotation or a title.
_MOST_FAMILIAR = 20
#: Bytes of UTF-8 below which a line is not judged: 80 Latin, 40 Cyrillic or 27 Chinese letters.
_LEAST_BYTES = 80
#: Characters below which a line has fewer bytes than that: a character has four at most.
_LEAST_CHARACTERS = _LEAST_BYTES // 4
#: Like _LEAST_BYTES, where a paragraph that is wrongly taken for foreign does no harm.
_LEAST_BYTES_OF_SHORT = 40

#: Languages that cannot be told apart reliably from one paragraph; the model has the same groups.
_CLOSE = (
    {"id", "ms"},
    {"bo", "dz"},
    {"cs", "sk"},
    {"xh", "zu"},
    {"bs", "cnr", "hr", "sr"},
    {"bh", "hi", "mr", "ne"},
    {"da", "nn", "no"},
    {"es", "gl"},
    {"gl", "pt"},
    {"rn", "rw"},
)

#: Frequent function words of a language; a line of a similar language hardly contains two of them.
_FUNCTION_WORDS = {
    language: tuple(f" {word} " for word in words.split())
    for language, words in {
        "de": "und die der das ist nicht mit ein von im dem sich auf für zu wird auch eine",
        "en": "the and to of that for with this from it are were his not you they has which",
        "es": "el los y las por sus fue pero más está una también",
        "fr": "les et une dans pour sur avec par cette aux",
        "it": "il di che della per con gli nel sono alla",
        "nl": "het een van dat niet zijn voor aan ook wordt",
        "pt": "os em um uma não do ao dos mais pelo",
    }.items()
}

_LATIN = re.compile("[A-Za-z]")


def passages(texts: pa.Array, labels: pa.Array) -> list[list[Passage]]:
    """Find the paragraphs that are reliably in another language than their document.

    Parameters
    ----------
    texts : pa.Array of string, shape (n,)
    labels : pa.Array of string, shape (n,)
        Language of each document, from `detect`; for null there are no passages.

    Returns
    -------
    list of n lists of (start, end, language)
        Lines without the white space around them, in code points of the text, in order. Lines of fewer than
        80 bytes are skipped, and so are languages close to that of the document, such as Czech and Slovak.
    """
    return [
        list(_foreign(text, label)) if text and label else []
        for text, label in zip(texts.to_pylist(), labels.to_pylist(), strict=True)
    ]


def _foreign(text: str, label: str) -> Iterator[Passage]:
    start = 0
    for line in text.split("\n"):
        stripped = line.strip() if len(line) >= _LEAST_CHARACTERS else ""
        language = other_language(stripped, label) if stripped else None
        if language is not None:
            first = start + len(line) - len(line.lstrip())
            yield first, first + len(stripped), language
        start += len(line) + 1


def _is_long(line: str, least: int = _LEAST_BYTES) -> bool:
    return len(line) >= least or (not line.isascii() and len(line.encode()) >= least)


def _is_familiar(line: str, words: tuple[str, ...]) -> bool:
    """Whether enough different function words are in a line: two, and one more for each 400 characters."""
    missing = 2 + len(line) // 400
    for word in words:
        if word in line:
            missing -= 1
            if not missing:
                return True
    return False


def other_language(line: str, label: str) -> str | None:
    """The language of a line if it is clearly another than ``label``; None otherwise."""
    # The length and the function words decide nearly all lines: the model takes ten times as long.
    if not _is_long(line) or _is_familiar(line[:_SAMPLE], _FUNCTION_WORDS.get(label, ())):
        return None
    sample = without_addresses(line[:_SAMPLE]).strip()
    if not _is_long(sample):
        return None
    # The hint makes the model prefer the language of the document, which halves the false positives. It may also
    # hide a similar language, such as Spanish in Portuguese: then the model is called again without a hint.
    shares = model_shares(sample, hint=label) or model_shares(sample)
    language, percent = shares[0] if shares else NO_SHARE
    if language in {None, label} or percent < LEAST_PERCENT or dict(shares).get(label, 0) > _MOST_FAMILIAR:
        return None
    # Both halves must be foreign, since names and titles are seldom in both.
    middle = len(sample) // 2
    halves = (model_shares(half, hint=label) for half in (sample[:middle], sample[middle:]))
    if any(half and half[0][0] == label for half in halves):
        return None
    return None if any({language, label} <= close for close in _CLOSE) else language


def language_of_paragraph(paragraph: str, label: str) -> str | None:
    """The language of a paragraph of a document, also of a short one: for cleaning, which does no harm by doubt.

    A word of the document's language, or names, make a short paragraph one of the document. None for one in another
    script whose language is not clear.
    """
    own_words = _FUNCTION_WORDS.get(label, ())
    if _is_familiar(paragraph[:_SAMPLE], own_words):
        return label
    language = other_language(paragraph, label)
    if language or not _is_long(paragraph, _LEAST_BYTES_OF_SHORT):
        return language or label
    sample = without_addresses(paragraph[:_SAMPLE])
    if any(word in sample for word in own_words):
        return label
    shares = model_shares(sample)
    language, percent = shares[0] if shares else NO_SHARE
    if label in _FUNCTION_WORDS and 4 * len(_LATIN.findall(sample)) < len(sample):
        return language  # another script
    is_close = any({language, label} <= close for close in _CLOSE)
    return label if language is None or percent < _LEAST_OF_SHORT or is_close else language
