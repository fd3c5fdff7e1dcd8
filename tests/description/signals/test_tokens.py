"""Words of a column are those of a plain reading, and their hashes differ where they do."""

from __future__ import annotations

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from copydesk.description.signals.tokens import Tokens, hash_tokens, tokenize, utf8
from support import hard_texts, words_of

#: All white space of str.split, and characters whose UTF-8 begins as theirs does.
NEAR_WHITE = (
    "".join(filter(str.isspace, map(chr, range(0x3001))))
    + "\u200b\u2010\u2027\u2060\u180e\u3001\u0080é中文ーก็า๒཈་1.ab𠀀"
)
texts = st.lists(hard_texts | st.text(st.sampled_from(NEAR_WHITE), max_size=60), max_size=5)


def words(tokens: Tokens) -> list[list[str]]:
    data = tokens.data.tobytes()
    found = [data[start:end].decode() for start, end in zip(tokens.starts, tokens.ends, strict=True)]
    return [found[begin:end] for begin, end in zip(tokens.bounds[:-1], tokens.bounds[1:], strict=True)]


@given(texts)
def test_words_are_those_of_a_plain_reading(texts: list[str]) -> None:
    assert words(tokenize(pa.array(texts, pa.string()))) == [words_of(text) for text in texts]


@given(texts, st.integers(0, 5), st.integers(0, 5))
def test_a_part_of_a_column_is_a_column(texts: list[str], begin: int, size: int) -> None:
    part = pa.array(texts, pa.large_string()).slice(min(begin, len(texts)), size)
    assert words(tokenize(part)) == [words_of(text) for text in texts[begin : begin + size]]
    data, rows = utf8(part)
    assert [data[rows[n] : rows[n + 1]].tobytes().decode() for n in range(len(part))] == part.to_pylist()


@given(texts)
def test_hashes_are_equal_where_words_are(texts: list[str]) -> None:
    tokens = tokenize(pa.array(texts, pa.string()))
    flat = [word for text in texts for word in words_of(text)]
    hashes = hash_tokens(tokens).tolist()
    assert len(hashes) == len(flat)
    assert len(set(zip(flat, hashes, strict=True))) == len(set(flat)) == len(set(hashes))


@pytest.mark.parametrize("size", [1, 7, 8, 9, 16, 511, 512, 513, 2000])
def test_long_words_are_told_apart_by_each_byte(size: int) -> None:
    long = ["x" * size, *("x" * at + "y" + "x" * (size - at - 1) for at in range(0, size, 7)), "x" * (size + 1)]
    alone = [int(hash_tokens(tokenize(pa.array([word])))[0]) for word in long]
    assert len(set(alone)) == len(long)
    assert hash_tokens(tokenize(pa.array([" ".join(long)]))).tolist() == alone


@pytest.mark.parametrize("column", [[], [""], ["", " ", "\n\u3000"]])
def test_there_may_be_no_words(column: list[str]) -> None:
    tokens = tokenize(pa.array(column, pa.string()))
    assert words(tokens) == [[] for _ in column]
    assert hash_tokens(tokens).tolist() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我喜欢学习中文。", "我 喜 欢 学 习 中 文。"),
        ("図書館でラーメンを", "図 書 館 で ラー メ ン を"),
        ("ภาษาไทยก็ดี", "ภ า ษ า ไ ท ย ก็ ดี"),
        ("中文abc、2024年。ok", "中 文 abc、2024 年。 ok"),
        ("བོད་ཡིག་", "བོད་ ཡིག་"),
        ("한국어 문장", "한국어 문장"),
        ("“don’t” — नमस्ते", "“don’t” — नमस्ते"),
    ],
)
def test_letters_of_scripts_without_spaces_are_words(text: str, expected: str) -> None:
    assert words(tokenize(pa.array([text]))) == [expected.split()]


@given(texts)
def test_a_text_has_its_words_in_any_company(texts: list[str]) -> None:
    alone = [words(tokenize(pa.array([text])))[0] for text in texts]
    assert words(tokenize(pa.array(texts, pa.string()))) == alone
