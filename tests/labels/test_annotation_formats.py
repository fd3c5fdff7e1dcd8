"""Labels written for a tool and read back are the same, and offsets are those that the tool counts."""

from __future__ import annotations

import json
import random
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from copydesk.errors import InputError
from copydesk.labels.annotated_text import (
    Mark,
    RecordProblem,
    TextRecord,
    UnreadableRecord,
    Utf16Offsets,
    tokens_of,
    trimmed_marks,
)
from copydesk.labels.argilla import write_argilla
from copydesk.labels.brat import label_of, type_of, write_brat
from copydesk.labels.conllu import read_conllu, write_conllu
from copydesk.labels.doccano import write_doccano
from copydesk.labels.import_labels import read_annotations
from copydesk.labels.label_studio import write_label_studio
from copydesk.labels.spacy_docs import write_docbin
from copydesk.labels.web_annotation import write_web_annotations
from label_history import accepted, exported, nothing, responded
from support import hard_texts

#: A tenth of the usual examples, where each writes files.
fewer = settings(max_examples=settings().max_examples // 10)
NAMES = st.sampled_from(["PER", "first name", "B_PER", 'a<"&>', "ОРГ", "x|y,z=1", "-u20-"])
HASH = "0" * 64


@st.composite
def records(draw: st.DrawFn) -> list[TextRecord]:
    found = []
    for number in range(draw(st.integers(1, 3))):
        text = draw(hard_texts.filter(str.strip))
        places = st.integers(0, len(text) - 1)
        spans = [(start, draw(st.integers(start + 1, len(text)))) for start in draw(st.lists(places, max_size=4))]
        marks = sorted({Mark(*span, draw(NAMES))[:3] for span in spans})
        doc_id = draw(st.sampled_from(["a", "é 1", "x%2", "~y", ".z"])) + str(number)
        found.append(TextRecord("", doc_id, HASH, text, 0, [], [Mark(*mark) for mark in marks]))
    return found


FORMATS: dict[str, tuple[str, Callable[..., Any], Callable[[Path], None]]] = {
    "label-studio": ("tasks.json", write_label_studio, accepted),
    "doccano": ("lines.jsonl", write_doccano, exported),
    "argilla": ("records.json", write_argilla, responded),
    "brat": ("folder", write_brat, nothing),
    "conllu": ("words.conllu", write_conllu, nothing),
    "w3c": ("page.json", write_web_annotations, nothing),
}


def marks_of(read: list[TextRecord | RecordProblem]) -> list[tuple[str, int, int, str]]:
    assert not [problem for problem in read if isinstance(problem, RecordProblem)]
    return sorted((record.doc_id, *mark[:3]) for record in read for mark in record.marks)


def in_lines(record: TextRecord) -> list[Mark]:
    """The marks as brat holds them: without line breaks at their edges."""
    marks = []
    for mark in record.marks:
        words = (record.text or "")[mark.start : mark.end]
        start, end = (
            mark.start + len(words) - len(words.lstrip("\n")),
            mark.end - len(words) + len(words.rstrip("\n")),
        )
        marks += [mark._replace(start=start, end=end)] if start < end else []
    return marks


def in_words(record: TextRecord) -> list[Mark]:
    """The marks as BIO holds them: without white space at their edges, and without those that overlap a namesake."""
    kept: list[Mark] = []
    for mark in sorted(trimmed_marks(record), key=lambda mark: (mark.start, -mark.end, mark.label)):
        if not any(mark.start < other.end and mark.label == other.label for other in kept):
            kept.append(mark)
    return kept


@pytest.mark.parametrize("name", FORMATS)
@given(made=records())
@fewer
def test_labels_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, name: str, made: list[TextRecord]
) -> None:
    file, write, export = FORMATS[name]
    path = tmp_path_factory.mktemp(name) / file
    written = [record for record in made if name != "w3c" or record.marks]
    problems = write(written, path)
    export(path)
    held = {"brat": in_lines, "conllu": in_words}.get(name, lambda record: record.marks)
    expected = sorted((record.doc_id, *mark[:3]) for record in written for mark in held(record))
    assert marks_of(list(read_annotations(path))) == expected
    if name == "conllu":
        assert len(problems) == sum(len(record.marks) - len(held(record)) for record in written)


