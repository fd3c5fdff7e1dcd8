"""Kinds of text and languages: labelled passages, and what holds for any text."""

from __future__ import annotations

import time
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.language.blocks import KINDS, find_blocks, plain_prose
from copydesk.language.code_lines import NEEDED, line_marks, score

PROSE = "The council met on Tuesday and agreed to repair the old bridge before the winter."
LABELLED = {
    "prose": [
        PROSE,
        "Der Gemeinderat hat am Dienstag beschlossen, die alte Brücke vor dem Winter zu reparieren.",
        "The council met on Tuesday and agreed to repair the old bridge before the\n"
        "winter, since the engineers had found that two of its pillars were no longer\n"
        "safe for lorries, and the road along the river is closed as well.",
        "Городской совет во вторник решил отремонтировать старый мост до зимы.",
        "Use the option --force (see below) only if the file foo.txt was lost; otherwise leave it, please.",
        "In 2019, 14,200 people (43 %) lived there; by 2024 there were 15,100 (47 %).",
        "RESULTS",
        "He left.\nNobody saw him.\nThe door was open.",
    ],
    "code": [
        "def total(rows):\n    return sum(row.price * row.count for row in rows)",
        "for (int i = 0; i < n; i++) {\n  sum += values[i];\n}",
        "$ git clone https://example.org/tool.git\n$ cd tool\n$ make install",
        '#include <stdio.h>\nint main(void) {\n    puts("hello");\n    return 0;\n}',
        "SELECT name, price\n  FROM goods\n WHERE price > 10 AND name LIKE '%cup%';",
        "const sum = (a, b) => a + b;\nconsole.log(sum(1, 2));",
    ],
    "configuration": [
        "[server]\nhost = 192.0.2.7\nport = 8080\nlog_level = debug",
        "name: shop\nversion: 1.4.2\nreplicas: 3\nimage: example/shop",
        '{\n  "name": "shop",\n  "port": 8080,\n  "debug": false\n}',
    ],
    "table": [
        "Name       Age   Town\nAda         36   London\nGrace       85   Arlington",
        "apples\t12\t1.20\npears\t7\t2.10\nplums\t31\t0.80",
        "| name | age |\n|------|-----|\n| Ada | 36 |\n| Grace | 85 |",
    ],
    "list": [
        "- two eggs\n- a cup of flour\n- some salt",
        "1. Open the lid.\n2. Put the letter in.\n3. Close it again.",
        "https://example.org/one\nhttps://example.org/two\nhttps://example.org/three",
    ],
    "verse": [
        "The evening comes with quiet feet,\nit walks along the empty street,\nand where it rests, the lamps are lit,\n"
        "and all the windows look at it.",
        "cae la tarde sobre el mar,\nnadie la quiere mirar,\ny en la arena, sin cantar,\nduerme el viejo pescador.",
    ],
    "transcript": [
        "Anna: When did it start?\nBen: Last week, I think.\nAnna: And does it hurt?\nBen: Only at night.",
    ],
    "scan": [
        "Die Regie¬\nrung hatte den Vertrag schon vor drei Jahren gekün¬\ndigt, ohne jemanden davon zu unter¬\nrichten.",
    ],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in LABELLED.items() for text in texts])
def test_a_passage_has_its_kind_alone_and_between_prose(kind: str, text: str) -> None:
    assert [block.kind for block in find_blocks(text).blocks] == [kind]
    blocks = find_blocks(f"{PROSE}\n\n{text}\n\n{PROSE}")
    assert blocks.at(len(PROSE) + 3).kind == kind
    assert [blocks.at(0).kind, blocks.blocks[-1].kind] == ["prose", "prose"]


def test_every_kind_has_an_example() -> None:
    assert LABELLED.keys() == set(KINDS)


def test_each_paragraph_has_its_language_and_short_ones_inherit() -> None:
    german = "Der Gemeinderat hat am Dienstag beschlossen, die alte Brücke noch vor dem Winter reparieren zu lassen."
    text = f"{PROSE} {PROSE}\n\n{german}\n\nBonn\n\n{PROSE} The mayor agreed."
    blocks = find_blocks(text)
    assert [block.language for block in blocks.blocks] == ["en", "de", "en"]
    assert text[blocks.blocks[1].start :].startswith(german)


def test_a_short_text_of_common_words_is_english_and_one_of_unknown_words_is_nothing() -> None:
    assert find_blocks("They went home and it was late").blocks[0].language == "en"
    assert find_blocks("vimdiff xyzzy").blocks[0].language is None


def test_no_letters_of_another_script_are_code() -> None:
    assert score("если x > 0: напечатать(x)") < 0


SAMPLES = ("    return x[0];", "He said so; she laughed, and the others left.", "name: value", "-- He, of course.")


@given(st.text("ab A.([{=:;,_-/\"'`$%<>|\\!?…1\t", max_size=20))
def test_a_line_without_the_characters_of_a_mark_does_not_have_it(line: str) -> None:
    marks = line_marks(line)
    for name, needed in NEEDED.items():
        assert f"{name} yes" not in marks or set(needed) & set(line)


@given(st.text("ab A.([{=:;,_-/\"'`$%<>|\\!?…1\t", max_size=20) | st.sampled_from(SAMPLES), st.integers(-300, 300))
def test_a_score_is_exact_above_what_the_caller_needs(line: str, least: int) -> None:
    exact, found = score(line), score(line, least)
    assert found == exact if exact > least else found <= least


pieces = st.sampled_from(
    ["word", " ", "\n", "\n\n", "    ", "{", "};", "- ", "x = 1", "Иван", "¬", "|", "\t", "A.", "a:"]
)


@given(st.lists(pieces, max_size=40).map("".join))
def test_blocks_lie_side_by_side_and_leave_nothing_out(text: str) -> None:
    blocks = find_blocks(text).blocks
    assert (blocks[0].start, blocks[-1].end) == (0, len(text))
    assert all(one.end == two.start for one, two in pairwise(blocks))
    assert all((one.kind, one.language) != (two.kind, two.language) for one, two in pairwise(blocks))


@given(st.lists(pieces, max_size=30).map("".join), st.data())
def test_blocks_move_with_the_edits(text: str, data: st.DataObject) -> None:
    """A position that no edit touches stays in its block."""
    blocks = find_blocks(text)
    places = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    edits = [(a, b, data.draw(st.integers(0, 3))) for a, b in zip(places[::2], places[1::2], strict=False)]
    moved = blocks.after(edits)
    shift = sum(length - (end - start) for start, end, length in edits)
    assert (moved.blocks[0].start, moved.blocks[-1].end) == (0, len(text) + shift)
    for position in range(len(text)):
        if not any(start <= position < end for start, end, _ in edits):
            new = position + sum(length - (end - start) for start, end, length in edits if end <= position)
            assert moved.at(new)[2:] == blocks.at(position)[2:]


@pytest.mark.parametrize(
    "piece", ["a", "a b\n", "x = {\n", "\n\n", "- a\n", "a  b\n", "A: b\n", "¬\n", "(((", "a_", "/", "日本 ", "a.b\n"]
)
@pytest.mark.slow
def test_the_time_grows_with_the_text(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        began = time.process_time()
        find_blocks(text)
        return time.process_time() - began

    seconds(1_000)
    assert seconds(160_000) < 40 * max(seconds(20_000), 0.005)


@settings(max_examples=30)
@given(st.lists(pieces, max_size=30).map("".join))
def test_what_is_plain_prose_does_not_depend_on_what_is_known(text: str) -> None:
    texts = pa.array([text, PROSE])
    assert plain_prose(texts, [find_blocks(text), None]) == plain_prose(texts)
