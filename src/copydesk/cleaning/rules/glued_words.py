"""Words glued together, because the tags between them were removed with the spaces.

The odds decide whether a token is one word or several: how likely its parts are as words of English and of this
document, against how likely the whole is as a word, a name, a brand or a new compound, and how often words of this
document are glued at all. Pages lose either no spaces or many, so the document itself is the best evidence.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from unicodedata import normalize

from copydesk.cleaning.rule import Found, Rule
from copydesk.cleaning.word_splitting import Cutter, Seen, Split, log_frequency, may_be_several
from copydesk.language.blocks import WORDS, Block, Blocks
from copydesk.language.english_words import FUNCTION_WORDS, English, common_words, is_loaded
from copydesk.language.vocabularies import LANGUAGES, OTHER_SCRIPTS, Vocabulary, vocabulary
from copydesk.language.word_frequencies import COMPOUNDING

Odds = dict[str, tuple[Split, float]]

#: Tokens of a page that look glued by chance, and least share of glued tokens that have a function word.
_BY_CHANCE = 1.0
_LEAST_FUNCTIONAL, _SEVERAL, _MANY_NAMES = 0.2, 3.0, 8.0
_TECHNICAL = 0.01  # signs of code, for each token
_LONGEST = 60
_MANY = 1000  # unusual words; a text that is not English may have more
#: The probability from which on a cut is made: where 98 of 100 cuts are right in pages made for tuning. With less,
#: and in languages in which no probability is enough or none was measured, it is suggested.
_SURE = {
    **dict.fromkeys("fr id it ru vi".split(), 0.65),
    **dict.fromkeys("bg de en fi he hu nl sv tr".split(), 0.8),
    **dict.fromkeys("el pt".split(), 0.9),
    **dict.fromkeys("ar da es no pl sk uk".split(), 0.95),
}
_NEVER = 2.0
_LIKELY = 0.05
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# A token next to one of these is part of an address, a tag or code.
_CODE = frozenset("@#/\\_={}<>|~^*$%&`[]+")
# Paths, options, calls and assignments, which news and novels hardly have.
_SIGNS = re.compile(r"\s-{1,2}[a-z]|\s[/~.]/?[a-z]|\(\d?\)|[a-z]_[a-z]|\w=\w|<[a-z/]|[\\{}|`]")
# What each of them has, found three times as fast: the pattern starts with a character that prose hardly has.
_MAY_BE_SIGN = re.compile(r"-(?<=\s-)-?[a-z]|[/~.](?<=\s[/~.])/?[a-z]|\((?=\d?\))|[_=<\\{}|`]")
# Spaces lost next to marks, which are as much evidence about a page as those lost between words.
# The whole pattern starts with the mark and looks back, because searching for a character is fast.
_JOINTS = re.compile(
    r"[,;!?)\].](?:(?<=[^\W\d_]{2}[,;!?])(?=[^\W\d_]{2})|(?<=[^\W\d_][)\]])[.)\]]*(?=[^\W\d_]{2})"
    r"|(?<=[^\W\d_]{3}\.)(?=[A-Z][a-z]))"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_SUFFIX = re.compile(r"['’][^\W\d_]")
# What stands before the middle of a token.
_INSIDE_TOKEN, _INSIDE_LETTERS = re.compile(r"[^\W\d_]['’]?\Z"), re.compile(r"[^\W\d_]\Z")
_FEW_HITS = 10

# Only a document that matches one of these is analysed. Nine of ten clean ones match none, unless they name a brand.
_TRACES = (
    # theUnited, aStrong, TheEarliest, RussiaMilitaryThreat, NBAto; not the brands YouTube and iPhone
    r"\b[a-z]{2,}[A-Z]|\ba[A-Z][a-z]|[a-z][A-Z][a-z]+[A-Z]|[A-Z]{3}[a-z]{2}|\b(?:The|This|That|These|Those|They|In|On"
    r"|At|For|From|With|And|But|When|While|If|As|By|He|She|It|His|Her|Its|Our|Their|Of|To|Most|Many|New|York|United)"
    "[A-Z][a-z]",
    r"[a-z]{2}[,;][A-Za-z]|[a-z]{2}[.?!][”’\"')]*[A-Z][a-z]|[a-z]{3}\([a-zA-Z]|[)\]”][A-Za-z]{2}|[a-z][’']s[A-Za-z]{2}",
    r"\b[A-Za-z]{2,10}[12][0-9]{3}\b|\b[0-9]+(?:and|the|that|for|from|was|with|through|to|in)\b|\b[12][0-9]{3}[a-z]{2}",
    # Small letters no word begins with ("ofsilence", "thatvoice"), or ends with ("refusedto", "testbefore").
    r"[a-z]{18}|\b(?:of[a-eg-su-z]|that[abd-z]|which[a-df-z]|was[a-gi-oq-su-z][a-z]|the[b-dghj-lpqt-wz]"
    "|by[bcdf-ikmnqruvwxz]|is[bdfghjkmpqvwxyz][a-z]|has[bcdfgjklmopqruvwxyz]|and[abcdefghijklmnpqstuvwxyz][a-z]{2}"
    "|to[fhjqvz][a-z]{2})",
    "[a-z]{2}(?:[a-df-np-z]of|ceof|[a-z]with|which|from|that|[a-z]was|were|[a-z]has|this|their|[bcdfgklmnpqrvwxyz]the"
    r"|[a-z]for|been|because|said|including|during|edto|edin|edon|edby|edas|edat|ingto|ingin|ingon|ingat|ingup|ofthe|inthe|tothe)\b",
)
#: The same in other languages: letters of two scripts, a capital inside a word, a mark without a space.
_LOWER = "a-zß-öø-ÿāăąćčďđēėęěğģīįıķļľłńņňōőœřśşšťūůűųźżžơưșț"
_FAR = "Ͱ-ۿ"  # Greek to Arabic
_UPPER = "A-ZÀ-ÖØ-ÞČĆŠŽĐŁŚŹŻİŞĞŐŰŘĎŤŇ"
# These patterns, too, start with what is rare in a text, and look back.
_CAPITAL_OR_MARK = re.compile(
    rf"[{_UPPER},;()\]”»](?:(?<=[{_LOWER}]{{2}}[{_UPPER}])(?=[{_LOWER}])|(?<=[{_LOWER}{_FAR}]{{2}}[,;])(?=[{_LOWER}{_FAR}]{{2}})"
    rf"|(?<=[{_LOWER}{_FAR}]{{2}}[()\]”»])(?=[{_LOWER}{_FAR}A-Z]{{2}}))"
)
_FAR_BESIDE_LATIN = re.compile(rf"[{_FAR}](?:(?=[A-Za-z]{{2}})|(?<=[A-Za-z]{{2}}[{_FAR}]))")
_LATIN_BESIDE_FAR = re.compile(rf"[A-Za-z](?:(?<=[{_FAR}][A-Za-z])(?=[A-Za-z])|(?<=[A-Za-z]{{2}})(?=[{_FAR}]))")
# Which texts are searched for it: those with a word that is frequent in one of the languages, and rare in English.
_NOT_ENGLISH = (
    rf"[{_FAR}]{{3}}| (?:het|een|och|att|og|det|und|der|les|des|une|que|para|che|della|yang|dan|của|và|bir|ve|się|nie"
    "|je|na|se|ja|että|és|hogy|și|în|ir|un|ng|els|með) "
)
_TRACE = re.compile("|".join(_TRACES), re.ASCII)  # as RE2 understands it
_SCREEN = "|".join((*_TRACES, _NOT_ENGLISH))


class _Trace:
    """Decides whether an English text passes the screen, for callers that skipped it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._anywhere: bool | None = None

    def is_in_text(self, place: int) -> bool:
        """Whether there is a trace, which mostly is next to an edit: so that place is searched first."""
        if self._anywhere is None:
            text = self._text
            # No word is cut here.
            start, end = text.rfind(" ", 0, max(0, place - _LONGEST)) + 1, text.find(" ", place + _LONGEST)
            near = text[start : end if end >= 0 else len(text)] if place - start < 2 * _LONGEST else ""
            self._anywhere = bool(_TRACE.search(near) or _TRACE.search(text))
        return self._anywhere


