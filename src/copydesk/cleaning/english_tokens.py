"""The tokens of an English text, and which of them deserve a look: found fast, because nearly all texts hold none.

Most tokens of a text have been met in others. What a token is by itself does not depend on the text, so the ordinary
ones are remembered.
"""

from __future__ import annotations

import math
import re

from copydesk.cleaning.word_splitting import log_frequency, may_be_several
from copydesk.language.english_words import FUNCTION_WORDS, common_words
from copydesk.language.vocabularies import Vocabulary, vocabulary

#: Letters of the longest token that is looked at.
LONGEST = 60
TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_MANY, _LEAST_FUNCTIONAL = 1000, 0.08  # unusual words and share of function words; with less a text is not English
_MOST_KEPT = 100_000
#: What can be in a token: letters of ASCII, the apostrophe, and bytes of other characters.
_IN_TOKENS = bytes(c if c > 127 or chr(c).isalpha() or chr(c) == "'" else ord(" ") for c in range(256))
#: "a" for what may be a letter, and "." for the marks that a space follows.
_LETTER_OR_MARK = bytes(
    ord("a" if c > 127 or chr(c).isalpha() else "." if chr(c) in ",;!?).]" else " ") for c in range(256)
)


def english_tokens(text: str) -> list[str]:
    """The same as ``TOKEN.findall``, in half the time: most runs between characters of ASCII are letters alone."""
    tokens: list[str] = []
    for run in text.encode("utf-8", "surrogatepass").translate(_IN_TOKENS).decode("utf-8", "surrogatepass").split():
        if run.isalpha():
            tokens.append(run)
        else:
            tokens += TOKEN.findall(run)
    return tokens


def most_joints(text: str) -> int:
    """How often a mark stands before a letter: at least as often as a space was lost there."""
    return text.encode("utf-8", "surrogatepass").translate(_LETTER_OR_MARK).count(b".a")


def notable_tokens(tokens: list[str]) -> set[str]:
    """The tokens that could be several words, or are in no list of words; none where a text is not English."""
    different = set(tokens)
    unusual = different.difference(common_words())
    is_other = sum(2 < len(token) <= LONGEST for token in unusual) > _MANY if len(unusual) > _MANY else False
    if is_other and sum(map(FUNCTION_WORDS.__contains__, tokens)) < _LEAST_FUNCTIONAL * len(tokens):
        return set()
    words, notable = vocabulary("en"), set[str]()
    if len(_ordinary) > _MOST_KEPT:
        _ordinary.clear()
    for token in unusual.difference(_ordinary):
        if 2 < len(token) <= LONGEST and (may_be_several(token, words) or is_unknown(token, words)):
            notable.add(token)
        else:
            _ordinary[token] = None
    return notable


#: Tokens that are not notable. The garbage collector does not visit the keys of a dictionary of nothing else.
_ordinary: dict[str, None] = {}


def is_unknown(token: str, words: Vocabulary) -> bool:
    """Whether no list of words holds a token."""
    return log_frequency(words.lower(token), words) == -math.inf
