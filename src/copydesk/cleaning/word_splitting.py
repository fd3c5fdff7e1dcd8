"""How likely a token is to be one word, and how likely to be several words that lost the space between them."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from copydesk.language.vocabularies import Vocabulary, english
from copydesk.language.word_frequencies import COMPOUNDING, LOADED

# The words of two letters that are common on their own; the many others in the list are abbreviations.
_TWO = frozenset("am an as at be by do go he if in is it me my no of on or so to up us we".split())
#: Forms of three and four letters that are in the list of words, but are mostly parts of longer words.
AFFIXES = frozenset(
    """able age anti auto bio can con counter crypto cyber der des die eco electro ers est euro extra ful gen
    geo hetero homo hydro hyper ies immuno infra ing inter ion ish ist ity las les less like los macro man mega
    men ment micro mid mis mono multi nano ness neuro non nov oid ous over para per photo poly post pre pro
    pseudo psycho que radio retro ron semi ship ski sky socio sub super techno tele thermo ting tion ton trans
    tri turbo ultra und under von war ware way ways wise""".split()
)


def _as_part(word: str, vocabulary: Vocabulary) -> float:
    """Logarithm of how likely a word in small letters is as a part of a longer token; -inf if it is none."""
    frequency = vocabulary.frequencies.get(word)
    size = len(word)
    if frequency is None or size < 2:
        return -math.inf
    log = math.log10(frequency)
    if word in vocabulary.function_words:
        return log
    english = vocabulary.language == "en"
    if size > 24 or (size == 2 and not (english and word in _TWO)):
        return -math.inf
    rare_3, rare_4 = (-5.2, -5.9) if english else (-4.3, -5.2)
    if log < (rare_3 if size == 3 else rare_4 if size == 4 else -7.2):
        return -math.inf
    return log - 1.0 if english and word in AFFIXES else log


def log_frequency(word: str, vocabulary: Vocabulary | None = None) -> float:
    """Decimal logarithm of the frequency of a word in small letters, in English if no vocabulary is given; or -inf.

    >>> log_frequency("the") > log_frequency("hotel") > log_frequency("hadresigned")
    True
    """
    vocabulary = vocabulary or english()
    if word.endswith("'s") and word not in vocabulary.frequencies:
        word = word[:-2]
    return vocabulary.log_frequency(word)


class Seen(NamedTuple):
    """The words of a document: how often each occurs, and how many there are."""

    counts: Mapping[str, int]
    total: int

    def share(self, part: str) -> float:
        """Logarithm of the probability of a word in this document."""
        count = self.counts.get(part, 0) or (self.counts.get(part[:-1], 0) / 3 if part[-1] == "s" else 0)
        return math.log10(0.2 * count / self.total) if count and len(part) > 2 else -math.inf

    def holds(self, part: str) -> bool:
        """Whether the document holds a word or its singular."""
        return part in self.counts or (part[-1] == "s" and part[:-1] in self.counts)


class Split(NamedTuple):
    """A token cut into words, with logarithms of how likely it is as several words and as one."""

    parts: tuple[str, ...]
    glued: float
    whole: float


_NONE = Seen({}, 1)
#: Words of other languages that are rarer in English are not taken for English.
_FOREIGN = -6.5
#: Logarithm of the share of words in a text that no list holds.
_NEW = -2.0
_SCRIPTS = re.compile(r"[^\W\d_\u0370-\u1dff]+|[\u0370-\u1dff]+")
_ALIKE = re.compile("[aceiopxysABCEHIKMOPTXYZ]+")  # may stand for letters of Cyrillic or Greek
_LONGEST_PART = 24  # letters
_MOST_KEPT = 50_000  # values of parts
_FEW = 6  # words that begin or end with a part; with more it may be a prefix or an ending
_INNER = re.compile("[a-z][A-Z]")
# Capitals within a name: McDonald, MacArthur, DeVito, LeBron, VanEck, DiCaprio, LaGuardia.
_NAME_STARTS = frozenset("Mc Mac De Le La Du Di Da Van Von Fitz St Lo El Al Ma San Del Dos Mag Vander".split())
_SHORT_STARTS = frozenset("I A In On At By He It We My No So To Of As If Is An Or Up Do Us".split())


def value(part: str, vocabulary: Vocabulary, seen: Seen = _NONE) -> float:
    """How likely a part of a token is as a word of its own; -inf if it cannot be one."""
    alone = _value_alone(part, vocabulary)
    return alone if seen is _NONE else max(alone, seen.share(part))


@lru_cache(maxsize=50_000)
def _value_alone(part: str, vocabulary: Vocabulary) -> float:
    """The same whatever the document holds."""
    word = vocabulary.lower(part).replace("’", "'")
    shape = part.removesuffix("’s").removesuffix("'s")
    likely = _as_part(word.removesuffix("'s"), vocabulary)
    small = shape == shape.lower()  # so are letters without case
    if shape[1:].islower() and not small:
        if len(part) > 3:  # or a name that no list holds
            likely = max(likely, log_frequency(word, vocabulary), _unlisted_name(len(part)))
    elif shape.isupper():
        likely = max(log_frequency(word, vocabulary), -5.0 - 0.3 * len(part)) if 1 < len(part) < 7 else -math.inf
    elif not small:
        camel = _INNER.search(part) and part[0].isupper()
        likely = log_frequency(word, vocabulary) - 0.5 if camel else -math.inf
    return max(likely, _as_english(word)) if vocabulary.language != "en" else likely


def _as_english(word: str) -> float:
    """How likely an English word is in a text of another language; -inf if it is none, or a rare one."""
    likely = log_frequency(word) if word.isascii() and len(word) > 2 else -math.inf
    return likely - 1.0 if likely > _FOREIGN else -math.inf


def _unlisted_name(size: int) -> float:
    """How likely a capitalised word of so many letters is that no list holds."""
    return -4.0 - 0.6 * size


def _letter(token: str, at: int, vocabulary: Vocabulary) -> float:
    """How likely one letter of a token is as a word: "I", "a", and before a capital "àParis", "wKrakowie"."""
    letter, last = token[at], at == len(token) - 1
    if vocabulary.language != "en":
        return _single(letter, vocabulary) if at == 0 and not last and token[1].isupper() else -math.inf
    if letter == "I" or (at == 0 and letter in "aA"):
        return log_frequency(letter.lower())
    return log_frequency("a") - 0.7 if last and letter == "a" else -math.inf


def _whole_english(token: str, parts: tuple[str, ...], likely_parts: float, seen: Seen) -> float:
    """How likely a token is as one word: one that is known, a name or a rare word, or a new compound of its parts."""
    size = len(token)
    capital = token[0].isupper()
    camel = not token[1:].islower() and not token.isupper()
    known = log_frequency(token.lower().replace("’", "'"))
    functions = english().function_words
    functional = any(part.lower() in functions or len(part) < 3 for part in parts)
    if camel:
        known -= 1.0 if capital else 2.0
        acronym = parts[0].isupper() and len(parts[0]) > 2 and token[len(parts[0]) :].islower()
        opener = parts[0].lower() in functions
        spelled = -7.7 if not capital or acronym else -5.7 if opener else -3.5
        spelled -= 0.5 * min(size, 10) + 0.8 * max(0, size - 10)  # brands are short
        compound = -7.0 if functional else -2.7 if capital else -5.0
    else:
        spelled = (-4.2 if capital else -5.7) - 0.75 * size
        affixed = any(part.lower() in AFFIXES for part in parts)
        compound = -7.0 if functional else -2.0 if affixed else -4.5
    if parts[0] in _NAME_STARTS or (camel and capital and len(parts[0]) < 3 and parts[0] not in _SHORT_STARTS):
        compound = 3.0
    owner = token[:-2] if token.endswith(("'s", "’s")) else ""
    return max(known, spelled, compound + likely_parts, seen.share(owner) if owner else known)


def _whole(token: str, parts: tuple[str, ...], likely_parts: float, vocabulary: Vocabulary, seen: Seen) -> float:
    """The same in another language: words are derived as the words of its vocabulary are, whose parts are counted."""
    size = len(token)
    word = vocabulary.lower(token)
    camel = not token[1:].islower() and not token.isupper()
    known = max(vocabulary.log_frequency(word), log_frequency(word) - 1.0)
    if camel:
        capital = token[0].isupper()
        opener = vocabulary.lower(parts[0]) in vocabulary.function_words
        known -= 1.0
        spelled = (-5.7 if opener else -3.5) if capital else -7.7
        spelled -= 0.5 * min(size, 10) + 0.8 * max(0, size - 10)
        acronym = len(parts[0]) > 1 and parts[0].isupper() and vocabulary.stands_last(token[len(parts[0]) :])
        compound = 1.0 if capital and not acronym and (parts[0] in _NAME_STARTS or not opener) else -5.0
        return max(known, spelled, compound + likely_parts)
    spelled = -3.5 - 0.55 * size if token[0].isupper() else -5.7 - 0.75 * size
    lower = list(map(vocabulary.lower, parts))
    if not any(map(vocabulary.holds, lower)):  # "runserver" in a German text
        return max(known, likely_parts)
    if vocabulary.language in COMPOUNDING and vocabulary.function_words.isdisjoint(lower):
        return max(known, likely_parts)
    return max(known, spelled, _derived(token, vocabulary, seen))


def _derived(token: str, vocabulary: Vocabulary, seen: Seen) -> float:
    """How likely a word is to be made of a stem and a beginning or an ending, by how many words are made with it."""
    word = vocabulary.lower(token)
    lefts = [(word[:at], token[:at], at, True) for at in range(3, len(word))]
    rights = [(word[at:], token[at:], at, False) for at in range(1, len(word) - 2)]
    parts = (*lefts, *rights)
    # Most beginnings and ends are no words.
    known = (vocabulary.frequencies.keys() & [part for part, *_ in parts]) - vocabulary.function_words
    # How likely each stem is, where it ends or begins, and whether it stands first.
    stems = [
        (max(vocabulary.log_frequency(part), seen.share(own)), at, stands_first)
        for part, own, at, stands_first in parts
        if part in known or (seen is not _NONE and seen.holds(own) and part not in vocabulary.function_words)
    ]
    stems += _other_stems(word, vocabulary)
    best = -math.inf
    for stem, at, stands_first in sorted(stems, reverse=True):
        if stem <= best:  # the rest is a share, which makes it less likely
            break
        left, right = word[:at], word[at:]
        family = vocabulary.family_of_last(right) if stands_first else vocabulary.family_of_first(left)
        is_compound = vocabulary.language in COMPOUNDING and vocabulary.function_words.isdisjoint((left, right))
        share = (family + (3.0 if is_compound else 0.1)) / len(vocabulary.frequencies)
        best = max(best, stem + math.log10(share))
    return best + _NEW


def _other_stems(word: str, vocabulary: Vocabulary) -> Iterator[tuple[float, int, bool]]:
    """English stems with an ending ("ambivalentes"), frequent words with a frequent beginning ("entretiempo")."""
    if not vocabulary.is_latin:
        return
    lefts = [word[:at] for at in range(3, len(word))]
    foreign = english().frequencies.keys() & lefts
    for part in lefts:
        at, right = len(part), word[len(part) :]
        if part in foreign and part not in vocabulary.frequencies:
            yield _as_english(part), at, True
        if len(right) > 4 and right in vocabulary.function_words and vocabulary.family_of_first(part) >= _FEW:
            yield vocabulary.log_frequency(right), at, False


def cut(
    token: str, vocabulary: Vocabulary, seen: Seen = _NONE, values: dict[str, float] | None = None
) -> Split | None:
    """The best way to cut a token into several words, if there is one.

    Parameters
    ----------
    token : str
        Letters and apostrophes.
    vocabulary : Vocabulary
    seen : Seen
        Words of the document, which may be parts though the language does not know them.
    values : dict
        Cache of the values of parts in this document, shared by its tokens.
    """
    if not vocabulary.is_latin and len(scripts := _SCRIPTS.findall(token)) > 1:
        return _cut_scripts(scripts, vocabulary)
    if values is None:
        values = _values_alone(vocabulary) if seen is _NONE else {}
    return _cut_words(token, vocabulary, seen, values) if vocabulary.cuts_words else None


@lru_cache(maxsize=LOADED)
def _kept_values(vocabulary: Vocabulary) -> dict[str, float]:
    return {}


def _values_alone(vocabulary: Vocabulary) -> dict[str, float]:
    """Values of parts of tokens whatever the document holds; most tokens end in a part that others end in too."""
    values = _kept_values(vocabulary)
    if len(values) > _MOST_KEPT:
        values.clear()
    return values


def _cut_words(token: str, vocabulary: Vocabulary, seen: Seen, values: dict[str, float]) -> Split | None:
    size = len(token)
    following = _words_to_the_end(token, vocabulary, seen, values)
    best = [-math.inf] * (size + 1)
    came = [0] * (size + 1)
    best[0] = 0.0
    for start in reversed(following):
        reached = best[start] - (0.7 if start else 0.0)
        for end, worth in following[start]:
            if reached + worth > best[end]:
                best[end], came[end] = reached + worth, start
    if best[size] == -math.inf:
        return None
    words = _walk(token, came)
    if _is_drop_cap_or_name(words, vocabulary.function_words):
        return None
    if vocabulary.language != "en":
        return _weakest(words, vocabulary, seen, values)
    likely = best[size] + 0.7 * (len(words) - 1)
    return Split(words, best[size], _whole_english(token, words, likely, seen))


def _words_to_the_end(
    token: str, vocabulary: Vocabulary, seen: Seen, values: dict[str, float]
) -> dict[int, list[tuple[int, float]]]:
    """The words that a token may be cut into, by where they begin: where each ends, and its value.

    They are looked for from the end, since most tokens do not end in a word, and only those that lead to the end.
    """
    size, impossible = len(token), -math.inf
    shape = _shape(token)
    following: dict[int, list[tuple[int, float]]] = {}
    ends = [size]
    for start in range(size - 1, -1, -1):
        if not start:
            ends.remove(size)  # the whole token is not several words
        words = []
        for end in ends:
            if 1 < end - start <= _LONGEST_PART:
                part = token[start:end]
                worth = values.get(part)
                if worth is None:
                    worth = values[part] = _worth(part, shape and "small" if start else shape, vocabulary, seen)
                if worth > impossible:
                    words.append((end, worth if start else worth - _opening(part, vocabulary)))
        if ends and ends[-1] == start + 1 and (letter := _letter(token, start, vocabulary)) > impossible:
            words.append((start + 1, letter))
        if words:
            following[start] = words
            ends.append(start)
    return following


def _shape(token: str) -> Literal["small", "capitalised"] | None:
    """How a token of letters alone is written; None if it has apostrophes, or capitals inside."""
    if not token.isalpha():
        return None
    if token.islower():
        return "small"
    # The second letter has a case, so that what follows the first one is in small letters in each beginning.
    is_capitalised = token[0] != token[0].lower() and token[1:2].islower() and token[1:].islower()
    return "capitalised" if is_capitalised else None


def _worth(part: str, shape: str | None, vocabulary: Vocabulary, seen: Seen) -> float:
    """The value of a part of a token of this shape; most parts are in no list and not in the document."""
    if shape is None:
        return value(part, vocabulary, seen)
    is_english = vocabulary.language == "en"
    if shape == "small" and is_english:
        alone = _as_part(part, vocabulary)
        return alone if seen is _NONE else max(alone, seen.share(part))
    word = part if shape == "small" else vocabulary.lower(part)
    if word in vocabulary.frequencies or (not is_english and word in english().frequencies) or seen.holds(part):
        return value(part, vocabulary, seen)
    return _unlisted_name(len(part)) if shape == "capitalised" and len(part) > 3 else -math.inf


def _cut_scripts(runs: list[str], vocabulary: Vocabulary) -> Split | None:
    """Cut between a word of the language and Latin letters: "командойgrep", but not "IPшный" nor "cнова" with a c."""
    parts = [runs[0]]
    for number, (left, right) in enumerate(pairwise(runs)):
        native = right if left[0].isascii() else left
        latin = left if native is right else right
        family = vocabulary.family_of_last if native is right else vocabulary.family_of_first
        inside = 0 < number + (native is right) < len(runs) - 1
        known = len(native) >= vocabulary.shortest and vocabulary.holds(native)
        apart = inside or family(vocabulary.lower(native)) < _FEW
        if known and apart and len(latin) > 1 and not _ALIKE.fullmatch(latin):
            parts.append(right)
        else:
            parts[-1] += right
    return Split(tuple(parts), 0.0, -5.0) if len(parts) > 1 else None


def _weakest(parts: tuple[str, ...], vocabulary: Vocabulary, seen: Seen, values: dict[str, float]) -> Split | None:
    """Join parts that are likelier one word, and judge the token by its weakest cut."""
    joined, worth = _without_compounds(
        list(parts), [values[part] if len(part) > 1 else _single(part, vocabulary) for part in parts], vocabulary
    )
    while len(joined) > 1:
        pairs = list(pairwise(zip(joined, worth, strict=True)))
        wholes = [_whole(one + two, (one, two), a + b, vocabulary, seen) for (one, a), (two, b) in pairs]
        odds = [a + b - 0.7 - whole for ((_, a), (_, b)), whole in zip(pairs, wholes, strict=True)]
        at = min(range(len(odds)), key=odds.__getitem__)
        if odds[at] > 0 or len(joined) == 2:
            return Split(tuple(joined), worth[at] + worth[at + 1] - 0.7, wholes[at])
        joined[at : at + 2] = [joined[at] + joined[at + 1]]
        worth[at : at + 2] = [wholes[at]]
    return None


def _without_compounds(parts: list[str], worth: list[float], vocabulary: Vocabulary) -> tuple[list[str], list[float]]:
    """Join neighbours that are rather English words, one at least not of the language: "servername", "reportbug"."""
    lower = list(map(vocabulary.lower, parts))
    foreign = [_as_english(word) > vocabulary.log_frequency(word) - 1.0 for word in lower]
    for at in range(len(parts) - 1, 0, -1):
        is_known = vocabulary.holds(lower[at - 1]) and vocabulary.holds(lower[at])
        if foreign[at - 1] and foreign[at] and not is_known and parts[at].islower():
            parts[at - 1 : at + 1] = [parts[at - 1] + parts[at]]
            worth[at - 1 : at + 1] = [worth[at - 1] + worth[at]]
    return parts, worth


def _single(letter: str, vocabulary: Vocabulary) -> float:
    return vocabulary.log_frequency(letter) if letter in vocabulary.function_words else -math.inf


def _opening(part: str, vocabulary: Vocabulary) -> float:
    """What an unknown name is less likely where a token begins, as a capital is no sign of a name there."""
    return 3.0 if vocabulary.language != "en" and part[0].isupper() and not vocabulary.holds(part) else 0.0


def _walk(token: str, came: list[int]) -> tuple[str, ...]:
    parts = []
    end = len(token)
    while end:
        parts.append(token[came[end] : end])
        end = came[end]
    return tuple(reversed(parts))


def _is_drop_cap_or_name(parts: tuple[str, ...], function_words: frozenset[str]) -> bool:
    """Whether a single letter is no article: "AFor example", "Fiona"."""
    first, last = parts[0], parts[-1]
    if len(first) == 1 and first.isupper() and parts[1][0].isupper():
        return True
    return last == "a" and not parts[-2].islower() and parts[-2].lower() not in function_words


@lru_cache(maxsize=50_000)
def cut_alone(token: str, vocabulary: Vocabulary) -> Split | None:
    """The best way to cut a token, whatever its document holds."""
    return cut(token, vocabulary)


def may_be_several(token: str, vocabulary: Vocabulary) -> bool:
    """Whether a token could be several words, whatever its document holds."""
    split = cut_alone(token, vocabulary)
    return split is not None and split.glued + 0.5 > split.whole


class Cutter:
    """Cuts the tokens of a document. A token is cut anew only if it contains a word that the document makes likelier.

    Parameters
    ----------
    seen : Seen
        Words of the document.
    vocabulary : Vocabulary
    """

    def __init__(self, seen: Seen, vocabulary: Vocabulary) -> None:
        self._seen = seen
        self._vocabulary = vocabulary
        self._values: dict[str, float] = {}
        self._likelier: dict[str, bool] = {}
        self._mattering: dict[str, bool] = {}

    def cut(self, token: str) -> Split | None:
        """The same as :func:`cut` with the words of the document."""
        size = len(token)
        inner = [token[start:end] for start in range(size - 1) for end in range(start + 2, size + 1)]
        known = self._seen.counts.keys() & inner
        known.discard(token)
        if token.endswith(("'s", "’s")):
            return cut(token, self._vocabulary, self._seen, self._values)
        forms = (form for word in known for form in (word, f"{word}s") if form in token and form != token)
        if any(map(self._matters, forms)) and any(map(self._is_likelier, known)):
            return cut(token, self._vocabulary, self._seen, self._values)
        return cut_alone(token, self._vocabulary)

    def _matters(self, part: str) -> bool:
        """Whether a part is likelier in this document, so that a cut may come out differently."""
        if part not in self._mattering:
            vocabulary = self._vocabulary
            alone = min(_value_alone(part, vocabulary), vocabulary.log_frequency(vocabulary.lower(part)))
            self._mattering[part] = self._seen.share(part) > alone
        return self._mattering[part]

    def _is_likelier(self, word: str) -> bool:
        """Whether a word or its plural is likelier in this document than in any."""
        if word not in self._likelier:
            forms = (word, f"{word}s")
            alone = (_value_alone(form, self._vocabulary) for form in forms)
            self._likelier[word] = any(map(operator.gt, map(self._seen.share, forms), alone))
        return self._likelier[word]