def _holds_pair(tokens: list[str]) -> bool:
    """Whether a token is two others of the document, one of which is frequent: which needs no vocabulary."""
    counts = Counter(tokens)
    frequent = {token for token, count in counts.items() if count > 2 and len(token) > 1}
    sides = tuple(frequent)
    return any(
        (token[:at] in frequent and token[at:] in counts) or (token[at:] in frequent and token[:at] in counts)
        for token, count in counts.items()
        if count == 1 and 4 <= len(token) <= _LONGEST and (token.startswith(sides) or token.endswith(sides))
        for at in range(2, len(token) - 1)
    )


def _unusual(tokens: list[str], words: Vocabulary) -> set[str]:
    """The tokens that are not common words; a text in the language has few."""
    if words.language != "en":
        others = set(tokens).difference(words.frequencies)  # in small letters; the rest is looked up one by one
        return {token for token in others if 2 < len(token) <= _LONGEST and not words.holds(token)}
    unusual = {token for token in set(tokens).difference(common_words()) if 2 < len(token) <= _LONGEST}
    if len(unusual) > _MANY and sum(map(FUNCTION_WORDS.__contains__, tokens)) < 0.08 * len(tokens):  # no English text
        return set()
    return unusual


def _gluing(unusual: set[str], words: Vocabulary) -> dict[str, int]:
    """Unknown words that stand between frequent words without a space, with the number of different places.

    "Příkazaptitudeje" and "neboaptitude": then "aptitude" is a word, though no list holds it.
    """
    places: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for token in unusual:
        word, size = words.lower(token), len(token)
        starts = [0] + [at for at in range(2, size - 2) if words.stands_first(word[:at])]
        ends = [at for at in range(3, size - 1) if words.stands_last(word[at:])] + [size]
        for start in starts:
            for end in ends:
                if end - start > 2 and end - start < size:
                    places[token[start:end]].add((word[:start], word[end:]))
    return {part: len(where) for part, where in places.items() if len(where) > 1 and not may_be_several(part, words)}


