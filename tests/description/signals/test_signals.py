"""Signals are those of datatrove's filters, as recorded, and of a plain reading of their definitions."""

from __future__ import annotations

import json
import lzma
import re
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

from copydesk.description.signals import line_signals, repetition
from copydesk.description.signals.signals import alphabet, signals
from support import ROOT, hard_texts, words_of

OPEN = ROOT / "benchmarks" / "quality" / "open"
Values = dict[str, float]

STOP_WORDS = {"the", "be", "to", "of", "and", "that", "have", "with"}
POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")
CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
TERMINAL = tuple(map(chr, line_signals.TERMINAL.tolist()))

#: Texts in which much repeats: of few words and breaks, and of pieces that the definitions name.
PIECES = (
    *("a", "b", "ab", "ba", "aa", "é", "中", "the", "of", "to", "12", "...", "…", "- ", "•", "{", ".", "!", '"', "'"),
    *("[1]", "[edit]", "[citation needed]", "]", "JavaScript", "lorem", "ipsum", "use coo\u212aies", "Terms of use"),
    *(
        "lorem ipsum",
        "a b a b a",
        "The same line of some length.",
        "。",
        "\u0130",
        "thirty characters, as FineWeb has",
    ),
    *(" ", " ", " ", " ", "\n", "\n", "\n\n", "\r\n", "\r", "\u2028", "\x85", "\x0b", "\x1c", "\x1f", "\t", "\u3000"),
)
repeating = st.lists(st.sampled_from(PIECES), max_size=80).map("".join)
few_words = st.lists(st.sampled_from(["a", "b", "ab", "aab"]), max_size=80).map(" ".join)
texts = hard_texts | repeating | few_words


def of(texts: Iterable[str]) -> list[Values]:
    columns = signals(pa.array(texts, pa.string()))
    names, values = list(columns), [column.to_pylist() for column in columns.values()]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def records(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lzma.decompress((OPEN / path).read_bytes()).splitlines()]


@pytest.fixture(scope="module")
def recorded() -> list[tuple[str, str, Values]]:
    """Id, text and values of each document that datatrove's filters have seen."""
    known = {row["id"]: row["text"] for name in ("dev", "train") for row in records(f"sentences/{name}.jsonl.xz")}
    return [(row["id"], row.get("text", known.get(row["id"])), row["values"]) for row in records("signals.jsonl.xz")]


def test_values_are_those_of_datatrove(recorded: list[tuple[str, str, Values]]) -> None:
    assert len(recorded) > 1800
    spaced = [row for row in recorded if words_of(row[1]) == row[1].split()]  # datatrove was told to split at spaces
    assert len(spaced) > 1700
    for (name, _, expected), found in zip(spaced, of(text for _, text, _ in spaced), strict=True):
        assert {key: found[key] for key in expected} == pytest.approx(expected, abs=1e-9), name
    for key in recorded[0][2]:
        assert len({expected.get(key) for _, _, expected in recorded}) > 1, f"{key} never varies"


def stood_before(parts: list[str]) -> tuple[int, int]:
    again = [part for n, part in enumerate(parts) if part in parts[:n]]
    return len(again), sum(map(len, again))


def covered(words: list[str], n: int) -> int:
    seen, at, characters = set(), 0, 0
    while at + n <= len(words):
        gram = "".join(words[at : at + n])
        characters += len(gram) if gram in seen else 0
        at += n if gram in seen else 1
        seen.add(gram)
    return characters


def top(words: list[str], n: int) -> int:
    grams = Counter(" ".join(words[at : at + n]) for at in range(len(words) - n + 1))
    return max((len(gram) * count for gram, count in grams.most_common(1)), default=0)


def reference(text: str) -> Values:
    words, split = words_of(text), text.splitlines()
    bare = [CITATION.sub("", line.strip()) for line in split]
    paragraphs, full = re.split(r"\n{2,}", text.strip()), re.split(r"\n+", text)
    spoken = [line for line in text.split("\n") if line.strip()]
    size = max(len(text), 1)
    return {
        "characters": len(text),
        "words": len(words),
        "mean_word_length": sum(map(len, words)) / max(len(words), 1),
        "symbol_word_ratio": (text.count("#") + text.count("...") + text.count("…")) / max(len(words), 1)
        if words
        else 0,
        "alpha_word_ratio": sum(any(map(str.isalpha, word)) for word in words) / max(len(words), 1),
        "stop_words": len(STOP_WORDS & set(words)),
        "bullet_line_ratio": sum(line.lstrip().startswith(("•", "-")) for line in split) / max(len(split), 1),
        "ellipsis_line_ratio": sum(line.rstrip().endswith(("...", "…")) for line in split) / max(len(split), 1),
        "terminal_punct_lines": sum(
            line.endswith((".", "?", "!", '"', "'")) and not line.endswith("...") for line in bare
        )
        / max(len(split), 1),
        "curly_brackets": "{" in text,
        "lorem_ipsum": any("lorem ipsum" in line.lower() for line in bare),
        "javascript_lines": sum("javascript" in line.lower() for line in bare),
        "policy_lines": sum(any(phrase in line.lower() for phrase in POLICY) for line in bare),
        "line_punct_ratio": sum(line.endswith(TERMINAL) for line in spoken) / max(len(spoken), 1),
        "short_line_ratio": sum(len(line) <= 30 for line in spoken) / max(len(spoken), 1),
        "list_ratio": text.count("\n") / len(words) if words else 0,
        "char_dup_ratio": stood_before(spoken)[1] / max(len(text.replace("\n", "")), 1),
        "dup_paragraph_frac": stood_before(paragraphs)[0] / len(paragraphs),
        "dup_paragraph_char_frac": stood_before(paragraphs)[1] / size,
        "dup_line_frac": stood_before(full)[0] / len(full),
        "dup_line_char_frac": stood_before(full)[1] / size,
        **{f"top_{n}_gram_frac": top(words, n) / size for n in (2, 3, 4)},
        **{f"dup_{n}_gram_frac": covered(words, n) / size for n in range(5, 11)},
    }