@given(hard_texts)
def test_utf_16_offsets_are_those_of_javascript(text: str) -> None:
    offsets = Utf16Offsets(text)
    for place in range(len(text) + 1):
        units = len(text[:place].encode("utf-16-le")) // 2
        assert offsets.units(place) == units
        assert offsets.code_points(units) == place
    with pytest.raises(UnreadableRecord, match="expected the border of a character"):
        offsets.code_points(offsets.units(len(text)) + 1)


def test_an_offset_within_a_character_is_refused() -> None:
    with pytest.raises(UnreadableRecord, match="offset 2 in UTF-16 code units; expected the border of a character"):
        Utf16Offsets("a𝒳b").code_points(2)


@given(records())
@fewer
def test_words_are_cut_at_labels_and_cover_all_but_white_space(made: list[TextRecord]) -> None:
    for untrimmed in made:
        record = untrimmed._replace(marks=trimmed_marks(untrimmed))
        text = record.text or ""
        tokens = list(tokens_of(record))
        assert "".join(text[start:end] for start, end in tokens) == "".join(text.split())
        starts, ends = {start for start, _ in tokens}, {end for _, end in tokens}
        assert all(mark.start in starts and mark.end in ends for mark in record.marks)


@given(st.text(st.sampled_from("a-u208DXé_𝒳 \x01\n"), min_size=1))
def test_names_for_brat_are_as_its_grammar_wants_and_can_be_undone(label: str) -> None:
    name = type_of(label)
    assert name.isascii() and all(c.isalnum() or c in "-_" for c in name)
    assert label_of(name) == label


def test_what_names_no_character_is_left_as_it_is() -> None:
    assert label_of("X-uD800-") == "X-uD800-" and label_of("-uD8-") == "Ø"
    assert label_of(type_of("X-uDFFF-\t")) == "X-uDFFF-\t"


TEXT = "The 👩‍🚀 flew."
DATA = {"text": TEXT, "doc_id": "a", "text_sha256": HASH}


def task(**value: Any) -> dict[str, Any]:
    result = {"type": "labels", "value": {"start": 0, "end": 3, "labels": ["X"], **value}}
    return {"data": DATA, "annotations": [{"result": [result]}]}