def _probabilities(text: str, tokens: list[str], unusual: set[str], words: Vocabulary) -> Odds:
    """For each token that could be several words: the words, and the probability."""
    several = {token for token in unusual if may_be_several(token, words)}
    if words.language == "en" and not several:
        return {}
    counts = Counter(tokens)
    # A token that may itself be glued is not evidence for a word, unless it occurs again.
    seen = dict(counts)
    for token in several:
        if counts[token] == 1:
            del seen[token]
    if words.language != "en":
        for part, places in _gluing(unusual, words).items():
            seen[part] = seen.get(part, 0) + places
    cutter = Cutter(Seen(seen, max(200, len(tokens))), words)
    # The document cannot make a rare English word several words, if it is one by itself.
    # Sorted: sums of their odds must not depend on the order of a set, which differs from process to process.
    unknown = (t for t in sorted(unusual) if t in several or _is_unknown(t, words))
    splits = {token: split for token in unknown if (split := cutter.cut(token))}
    if not splits:
        return {}
    splits = _without_names(splits, _pairs(tokens, splits))
    pairs = _pairs(tokens, splits)
    gathered = _neighbours(splits)
    odds = {}
    for token, split in splits.items():
        # A capitalised word that is glued to many others is a link; a pair that also occurs with a space is a pair.
        others = max((len(gathered[part]) for part in split.parts if part in gathered), default=0)
        support = 3.0 if others > 2 else 1.0 if others == 2 else 0.0
        if any(pair in pairs for pair in pairwise(split.parts)):
            support += 1.5
        if words.language in COMPOUNDING:
            support = 0.0
        # A name is repeated more often than a space is lost twice at the same place.
        odds[token] = split.glued + support - split.whole - 1.5 * (counts[token] - 1)
    # How often are words of this document glued? Start with one in a thousand, then iterate with the result.
    joints = sum(1 for _ in _JOINTS.finditer(text))
    start, rounds, by_chance, least = (-3.0, 3, 0.0, 0.002) if words.language == "en" else (-2.0, 8, _BY_CHANCE, 0.1)
    rates = dict.fromkeys(odds, start)
    for _ in range(rounds):
        chances = {token: _chance(value + rates[token]) for token, value in odds.items()}
        expected = sum(chances.values()) + joints - by_chance
        # A token is not evidence for itself.
        rates = {t: math.log10((max(0.0, expected - chances[t]) + least) / (len(tokens) + 400)) for t in odds}
    hits = {token: (splits[token], _chance(value + rates[token])) for token, value in odds.items()}
    if not any(chance >= _LIKELY for _, chance in hits.values()):
        return {}
    return _without_identifiers(text, hits) if words.language == "en" else hits