@given(st.lists(texts, max_size=4))
def test_values_are_those_of_a_plain_reading(texts: list[str]) -> None:
    for text, found in zip(texts, of(texts), strict=True):
        assert found == pytest.approx(reference(text), abs=1e-12), text


@given(st.lists(texts, min_size=1, max_size=6), st.data())
def test_a_text_has_its_values_in_any_company(texts: list[str], data: st.DataObject) -> None:
    together = of(texts)
    assert together == [of([text])[0] for text in texts]
    begin = data.draw(st.integers(0, len(texts)))
    part = signals(pa.array(texts, pa.string()).slice(begin, 3))
    assert {name: column.to_pylist() for name, column in part.items()} == {
        name: [row[name] for row in together[begin : begin + 3]] for name in together[0]
    }


def test_long_columns_are_taken_in_parts(recorded: list[tuple[str, str, Values]]) -> None:
    some = [text for _, text, _ in recorded[::9]] + ["many words " * 60_000] + [""] * 70
    assert of(some) == [of([text])[0] for text in some]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n",
        "\n\n\u2028\x85",
        "word",
        "\u2028word\x85word\x0bword",
        "\0 \0\0 a\0 a be\0 to",
        "ends.\x85ends.\u2028ends.\u2029ends.\r\n\rends.\x0b\x0cends.\x1c",
        "x\r",
        "[1]\n]\n[\n[].",
        "ab c d e f a bc d e f abc d e f g",
    ],
)
def test_odd_texts(text: str) -> None:
    # Neighbours whose ends would make a break, a run of stops or a word with it.
    before, found, after = of(["..\r", text, "\n.. ab"])
    assert found == pytest.approx(reference(text))
    assert before == pytest.approx(reference("..\r"))
    assert after == pytest.approx(reference("\n.. ab"))


def test_letters_are_those_of_isalpha() -> None:
    assert alphabet().tolist() == [chr(point).isalpha() for point in range(0x110000)]
    texts = [f"1{chr(point)}1" for point in range(0x21, 0xD800, 61)]
    found = signals(pa.array(texts))["alpha_word_ratio"].to_pylist()
    assert found == [text[1].isalpha() / len(words_of(text)) for text in texts]


def test_all_terminal_marks_of_datatrove_are_known(recorded: list[tuple[str, str, Values]]) -> None:
    # The record has a text of each of them in a line of its own; as many are known, so they are the same.
    (text,) = (text for name, text, _ in recorded if name == "made/marks")
    assert len(text.split("\n")) == len(line_signals.TERMINAL) == len(set(TERMINAL))
    assert of([text])[0]["line_punct_ratio"] == 1


def test_no_texts_have_columns_of_the_same_types() -> None:
    empty, one = signals(pa.array([], pa.string())), signals(pa.array(["one text"]))
    assert {name: column.type for name, column in empty.items()} == {
        name: column.type for name, column in one.items()
    }
    assert {str(column.type) for column in one.values()} == {"bool", "double", "int64"}


@pytest.mark.parametrize(
    "text", ["x" * 1_000_000, "a " * 500_000, "a\n" * 500_000, "a]\n" * 300_000, "\n" * 1_000_000, "[1" * 500_000]
)
def test_a_megabyte_of_anything_takes_little_time(text: str) -> None:
    begin = time.perf_counter()
    found = of([text])[0]
    assert time.perf_counter() - begin < 20
    assert found["words"] == len(text.split())


def test_keys_that_agree_in_their_upper_bits_are_told_apart() -> None:
    keys = np.array([5, 9, 5, 1 << 60, 9, 6, 7, 1 << 60], dtype=np.uint64)
    found = repetition._repeated(keys)
    groups = np.split(found.places, found.starts[1:])
    assert sorted(group.tolist() for group in groups) == [[0, 2], [1, 4], [3, 7]]
