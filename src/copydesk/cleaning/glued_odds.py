"""Which tokens of a text may be several words, and with what probability: the analysis of the rules for glued words.

The odds decide whether a token is one word or several: how likely its parts are as words of the language and of this
document, against how likely the whole is as a word, a name, a brand or a new compound, and how often words of this
document are glued at all. Pages lose either no spaces or many, so the document itself is the best evidence.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import NamedTuple

from copydesk.cleaning.english_tokens import (
    LONGEST,
    count_tokens,
    english_tokens,
    is_unknown,
    most_joints,
    notable_tokens,
)
from copydesk.cleaning.glued_traces import has_other_trace, has_trace
from copydesk.cleaning.split_probability import Evidence, probability
from copydesk.cleaning.word_splitting import Cutter, Seen, Split, may_be_several
from copydesk.language.blocks import WORDS, Blocks
from copydesk.language.english_words import FUNCTION_WORDS, is_loaded
from copydesk.language.vocabularies import LANGUAGES, OTHER_SCRIPTS, Vocabulary, vocabulary
from copydesk.language.word_frequencies import COMPOUNDING

Odds = dict[str, tuple[Split, float]]

#: Tokens of a page that look glued by chance, and least share of glued tokens that have a function word.
_BY_CHANCE = 1.0
_LEAST_FUNCTIONAL, _SEVERAL, _MANY_NAMES = 0.2, 3.0, 8.0
_TECHNICAL = 0.01  # signs of code, for each token
_SEVERAL_PLACES = 3
_FEWEST_OF_NAME = 3  # so often are two words of a name together
#: The probability from which on a cut is made: where 98 of 100 cuts are right in pages held out, and in treebanks
#: whose spaces were removed. With less, and in languages with too few measured cuts, it is suggested.
_SURE = {
    "en": 0.8,
    **dict.fromkeys("de fr hu id pl".split(), 0.85),
    **dict.fromkeys("da es hr uk".split(), 0.9),
    **dict.fromkeys("fi lv nl no ro ru sk sl tr".split(), 0.95),
    **dict.fromkeys("it vi".split(), 0.96),
    **dict.fromkeys("el pt sv".split(), 0.97),
    "cs": 0.98,
}
#: The same between two scripts.
_SURE_BETWEEN_SCRIPTS = {"ru": 0.65, "el": 0.9, "ar": 0.95, "uk": 0.95}
_NEVER = 2.0
_LIKELY, _LIKELY_LEARNT = 0.05, 0.4
_LEAST_ODDS, _TRUST = -6.0, 0.1
#: Decimal logarithm of the rate of glued tokens in a text that has no other one, and what is sure there.
_ALONE, _SURE_ALONE, _UNSURE = -3.0, 0.98, 0.8
_LATIN = re.compile("[a-zA-Z]")
_CODE_KINDS = frozenset({"code", "configuration"})
_IN_CODE = re.compile(
    r"`[^`\n]{1,80}`|\.(?<=[a-z_]\.)[a-z]\w{0,60}"
    r"|^[ >]{0,8}(?:(?:import|def|class) \w{1,60}|from [\w.]{1,60} import \w{1,60})",
    re.M,
)
_CALL = re.compile(r"\((?=[)\"'])")
# Paths, options, calls and assignments, which news and novels hardly have.
SIGNS = re.compile(r"\s-{1,2}[a-z]|\s[/~.]/?[a-z]|\(\d?\)|[a-z]_[a-z]|\w=\w|<[a-z/]|[\\{}|`]")
# What each of them has, found three times as fast: the pattern starts with a character that prose hardly has.
MAY_BE_SIGN = re.compile(r"-(?<=\s-)-?[a-z]|[/~.](?<=\s[/~.])/?[a-z]|\((?=\d?\))|[_=<\\{}|`]")
# Spaces lost next to marks, which are as much evidence about a page as those lost between words.
# The whole pattern starts with the mark and looks back, because searching for a character is fast.
_JOINTS = re.compile(
    r"[,;!?)\].](?:(?<=[^\W\d_]{2}[,;!?])(?=[^\W\d_]{2})|(?<=[^\W\d_][)\]])[.)\]]*(?=[^\W\d_]{2})"
    r"|(?<=[^\W\d_]{3}\.)(?=[A-Z][a-z]))"
)
LETTERS = re.compile(r"[^\W\d_]+")


def _holds_pair(tokens: list[str]) -> bool:
    """Whether a token is two others of the document, one of which is frequent: which needs no vocabulary."""
    counts = Counter(tokens)
    frequent = {token for token, count in counts.items() if count > 2 and len(token) > 1}
    sides = tuple(frequent)
    return any(
        (token[:at] in frequent and token[at:] in counts) or (token[at:] in frequent and token[:at] in counts)
        for token, count in counts.items()
        if count == 1 and 4 <= len(token) <= LONGEST and (token.startswith(sides) or token.endswith(sides))
        for at in range(2, len(token) - 1)
    )


def _unusual(tokens: list[str], words: Vocabulary) -> set[str]:
    """The tokens that are not common words; a text in the language has few."""
    others = set(tokens).difference(words.frequencies)  # in small letters; the rest is looked up one by one
    return {token for token in others if 2 < len(token) <= LONGEST and not words.holds(token)}


def _gluing(unusual: set[str], words: Vocabulary) -> dict[str, int]:
    """Unknown words that stand between frequent words without a space, with the number of different places.

    "Příkazaptitudeje" and "neboaptitude": then "aptitude" is a word, though no list holds it.
    """
    places: dict[str, set[tuple[str, str]]] = defaultdict(set)
    surely: Counter[str] = Counter()
    for token in sorted(unusual):
        word, size = words.lower(token), len(token)
        starts = [0] + [at for at in range(2, size - 2) if words.is_frequent(word[:at])]
        ends = [at for at in range(3, size - 1) if words.is_frequent(word[at:])] + [size]
        for start in starts:
            for end in ends:
                around = word[:start], word[end:]
                if not 2 < end - start < size or around in places[token[start:end]]:
                    continue
                places[token[start:end]].add(around)
                is_clear = (not start or words.stands_first(around[0])) and (
                    end == size or words.stands_last(around[1])
                )
                surely[token[start:end]] += is_clear
    return {
        part: len(where)
        for part, where in places.items()
        if (surely[part] > 1 or (surely[part] and len(where) > _SEVERAL_PLACES and len(part) > 3))
        and not may_be_several(part, words)
    }


class _Cut(NamedTuple):
    """The tokens of a text that can be cut: the words of each, how often all tokens occur, and which are evidence."""

    splits: dict[str, Split]
    counts: Counter[str]
    size: int
    seen: dict[str, int]


def _cut_english(counts: Counter[str]) -> _Cut | None:
    """What can be cut in an English text; that of the text before it, where that has the same tokens: a branch."""
    latest, cut = _latest[0]
    if not dict.__eq__(counts, latest):  # that of Counter takes ten times as long
        cut = _cut(counts, notable_tokens(counts), vocabulary("en"))
        _latest[0] = counts, cut
    return cut


_latest: list[tuple[Counter[str], _Cut | None]] = [(Counter(), None)]


def _cut(counts: Counter[str], unusual: set[str], words: Vocabulary) -> _Cut | None:
    several = {token for token in unusual if may_be_several(token, words)}
    if words.language == "en" and not several:
        return None
    size = counts.total()
    # A token that may itself be glued is not evidence for a word, unless it occurs again.
    seen = dict(counts)
    for token in several:
        if counts[token] == 1:
            del seen[token]
    if words.language != "en":
        for part, places in _gluing(unusual, words).items():
            seen[part] = seen.get(part, 0) + places
    cutter = Cutter(Seen(seen, max(200, size)), words)
    # The document cannot make a rare English word several words, if it is one by itself.
    # Sorted: sums of their odds must not depend on the order of a set, which differs from process to process.
    unknown = (t for t in sorted(unusual) if t in several or is_unknown(t, words))
    splits = {token: split for token in unknown if (split := cutter.cut(token))}
    return _Cut(splits, counts, size, seen) if splits else None


def _odds(text: str, cut: _Cut, words: Vocabulary) -> dict[str, tuple[Split, Evidence]]:
    """For each token that could be several words: the words, and what the document says of them."""
    splits = _without_names(cut.splits, _pairs(text, cut.splits, cut.counts, words))
    pairs = _pairs(text, splits, cut.counts, words)
    gathered = _neighbours(splits)
    is_compounding = words.language in COMPOUNDING
    supports = {t: 0.0 if is_compounding else _support(split, gathered, pairs) for t, split in splits.items()}
    odds = {t: _odds_alone(t, split, supports[t], cut.counts) for t, split in splits.items()}
    rates = _rates(odds, sum(1 for _ in _JOINTS.finditer(text)), cut.size, words)
    return {
        token: (
            split,
            Evidence(
                odds[token] + rates[token],
                rates[token],
                supports[token],
                cut.counts[token] - 1,
                sum(part in cut.seen for part in split.parts),
            ),
        )
        for token, split in splits.items()
    }


def _support(split: Split, gathered: Mapping[str, set[str]], pairs: Collection[tuple[str, str]]) -> float:
    """How much the rest of the document says for a cut."""
    # A capitalised word that is glued to many others is a link; a pair that also occurs with a space is a pair.
    others = max((len(gathered[part]) for part in split.parts if part in gathered), default=0)
    support = 3.0 if others > 2 else 1.0 if others == 2 else 0.0
    return support + 1.5 if any(pair in pairs for pair in pairwise(split.parts)) else support


def _odds_alone(token: str, split: Split, support: float, counts: Counter[str]) -> float:
    """Odds without the rate; a name is repeated more often than a space is lost twice at the same place."""
    return split.glued + support - split.whole - 1.5 * (counts[token] - 1)


def _rates(odds: Mapping[str, float], joints: int, size: int, words: Vocabulary) -> dict[str, float]:
    """How often are words of this document glued? Start with one in a thousand, then iterate with the result."""
    start, rounds, by_chance, least = (-3.0, 3, 0.0, 0.002) if words.language == "en" else (-2.0, 8, _BY_CHANCE, 0.1)
    rates = dict.fromkeys(odds, start)
    for _ in range(rounds):
        chances = {token: _chance(value + rates[token]) for token, value in odds.items()}
        expected = sum(chances.values()) + joints - by_chance
        # A token is not evidence for itself.
        rates = {t: math.log10((max(0.0, expected - chances[t]) + least) / (size + 400)) for t in odds}
    return rates


def _may_be_likely(text: str, cut: _Cut, words: Vocabulary) -> bool:
    """Whether any cut of an English text may be likely: few texts have one, and this looks at a few tokens alone.

    The chances are those of :func:`_odds`, which rise with the support of any cut and with the joints. Both are at
    most what they are here: two words that occur may be a pair, and any mark before a letter a joint. Only names,
    whose cuts are undone, would make it others; then the answer is yes.
    """
    together = Counter(pair for split in cut.splits.values() for pair in pairwise(split.parts))
    if max(together.values()) >= _FEWEST_OF_NAME:
        return True
    possible = _possible_pairs(cut.splits, cut.counts)
    gathered = _neighbours(cut.splits)
    odds = {t: _odds_alone(t, s, _support(s, gathered, possible), cut.counts) for t, s in cut.splits.items()}
    rates = _rates(odds, most_joints(text), cut.size, words)
    least = _LIKELY * (1 - 1e-9)  # sums in another order may differ in their last digits
    return any(_chance(value + rates[token]) >= least for token, value in odds.items())


def _probabilities(text: str, cut: _Cut | None, words: Vocabulary) -> Odds:
    """For each token that could be several words: the words, and the probability."""
    if cut is None or (words.language == "en" and not _may_be_likely(text, cut, words)):
        return {}
    odds = _odds(text, cut, words)
    hits = {token: (split, _probability(split, evidence, words)) for token, (split, evidence) in odds.items()}
    if not any(chance >= _LIKELY for _, chance in hits.values()):
        return {}
    return _without_identifiers(text, hits) if words.language == "en" else hits


def _pairs(text: str, splits: Mapping[str, Split], counts: Counter[str], words: Vocabulary) -> set[tuple[str, str]]:
    """The words that a split separates and that stand beside each other in the text, too."""
    possible = _possible_pairs(splits, counts)
    if not possible:
        return possible
    tokens = english_tokens(text) if words.language == "en" else LETTERS.findall(text)
    lefts = {left for left, _ in possible}
    return {pair for pair in pairwise(tokens) if pair[0] in lefts} & possible


def _possible_pairs(splits: Mapping[str, Split], counts: Counter[str]) -> set[tuple[str, str]]:
    """The same where both words stand in the text, wherever."""
    pairs = (pair for split in splits.values() for pair in pairwise(split.parts))
    return {(left, right) for left, right in pairs if left in counts and right in counts}


def _probability(split: Split, evidence: Evidence, words: Vocabulary) -> float:
    if words.language == "en" or _is_of_two_scripts(split):
        return _chance(evidence.odds)
    if evidence.odds <= _LEAST_ODDS:
        return 0.0
    # The model has seen few pairs of function words, which are as good as certain by their odds alone: "dansle".
    learnt = probability(split, evidence, words)
    chance = max(learnt, min(learnt + _TRUST, _chance(evidence.odds)))
    # One token alone is no page that lost its spaces: "sechsundzwanzig".
    return min(chance, _UNSURE) if evidence.rate < _ALONE and chance < _SURE_ALONE else chance


def _is_of_two_scripts(split: Split) -> bool:
    """Whether Latin words stand beside those of another script, where the script says as much as the words."""
    return len({_LATIN.search(part) is None for part in split.parts}) > 1


def _without_identifiers(text: str, hits: Odds) -> Odds:
    """The tokens of an English text that are no names of functions, files and settings.

    Spaces are lost beside function words, too, but few of those names have one. In a text with paths and options only
    tokens with a function word are cut, and only if there are several.
    """
    functional = {t: hit for t, hit in hits.items() if any(p.lower() in FUNCTION_WORDS for p in hit[0].parts)}
    plain = sum(chance for token, (_, chance) in functional.items() if token[1:].islower())
    other = sum(chance for token, (_, chance) in hits.items() if token not in functional)
    if MAY_BE_SIGN.search(text) and sum(1 for _ in SIGNS.finditer(text)) > _TECHNICAL * text.count(" "):
        return {} if plain < _SEVERAL else functional if plain < other else hits
    return hits if other < _MANY_NAMES or plain >= _LEAST_FUNCTIONAL * other else {}


def _without_names(splits: Mapping[str, Split], pairs: set[tuple[str, str]]) -> dict[str, Split]:
    """The splits without those of names: two words that are never apart, but often glued (Dockerfile)."""
    together: Counter[tuple[str, str]] = Counter()
    for split in splits.values():
        together.update(pairwise(split.parts))
    follow: dict[str, set[str]] = defaultdict(set)
    for left, right in together:
        follow[left].add(right)
    names = {
        pair
        for pair, count in together.items()
        if count >= _FEWEST_OF_NAME
        and pair not in pairs
        and len(follow[pair[0]]) < 4
        and FUNCTION_WORDS.isdisjoint(part.lower() for part in pair)
    }
    if not names:
        return dict(splits)
    joined = ((token, _join(split, names)) for token, split in splits.items())
    return {token: split for token, split in joined if len(split.parts) > 1}


def _join(split: Split, names: set[tuple[str, str]]) -> Split:
    parts = [split.parts[0]]
    for left, right in pairwise(split.parts):
        if (left, right) in names:
            parts[-1] += right
        else:
            parts.append(right)
    return split._replace(parts=tuple(parts))


def _neighbours(splits: Mapping[str, Split]) -> dict[str, set[str]]:
    """For each capitalised part, the tokens that contain it."""
    tokens: dict[str, set[str]] = defaultdict(set)
    for token, split in splits.items():
        for part in split.parts:
            if len(part) > 3 and part[0].isupper() and part[1:].islower():
                tokens[part].add(token.removesuffix("'s").removesuffix("’s"))
    return tokens


def _chance(odds: float) -> float:
    return 1.0 / (1.0 + math.pow(10.0, -max(-30.0, min(30.0, odds))))


def glued_odds(text: str, blocks: Blocks) -> dict[str, Odds]:
    """Tokens of each language that may be several words: the analysis of both rules."""
    odds_by_language, names = {}, None
    for language in sorted({block.language for block in blocks.blocks if block.language in LANGUAGES}):
        parts = [text[b.start : b.end] for b in blocks.blocks if b.language == language and b.kind in WORDS]
        passage = "\n".join(parts)
        odds = _english_odds(passage) if language == "en" else _other_odds(passage, language)
        least = _LIKELY if language == "en" else _LIKELY_LEARNT
        likely = {token: hit for token, hit in odds.items() if hit[1] >= least}
        if likely:
            names = _names_in_code(text, blocks) if names is None else names
            odds_by_language[language] = {token: hit for token, hit in likely.items() if token not in names}
    return odds_by_language


def _names_in_code(text: str, blocks: Blocks) -> set[str]:
    """Words that stand in code somewhere in a document: in a block, "`namedtuple`", "collections.namedtuple"."""
    names = {name for b in blocks.blocks if b.kind in _CODE_KINDS for name in LETTERS.findall(text, b.start, b.end)}
    for match in _IN_CODE.finditer(text):
        names.update(LETTERS.findall(match.group()))
    for match in _CALL.finditer(text):
        start = end = match.start()
        while start > 0 and end - start < LONGEST and text[start - 1].isalpha():
            start -= 1
        names.add(text[start:end])
    return names


def _english_odds(text: str) -> Odds:
    if not is_loaded() and not has_trace(text):  # a single clean text must not load the word list
        return {}
    return _probabilities(text, _cut_english(count_tokens(text)), vocabulary("en"))


def _other_odds(text: str, language: str) -> Odds:
    tokens = LETTERS.findall(text)
    if not has_other_trace(text, language) and not _holds_pair(tokens):
        return {}
    words = vocabulary(language)
    return _probabilities(text, _cut(Counter(tokens), _unusual(tokens, words), words), words)


def odds_of_splits(text: str, language: str) -> dict[str, tuple[Split, Evidence]]:
    """The tokens of a text that is not English which may be several words, from which the probability is learnt."""
    tokens, words = LETTERS.findall(text), vocabulary(language)
    cut = _cut(Counter(tokens), _unusual(tokens, words), words)
    odds = _odds(text, cut, words) if cut else {}
    return {token: hit for token, hit in odds.items() if hit[1].odds > _LEAST_ODDS and not _is_of_two_scripts(hit[0])}


def is_sure(split: Split, chance: float, language: str) -> bool:
    """Whether a cut is an edit and no suggestion."""
    least = _SURE_BETWEEN_SCRIPTS if language in OTHER_SCRIPTS and _is_of_two_scripts(split) else _SURE
    return chance >= least.get(language, _NEVER)
