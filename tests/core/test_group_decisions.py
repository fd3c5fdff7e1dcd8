"""What makes suggestions one group, and which decision about a group holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.core.decisions import Decision
from copydesk.core.group_decisions import GroupDecisions, Wording, longest_word, wording


def group(kind: str, **values: str) -> Decision:
    return Decision(None, None, kind, rule="glued", **values)


@pytest.mark.parametrize(
    ("raw", "change", "after", "words"),
    [
        ("full ofsilence, and", (7, 7), " ", Wording("ofsilence", "of silence")),
        ("FULL ofsilence.", (7, 7), " ", Wording("ofsilence", "of silence")),
        ("the war ?", (7, 8), "", Wording("war ?", "war?")),
        ("He left.\nREAD MORE: it\nShe", (8, 22), "", Wording("READ MORE: it", "")),
        ("READ  MORE:\tit\nShe", (0, 15), "", Wording("READ MORE: it", "")),
        ("an out come", (6, 7), "", Wording("out come", "outcome")),
        ("", (0, 0), "x", Wording("", "x")),
    ],
)
def test_the_words_around_a_change_are_its_wording(
    raw: str, change: tuple[int, int], after: str, words: Wording
) -> None:
    assert wording(raw, *change, after) == words


@given(st.text(), st.data(), st.text())
def test_a_raw_text_has_the_longest_word_of_every_wording_in_it(raw: str, data: st.DataObject, after: str) -> None:
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))
    words = wording(raw, start, end, after)
    assert longest_word(group("accept", before=words.before, after=words.after)) in raw
    assert words == Wording(*(" ".join(text.split()) for text in words))


def test_a_word_without_an_end_is_cut() -> None:
    assert len(wording("x" * 1_000_000, 500_000, 500_000, " ").before) == 120


def test_the_narrowest_decision_about_a_group_holds() -> None:
    words = Wording("ofsilence", "of silence")
    everywhere, in_source = group("reject"), group("accept", source="Desk")
    of_words = group("reject", **words._asdict())
    of_words_there = of_words._replace(decision="accept", source="Desk")
    groups = GroupDecisions([everywhere, in_source, of_words, of_words_there])
    assert groups.fitting("glued", words) == [of_words_there, of_words, in_source, everywhere]
    assert groups.fitting("glued", Wording("a", "b")) == [in_source, everywhere]
    assert groups.fitting("other", words) == []
    assert GroupDecisions([of_words._replace(raw_start=1, raw_end=1, doc_id="a")]).fitting("glued", words) == []
