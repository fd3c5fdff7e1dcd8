"""EPUB: each text of a book is a document, with what the package document says of the book."""

from __future__ import annotations

import io
import json
import struct
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from reading import listed

CONTAINER = """<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="pub">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">
<dc:identifier id="pub">https://example.org/book</dc:identifier><dc:title>The Storm</dc:title>
<dc:creator id="c1">Anna Berg</dc:creator><meta refines="#c1" property="role" scheme="marc:relators">aut</meta>
<dc:creator id="c2">Jan Hill</dc:creator><meta refines="#c2" property="role">trl</meta>
<dc:date opf:event="modification">2024-09-09</dc:date><dc:date>2024-05-06</dc:date><dc:publisher>Example Press</dc:publisher><dc:language>en-GB</dc:language>
<dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights><dc:subject>Weather</dc:subject>
<meta property="dcterms:modified">2024-05-06T07:08:09Z</meta></metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
<item id="cover" href="cover.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="text/chapter%201.xhtml" media-type="application/xhtml+xml"/>
<item id="two" href="text/2.xhtml" media-type="application/xhtml+xml"/>
<item id="art" href="art.svg" media-type="image/svg+xml"/>
<item id="css" href="a.css" media-type="text/css"/>
</manifest>
<spine toc="ncx"><itemref idref="cover"/><itemref idref="nav"/><itemref idref="one"/><itemref idref="two" linear="no"/><itemref idref="art"/><itemref idref="one"/><itemref idref="gone"/></spine>
</package>"""
NAV = """<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head><title/></head><body>
<nav epub:type="toc"><ol><li><a href="text/chapter%201.xhtml#start">One: <em>Rain</em></a></li><li><a href="text/chapter%201.xhtml#b">A part</a></li></ol></nav></body></html>"""
NCX = """<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint id="p1"><navLabel><text>Part</text></navLabel><content src="text/1.xhtml"/>
<navPoint id="p2"><navLabel><text>Two &amp; three</text></navLabel><content src="text/2.xhtml"/></navPoint></navPoint></navMap></ncx>"""
COVER = '<html><head><title>Cover</title></head><body><img src="cover.jpg" alt="The storm"/></body></html>'
ONE = '<?xml version="1.0" encoding="utf-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head>\r\n<body><h1>Rain</h1><p>Käse &#38; Brot.</p></body></html>'
TWO = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="a.js"/></head><body><p>The second text.</p></body></html>'
BOOK = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OEBPS/content.opf": PACKAGE,
    "OEBPS/nav.xhtml": NAV,
    "OEBPS/toc.ncx": NCX,
    "OEBPS/cover.xhtml": COVER,
    "OEBPS/text/chapter 1.xhtml": ONE,
    "OEBPS/text/2.xhtml": TWO,
    "OEBPS/art.svg": "<svg/>",
}


