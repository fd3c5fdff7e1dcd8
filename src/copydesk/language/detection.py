"""Detect the languages of a text, and the paragraphs that are in another one, with CLD2 and without a network.

A long text is judged by eight windows of its long lines, a short one also by its frequent words, see
:mod:`copydesk.language.frequent_words`. What was measured stands in docs/sentences.md.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple
from unicodedata import normalize

import pyarrow as pa
import pycld2

from copydesk.language.close_languages import close_to, told_apart
from copydesk.language.frequent_words import fits, languages_with_words
from copydesk.language.scripts import by_letters, by_script

Passage = tuple[int, int, str]
#: A language, and the percent of the letters that are in it.
LanguageShare = tuple[str | None, int]
_NO_SHARE: LanguageShare = (None, 0)
_PART = pa.struct(
    [pa.field("language", pa.string(), nullable=False), pa.field("share", pa.float64(), nullable=False)]
)
_PARTS = pa.list_(pa.field("element", _PART, nullable=False))

#: Characters of a line or paragraph that are read, 40 ns each.
_SAMPLE = 800
#: Windows of a text that are read, and the characters of each.
_WINDOWS, _WINDOW = 6, 128
#: A shorter line may be a heading, a menu or a button: it counts only where long ones are few.
_LONG_LINE = 60
#: Characters up to which frequent words are evidence, too; fewer, where the model gives nearly all to one language.
_SHORT, _SHORT_AND_DOUBTFUL, _NEARLY_ALL = 120, 300, 95
#: Log-odds of what the model is sure of, beside those of the words.
_MODEL_ODDS = 4.0
#: Least log-odds of a language that only the words tell, and least difference from the next one.
_LEAST_ODDS, _LEAST_LEAD = 9.0, 1.0
#: The same where the model's best guess is that language.
_LEAST_AGREED = 4.0
#: Least log-odds for each word, for a language other than the model's.
_LEAST_OF_WORD = 1.2
#: Least percent of the letters in a language. The model wants 80, which a quarter of the Russian texts do not reach;
#: with 40 no document got a wrong label.
_LEAST_PERCENT = 40
#: Least percent of a language that is listed beside the largest.
_LEAST_PART = 10
#: The same as _LEAST_PERCENT, of a short paragraph.
_LEAST_OF_SHORT = 80
#: Most percent of a foreign paragraph's letters in the language of the document: a quotation or a title.
_MOST_FAMILIAR = 20
#: Bytes of UTF-8 below which a line is not judged: 80 Latin, 40 Cyrillic or 27 Chinese letters.
_LEAST_BYTES = 80
#: The same where a paragraph that is wrongly taken for foreign does no harm.
_LEAST_BYTES_OF_SHORT = 40

#: Codes of the model that ISO 639 has replaced, or that name a script or a country, too.
_RENAMED = {"iw": "he", "jw": "jv", "sr-ME": "cnr", "zh-Hant": "zh"}
#: Codes that the model accepts as a hint, by our codes.
_HINTS: dict[str | None, str] = {_RENAMED.get(code, code): code for _, code in reversed(pycld2.LANGUAGES)}
#: Unknown, and jokes: Bork, Elmer Fudd, Hacker and Pig Latin. Codes of a script alone begin with "xx".
_NO_LANGUAGE = {"un", "xxx", "zzb", "zze", "zzh", "zzp"}

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

#: Characters that the model refuses as "invalid UTF-8": control characters and non-characters.
_REFUSED = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
#: Points of Arabic vowels, which the model takes for another script.
_POINTS = re.compile("[\u064b-\u0652\u0670\u0640]")
_LATIN = re.compile("[A-Za-z]")
#: Addresses, which contain words of other languages. The pattern starts where a word does; else it were quadratic.
_ADDRESS = re.compile(r"(?<![!-~])[!-~]*(?:://|www\.|@)[!-~]*")


class Identified(NamedTuple):
    """The language of a text, see `Languages`."""

    label: str | None
    score: float
    share: float
    shares: tuple[tuple[str, float], ...]


class Languages(NamedTuple):
    """Languages of n texts."""

    labels: pa.Array
    """string: ISO 639-1 code, or ISO 639-3 where there is none; null where no language is clear"""
    scores: pa.Array
    """float64 in [0, 1]: the share of the language less that of the next one; 0 where null. The model gives no
    probability; the score is low for a text in two languages, or in one that resembles another."""
    shares: pa.Array
    """float64 in [0, 1]: share of the sample's letters, in bytes, that the model assigns to the language; 0 where
    null. Letters that it assigns to no language lower the share."""
    all_shares: pa.Array
    """list of (language: string, share: float64): the languages that make up a tenth of the sample or more, the
    largest first"""


def detect(texts: pa.Array) -> Languages:
    """Detect the language of each text.

    Parameters
    ----------
    texts : pa.Array of string, shape (n,)

    Returns
    -------
    Languages
        Four columns of shape (n,). Each row depends on its text alone.
    """
    identified = [identify(text or "") for text in texts.to_pylist()]
    shares = [
        [{"language": language, "share": share} for language, share in document.shares] for document in identified
    ]
    return Languages(
        pa.array([document.label for document in identified], pa.string()),
        pa.array([document.score for document in identified], pa.float64()),
        pa.array([document.share for document in identified], pa.float64()),
        pa.array(shares, _PARTS),
    )


def identify(text: str) -> Identified:
    """Detect the language of one text.

    >>> identify("Он жил в г. Москве на улице Ленина.").label
    'ru'
    """
    sample = _sample(text)
    return _told_apart(sample, _identify(sample))


def _identify(sample: str) -> Identified:
    shares = _languages(sample)
    label, percent = shares[0] if shares else _NO_SHARE
    is_clear = label is not None and percent >= _LEAST_PERCENT
    if not sample.isascii() and (not is_clear or len(sample) <= _SHORT_AND_DOUBTFUL):
        script = by_script(sample)
        if script:  # with names in Latin letters, which the words would be taken from
            language, share = script
            doubtful = not is_clear or (label != language and label in languages_with_words())
            return Identified(language, share, share, (script,)) if doubtful else _identified(shares)
    if len(sample) <= (_SHORT if percent >= _NEARLY_ALL else _SHORT_AND_DOUBTFUL) or not is_clear:
        by_words = _with_words(sample, shares)
        if not by_words.label and "\n" in sample:
            return _by_lines(sample)
        letters = None if by_words.label or sample.isascii() else by_letters(sample)
        return _identified([(letters, _LEAST_PERCENT)]) if letters else by_words
    return _identified(shares)


def _sample(text: str) -> str:
    """The parts of a text that are read, without addresses and the points of vowels."""
    if len(text) > _WINDOWS * _WINDOW:
        lines = [line for line in text.split("\n") if len(line) >= _LONG_LINE]
        if 4 * sum(map(len, lines)) > len(text):
            text = "\n".join(lines)
    if len(text) > _WINDOWS * _WINDOW:
        step = (len(text) - _WINDOW) // (_WINDOWS - 1)
        text = "\n".join(_whole_words(text[at * step : at * step + _WINDOW]) for at in range(_WINDOWS))
    # The model knows composed letters.
    text = _POINTS.sub("", normalize("NFC", text))
    return _without_addresses(text)


def _whole_words(window: str) -> str:
    """A window without the parts of words at its ends; of a script without spaces all of it."""
    start, end = window.find(" ") + 1, window.rfind(" ")
    return window[start:end] if end - start > _WINDOW // 2 else window


def _by_lines(sample: str) -> Identified:
    """The language of a text whose lines are in several, so that none is clear in all of it."""
    letters: dict[str | None, int] = defaultdict(int)
    for line in sample.split("\n")[: 2 * _WINDOWS]:
        letters[_with_words(line, _languages(line)).label] += len(line)
    ranked = sorted(letters.items(), key=lambda part: (-part[1], part[0] or ""))
    total = sum(letters.values())
    return _identified([(language, 100 * count // total) for language, count in ranked if language])


def _identified(shares: Sequence[LanguageShare]) -> Identified:
    (label, percent), (_, following), *_ = [*shares, _NO_SHARE, _NO_SHARE]
    if label is None or percent < _LEAST_PERCENT:
        return Identified(None, 0.0, 0.0, ())
    parts = ((language, part / 100) for language, part in shares if language is not None and part >= _LEAST_PART)
    return Identified(label, max(0, percent - following) / 100, percent / 100, tuple(parts))


def _told_apart(sample: str, identified: Identified) -> Identified:
    """The same with the languages that are close to the first one put down to that which the words tell."""
    close = close_to(identified.label)
    if not close or identified.label is None:
        return identified
    label = told_apart(sample, identified.label)
    own = min(1.0, round(sum(share for language, share in identified.shares if language in close), 2))
    others = [(language, share) for language, share in identified.shares if language not in close]
    shares = sorted([(label, own), *others], key=lambda part: -part[1])
    lead = own - max((share for _, share in others), default=0.0)
    alone = len(others) == len(identified.shares) - 1
    return Identified(label, identified.score if alone else max(0.0, round(lead, 2)), own, tuple(shares))


def _with_words(sample: str, shares: Sequence[LanguageShare]) -> Identified:
    """The language of a short text, by the model, its best guess, and the words."""
    odds = fits(sample)
    told_by_words = dict(odds)
    guess = dict(_languages(sample, best_effort=True))
    sure = dict(shares)
    for language in guess.keys() | sure.keys():
        if language is not None:
            part = sure.get(language, 0) + guess.get(language, 0)
            odds[language] = odds.get(language, 0.0) + _MODEL_ODDS * part / 200
    if not odds:
        return _identified(shares)
    label = min(odds, key=lambda language: (-odds[language], language))
    lead = odds[label] - max((other for language, other in odds.items() if language != label), default=0.0)
    if (shares and label == shares[0][0]) or lead < _LEAST_LEAD:
        return _identified(shares)
    by_words = told_by_words.get(label, 0.0)
    least = _LEAST_AGREED if guess.get(label, 0) >= _NEARLY_ALL else _LEAST_ODDS
    if by_words < least if not shares else by_words < _LEAST_OF_WORD * sample.count(" "):
        return _identified(shares)  # names, or a language of which no words are known, such as Latin
    share = round(min(1.0, max(sure.get(label, 0), guess.get(label, 0), _LEAST_PERCENT) / 100), 2)
    return Identified(label, round(share * lead / odds[label], 2), share, ((label, share),))


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


def _without_addresses(sample: str) -> str:
    # To look for the signs takes a hundredth of the time of the pattern, and most texts have none.
    return _ADDRESS.sub(" ", sample) if any(sign in sample for sign in ("://", "www.", "@")) else sample


def language_of(text: str) -> str | None:
    """The language of one text; None where none is clear."""
    return identify(text).label


def _foreign(text: str, label: str) -> Iterator[Passage]:
    start = 0
    for line in text.split("\n"):
        language = other_language(line.strip(), label)
        if language is not None:
            stripped = line.strip()
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
    sample = _without_addresses(line[:_SAMPLE]).strip()
    if not _is_long(sample):
        return None
    # The hint makes the model prefer the language of the document, which halves the false positives. It may also
    # hide a similar language, such as Spanish in Portuguese: then the model is called again without a hint.
    shares = _languages(sample, hint=label) or _languages(sample)
    language, percent = shares[0] if shares else _NO_SHARE
    if language in {None, label} or percent < _LEAST_PERCENT or dict(shares).get(label, 0) > _MOST_FAMILIAR:
        return None
    # Both halves must be foreign, since names and titles are seldom in both.
    middle = len(sample) // 2
    halves = (_languages(half, hint=label) for half in (sample[:middle], sample[middle:]))
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
    sample = _without_addresses(paragraph[:_SAMPLE])
    if any(word in sample for word in own_words):
        return label
    shares = _languages(sample)
    language, percent = shares[0] if shares else _NO_SHARE
    if label in _FUNCTION_WORDS and 4 * len(_LATIN.findall(sample)) < len(sample):
        return language  # another script
    is_close = any({language, label} <= close for close in _CLOSE)
    return label if language is None or percent < _LEAST_OF_SHORT or is_close else language


def _languages(sample: str, hint: str | None = None, *, best_effort: bool = False) -> list[LanguageShare]:
    """Up to three languages of a sample, the one with most of its letters first."""
    percents: dict[str | None, int] = {}
    for _, code, percent, _ in _model_output(sample, hint, best_effort):
        if code not in _NO_LANGUAGE and not code.startswith("xx-"):
            language = _RENAMED.get(code, code)
            percents[language] = percents.get(language, 0) + percent
    return sorted(percents.items(), key=itemgetter(1), reverse=True)


def _model_output(sample: str, hint: str | None, best_effort: bool) -> tuple[tuple[str, str, int, float], ...]:
    """Name, code, percent and strength of three languages, as the model returns them."""
    hint_code = _HINTS.get(hint)
    try:
        details: tuple[tuple[str, str, int, float], ...]
        _, _, details = pycld2.detect(sample, isPlainText=True, hintLanguage=hint_code, bestEffort=best_effort)
    except pycld2.error:
        spaced = _REFUSED.sub(" ", sample)
        return _model_output(spaced, hint, best_effort) if spaced != sample else ()
    return details
