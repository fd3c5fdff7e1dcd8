"""ninjs: news items in JSON, of versions 1 to 3, in all forms in which they are delivered."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.errors import UnreadableError
from copydesk.readers.base import RecordOptions
from copydesk.readers.newsrooms.documents import as_html
from copydesk.readers.newsrooms.ninjs import read_ninjs
from reading import listed
from support import read_in_linear_time

VERSION_1 = {
    "uri": "https://example.org/items/1",
    "type": "text",
    "versioncreated": "2024-05-06T07:08:09Z",
    "firstcreated": "2024-05-01T07:08:09Z",
    "headline": "A storm &amp; rain",
    "byline": "By Anna Berg",
    "language": "en-GB",
    "copyrightholder": "Example Press",
    "usageterms": "http://creativecommons.org/licenses/by/4.0/",
    "infosource": [{"name": "The Daily Post"}],
    "body_html": "<p>A storm came.</p><p>It rained.</p>",
    "slugline": "storm",
}
VERSION_2 = {
    "uri": "urn:uuid:00000000-0000-4000-8000-00000000000A",
    "standard": {"name": "ninjs", "version": "2.0"},
    "type": "text",
    "contentcreated": "2024-05-06",
    "headlines": [{"role": "short", "value": "Storm"}, {"role": "main", "value": "A storm came"}],
    "by": "Anna Berg",
    "usageterms": "© AFP",
    "rightsinfo": {"linkedrights": "https://creativecommons.org/licenses/by-sa/4.0/"},
    "bodies": [
        {"role": "summary", "contenttype": "text/plain", "value": "In short."},
        {"role": "main", "contenttype": "text/html", "value": "<p>A storm.</p>"},
        {"role": "main", "contenttype": "text/plain; charset=utf-8", "value": "A storm.\n"},
    ],
}
VERSION_3 = {
    "uri": "tag:example.org,2024:3",
    "bylines": [{"value": "Anna Berg"}, {"name": "Jan Hill"}],
    "versioncreated": "soon",
    "bodies": [
        {"contenttype": "application/nitf+xml", "value": "<block><p>One <![CDATA[<]]> two.</p><title/></block>"},
        {"contenttype": "video/mp4", "value": "x"},
    ],
}
PICTURE = {"uri": "https://example.org/items/4", "type": "picture", "renditions": []}
EXPECTED = [
    ("<p>A storm came.</p><p>It rained.</p>", True),
    ("A storm.\n", False),
    ("<block><p>One &lt; two.</p><title></title></block>", True),
]


@pytest.mark.parametrize("form", ["an array", "items", "lines", "one by one"])
def test_items(tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    items = [VERSION_1, VERSION_2, VERSION_3]
    rows, refused = [], []
    if form == "one by one":
        for number, item in enumerate(items):
            more = listed(tmp_path / str(number), "a.json", json.dumps(item, indent=2).encode())
            rows += more[0]
            refused += more[1]
    elif form == "lines":
        rows, refused = listed(tmp_path, "a.jsonl", "\n".join(map(json.dumps, items)).encode())
    else:
        items.append(PICTURE)
        data = {"took": 3, "items": items, "total": 4} if form == "items" else items
        rows, refused = listed(tmp_path, "a.json", json.dumps(data).encode("utf-8-sig"))
        assert "ingest: a: 4 items, not documents: 1 picture without a text\n" in capsys.readouterr().err
    assert [(row["raw"].text, row["page"]) for row in rows] == EXPECTED
    stated = [json.loads(row["stated"] or "{}") for row in rows]
    assert stated[0] == {
        "title": "A storm & rain",
        "byline": "Anna Berg",
        "language": "en",
        "license": "CC-BY-4.0",
        "published": "2024-05-06T07:08:09Z",
        "publisher": "Example Press",
        "source": "The Daily Post",
        "url": "https://example.org/items/1",
    }
    assert stated[1] == {
        "title": "A storm came",
        "byline": "Anna Berg",
        "published": "2024-05-06",
        "license": "CC-BY-SA-4.0",
    }
    assert stated[2] == {"byline": "Anna Berg; Jan Hill"}
    assert rows[1]["doc_id"] == "00000000-0000-4000-8000-00000000000a"
    assert [refusal.reason for refusal in refused] == ["bad-metadata"]  # the date "soon"


def test_a_record_with_a_text_of_its_own_is_read_as_ever(tmp_path: Path) -> None:
    record = {"id": "a", "text": "Its text.", "body_html": "<p>Another.</p>"}
    (row,), _ = listed(tmp_path, "a.jsonl", json.dumps(record).encode())
    assert (row["doc_id"], row["raw"].text, row["page"]) == ("a", "Its text.", False)


BAD = {
    '{"text": "A record."}': ("bad-record", "found an object with text; expected ninjs: an object with body_text"),
    "[1]": ("bad-record", "found 1; expected ninjs"),
    "{}": ("bad-record", "found an object with ; expected ninjs"),
    '{"items": [{"body_text": " "}]}': ("bad-record", "a news item whose bodies have no text"),
    '{"body_text": "a", "body_text": "b"}': ("bad-record", "keys given twice: body_text"),
    '[{"body_text": "\\ud800"}]': ("bad-record", "unpaired surrogate"),
    "[]": ("bad-container", "no record; expected at least one"),
    "": ("bad-container", "at line 1: not JSON (expected an object or an array)"),
    '"body_text"': ("bad-container", "at line 1: not JSON (expected an object or an array)"),
    "[": ("bad-container", "not JSON"),
    '{"a": "b': ("bad-container", "at line 1: not JSON (it ends within an item)"),
    "[] []": ("bad-container", "something behind the end"),
    '{"a" 1}': ("bad-container", "expected ':', found '1'"),
    "[" * 100_000: ("bad-container", "it ends within an item"),
    "[" * 100_000 + "]" * 100_000: ("bad-record", "not JSON"),
    '{"items": ["\udcff"]}': ("bad-container", "bytes that are not UTF-8"),
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_what_is_no_ninjs(tmp_path: Path, text: str) -> None:
    rows, (refusal,) = listed(tmp_path, "a.json", text.encode("utf-8", "surrogateescape"))
    reason, detail = BAD[text]
    assert (rows, refusal.reason) == ([], reason)
    assert detail in refusal.detail


def test_of_a_damaged_file_is_read_what_comes_before(tmp_path: Path) -> None:
    items = [{"uri": f"x:{n}", "body_text": f"Text {n}."} for n in range(3)]
    data = json.dumps(items, indent=1).encode()
    rows, (refusal,) = listed(tmp_path / "a", "a.json", data[:-20])
    assert [row["raw"].text for row in rows] == ["Text 0.", "Text 1."]
    assert refusal.detail == "at line 10: not JSON (it ends within an item); deliver the file again"
    rows, (refusal,) = listed(tmp_path / "b", "a.json", data.replace(b"},", b"};", 1))
    assert len(rows) == 1 and "at line 5: not JSON (expected ',', found ';')" in refusal.detail


def test_an_item_that_is_too_large(tmp_path: Path) -> None:
    items = [{"body_text": "One."}, {"body_text": "x" * 2000}, {"uri": "y" * 3_000_000, "body_text": "Two."}]
    rows, refused = listed(tmp_path, "a.json", json.dumps(items).encode(), max_bytes=1000)
    assert [row["raw"].text for row in rows] == ["One."]
    assert [refusal.reason for refusal in refused] == ["too-large", "too-large"]


def test_metadata_of_any_shape_refuses_no_item(tmp_path: Path) -> None:
    deep: Any = "Anna Berg"
    for _ in range(400):
        deep = [deep]
    shapes = [deep, [[[["x"]]]], {"value": {"value": "x"}}, 7, True, None, [], {}, [None, 1], {"name": ["x"]}, "\x00"]
    names = ("uri", "headline", "headlines", "byline", "by", "language", "versioncreated", "copyrightholder")
    items = [{"body_text": "A text.", name: shape} for name in (*names, "rightsinfo", "bodies") for shape in shapes]
    rows, refused = listed(tmp_path, "a.json", json.dumps(items).encode())
    assert len(rows) == len(items) and {refusal.reason for refusal in refused} == {"bad-metadata"}


def test_a_large_object_is_not_kept(tmp_path: Path) -> None:
    members = b",".join(b'"k%d": "%s"' % (n, b"x" * 1000) for n in range(2000))
    rows, (refusal,) = listed(tmp_path, "a.json", b"{%s}" % members, max_bytes=1000)
    assert (rows, refusal.reason) == ([], "too-large")


@pytest.mark.slow
def test_sections_of_characters_without_an_end_take_linear_time() -> None:
    text = "<![CDATA[]" * 100_000
    started = time.process_time()
    assert as_html(text) == text[9:].replace("<", "&lt;")
    assert time.process_time() - started < 5


@pytest.mark.slow
def test_time_grows_with_the_file_and_memory_does_not() -> None:
    read_in_linear_time(
        read,
        lambda count: json.dumps(
            [{"uri": f"x:{n}", "body_text": "A sentence. " * 20} for n in range(count)]
        ).encode(),
    )


def read(data: bytes, longest: int = 1 << 20) -> Any:
    return read_ninjs(io.BytesIO(data), RecordOptions("a", "id", "text", longest))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.lists(st.dictionaries(st.text(), json_values) | json_values), st.booleans(), st.integers(1, 50))
def test_every_item_is_found(items: list[Any], is_nested: bool, size: int) -> None:
    items = [{**item, "body_text": "A text."} if isinstance(item, dict) else item for item in items]
    data = json.dumps({"a": items, "items": items, "b": "]"} if is_nested else items, ensure_ascii=False)

    class Slow(io.BytesIO):
        def read(self, _: Any = None) -> bytes:
            return super().read(size)

    records = read_ninjs(Slow(data.encode("utf-8", "replace")), RecordOptions("a", "id", "text", 1 << 20))
    assert [record.fields is not None for record in records] == [isinstance(item, dict) for item in items]


@given(st.text(st.sampled_from('[]{}":,\\ 1a\n')) | st.text())
def test_what_is_json_is_read_and_other_text_is_refused(text: str) -> None:
    try:
        is_json = isinstance(json.loads(text), dict | list)
    except ValueError:
        is_json = False
    try:
        records = list(read(text.encode("utf-8", "replace")))
        assert is_json or any(record.problem for record in records)
    except UnreadableError as error:
        assert error.reason == "bad-container" and not is_json
