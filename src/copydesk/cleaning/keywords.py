"""Words that a page linked, and that lost the spaces around them when the tags were stripped."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from copydesk.cleaning.rule import Found, Rule

# A capitalised word of four letters or more, glued behind a small letter or a comma.
_GLUED = re.compile(r"(?<=[a-z,])[A-Z][a-z]{3,30}(?![a-z])")
_JOINT = re.compile("[a-z,][A-Z][a-z]{3}")
# Beginnings of names that go on with a capital: McDonald, MacArthur, DeLillo, LeBron, VanDyke.
_NAME = re.compile("[A-Z][a-z]{1,2}")
_ENOUGH = 3


def _linked_words(text: str) -> set[str]:
    """Words found glued behind different things: a link keyword is glued wherever it stands, a name is not."""
    behind: dict[str, set[str]] = defaultdict(set)
    for match in _GLUED.finditer(text):
        start = match.start()
        before = text[max(0, start - 12) : start].rpartition(" ")[2]
        if not _NAME.fullmatch(before):
            behind[match.group()].add(before)
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
            "RussiaMilitaryThreat. Facing the attackMilitaryThreat, it bringsMilitaryHe. The economy,Militaryand all",
            "Russia Military Threat. Facing the attack Military Threat, it brings Military He. "
            "The economy, Military and all",
        ),
        leaves="McDonald, MacDonald, LeDonald and DeDonald wrote JavaScript for YouTube, eBay and iPhone",
    ),
)
