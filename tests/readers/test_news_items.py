"""NITF and NewsML-G2: each news item with a text is a document, and its text is what is written in the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reading import listed

BODY = """
<p lede="true">A storm &#8212; or two &mdash; came to <location>Bonn</location>.</p>
<hl2>What it did</hl2>
<p><person>Anna Berg</person> saw it.<br/></p><media media-type="image"><media-reference source="a.jpg"/></media>
"""
NITF = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nitf SYSTEM "nitf-3-4.dtd">
<nitf xml:lang="en-US" version="-//IPTC//DTD NITF 3.4//EN">
<head><title>Storm slug</title><meta name="x" content="y"/><tobject tobject.type="news"/>
<docdata><doc-id regsrc="AP" id-string="storm.1"/><urgency ed-urg="4"/><date.issue norm="20240506T070809Z"/>
<doc.copyright year="2024" holder="Example Press"/></docdata><pubdata name="The Daily Post" date.publication="20240507"/></head>
<body><body.head><hedline><hl1>A storm came</hl1><hl2>And went</hl2></hedline>
<byline>By <person>Jan Hill</person>, <person>Tom Falk</person><byttl>Staff writers</byttl></byline></body.head>
<body.content>{BODY}</body.content><body.end><tagline>The end.</tagline></body.end></body>
</nitf>
"""
ITEM = """\
<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="{guid}" version="3" standard="NewsML-G2" xml:lang="en">
<catalogRef href="http://www.iptc.org/std/catalog/catalog.IPTC-G2-Standards_36.xml"/>
<rightsInfo><copyrightHolder literal="Example Press"/><copyrightNotice href="http://creativecommons.org/licenses/by/4.0/">© 2024</copyrightNotice></rightsInfo>
<itemMeta><itemClass qcode="ninat:text"/><provider qcode="nprov:EXP"/><versionCreated>2024-05-06T07:08:09+02:00</versionCreated></itemMeta>
<contentMeta><by>By Anna Berg</by><creator qcode="x:1"><name>Jan Hill</name></creator><language tag="de-AT"/><headline>Ein Sturm</headline></contentMeta>
<contentSet>{content}</contentSet>
</newsItem>
"""
XHTML = """<inlineXML contenttype="application/xhtml+xml"><x:html xmlns:x="http://www.w3.org/1999/xhtml"><x:head><x:title/></x:head>
<x:body><x:p>Ein Satz.</x:p><x:p>Noch <x:b>einer</x:b>.</x:p></x:body></x:html></inlineXML>"""
CONTENTS = {
    "xhtml": (XHTML, "<p>Ein Satz.</p><p>Noch <b>einer</b>.</p>", True),
    "nitf": (
        f'<inlineXML contenttype="application/nitf+xml"><nitf xmlns="http://iptc.org/std/NITF/2006-10-18/"><body><body.content>{BODY}</body.content></body></nitf></inlineXML>',
        BODY,
        True,
    ),
    "other": ("<inlineXML><story><p>A text.</p></story></inlineXML>", "<story><p>A text.</p></story>", True),
    "text": ('<inlineData contenttype="text/plain">a &lt; b\n</inlineData>', "a < b\n", False),
    "html": ('<inlineData contenttype="text/html">&lt;p>One.&lt;/p></inlineData>', "<p>One.</p>", True),
    "second": (
        f'<remoteContent href="a.jpg"/><inlineXML><x/></inlineXML>{XHTML}',
        "<p>Ein Satz.</p><p>Noch <b>einer</b>.</p>",
        True,
    ),
}


def stated(row: dict[str, Any]) -> dict[str, Any]:
    return json.loads(row["stated"] or "{}")  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", ["a.nitf", "a.xml"])