def book(members: dict[str, Any] | None = None, **more: Any) -> bytes:
    """A book, with other members or more of them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**BOOK, **(members or {}), **more}.items():
            if data is not None:
                method = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
                archive.writestr(name, data, method)
    return file.getvalue()


def stated(row: dict[str, Any]) -> dict[str, Any]:
    return json.loads(row["stated"] or "{}")  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", ["storm.epub", "storm.EPUB", "storm.epub.gz"])
def test_texts_of_a_book(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    import gzip

    rows, refused = listed(tmp_path, name, gzip.compress(book()) if name.endswith(".gz") else book())
    assert refused == []
    assert [(row["doc_id"], row["page"]) for row in rows] == [("storm-one", True), ("storm-two", True)]
    assert rows[0]["raw"].text == ONE  # byte for byte
    assert rows[1]["raw"].text == TWO.replace("<title/>", "<title></title>").replace('"a.js"/>', '"a.js"></script>')
    common = {
        "byline": "Anna Berg",
        "source": "The Storm",
        "publisher": "Example Press",
        "url": "https://example.org/book",
        "published": "2024-05-06",
        "license": "CC-BY-4.0",
        "language": "en",
    }
    assert stated(rows[0]) == {**common, "title": "One: Rain"}
    assert stated(rows[1]) == {**common, "title": "Two & three"}
    said = capsys.readouterr().err
    assert (
        "ingest: storm: 5 parts, not documents: 1 of type image/svg+xml, 1 page without a text, 1 table of contents\n"
        in said
    )
    assert "fields that are not read: subject;" in said


def test_the_article_of_each_text_is_found(tmp_path: Path) -> None:
    from copydesk.webpages.page_edits import read_page

    rows, _ = listed(tmp_path, "a.epub", book())
    assert [read_page(row["raw"].text).aligned for row in rows] == [1.0, 1.0]


def encrypted(*algorithms: str) -> str:
    data = "".join(
        f'<enc:EncryptedData><enc:EncryptionMethod Algorithm="{algorithm}"/><enc:CipherData><enc:CipherReference URI="OEBPS/text/chapter%201.xhtml"/></enc:CipherData></enc:EncryptedData>'
        for algorithm in algorithms
    )
    return f'<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#">{data}</encryption>'


def test_a_book_with_drm_is_refused_and_one_with_hidden_fonts_is_read(tmp_path: Path) -> None:
    drm = {"META-INF/encryption.xml": encrypted("http://www.w3.org/2001/04/xmlenc#aes128-cbc")}
    rows, (refusal,) = listed(tmp_path / "a", "a.epub", book(drm))
    assert (rows, refusal.reason) == ([], "bad-container")
    assert refusal.detail == "1 of its 5 texts are encrypted (META-INF/encryption.xml); deliver the book without DRM"
    fonts = {
        "META-INF/encryption.xml": encrypted("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
    }
    assert len(listed(tmp_path / "b", "b.epub", book(fonts))[0]) == 2


BAD: dict[str, tuple[bytes, str]] = {
    "no ZIP": (b"A text.", "not a ZIP file, or one that is cut off (no end of a directory)"),
    "cut off": (book()[:-300], "not a ZIP file, or one that is cut off"),
    "another ZIP": (book({"META-INF/container.xml": None}), "no META-INF/container.xml; expected an EPUB"),
    "no package": (book({"OEBPS/content.opf": None}), "OEBPS/content.opf: it is not in the file"),
    "another package": (book({"OEBPS/content.opf": "<html/>"}), "OEBPS/content.opf: the root element <html>; expected one of package"),
    "a package that is damaged": (book({"OEBPS/content.opf": PACKAGE[:-30]}), "OEBPS/content.opf: at line 19: not XML"),
    "entities": (book({"OEBPS/content.opf": '<!DOCTYPE package [<!ENTITY a "b">]><package/>'}), "it declares entities"),
    "outside": (
        book({"META-INF/container.xml": CONTAINER.replace("OEBPS/content.opf", "../../../../etc/passwd")}),
        "../../../../etc/passwd: it is not in the file",
    ),
    "no texts": (book({"OEBPS/content.opf": "<package/>"}), "no record; expected at least one"),
    "a large directory": (
        book()[:-10] + struct.pack("<L", 5 << 20) + book()[-6:],
        "a directory of more than 4,194,304 bytes",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_book(tmp_path: Path, case: str) -> None:
    data, detail = BAD[case]
    rows, (refusal,) = listed(tmp_path, "a.epub", data)
    assert (rows, refusal.reason) == ([], "bad-container")
    assert detail in refusal.detail


def test_a_text_that_is_damaged_missing_or_too_large_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    data = book()
    packed = zlib.compressobj(wbits=-15)
    start = data.index((packed.compress(ONE.encode()) + packed.flush())[:40])
    damaged = data[: start + 60] + b"\xff" * 8 + data[start + 68 :]
    rows, (refusal,) = listed(tmp_path / "a", "a.epub", damaged)
    assert [row["doc_id"] for row in rows] == ["a-two"]
    assert (refusal.path, refusal.reason) == ("a.epub#3", "bad-record")
    assert refusal.detail.startswith("record 3: OEBPS/text/chapter 1.xhtml: damaged: ")
    rows, (refusal,) = listed(tmp_path / "b", "a.epub", book({"OEBPS/text/2.xhtml": None}))
    assert len(rows) == 1 and "OEBPS/text/2.xhtml: it is not in the file" in refusal.detail
    rows, (refusal,) = listed(tmp_path / "c", "a.epub", book({"OEBPS/text/2.xhtml": "x" * 2000}), max_bytes=1000)
    assert len(rows) == 1 and refusal.reason == "too-large"


def test_without_a_table_of_contents_the_page_has_its_title(tmp_path: Path) -> None:
    rows, refused = listed(tmp_path, "a.epub", book({"OEBPS/nav.xhtml": "<html", "OEBPS/toc.ncx": None}))
    assert refused == [] and [stated(row).get("title") for row in rows] == [None, None]


def test_a_book_that_unpacks_to_far_more_than_it_is(tmp_path: Path) -> None:
    large = "<p>" + " " * 40_000_000 + "</p>"
    tracemalloc.start()
    rows, (refusal,) = listed(tmp_path / "a", "a.epub", book({"OEBPS/text/2.xhtml": large}), max_bytes=30_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(rows), refusal.reason) == (1, "bomb")
    assert peak < 120_000_000
    # Many parts that are the same member.
    names = [f"x{n}" for n in range(2000)]
    manifest = "".join(f'<item id="{name}" href="big" media-type="text/html"/>' for name in names)
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    package = f"<package><manifest>{manifest}</manifest><spine>{spine}</spine></package>"
    started = time.process_time()
    _, refused = listed(tmp_path / "b", "b.epub", book({"OEBPS/content.opf": package, "OEBPS/big": " " * 1_000_000}))
    assert refused[-1].reason == "bomb" and time.process_time() - started < 10
