"""Three versions of a file become one: what either branch changed is in it, once, and contradictions are named."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from copydesk.core.hand_written import parse_yaml
from copydesk.merging.merged_file import merge_file
from copydesk.merging.merged_lines import BETWEEN, OURS, THEIRS, merge_lines
from copydesk.merging.merged_settings import merge_settings
from copydesk.merging.three_way import Merged

SOURCES, LEDGER, SPLITS, LABELS = "seeds/sources.jsonl", "seeds/takedowns.jsonl", "splits.jsonl", "labels/names.jsonl"
NOTHING = "nothing"

Rows = dict[str, dict[str, Any]]

values = st.sampled_from([1, True, 1.0, None, "x", "y\u2028é", ["a"], {"k": 1}])
corpora = st.dictionaries(st.sampled_from("abcde"), st.dictionaries(st.sampled_from(["title", "n"]), values))


def as_lines(rows: Rows) -> bytes:
    return "".join(json.dumps({"doc_id": doc, **row}) + "\n" for doc, row in rows.items()).encode()


def one_side(data: bytes, side: str) -> list[str]:
    """The lines of a merged file, in conflicts those of one side."""
    lines, at = [], ""
    for line in data.decode().split("\n")[:-1]:
        if line in (OURS, BETWEEN, THEIRS):
            at = {OURS: "ours", BETWEEN: "theirs", THEIRS: ""}[line]
        elif at in ("", side):
            lines.append(line)
    return lines


def rows_of(data: bytes, side: str = "ours") -> Rows:
    rows: Rows = {}
    for line in one_side(data, side):
        row = json.loads(line)
        assert row["doc_id"] not in rows, "a document is there once"
        rows[row.pop("doc_id")] = row
    return rows


def text_of(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def cells(rows: Rows) -> dict[tuple[str, str], str]:
    """Every field of every document; a document has the field of its own existence."""
    listed = {(doc, ""): "there" for doc in rows}
    return listed | {(doc, name): text_of(value) for doc, row in rows.items() for name, value in row.items()}


def expected(base: Rows, ours: Rows, theirs: Rows) -> tuple[dict[tuple[str, str], str], set[tuple[str, str]]]:
    """Cells after the merge with ours in conflicts, and the conflicts: field by field, written down plainly."""
    merged: dict[tuple[str, str], str] = {}
    conflicts = set()
    o, a, b = cells(base), cells(ours), cells(theirs)
    for doc in {*base, *ours, *theirs}:
        sides = [{key: value for key, value in side.items() if key[0] == doc} for side in (o, a, b)]
        if not sides[1] or not sides[2]:  # removed on a branch, or on one never there
            kept, other = (sides[1], sides[2]) if sides[1] else (sides[2], sides[1])
            if sides[0] and kept and kept != sides[0]:
                conflicts.add((doc, ""))
                merged |= sides[1]
            elif not sides[0]:
                merged |= kept or other
            continue
        for cell in {*sides[0], *sides[1], *sides[2]}:
            before, here, there = (side.get(cell, NOTHING) for side in sides)
            value = there if here == before else here
            if here not in (before, there) and there != before:
                conflicts.add(cell)
            if value != NOTHING:
                merged[cell] = value
    return merged, conflicts


@given(corpora, corpora, corpora)
def test_lines_merge_field_by_field(base: Rows, ours: Rows, theirs: Rows) -> None:
    merged = merge_lines(SOURCES, *map(as_lines, (base, ours, theirs)))
    rows, conflicts = expected(base, ours, theirs)
    assert cells(rows_of(merged.data)) == rows
    assert {(c.place[len("document '") : -1], c.field) for c in merged.conflicts} == conflicts
    assert (OURS.encode() in merged.data) == bool(conflicts)


@given(corpora, corpora, corpora)
def test_lines_merge_the_same_in_either_direction(base: Rows, ours: Rows, theirs: Rows) -> None:
    there, back = (merge_lines(SOURCES, as_lines(base), *map(as_lines, s)) for s in ((ours, theirs), (theirs, ours)))
    assert cells(rows_of(there.data, "ours")) == cells(rows_of(back.data, "theirs"))
    assert sorted(map(str, there.conflicts)) == sorted(
        str(c._replace(ours=c.theirs, theirs=c.ours)) for c in back.conflicts
    )


@given(corpora, corpora)
def test_a_change_of_one_side_is_taken_byte_for_byte(base: Rows, changed: Rows) -> None:
    before, after = as_lines(base), as_lines(changed)
    assert merge_lines(SOURCES, before, after, before) == Merged(after, [])
    assert merge_lines(SOURCES, before, after, after) == Merged(after, [])
    assert sorted(merge_lines(SOURCES, before, before, after).data.splitlines()) == sorted(after.splitlines())


@given(corpora, corpora, corpora)
def test_no_takedown_is_lost(base: Rows, ours: Rows, theirs: Rows) -> None:
    merged = merge_lines(LEDGER, *map(as_lines, (base, ours, theirs)))
    assert rows_of(merged.data).keys() == ours.keys() | theirs.keys()
    assert not [conflict for conflict in merged.conflicts if not conflict.field]


@given(corpora, corpora, corpora)
def test_splits_stay_sorted(base: Rows, ours: Rows, theirs: Rows) -> None:
    merged = merge_lines(SPLITS, *map(as_lines, (base, ours, theirs)))
    documents = list(rows_of(merged.data))
    assert documents == sorted(documents)


labels = st.sets(
    st.builds(
        lambda start, label, by: json.dumps(
            {
                "doc_id": "a",
                "raw_start": start,
                "raw_end": 9,
                "label": label,
                "note": by,
                **({"by": by} if by else {}),
            }
        ),
        st.integers(0, 2),
        st.sampled_from(["PER", "ORG", "LOC"]),
        st.sampled_from(["", "Ana"]),
    ),
    max_size=6,
)


@given(labels, labels, labels)
def test_every_label_that_was_added_is_there_and_none_that_was_removed(
    base: set[str], ours: set[str], theirs: set[str]
) -> None:
    versions = ("".join(f"{line}\n" for line in sorted(side)).encode() for side in (base, ours, theirs))
    merged = merge_lines(LABELS, *versions)
    lines = [line for line in merged.data.decode().split("\n")[:-1] if line.startswith("{")]
    disputed = {line for side in ("ours", "theirs") for line in one_side(merged.data, side)} - {
        line for line in one_side(merged.data, "ours") if line in one_side(merged.data, "theirs")
    }
    assert len(lines) == len(set(lines))
    assert set(lines) - disputed <= (ours & theirs) | (ours - base) | (theirs - base)
    assert set(lines) >= (ours & theirs) | (ours - base) | (theirs - base)
    if not merged.conflicts:
        assert set(lines) == (ours & theirs) | (ours - base) | (theirs - base)


def a_label(**more: Any) -> bytes:
    row = {"doc_id": "a", "start": 1, "end": 3, "label": "PER", "text_sha256": "1" * 64, "span_sha256": "0" * 64}
    return json.dumps({**row, "raw_start": 1, "raw_end": 3, "raw_sha256": "2" * 64, **more}).encode() + b"\n"


def test_a_label_that_two_people_rename_is_a_conflict() -> None:
    merged = merge_lines(LABELS, a_label(), a_label(label="ORG"), a_label(label="LOC"))
    assert list(map(str, merged.conflicts)) == [
        'labels/names.jsonl: document \'a\': label: "ORG" in ours, "LOC" in theirs; keep one of them'
    ]
    # A span may have two labels, if nobody changed one into the other.
    merged = merge_lines(LABELS, b"", a_label(label="ORG"), a_label(label="LOC"))
    assert (merged.data, merged.conflicts) == (a_label(label="LOC") + a_label(label="ORG"), [])


def test_the_offsets_of_a_label_are_those_of_one_text() -> None:
    ours, theirs = a_label(start=2, text_sha256="3" * 64), a_label(end=4, text_sha256="4" * 64, note="sure")
    merged = merge_lines(LABELS, a_label(), ours, theirs)
    (conflict,) = merged.conflicts
    assert (conflict.ours["start"], conflict.ours["end"], conflict.theirs["end"]) == (2, 3, 4)
    places = [json.loads(*one_side(merged.data, side)) for side in ("ours", "theirs")]
    assert [row.pop("note") for row in places] == ["sure", "sure"]
    assert places == [json.loads(ours), {key: value for key, value in json.loads(theirs).items() if key != "note"}]


def test_old_names_of_fields_are_those_of_the_new_ones() -> None:
    base, ours, theirs = b'{"doc_id": "a", "licence": "MIT"}\n', b'{"doc_id": "a", "license": "MIT"}\n', b""
    assert merge_lines(SOURCES, base, ours, theirs) == Merged(b"", [])
    theirs = b'{"doc_id": "a", "licence": "CC0-1.0", "title": "A"}\n'
    merged = merge_lines(SOURCES, base, ours, theirs)
    assert rows_of(merged.data) == {"a": {"license": "CC0-1.0", "title": "A"}}
    assert merged.conflicts == []
    assert merge_lines(SOURCES, base, base, ours).data == ours


def test_a_withdrawal_and_a_correction_of_a_takedown_merge() -> None:
    base = b'{"doc_id": "a", "reason": "asked for", "date": "2026-01-02"}\n'
    ours = base.replace(b"}", b', "withdrawn": {"date": "2026-02-01", "reason": "a mistake"}}')
    theirs = base.replace(b"asked for", b"asked for by the author")
    merged = merge_lines(LEDGER, base, ours, theirs)
    assert json.loads(merged.data) == {**json.loads(ours), "reason": "asked for by the author"}


def test_a_decision_is_known_by_what_it_decides() -> None:
    lines = [
        json.dumps(
            {"doc_id": "a", "raw_sha256": "0", "decision": kind, "raw_start": start, "raw_end": 9, "after": ""}
        )
        for kind, start in (("reject", 1), ("reject", 2), ("accept", 1))
    ]
    merged = merge_lines("seeds/decisions.jsonl", b"", *(f"{line}\n".encode() for line in lines[:2]))
    assert (sorted(merged.data.decode().split("\n")[:-1]), merged.conflicts) == (sorted(lines[:2]), [])
    merged = merge_lines("seeds/decisions.jsonl", b"", *(f"{line}\n".encode() for line in (lines[0], lines[2])))
    assert [(c.field, c.ours, c.theirs) for c in merged.conflicts] == [("decision", "reject", "accept")]


def test_a_line_that_is_no_json_is_merged_as_text_and_named() -> None:
    base, ours, theirs = b"1\n2\n3\n", b"one\n2\n3\n", b"1\n2\nthree\n"
    merged = merge_file(SOURCES, base, ours, theirs)
    assert (merged.data, merged.conflicts) == (b"one\n2\nthree\n", [])
    assert "not JSON" in merged.remarks[0] and "it was merged as text; look at it" in merged.remarks[0]
    merged = merge_file(SOURCES, b"1\n", b"one\n", b"eins\n")
    assert merged.data == f"{OURS}\none\n{BETWEEN}\neins\n{THEIRS}\n".encode()
    assert len(merged.conflicts) == 1


def test_a_conflict_that_an_ancestor_holds_does_not_come_back() -> None:
    """Git merges several common ancestors first, and may find a conflict there."""
    line = '{"doc_id": "a", "title": "%s"}\n'
    base = f"{OURS}\n{line % 'A'}{BETWEEN}\n{line % 'B'}{THEIRS}\n".encode()
    chosen = (line % "A").encode()
    assert merge_file(SOURCES, base, chosen, chosen + b'{"doc_id": "b"}\n').data == chosen + b'{"doc_id": "b"}\n'


settings = st.fixed_dictionaries(
    {
        section: st.dictionaries(
            st.sampled_from(["name", "size", "rules"]),
            st.sampled_from([1, True, None, "x: # y", "long\ntext\n", ["a", "b"], {}, 0.5]),
        )
        for section in ("corpus", "clean")
    }
)


def as_yaml(sections: dict[str, dict[str, Any]], flow: bool, remark: str) -> bytes:
    lines = [f"# {remark}"]
    for section, inner in sections.items():
        if flow or not inner:
            lines.append(f"{section}: {json.dumps(inner)}")
            continue
        lines.append(f"{section}:  # {remark}")
        for key, value in inner.items():
            block = ["|", "    long", "    text"] if value == "long\ntext\n" else [json.dumps(value)]
            lines.append(f"  {key}: " + "\n".join(block))
    return "\n".join([*lines, ""]).encode()


@given(settings, settings, settings, st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_settings_merge_one_by_one(base: Rows, ours: Rows, theirs: Rows, flows: tuple[bool, bool, bool]) -> None:
    versions = [as_yaml(side, flow, "why") for side, flow in zip((base, ours, theirs), flows, strict=True)]
    assert parse_yaml(versions[1].decode()) == ours
    merged = merge_settings(*versions)
    want, conflicts = expected(base, ours, theirs)
    assert cells(parse_yaml(settings_text(merged.data, "ours"))) == want
    assert {tuple(conflict.field.split(".")) for conflict in merged.conflicts} == conflicts
    back, _ = expected(base, theirs, ours)
    assert cells(parse_yaml(settings_text(merged.data, "theirs"))) == back


def settings_text(data: bytes, side: str) -> str:
    return "".join(f"{line}\n" for line in one_side(data, side))


PARAMS = """\
# Our corpus.
corpus:
  name: news  # as on the Hub
  title: News

