"""What newsrooms deliver becomes a corpus: clean text, offsets into what the file holds, and its metadata."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq

from copydesk.project import Project

XHTML = "<p>A storm came to <b>Bonn</b> &amp; went.</p><p>It rained for days.</p>"
TEXT = "A storm came to Bonn & went.\n\nIt rained for days."
ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>The Post</title><entry><id>1</id><title>Storm</title>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{XHTML}</div></content></entry></feed>"""
NITF = f"""<nitf><body><body.head><byline>By <person>Anna Berg</person></byline></body.head>
<body.content>{XHTML}</body.content></body></nitf>"""


def book() -> bytes:
    package = """<package><metadata><title>A Book</title><date>6 May 2024</date></metadata>
    <manifest><item id="c1" href="c1.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c1"/></spine></package>"""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "META-INF/container.xml", '<container><rootfiles><rootfile full-path="p"/></rootfiles></container>'
        )
        archive.writestr("p", package)
        archive.writestr("c1.xhtml", f"<html><head><title>Chapter one</title></head><body>{XHTML}</body></html>")
    return file.getvalue()


def test_a_feed_news_items_and_a_book_are_one_corpus(make_corpus: Callable[..., Project]) -> None:
    ninjs = json.dumps({"uri": "x:1", "headline": "Storm", "body_html": XHTML, "versioncreated": "2024-05-06"})
    project = make_corpus({"a.atom": ATOM, "b.nitf": NITF, "c.epub": book(), "d.json": ninjs})
    documents, raw, edits = (rows(project, table) for table in ("documents", "raw", "edits"))
    assert [row["text"] for row in documents] == [TEXT] * 4
    assert [raw[n]["text"] for n in (0, 1, 3)] == [XHTML] * 3
    for document, delivered in zip(documents, raw, strict=True):
        applied = [edit for edit in edits if edit["doc_id"] == document["doc_id"] and edit["applied"]]
        made = delivered["text"]
        for edit in reversed(applied):
            assert made[edit["raw_start"] : edit["raw_end"]] == edit["before"]
            made = made[: edit["raw_start"]] + edit["after"] + made[edit["raw_end"] :]
        assert applied and made == TEXT
    assert [row["title"] for row in documents] == ["Storm", None, "Chapter one", "Storm"]
    assert [row["source"] for row in documents] == ["The Post", None, "A Book", None]
    assert [row["published"] for row in documents] == [None, None, "2024-05-06", "2024-05-06"]
    assert documents[1]["byline"] == "Anna Berg"


def rows(project: Project, table: str) -> list[dict[str, Any]]:
    return list(pq.read_table(project.corpus / "data" / table).to_pylist())
