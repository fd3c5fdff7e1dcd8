"""Runs of words that a document shares with a benchmark."""

from __future__ import annotations

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from copydesk.description.duplicates.benchmark_overlap import overlaps, runs, without_runs
from support import hard_texts

QUESTION = "Which river flows through the city of Prague before it joins the Elbe north of Melnik?"


def test_a_run_is_found_whatever_its_case_and_punctuation() -> None:
    text = "Überall: “Which RIVER flows — through the City of Prague, before it joins the Elbe north of Melnik”? Nobody knows."
    (found,) = overlaps(pa.array([text]), runs([QUESTION], 13), 13)
    assert [text[start:end] for start, end in found.spans] == [
        "Which RIVER flows — through the City of Prague, before it joins the Elbe north of Melnik"
    ]
    assert found.share == 16 / 19


def test_a_shorter_run_is_none() -> None:
    half = "The quiz asked which river flows through the city of Prague before it joins another."
    (found,) = overlaps(pa.array([half]), runs([QUESTION], 13), 13)
    assert (found.share, found.spans) == (0, [])
    (found,) = overlaps(pa.array([half]), runs([QUESTION], 8), 8)
    assert [half[start:end] for start, end in found.spans] == [
        "which river flows through the city of Prague before it joins"
    ]


def test_a_run_does_not_reach_from_text_to_text() -> None:
    first, second = QUESTION[:40], QUESTION[40:]
    found = overlaps(pa.array([first, second]), runs([QUESTION], 13), 13)
    assert [each.share for each in found] == [0, 0]


def test_without_benchmarks_nothing_is_found() -> None:
    assert overlaps(pa.array([QUESTION, ""]), runs([], 13), 13) == [(0.0, []), (0.0, [])]
    assert len(runs(["too short"], 13)) == 0


@given(st.lists(hard_texts, max_size=5), hard_texts)
def test_spans_lie_in_the_text_and_in_order(texts: list[str], benchmark: str) -> None:
    column = pa.array(texts, pa.string())
    for text, found in zip(texts, overlaps(column, runs([benchmark, "a b c d e"], 2), 2), strict=True):
        assert 0 <= found.share <= 1
        assert bool(found.spans) == (found.share > 0)
        position = 0
        for start, end in found.spans:
            assert position <= start < end <= len(text)
            position = end


@given(hard_texts)
def test_a_text_overlaps_with_itself(text: str) -> None:
    (found,) = overlaps(pa.array([text]), runs([text], 1), 1)
    assert found.share in (0.0, 1.0)


@pytest.mark.parametrize(
    "question",
    [
        "伏尔塔瓦河在梅尔尼克以北汇入易北河之前流经哪一座著名的欧洲首都城市？",
        "メルニークの北でエルベ川に合流する前に、どの川がプラハの街を流れていますか。",
        "แม่น้ำสายใดไหลผ่านกรุงปรากก่อนที่จะไหลลงสู่แม่น้ำเอลเบอทางตอนเหนือของเมืองเมลนิก",
    ],
)
def test_a_question_in_a_script_without_spaces_is_found(question: str) -> None:
    before, behind = "他们问：", "没有人知道。"
    (found,) = overlaps(pa.array([f"{before}{question}{behind}"]), runs([question], 13), 13)
    ((start, end),) = found.spans
    assert start == len(before)
    assert question.rstrip("？。") == f"{before}{question}{behind}"[start:end].rstrip("？。")
    assert found.share > 0.7
    assert without_runs([question, "短い問い", "too short", QUESTION], 13) == [1, 2]
