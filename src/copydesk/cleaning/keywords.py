"""Words that a page linked, and that lost the spaces around them when the tags were stripped."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from copydesk.cleaning.rule import Found, Rule

# A capitalised word of four letters or more, glued behind a small letter or a comma.
_GLUED = re.compile(r"(?<=[a-z,])[A-Z][a-z]{3,30}(?![a-z])")
_JOINT = re.compile("[a-z,][A-Z][a-z]{3}")
_WORD = re.compile("[A-Za-z’']")
_ENOUGH = 3


def _linked_words(text: str) -> set[str]:
    """Words found glued behind different things: a link keyword is glued wherever it stands, a name is not."""
    behind: dict[str, set[str]] = defaultdict(set)
    for match in _GLUED.finditer(text):
        start = match.start()
        behind[match.group()].add(text[max(0, start - 12) : start].rpartition(" ")[2])
    return {word for word, contexts in behind.items() if len(contexts) >= _ENOUGH}


def _glued(text: str) -> Iterator[Found]:
    if sum(1 for _ in _JOINT.finditer(text)) < _ENOUGH:
        return
    cuts = set()
    for word in _linked_words(text):
        start = text.find(word)
        while start >= 0:
            end = start + len(word)
            left = text[start - 1 : start]
            right = text[end : end + 1]
            glued_left = left == "," or left.islower()
            if glued_left:
                cuts.add(start)
            # "Militaryand" alone could be a longer word; behind a glued or capital neighbour it is not.
            if right.isalpha() and (glued_left or right.isupper()):
                cuts.add(end)
            start = text.find(word, end)
    yield from (Found(cut, cut, " ", 0.95) for cut in sorted(cuts))


RULES = (
    Rule(
        "glued-keyword",
        "probable",
        "[a-z,][A-Z][a-z]{3}",
        _glued,
        repairs=(
            "with RussiaMilitaryThreat. In the economy,Militaryand science. What the war bringsMilitaryHe said",
            "with Russia Military Threat. In the economy, Military and science. What the war brings Military He said",
        ),
        leaves="McDonald, MacDonald and LeDonald wrote JavaScript for YouTube and iPhone",
    ),
)