def _pairs(tokens: list[str], splits: Mapping[str, Split]) -> set[tuple[str, str]]:
    """The pairs of neighbouring tokens that begin with a part of a split."""
    parts = {part for split in splits.values() for part in split.parts}
    return {(left, right) for left, right in pairwise(tokens) if left in parts}


def _is_unknown(token: str, words: Vocabulary) -> bool:
    return log_frequency(words.lower(token), words) == -math.inf


def _without_identifiers(text: str, hits: Odds) -> Odds:
    """The tokens of an English text that are no names of functions, files and settings.

    Spaces are lost beside function words, too, but few of those names have one. In a text with paths and options only
    tokens with a function word are cut, and only if there are several.
    """
    functional = {t: hit for t, hit in hits.items() if any(p.lower() in FUNCTION_WORDS for p in hit[0].parts)}
    plain = sum(chance for token, (_, chance) in functional.items() if token[1:].islower())
    other = sum(chance for token, (_, chance) in hits.items() if token not in functional)
    if _MAY_BE_SIGN.search(text) and sum(1 for _ in _SIGNS.finditer(text)) > _TECHNICAL * text.count(" "):
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
        if count > 2
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


def _glued_odds(text: str, blocks: Blocks) -> dict[str, Odds]:
    """Tokens of each language that may be several words: the analysis of both rules."""
    odds_by_language = {}
    for language in sorted({block.language for block in blocks.blocks if block.language in LANGUAGES}):
        parts = [text[b.start : b.end] for b in blocks.blocks if b.language == language and b.kind in WORDS]
        passage = "\n".join(parts)
        odds = _english_odds(passage) if language == "en" else _other_odds(passage, language)
        if odds := {token: hit for token, hit in odds.items() if hit[1] >= _LIKELY}:
            odds_by_language[language] = odds
    return odds_by_language


def _english_odds(text: str) -> Odds:
    if not is_loaded() and not _TRACE.search(text):  # a single clean text must not load the word list
        return {}
    tokens, words = _TOKEN.findall(text), vocabulary("en")
    return _probabilities(text, tokens, _unusual(tokens, words), words)


def _other_odds(text: str, language: str) -> Odds:
    tokens = _LETTERS.findall(text)
    if not _has_other_trace(text, language) and not _holds_pair(tokens):
        return {}
    words = vocabulary(language)
    return _probabilities(text, tokens, _unusual(tokens, words), words)


def _has_other_trace(text: str, language: str) -> bool:
    """Whether a text has letters of two scripts in a word, a capital inside a word, or a mark without a space."""
    mixed = _LATIN_BESIDE_FAR if language in OTHER_SCRIPTS else _FAR_BESIDE_LATIN
    return bool(_CAPITAL_OR_MARK.search(text) or mixed.search(text))


def _glued(text: str, odds: dict[str, Odds], blocks: Blocks, *, sure: bool) -> Iterator[Found]:
    english, trace = English(text), _Trace(text)
    for block in blocks.blocks:
        language = block.language or ""
        hits = odds.get(language, {})
        least = _SURE.get(language, _NEVER)
        hits = {token: hit for token, hit in hits.items() if hit[1] >= 0 and (hit[1] >= least) == sure}
        if not hits or block.kind not in WORDS:
            continue
        for start, token in _places(text, hits, block):
            split, chance = hits[token]
            end = start + len(token)
            if _is_protected(text, start, end):
                continue
            if language == "en":
                if not english.holds(start) or not trace.is_in_text(start):
                    continue
            elif language != "tr" and _SUFFIX.match(text, end):
                continue
            end = start
            for part in split.parts[:-1]:
                end += len(part)
                yield Found(end, end, " ", round(chance, 3))


def _places(text: str, hits: Collection[str], block: Block) -> list[tuple[int, str]]:
    """Where tokens of a block stand that are among some, in order: a few are searched for, which is faster."""
    pattern, inside = (_TOKEN, _INSIDE_TOKEN) if block.language == "en" else (_LETTERS, _INSIDE_LETTERS)
    if len(hits) > _FEW_HITS:
        matches = pattern.finditer(text, block.start, block.end)
        return [(match.start(), match.group()) for match in matches if match.group() in hits]
    places = []
    for hit in hits:
        start = text.find(hit, block.start, block.end)
        while start >= 0:
            end = start + len(hit)
            match = pattern.match(text, start, block.end)
            if match and match.end() == end and not inside.search(text, max(block.start, start - 2), start):
                places.append((start, hit))
            start = text.find(hit, end, block.end)
    return sorted(places)


