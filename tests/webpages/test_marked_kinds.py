"""What the elements of a page say of its parts, and that cleaning goes by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from copydesk.project import Project
from copydesk.webpages.marked_kinds import marked_kinds

PARAGRAPH = (
    "The mayor of the city said on Monday that the new bridge over the harbour would open at the end of the year."
)
TABLE = "<table><tr><th>Name</th><th>Age</th></tr><tr><td>Ada</td><td>36</td></tr></table>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Run <code>make</code> now.</p>", [("code", "<code>make</code>")]),
        ("<pre><code>a\n b</code></pre><p>x</p>", [("code", "<pre><code>a\n b</code></pre>")]),
        ("<pre>a<pre>b</pre>c</pre>d", [("code", "<pre>a<pre>b</pre>c</pre>")]),
        (TABLE, [("table", TABLE)]),
        ("<ul><li>one<li>two</ul>", [("list", "<li>one")]),
        (
            "<ul><li>one</li><li>two <code>x</code></li></ul>",
            [("list", "<li>one</li>"), ("list", "<li>two <code>x</code></li>")],
        ),
        # Tables that lay out a page hold no data.
        ("<table><tr><th>Menu</th><td><p>Article</p></td></tr></table>", []),
        ("<table><tr><td>Article</td></tr></table>", []),
        ("<p>never closed <code>make", []),
        ("plain <b>text</b>", []),
    ],
)
def test_elements_say_what_they_hold(html: str, expected: list[tuple[str, str]]) -> None:
    assert [(kind, html[start:end]) for start, end, kind in marked_kinds(html)] == expected


def test_nothing_in_code_of_a_page_is_edited_and_the_blocks_say_why(make_corpus: Callable[..., Project]) -> None:
    page = (
        f"<html><body><article><h1>Headline of it</h1><p>{PARAGRAPH}</p><p>Write <code>Order deny,allow</code> into the "
        f"file,and the server will obey it, the mayor said at the end of a long day in the harbour.</p>{TABLE}"
        f"<p>{PARAGRAPH}</p></article></body></html>"
    )
    project = make_corpus({"manual.html": page})
    (document,) = pq.read_table(project.corpus / "data" / "documents").to_pylist()
    assert "Order deny,allow into the file, and the server" in document["text"]
    kinds = {block["kind"]: document["text"][block["start"] : block["end"]].strip() for block in document["blocks"]}
    assert kinds["code"] == "Order deny,allow"
    assert kinds["table"] == "Name Age\nAda 36"


def test_settings_of_a_folder_or_a_source_hold_for_its_documents_alone(make_corpus: Callable[..., Project]) -> None:
    text = "It was late,and they went home. Nobody had seen the mayor,said one of them, and that was that."
    settings = {
        "clean": {
            "for": [
                {"match": "manuals/*", "kind": "code"},
                {"source": "The Desk", "rules": {"glued-punctuation": "suggest"}},
                {"match": "de/*", "language": "de"},
            ]
        }
    }
    seeds = {"manuals/one.txt": text, "desk.txt": text, "other.txt": text, "de/vier.txt": f"{text} thatvoice"}
    sources = [{"doc_id": "desk", "source": "The Desk"}]
    seeds["sources.jsonl"] = "".join(json.dumps(row) + "\n" for row in sources)
    project = make_corpus(seeds, settings)
    documents = {row["doc_id"]: row for row in pq.read_table(project.corpus / "data" / "documents").to_pylist()}
    assert {name: row["text"].count(", ") for name, row in documents.items()} == {
        **{"one": 1, "desk": 1, "other": 3},
        "vier": 3,
    }
    assert [block["kind"] for block in documents["one"]["blocks"]] == ["code"]
    assert [block["language"] for block in documents["vier"]["blocks"]] == ["de"]


def test_an_entry_that_fits_no_document_is_named(
    make_corpus: Callable[..., Project], capsys: pytest.CaptureFixture[str]
) -> None:
    entries = [{"match": "letter.txt", "kind": "verse"}, {"source": "The Desk", "kind": "code"}]
    make_corpus({"letters/letter.txt": PARAGRAPH}, {"clean": {"for": [*entries, {"match": "*", "kind": "list"}]}})
    printed = capsys.readouterr().err
    assert "clean.for[0] fits no document (match: letter.txt)" in printed
    assert "clean.for[1] fits no document (source: The Desk)" in printed
    assert "clean.for[2]" not in printed


@pytest.mark.parametrize(("profile", "left"), [("web", 0), ("mixed", 1), ("scan", 1), ("prose", 0)])
def test_a_profile_sets_tiers(make_corpus: Callable[..., Project], profile: str, left: int) -> None:
    text = f"{PARAGRAPH}\n\nSubscribe to our newsletter\n\n{PARAGRAPH} It was a long day."
    project = make_corpus({"one.txt": text}, {"clean": {"profile": profile}})
    (document,) = pq.read_table(project.corpus / "data" / "documents").to_pylist()
    assert document["text"].count("newsletter") == left


def test_a_rule_that_an_entry_names_must_exist(make_corpus: Callable[..., Project], tmp_path: Path) -> None:
    from copydesk.errors import ConfigError

    with pytest.raises(ConfigError, match=r"clean\.for\[0\]\.rules\.hard-rap: no rule .*; write hard-wrap"):
        make_corpus({"one.txt": PARAGRAPH}, {"clean": {"for": [{"match": "*", "rules": {"hard-rap": "off"}}]}})
