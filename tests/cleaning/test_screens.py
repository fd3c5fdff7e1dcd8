"""Screens pass over texts in which a rule has nothing to do, and nothing else: of texts and of their branches."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pyarrow as pa

from copydesk.cleaning.apply import Cleaned, clean_text, run_of_rules
from copydesk.cleaning.plan import DETECTORS, RULES, plan

HOW = plan({"apply": ["safe", "probable"], "rules": {}})
_BROKEN = (*(rule.repairs[0] for rule in RULES), *(detector.marks for detector in DETECTORS))
_BODY = "He had heard of the harbour before, but nobody there remembered what the ships had brought."
#: Each defect alone, with a paragraph, and with the next defect: rules that change a text let it pass other screens.
TEXTS = [
    *_BROKEN,
    *(f"{_BODY}\n{text}\n{_BODY} So it was." for text in _BROKEN),
    *map("\n".join, pairwise(_BROKEN)),
]


def parts(cleaned: Cleaned) -> tuple[Any, ...]:
    return cleaned.edited.text, cleaned.edited.edits, *cleaned[1:]


def test_a_column_is_cleaned_as_its_texts_are_without_screens() -> None:
    cleaned = run_of_rules(pa.array(TEXTS), HOW).cleaned
    assert list(map(parts, cleaned)) == [parts(clean_text(text, HOW)) for text in TEXTS]


def test_a_branch_is_the_text_without_its_rule() -> None:
    run = run_of_rules(pa.array(TEXTS), HOW, branches=True)
    assert list(map(parts, run.cleaned)) == list(map(parts, run_of_rules(pa.array(TEXTS), HOW).cleaned))
    without = {branch.rule for branch in run.branches} - {None}
    assert len(without) > len(RULES) / 2
    for name in sorted(filter(None, without)):
        how = HOW._replace(applied=tuple(rule for rule in HOW.applied if rule.name != name))
        for branch in run.branches:
            if branch.rule == name:
                assert branch.cleaned.edited.text == clean_text(TEXTS[branch.number], how).edited.text, name