clean:
  # what is sure
  apply: [safe, probable]
  rules:
    source-line: "off"  # they are text
"""


def test_comments_and_order_stay() -> None:
    ours = PARAMS.replace("title: News", "title: The news  # with an article")
    theirs = PARAMS.replace("[safe, probable]", "[safe]  # Ana asked for it").replace("name: news", "name: papers")
    merged = merge_file("params.yaml", *(text.encode() for text in (PARAMS, ours, theirs)))
    assert merged.conflicts == []
    assert merged.data.decode() == ours.replace("[safe, probable]", "[safe]  # Ana asked for it").replace(
        "name: news", "name: papers"
    )


def test_a_conflict_of_settings_is_beside_what_merged() -> None:
    ours, theirs = PARAMS.replace("News", "The News"), PARAMS.replace("News", "Papers").replace("safe, ", "")
    merged = merge_file("params.yaml", *(text.encode() for text in (PARAMS, ours, theirs)))
    assert list(map(str, merged.conflicts)) == [
        'params.yaml: corpus.title: "The News" in ours, "Papers" in theirs; keep one of them'
    ]
    block = f"{OURS}\n  title: The News\n{BETWEEN}\n  title: Papers\n{THEIRS}\n"
    assert merged.data.decode() == PARAMS.replace("  title: News\n", block).replace("safe, ", "")


@pytest.mark.parametrize("broken", ["a: [", "- 1", "a: 2026-01-01", "a: &x 1\nb: *x", "\udcff"])
def test_settings_that_are_no_settings_are_merged_as_text(broken: str) -> None:
    merged = merge_file("params.yaml", PARAMS.encode(), broken.encode("utf-8", "surrogateescape"), PARAMS.encode())
    assert merged.data == broken.encode("utf-8", "surrogateescape")
    assert "merged as text" in merged.remarks[0]


@pytest.mark.slow
def test_many_lines_merge_in_linear_time() -> None:
    """Twenty thousand lines, half of them with one key, in another order on one side."""
    base = [b'{"doc_id": "%d"}\n' % number for number in range(10_000)]
    ours = [b'{"doc_id": "same", "n": %d}\n' % number for number in range(10_000)]
    merged = merge_lines(
        SOURCES, b"".join(base), b"".join(base + ours), b"".join([*base[::-1], b'{"doc_id": "x"}\n'])
    )
    assert len(merged.data.splitlines()) == 20_001