def test_nitf(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (row,), refused = listed(tmp_path, name, NITF.encode())
    assert (row["raw"].text, row["page"], refused) == (BODY, True, [])
    assert stated(row) == {
        "title": "A storm came",
        "byline": "Jan Hill; Tom Falk",
        "source": "The Daily Post",
        "publisher": "Example Press",
        "published": "2024-05-06T07:08:09+00:00",
        "language": "en",
    }
    assert "fields that are not read: meta, tobject, urgency;" in capsys.readouterr().err


@pytest.mark.parametrize("kind", CONTENTS)
def test_news_items(tmp_path: Path, kind: str) -> None:
    content, text, is_page = CONTENTS[kind]
    (row,), refused = listed(tmp_path, "a.xml", ITEM.format(guid="urn:newsml:1", content=content).encode())
    assert (row["raw"].text, row["page"], refused) == (text, is_page, [])
    assert stated(row) == {
        "title": "Ein Sturm",
        "byline": "Anna Berg",
        "source": "EXP",
        "publisher": "Example Press",
        "published": "2024-05-06T07:08:09+02:00",
        "license": "CC-BY-4.0",
        "language": "de",
    }


def test_what_a_news_item_does_not_say_the_nitf_in_it_says(tmp_path: Path) -> None:
    bare = NITF[NITF.index("<nitf") :]
    item = f'<newsItem guid="urn:uuid:00000000-0000-4000-8000-00000000000A"><contentSet><inlineXML>{bare}</inlineXML></contentSet></newsItem>'
    (row,), _ = listed(tmp_path, "a.xml", item.encode())
    assert (row["doc_id"], row["raw"].text) == ("00000000-0000-4000-8000-00000000000a", BODY)
    assert stated(row)["byline"] == "Jan Hill; Tom Falk" and stated(row)["published"] == "2024-05-06T07:08:09+00:00"


def message(*items: str) -> str:
    namespace = "http://iptc.org/std/nar/2006-10-01/"
    return f'<newsMessage xmlns="{namespace}"><header><sent>2024-05-06</sent></header><itemSet>{"".join(items)}</itemSet></newsMessage>'


def test_of_a_message_every_item_with_a_text_is_a_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = [ITEM.format(guid=f"urn:newsml:{n}", content=CONTENTS["text"][0]) for n in range(3)]
    picture = ITEM.format(guid="urn:newsml:9", content='<remoteContent href="a.jpg"/>')
    rows, refused = listed(
        tmp_path,
        "a.xml",
        message(items[0], picture, "<packageItem guid='p'><groupSet/></packageItem>", *items[1:]).encode(),
    )
    assert len({row["doc_id"] for row in rows}) == len(rows) == 3 and refused == []
    assert "ingest: a: 5 items, not documents: 1 newsItem without a text, 1 packageItem\n" in capsys.readouterr().err


def test_of_a_damaged_message_is_read_what_comes_before(tmp_path: Path) -> None:
    items = [ITEM.format(guid=f"urn:newsml:{n}", content=CONTENTS["text"][0]) for n in range(3)]
    rows, (refusal,) = listed(tmp_path, "a.xml", message(*items).encode()[:-400])
    assert len(rows) == 2
    assert refusal.reason == "bad-container" and refusal.detail.startswith("at line ")


def test_an_item_without_a_text_and_an_entity_that_reads_a_file(tmp_path: Path) -> None:
    rows, (refusal,) = listed(
        tmp_path / "a", "a.nitf", b"<nitf><body><body.content><p/></body.content></body></nitf>"
    )
    assert (rows, refusal.detail) == ([], "no record; expected at least one")
    (tmp_path / "secret").write_text("a secret")
    entity = f'<!DOCTYPE nitf [<!ENTITY a SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    text = f"{entity}<nitf><body><body.content><p>See &a;.</p></body.content></body></nitf>"
    rows, (refusal,) = listed(tmp_path / "b", "a.nitf", text.encode())
    assert rows == [] and refusal.detail.startswith("it declares entities")


def test_the_article_is_what_the_body_says(tmp_path: Path) -> None:
    from copydesk.webpages.page_edits import read_page

    (row,), _ = listed(tmp_path, "a.nitf", NITF.encode())
    page = read_page(row["raw"].text)
    assert page.aligned == 1.0 and page.missing == []