LINE = {"text": TEXT, "doc_id": "a", "label": [[0, 3, "X"]]}
ROW = {
    "fields": {"text": TEXT},
    "metadata": {},
    "responses": {"label": [{"value": [{"start": 0, "end": 3, "label": "X"}]}]},
}
NOTE = {
    "target": {
        "source": f"urn:copydesk:document:a?=sha256={HASH}",
        "selector": {"type": "TextPositionSelector", "start": 0, "end": 3},
    },
    "body": {"value": "X"},
}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t.json", [task(), task(start=5)], "t.json:2: offset 5 in UTF-16 code units; expected the border"),
        ("t.json", [task(), task(end=99)], "t.json:2: offset 99 in UTF-16 code units; expected the border"),
        ("t.json", [task(), task(start="1")], "t.json:2: start: expected a whole number; found a string"),
        ("t.json", [task(), task(text="the")], "t.json:2: the offsets give 'The', the annotation says 'the'"),
        ("t.json", [task(), task(labels=[1])], "t.json:2: labels: expected a list of strings"),
        ("t.json", [task(), {"data": DATA}], "t.json:2: annotations: expected a list; found nothing"),
        ("t.json", [task(), {"data": DATA}], "this is what labels export wrote; import what the tool exported"),
        ("t.json", [task(), {"data": DATA, "annotations": [5]}], "annotations: expected a list of objects"),
        ("t.json", [task(), task(start=10**30)], "in UTF-16 code units; expected the border"),
        ("t.json", [task(), {"data": 5}], "t.json:2: data: expected an object; found a whole number"),
        ("t.json", [ROW, {"fields": {}}], "t.json:2: text: expected a string; found nothing"),
        ("t.json", [ROW, {**ROW, "responses": {"label": [{"value": [{"start": 0}]}]}}], "t.json:2: end: expected"),
        (
            "t.json",
            {"items": [NOTE, {**NOTE, "target": {**NOTE["target"], "selector": {"type": ["a"]}}}]},
            "TextPositionSelector: expected an object; found nothing",
        ),
        (
            "t.json",
            [ROW, {**ROW, "responses": {"label": [{"value": [], "user_id": {"a": 1}}]}}],
            "t.json:2: user_id: expected a string; found an object",
        ),
        ("t.json", {"items": [NOTE, {**NOTE, "body": 1}]}, "t.json:2: value: expected a string"),
        ("t.json", {"items": [NOTE, {**NOTE, "target": {"source": "a"}}]}, "expected urn:copydesk:document:ID"),
        ("t.jsonl", [LINE, {**LINE, "label": [[0, 3]]}], "t.jsonl:2: label: expected [start, end, label]"),
        ("t.jsonl", [LINE, {**LINE, "label": [[0, 5, "X"]]}], "t.jsonl:2: offset 5 in UTF-16"),
        ("t.jsonl", [LINE, {"text": 1}], "t.jsonl:2: text: expected a string; found a whole number"),
        ("t.jsonl", [LINE, "x"], "t.jsonl:2: text: expected a string; found nothing"),
    ],
)
def test_a_record_that_cannot_be_read_is_named_and_the_others_go_on(
    tmp_path: Path, name: str, content: Any, told: str
) -> None:
    path = tmp_path / name
    lines = content if name.endswith(".jsonl") else [content]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    read = list(read_annotations(path))
    (problem,) = [str(problem) for problem in read if isinstance(problem, RecordProblem)]
    assert problem.startswith(f"{path}:2: ") and told in problem
    assert [mark[:3] for record in read if isinstance(record, TextRecord) for mark in record.marks] == [(0, 3, "X")]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("T2\tX 4 99\tx", "[4 99] leaves the text of 13 characters"),
        ("T2\tX 4 4\t", "or holds none of it"),
        ("T2\tX 0 2\tthe", "the offsets give 'Th', the annotation says 'the'"),
        ("T2\tX", "expected ID, tab, LABEL START END"),
        ("T2", "expected ID, tab, LABEL START END"),
    ],
)
def test_a_line_of_brat_that_cannot_be_read_is_named(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    (tmp_path / "a.ann").write_text(f"T1\tX 0 3\tThe\n{line}\nR1\tOf Arg1:T1 Arg2:T1\n", "utf-8")
    (tmp_path / "b.ann").write_text("", "utf-8")
    problem, record, without_text = read_annotations(tmp_path)
    assert str(problem).startswith(f"{tmp_path}/a.ann:2: ") and told in str(problem)
    assert isinstance(record, TextRecord) and [mark[:3] for mark in record.marks] == [(0, 3, "X")]
    assert str(without_text) == f"{tmp_path}/b.ann: no b.txt beside it; expected the text that it is about"


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ("1\tThe", "expected 10 columns between tabs; found 2"),
        ("1\tThe" + "\t_" * 8, "no TokenRange=START:END in the last column"),
        ("1\tThey" + "\t_" * 7 + "\tTokenRange=0:3", "TokenRange=0:3 is not as long as 'They'"),
        ("1\tThe" + "\t_" * 7 + "\tLabel=X|TokenRange=0:3", "Label=X: expected B-NAME or I-NAME"),
    ],
)
def test_a_word_of_conllu_that_cannot_be_read_is_named(tmp_path: Path, columns: str, told: str) -> None:
    path = tmp_path / "a.conllu"
    good = "1\tThe" + "\t_" * 7 + "\tLabel=B-X|TokenRange=0:3"
    path.write_text(f"# newdoc id = a\n{columns}\n{good}\n\n", "utf-8")
    problem, record = read_annotations(path)
    assert str(problem).startswith(f"{path}:2: ") and told in str(problem)
    assert isinstance(record, TextRecord) and [mark[:3] for mark in record.marks] == [(0, 3, "X")]