def _is_protected(text: str, start: int, end: int) -> bool:
    """Whether a token is part of an address, the name of a file, a tag, code, or a word with combining accents."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if _is_letter_with_accent(text[end - 1 : end + 1]) or _is_letter_with_accent(before):
        return True
    if before[-1:] in _CODE or after[:1] in _CODE or after == "()":
        return bool(before or after)
    run = (
        (text[max(0, start - 100) : start].rsplit(maxsplit=1) or [""])[-1]
        if before and not before[-1].isspace()
        else ""
    )
    if "://" in run or "www." in run:
        return True
    behind_stop = before[-1:] == "." and before[:1].isalnum() and not (before[:1].islower() and text[start].isupper())
    return behind_stop or (after[:1] == "." and after[1:].islower())


def _is_letter_with_accent(two: str) -> bool:
    return two[1:] > "\u02ff" and len(normalize("NFC", two)) < len(two)


_DIGITS = re.compile(r"\d\d*")  # to search for a class is faster than for its repetition
_DATES = frozenset(
    "January February March April May June July August September October November December late early mid".split()
)


def _at_numbers(text: str) -> Iterator[Found]:
    """Numbers glued to a word: "late2020", "in 2013that"."""
    for match in _DIGITS.finditer(text):
        start, end = match.span()
        if end - start > 12:
            continue
        begin = start
        while begin > 0 and start - begin < 24 and text[begin - 1].isalpha():
            begin -= 1
        right = _LETTERS.match(text, end, end + 24)
        before, after = text[begin:start], right.group() if right else ""
        if not (before or after) or _is_protected(text, begin, end + len(after)):
            continue
        if text[begin - 1 : begin].isdigit() or text[end + len(after) : end + len(after) + 1].isdigit():
            continue
        year = end - start == 4 and (match.group()[0] == "1" or match.group()[:2] == "20")
        if _fits_number(before, year) and len(after) < 4:
            yield Found(start, start, " ", 0.95 if year else 0.9)
        if not before and (_fits_number(after, year) or (year and len(after) > 3 and after in common_words())):
            yield Found(end, end, " ", 0.95 if year else 0.9)


def _fits_number(word: str, year: bool) -> bool:
    """Whether a word next to a number is a word of its own, and not a unit or the name of a model."""
    return word in _DATES or (
        word.lower() in FUNCTION_WORDS and (len(word) > 2 or (year and word.islower() and len(word) > 1))
    )


def _surely(text: str, odds: dict[str, Odds], blocks: Blocks) -> list[Found]:
    numbers = [number for number in _at_numbers(text) if blocks.at(number.start).language == "en"]
    if numbers and not _Trace(text).is_in_text(numbers[0].start):
        numbers = []
    return [*_glued(text, odds, blocks, sure=True), *numbers]


def _maybe(text: str, odds: dict[str, Odds], blocks: Blocks) -> list[Found]:
    return list(_glued(text, odds, blocks, sure=False))


# What is less sure comes first, while the document still shows the evidence.
RULES = (
    Rule(
        "glued-word-maybe",
        "suggest",
        _SCREEN,
        _maybe,
        repairs=(
            "The woods were full ofsilence, and the two of us went home.",
            "The woods were full of silence, and the two of us went home.",
        ),
        leaves="McDonald, MacDonald, LeDonald and DeDonald wrote JavaScript for YouTube, eBay and iPhone",
        analyse=_glued_odds,
        screen_alone=True,
        kinds=WORDS,
        languages=LANGUAGES,
        needs_blocks=True,
        states_chance=True,
    ),
    Rule(
        "glued-word",
        "probable",
        _SCREEN,
        _surely,
        repairs=(
            "Ready for the future with RussiaMilitaryThreat. Facing the attackMilitaryThreat, it bringsMilitaryHe. "
            "They say hehadresigned as CEOthe day before late2020.",
            "Ready for the future with Russia Military Threat. Facing the attack Military Threat, it brings Military "
            "He. They say he had resigned as CEO the day before late 2020.",
        ),
        leaves="McDonald, MacDonald, LeDonald and DeDonald wrote JavaScript for YouTube, eBay and iPhone",
        analyse=_glued_odds,
        screen_alone=True,
        kinds=WORDS,
        languages=LANGUAGES,
        needs_blocks=True,
        states_chance=True,
    ),
)
