"""Small files of newsrooms and web archives, from which fuzzing begins."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

_DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>One <b>text</b>.</p></div>'


def feeds(texts: Sequence[str]) -> list[bytes]:
    """RSS, Atom, NITF and NewsML-G2."""
    items = "".join(
        f"<item><title>A</title><guid>{n}</guid><pubDate>2026-01-02</pubDate><description>{_xml(text)}</description></item>"
        for n, text in enumerate(texts[:3])
    )
    content = '<inlineData contenttype="text/plain">A &lt; text.</inlineData>'
    nitf = "<nitf><head><title>A</title></head><body><body.content><p>A <![CDATA[<]]> text.</p></body.content></body></nitf>"
    item = f'<newsItem guid="a"><itemMeta><versionCreated>2026</versionCreated></itemMeta><contentSet>{content}</contentSet></newsItem>'
    files = [
        f"<rss><channel><title>F</title>{items}</channel></rss>",
        f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><content type="xhtml">{_DIV}</content></entry></feed>',
        '<!DOCTYPE rss [<!ENTITY a "b">]><rss><channel><item><description>&a;</description></item></channel></rss>',
        f'<?xml version="1.0" encoding="iso-8859-1"?><rss><channel>{items[:150]}',
        nitf,
        f"<newsMessage><itemSet>{item}{item}<packageItem/></itemSet></newsMessage>",
        item.replace(content, f"<inlineXML>{nitf}</inlineXML>"),
    ]
    return [file.encode() for file in files]


def news_in_json(texts: Sequence[str]) -> list[bytes]:
    """ninjs in its forms."""
    items = [{"uri": f"x:{n}", "headline": "A", "body_text": text} for n, text in enumerate(texts[:3])]
    bodies = {"uri": "x:9", "bodies": [{"role": "main", "contenttype": "text/html", "value": "<p>A text.</p>"}]}
    return [json.dumps(value).encode() for value in (items, items[0], {"items": [*items, bodies]}, bodies, [1], {})]


def books(texts: Sequence[str]) -> list[bytes]:
    """EPUB, deflated and not."""
    container = '<container><rootfiles><rootfile full-path="p.opf"/></rootfiles></container>'
    manifest = '<item id="a" href="a.html" media-type="text/html"/><item id="n" href="n" properties="nav"/>'
    package = f'<package><metadata><title>A</title></metadata><manifest>{manifest}</manifest><spine><itemref idref="a"/></spine></package>'
    members = {
        "META-INF/container.xml": container,
        "p.opf": package,
        "a.html": f"<p>{_xml(texts[0])}</p><title/>",
        "n": "<html><a href='a.html'>A</a></html>",
    }
    made = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as archive:
            for name, text in members.items():
                archive.writestr(zipfile.ZipInfo(name), text, method)
        made.append(file.getvalue())
    return made


def archives(texts: Sequence[str]) -> list[bytes]:
    """WARC with some records, of which one may be cut off; what begins with a byte 1 is to be packed."""
    records = []
    for number, text in enumerate(texts[:3]):
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + text.encode()
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <x:{number}>\r\nContent-Length: {len(block)}\r\n\r\n"
        )
        records.append(head.encode() + block + b"\r\n\r\n")
    cut = [records[0][:-30], *records[1:]]
    packed = [gzip.compress(record, mtime=0) for record in records]
    return [
        *(b"\0" + b"".join(parts) for parts in (records, cut)),
        *(b"\1" + b"".join(parts) for parts in (packed, [packed[0][:-20], *packed[1:]])),
    ]


def _xml(text: str) -> str:
    return escape("".join(character for character in text if character.isprintable()))