@pytest.mark.parametrize("before", ["", "# newdoc\n", "# newdoc id = b\n\n# newdoc\n"])
def test_labelled_words_of_no_document_are_reported_once(tmp_path: Path, before: str) -> None:
    path = tmp_path / "a.conllu"
    words = ("1\tThe" + "\t_" * 7 + "\tLabel=B-X|TokenRange=0:3\n") * 2
    path.write_text(f"{before}{words}\n# newdoc id = a\n{words}\n", "utf-8")
    read = list(read_annotations(path))
    (problem,) = [str(each) for each in read if isinstance(each, RecordProblem)]
    assert problem.startswith(f"{path}:{before.count(chr(10)) + 1}: labelled words before any # newdoc id")
    marks = {record.doc_id: len(record.marks) for record in read if isinstance(record, TextRecord)}
    assert marks == ({"b": 0, "a": 2} if "b" in before else {"a": 2})


@pytest.mark.slow
def test_time_is_linear_in_the_labels_of_a_word() -> None:
    def seconds(count: int) -> float:
        rows = [",".join(f"{tag}-{number}" for number in range(count)) for tag in "BIII"]
        words = "".join("1\ta" + "\t_" * 7 + f"\tLabel={row}|TokenRange=0:1\n" for row in rows)
        begun = time.process_time()
        (record,) = read_conllu(f"# newdoc id = a\n{words}\n", "")
        assert isinstance(record, TextRecord) and len(record.marks) == count
        return time.process_time() - begun

    assert seconds(40_000) < 2  # 2,000 labels take as long as that if each is looked for in a list


@pytest.mark.parametrize("size", [11_000, 20 << 20])
def test_a_docbin_that_would_fill_the_memory_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.spacy"
    data = bytes(size * 1000) if size < 1 << 20 else random.Random(1).randbytes(size)
    path.write_bytes(zlib.compress(data, 1 if size > 1 << 20 else 9))
    told = r"a\.spacy: more than [0-9,]+ bytes unpacked .*; split it into files of fewer documents"
    with pytest.raises(InputError, match=told):
        list(read_annotations(path))


def test_a_damaged_document_of_a_docbin_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    tokens = pytest.importorskip("spacy.tokens")
    path, marks = tmp_path / "a.spacy", [Mark(0, 3, "X")]
    made = [TextRecord("", doc_id, HASH, "The report.", 0, [], marks) for doc_id in "abcd"]
    assert write_docbin(made, path) == []
    packed = tokens.DocBin().from_bytes(path.read_bytes())
    groups = packed.span_groups
    label = hash_of("X").to_bytes(8, "big")
    assert label in groups[1]
    groups[1] = groups[1].replace(label, b"\xf7" * 8)  # a label that no string has
    short = tokens.DocBin().from_bytes(path.read_bytes())
    packed.tokens[2], packed.spaces[2] = short.tokens[2][:0], short.spaces[2][:0]  # a span behind the end
    path.write_bytes(packed.to_bytes())
    first, unknown, behind, last = read_annotations(path)
    assert all(isinstance(each, TextRecord) and each.marks[0][:3] == (0, 3, "X") for each in (first, last))
    assert str(unknown).startswith(f"{path}:2: not a document of spaCy: KeyError: ") and "E018" in str(unknown)
    assert str(behind).startswith(f"{path}:3: not a document of spaCy: IndexError: ")


def hash_of(label: str) -> int:
    from spacy.strings import get_string_id  # type: ignore[import-not-found]

    return int(get_string_id(label))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.json", b"{", "not JSON"),
        ("a.json", b"[1]", "expected tasks with data, records with fields, or an AnnotationPage with items"),
        ("a.json", b'[{"data": {}}, {"fields": {}}]', "expected tasks with data"),
        ("a.json", b"\xff", "not UTF-8 at byte 0"),
        ("a.spacy", b"nothing", "not a DocBin of spaCy|spaCy is not installed"),
    ],
)
def test_a_file_in_no_known_format_is_refused(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    from copydesk.errors import BuildError

    (tmp_path / name).write_bytes(content)
    with pytest.raises((InputError, BuildError), match=told):
        list(read_annotations(tmp_path / name))
    with pytest.raises(InputError, match=r"no such file|expected a file"):
        list(read_annotations(tmp_path / f"no-{name}"))
