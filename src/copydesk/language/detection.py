"""Detect the languages of a text, without a network.

A long text is judged by CLD2 in six windows of its long lines, a short one also by its frequent words, see
:mod:`copydesk.language.frequent_words`. What was measured stands in docs/sentences.md.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize

import pyarrow as pa

from copydesk.language.close_languages import close_to, told_apart
from copydesk.language.compact_detector import LEAST_PERCENT, NO_SHARE, LanguageShare, model_shares, without_addresses
from copydesk.language.frequent_words import fits, languages_with_words
from copydesk.language.scripts import by_letters, by_script

_PART = pa.struct(
    [pa.field("language", pa.string(), nullable=False), pa.field("share", pa.float64(), nullable=False)]
)
_PARTS = pa.list_(pa.field("element", _PART, nullable=False))

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
#: Least percent of a language that is listed beside the largest.
_LEAST_PART = 10
#: Points of Arabic vowels, which the model takes for another script.
_POINTS = re.compile("[\u064b-\u0652\u0670\u0640]")
#: A letter that every longer text in Arabic script has; to look for it takes a hundredth of the time of the pattern.
_ALEF = "\u0627"


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
    return _language_of_sample(_sample(text))


@lru_cache(maxsize=256)
def _language_of_sample(sample: str) -> Identified:
    return _told_apart(sample, _identify(sample))


def _identify(sample: str) -> Identified:
    shares = model_shares(sample)
    label, percent = shares[0] if shares else NO_SHARE
    is_clear = label is not None and percent >= LEAST_PERCENT
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
        return _identified([(letters, LEAST_PERCENT)]) if letters else by_words
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
    if not text.isascii():
        text = normalize("NFC", text)  # the model knows composed letters
        if len(text) < _LONG_LINE or _ALEF in text:
            text = _POINTS.sub("", text)
    return without_addresses(text)


def _whole_words(window: str) -> str:
    """A window without the parts of words at its ends; of a script without spaces all of it."""
    start, end = window.find(" ") + 1, window.rfind(" ")
    return window[start:end] if end - start > _WINDOW // 2 else window


def _by_lines(sample: str) -> Identified:
    """The language of a text whose lines are in several, so that none is clear in all of it."""
    letters: dict[str | None, int] = defaultdict(int)
    for line in sample.split("\n")[: 2 * _WINDOWS]:
        letters[_with_words(line, model_shares(line)).label] += len(line)
    ranked = sorted(letters.items(), key=lambda part: (-part[1], part[0] or ""))
    total = sum(letters.values())
    return _identified([(language, 100 * count // total) for language, count in ranked if language])


def _identified(shares: Sequence[LanguageShare]) -> Identified:
    (label, percent), (_, following), *_ = [*shares, NO_SHARE, NO_SHARE]
    if label is None or percent < LEAST_PERCENT:
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
    guess = dict(model_shares(sample, best_effort=True))
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
    share = round(min(1.0, max(sure.get(label, 0), guess.get(label, 0), LEAST_PERCENT) / 100), 2)
    return Identified(label, round(share * lead / odds[label], 2), share, ((label, share),))


def language_of(text: str) -> str | None:
    """The language of one text; None where none is clear."""
    return identify(text).label
