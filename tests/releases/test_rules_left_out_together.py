"""Two rules left out when loading, whose edits lie together: the text is that of a build, or the choice is refused."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from copydesk.cleaning.apply import clean_text
from copydesk.cleaning.plan import RULES, plan
from copydesk.core.config import check_params
from copydesk.errors import InputError
from copydesk.stages import clean
from copydesk.stages.runner import Shard
from copydesk.tables.table import Table
from copydesk.text import EditedText
from copydesk.text.chosen_rows import choose
from copydesk.text.differing_edits import DifferingPlace, differing_places, touching
from copydesk.text.edit_choice import edit_choice

PARAMS = check_params({})
ARTICLE = "He will not return to the town where it began, he told the paper.\n"
#: Defects that may stand together, and pieces of text between them.
PIECES = (
    *(rule.repairs[0] for rule in RULES),
    *(
        "the mayor said ",
        "There, ",
        "it ended.",
        "\n",
        "\n\n",
        "\r\n",
        "  ",
        "\t",
        " ,",
        "\u200b",
        "\u00ad",
        "\ufeff",
    ),
    *(
        "â€”",
        "â€œ",
        "&amp;",
        "&nbsp;",
        "con- tinued ",
        "won.He ",
        "war?Russia ",
        "Despitethe ",
        "”Later",
        "T he ",
        "-\n",
    ),
    *("Advertisement\n", "Read more: Why it fell\n", "© Northern Post\n", "Share this\n", ARTICLE),
)


class Document:
    """A text as a build publishes it: its row, and the rows of its applied edits."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        tables = {name: Table(name).from_rows([]) for name in ("decisions", "documents")}
        shard = Shard(
            {
                "raw": pa.table({"doc_id": ["a"], "path": ["a.txt"], "text": [raw]}),
                "decisions": tables["decisions"],
                "pages": pa.table({"doc_id": pa.array([], pa.string())}),
                "languages": tables["documents"].select(["doc_id", "language"]),
            },
            PARAMS,
        )
        made: dict[str, Any] = clean.shard(shard)
        self.row = {**made["text"][0], "sentences": []}
        self.edits = [edit for edit in made["edits"] if edit["applied"]]

    def chosen(self, rules: tuple[str, ...]) -> EditedText:
        return choose(self.row, self.edits, edit_choice([f"-{rule}" for rule in rules])).edited

    def built(self, rules: tuple[str, ...]) -> EditedText:
        settings = check_params({"clean": {"rules": dict.fromkeys(rules, "off")}})["clean"]
        return clean_text(self.raw, plan(settings)).edited

    def together(self) -> dict[tuple[str, str], list[tuple[int, int]]]:
        """Pairs of rules whose edits touch or are one edit, each with the spans of the raw text."""
        pairs: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for start, end, edits, _ in touching(self.chosen(()).edits):
            rules = sorted({rule for edit in edits for rule in edit.rules})
            for pair in combinations(rules, 2):
                pairs.setdefault(pair, []).append((start, end))
        return pairs


def acting(edited: EditedText, place: DifferingPlace) -> set[str]:
    """The rules that made edits which touch a place."""
    near = (edit for edit in edited.edits if edit.raw_start <= place.raw_end and edit.raw_end >= place.raw_start)
    return {rule for edit in near for rule in edit.rules}


def acts_otherwise_only_without_both(document: Document, pair: tuple[str, str], place: DifferingPlace) -> bool:
    """Whether a rule acts at a place only if both are left out, or rests only then: no build without one shows it."""
    known = [acting(document.built(rules), place) for rules in ((), pair[:1], pair[1:])]
    without_both = acting(document.built(pair), place)
    return bool(without_both - set.union(*known) or set.intersection(*known) - without_both - {*pair})


@given(st.lists(st.sampled_from(PIECES), min_size=2, max_size=6).map("".join))
def test_where_edits_of_both_lie_together_the_text_is_that_of_a_build(raw: str) -> None:
    document = Document(raw)
    for pair, spans in document.together().items():
        try:
            chosen = document.chosen(pair)
        except InputError as error:
            assert "is not recorded" in str(error)
            continue
        for place in differing_places(chosen, document.built(pair)):
            # A build may differ elsewhere, and by what rules do only without both, as docs/load.md says.
            together = any(place.raw_start <= end and place.raw_end >= start for start, end in spans)
            assert not together or acts_otherwise_only_without_both(document, pair, place), (pair, place)


@pytest.mark.parametrize(
    ("raw", "rules"),
    [
        ("The café &amp;&nbsp; bar", ("character-reference", "spaces")),  # one edit of both
        (f"{ARTICLE}Share this\n\u200b&amp;\u200bso on", ("character-reference", "invisible")),  # edits that touch
        (f"{ARTICLE}Read more: Why\u200b it  fell", ("invisible", "read-more")),  # an edit in a line that is removed
    ],
)
def test_both_are_taken_back(raw: str, rules: tuple[str, ...]) -> None:
    document = Document(raw)
    assert rules in document.together()
    assert document.chosen(rules).text == document.built(rules).text != document.row["text"]


@pytest.mark.parametrize(
    ("raw", "rules", "other"),
    [
        # Without one, the white space behind a line is not removed; without the second, it is a line's beginning.
        ("Advertisement\n&nbsp;con- tinued it ended.", ("advertisement", "character-reference"), "spaces"),
        # Without one, another rule acts beside an edit that touches one of the second.
        ("The ministerâ€™s cafÃ©\u200b ,", ("invisible", "mojibake"), "space-before-mark"),
    ],
)  # fmt: skip
def test_what_a_third_rule_would_do_is_not_guessed(raw: str, rules: tuple[str, ...], other: str) -> None:
    document = Document(raw)
    assert rules in document.together()
    with pytest.raises(InputError, match=rf"{other} would change something else .* is not recorded; add -{other}"):
        document.chosen(rules)
    for rule in rules:  # each by itself is known
        assert document.chosen((rule,)).text == document.built((rule,)).text
    assert document.chosen((*rules, other)).text == document.built((*rules, other)).text
