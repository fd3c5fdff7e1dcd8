"""Words that were torn in two: "prote sters", "newsp aper"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate

from copydesk.cleaning.rule import Found, Rule
from copydesk.language.blocks import WORDS
from copydesk.language.english_words import COMMON, English, common_words, frequency, is_loaded

_LONGEST = 16
_MANY = 100
#: A joined word is a common one, and one of its parts is not and is this many times rarer than the whole.
_RARER = 5
_OPENERS, _CLOSERS = "\"'“‘([", "\"'”’)].,;:!?"


_TWO_LETTERS = frozenset(
    """
    ad ah al am an as at ax be by cm da de di do du ed eh el em en et ex fm ft go ha he hi ho id if in is it km kg la
    le lo ma mb me mi ml mm mr ms my no of oh ok on op or os ow ox oz pa pi pm re so ti to tv ty un up us van vs we ya
    ye yo
    """.split()
)
_ONSETS = frozenset(
    """
    bl br ch cl cr dr dw fl fr gl gn gr gh kl kn kr ll mc mn ph pl pn pr ps pt rh sc sh sk sl sm sn sp sq st sv sw th
    tr ts tw vr vs wh wr
    """.split()
)
#: Endings that are no words.
_ENDINGS = (
    "tion|tions|sion|sions|ment|ments|ness|ities|ity|ical|ally|ized|izes|izing|ling|tive|tively|ously|ance|ence"
)


def _impossible() -> str:
    """RE2 pattern of letters that are not, or do not begin, an English word: the trace of torn words.

    Looking up every word of every text would find more, and cost more than all other screens together. If a text has
    one such trace, all its words are looked up.
    """
    letters, consonants = "abcdefghijklmnopqrstuvwxyz", "bcdfghjklmnpqrstvwxz"
    short = "|".join(f"{a}[{''.join(b for b in letters if a + b not in _TWO_LETTERS)}]" for a in letters)
    begins = "|".join(f"{a}[{''.join(b for b in consonants if a + b not in _ONSETS)}]" for a in consonants)
    return f"[a-z] (?:{short})[ .,;:!?\n]|[a-z] (?:{begins})[a-z][a-z]|[a-z] (?:[b-hj-z]|{_ENDINGS})[ .,;:!?\n]"


_SCREEN = _impossible()
_TRACE = re.compile(_SCREEN)


def _torn(text: str) -> Iterator[Found]:
    return (Found(joint, joint + 1, "", 0.9) for joint in _joints(text))


def _joints(text: str) -> list[int]:
    """Offsets of the spaces inside torn words."""
    if not is_loaded() and not _TRACE.search(text):  # so that a single text does not have them loaded for nothing
        return []
    known = common_words()
    # One part is nearly always bare of punctuation and of a capital; looking at no more keeps this fast.
    rare = _pieces().keys() & text.split(" ")
    spaces: set[int] = set()
    english = English(text)
    for space in sorted(_spaces_beside(text, rare)):
        left = text[max(0, space - _LONGEST - 2) : space].rpartition(" ")[2].rpartition("\n")[2].lstrip(_OPENERS)
        right = text[space + 1 : space + _LONGEST + 3].partition(" ")[0].partition("\n")[0].rstrip(_CLOSERS)
        if (left + right).lower() not in known or not (_is_part(left) and _is_part(right) and right.islower()):
            continue
        whole, part = frequency(left + right), min(frequency(left), frequency(right))
        # The first part of a pair may be the end of a word that was just made whole.
        once = space - len(left) - 1 not in spaces
        if part < COMMON and part * _RARER < whole and once and english.holds(space):
            spaces.add(space)
    # Last: nearly all texts with a trace, which the screen has let through, hold nothing.
    return sorted(spaces) if spaces and _TRACE.search(text) else []


@cache
def _pieces() -> dict[str, None]:
    """Parts of common words that are not common words themselves."""
    common = common_words()
    whole = [word for word in common if word.islower() and word.isascii() and word.isalpha()]
    parts = {part for word in whole for at in range(1, len(word)) for part in (word[:at], word[at:])}
    return dict.fromkeys(parts.difference(common))


def _spaces_beside(text: str, words: set[str]) -> set[int]:
    """Offsets of the spaces before and after each of some words."""
    if len(words) > _MANY:  # one pass over the text, however many there are
        fields = text.split(" ")
        starts = accumulate((len(field) + 1 for field in fields), initial=0)
        spans = [(s, s + len(w)) for s, w in zip(starts, fields, strict=False) if w in words]
    else:
        spans = [span for word in words for span in _places(text, word)]
    return {space for start, end in spans for space in (start - 1, end) if text[space : space + 1] == " "}


def _places(text: str, word: str) -> Iterator[tuple[int, int]]:
    """Spans at which a word stands between two spaces."""
    start = text.find(f" {word} ") + 1
    while start:
        yield start, start + len(word)
        start = text.find(f" {word} ", start) + 1


def _is_part(word: str) -> bool:
    return 0 < len(word) <= _LONGEST and word.isascii() and word.isalpha() and (len(word) == 1 or word[1:].islower())


RULES = (
    Rule(
        "torn-word",
        "probable",
        _SCREEN,
        _torn,
        repairs=("who were ca lled by the newsp aper", "who were called by the newspaper"),
        leaves="a set up, in to it, every one, the co op and the ex cons\nlas pistas de baile y las de rs",
        screen_alone=True,
        kinds=WORDS,
        languages=frozenset({"en"}),
    ),
)
