"""Feeds: each entry is a document, with the text that its field holds."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.readers.base import Record, RecordOptions
from copydesk.readers.newsrooms.documents import has_markup, without_markup
from copydesk.readers.newsrooms.xml_files import read_news_xml
from reading import listed
from support import read_in_linear_time

RSS = """\

<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:creativeCommons="http://backend.userland.com/creativeCommonsRssModule">
<channel>
<title>The Daily &amp; Post</title><link>https://example.org</link>
<atom:link href="https://example.org/feed" rel="self" type="application/rss+xml"/>
<language>en-us</language>
<creativeCommons:license>http://creativecommons.org/licenses/by/4.0/</creativeCommons:license>
<item>
<title>A storm &amp;#8217; came</title><link>https://example.org/1</link><guid isPermaLink="false">https://example.org/?p=1</guid>
<dc:creator><![CDATA[Anna Berg]]></dc:creator><pubDate>Mon, 06 May 2024 07:08:09 +0000</pubDate>
<category>weather</category><media:title>A picture</media:title>
<description>Short &amp;amp; sweet</description>
<content:encoded><![CDATA[<p>A storm came &amp; went.</p>
<p>It rained&nbsp;much.</p>]]></content:encoded>
</item>
<item><title>Two</title><description>AT&amp;T said so.
A second line.</description><author>jan@example.org (Jan Hill)</author><guid>17</guid><source url="https://other.example/feed">Other Post</source></item>
<item><title>Only a title</title><link>https://example.org/3</link></item>
<item><description>&lt;p&gt;The last &lt;b&gt;one&lt;/b&gt;.&lt;/p&gt;</description><author>desk@example.org</author><pubDate>soon</pubDate>
<guid>urn:uuid:00000000-0000-4000-8000-00000000000A</guid></item>
</channel></rss>
"""
ATOM = """\
<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">
<title type="html" xml:lang="en">Die &lt;em&gt;Post&lt;/em&gt;</title><id>urn:x:feed</id><updated>2024-05-06T07:08:09Z</updated>
<author><name>Anna Berg</name></author>
<entry><id>tag:example.org,2024:1</id><title>Eins &amp; zwei</title>
<link rel="enclosure" href="https://example.org/1.mp3"/><link href="https://example.org/1"/>
<link rel="license" href="https://creativecommons.org/licenses/by-sa/4.0/"/>
<published>2024-05-01</published><updated>2024-05-06T07:08:09Z</updated>
<content type="xhtml"><x:div xmlns:x="http://www.w3.org/1999/xhtml"><x:p>Ein <x:b>Satz</x:b>&#160;hier.</x:p><x:p>Noch <![CDATA[<einer>]]></x:p></x:div></content></entry>
<entry xml:lang="fr"><id>2</id><title>Deux</title><content type="html">&lt;p&gt;Un &amp;amp; deux.&lt;/p&gt;</content><rights>CC BY 4.0</rights>
<author><name>Jan Hill</name></author><author><name>Tom Falk</name></author></entry>
<entry><id>3</id><content>a &lt; b</content><rights>AFP</rights><source><title>Wire</title></source></entry>
<entry><id>4</id><content type="image/png">iVBORw0KGgo=</content><summary>The summary.</summary></entry>
<entry><id>6</id><title xml:lang="ja">A picture</title><content type="html">&lt;img src="a.jpg"&gt;&amp;nbsp;</content><summary>Its summary.</summary></entry>
<entry><id>5</id><content src="https://example.org/5"/><summary type="text">   </summary></entry>
</feed>
"""
RDF = """\
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://example.org"><title>News</title><items><rdf:Seq><rdf:li resource="https://example.org/1"/></rdf:Seq></items></channel>
<item rdf:about="https://example.org/1"><title>One</title><link>https://example.org/1</link><description>A text of RSS 1.0.</description><dc:date>2024-05-06T07:08:09Z</dc:date></item>
</rdf:RDF>
"""


def stated(row: dict[str, Any]) -> dict[str, Any]:
    return json.loads(row["stated"] or "{}")  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", ["a.rss", "A.XML"])
def test_rss(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows, refused = listed(tmp_path, name, RSS.encode())
    assert [(row["raw"].text, row["page"]) for row in rows] == [
        ("<p>A storm came &amp; went.</p>\n<p>It rained&nbsp;much.</p>", True),
        ("AT&T said so.\nA second line.", False),
        ("<p>The last <b>one</b>.</p>", True),
    ]
    common = {"language": "en", "license": "CC-BY-4.0", "source": "The Daily & Post"}
    assert stated(rows[0]) == {
        **common,
        "title": "A storm ’ came",
        "byline": "Anna Berg",
        "published": "2024-05-06T07:08:09+00:00",
        "url": "https://example.org/1",
    }
    assert stated(rows[1]) == {**common, "title": "Two", "byline": "Jan Hill", "source": "Other Post"}
    assert stated(rows[2]) == common
    assert rows[2]["doc_id"] == "00000000-0000-4000-8000-00000000000a"
    assert len({row["doc_id"] for row in rows}) == 3
    assert [(refusal.path.partition("#")[2], refusal.reason) for refusal in refused] == [
        ("3", "bad-record"),
        ("4", "bad-metadata"),  # a date
    ]
    assert "fields that are not read: category, media:title;" in capsys.readouterr().err


def test_an_entry_without_guid_and_link_keeps_its_id(tmp_path: Path) -> None:
    entries = [
        f"<item><title>{title}</title><pubDate>Mon, 06 May 2024 07:08:09 GMT</pubDate><description>{text}</description></item>"
        for title, text in (
            ("Live", "It rained all day."),
            ("Live", "It rained all night."),
            *[("Sun", "It is dry.")] * 2,
        )
    ]
    ids = []
    for number in (1, 0):  # a new entry stands at the top
        feed = f"<rss><channel><link>https://example.org</link>{''.join(entries[number:])}</channel></rss>"
        rows, refused = listed(tmp_path / str(number), "a.rss", feed.encode())
        assert refused == []
        ids.append([row["doc_id"] for row in rows])
    assert ids[1][1:] == ids[0] and len({*ids[1]}) == 4


def test_atom(tmp_path: Path) -> None:
    rows, (refusal,) = listed(tmp_path, "a.atom", ATOM.encode())
    assert [(row["raw"].text, row["page"]) for row in rows] == [
        ("<p>Ein <b>Satz</b>&#160;hier.</p><p>Noch &lt;einer&gt;</p>", True),
        ("<p>Un &amp; deux.</p>", True),
        ("a < b", False),
        ("The summary.", False),
        ("Its summary.", False),
    ]
    assert stated(rows[0]) == {
        "title": "Eins & zwei",
        "byline": "Anna Berg",
        "source": "Die Post",
        "published": "2024-05-01",
        "language": "de",
        "url": "https://example.org/1",
        "license": "CC-BY-SA-4.0",
    }
    assert [stated(row).get("language") for row in rows] == ["de", "fr", "de", "de", "de"]
    assert stated(rows[1])["byline"] == "Jan Hill; Tom Falk" and stated(rows[1])["license"] == "CC-BY-4.0"
    assert stated(rows[2])["source"] == "Wire" and "license" not in stated(rows[2])
    assert refusal.reason == "bad-record" and "an entry without a text; expected content:encoded" in refusal.detail


def test_rss_of_version_1(tmp_path: Path) -> None:
    (row,), refused = listed(tmp_path, "a.xml", RDF.encode())
    assert (row["raw"].text, refused) == ("A text of RSS 1.0.", [])
    assert stated(row)["source"] == "News" and stated(row)["published"] == "2024-05-06T07:08:09Z"


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("cp1252", "ISO-8859-1"), ("gb18030", "GB2312")],
)
def test_encodings(tmp_path: Path, encoding: str, declared: str) -> None:
    text = "中文。" if encoding == "gb18030" else "Käse „hier“."
    feed = f'<?xml version="1.0" encoding="{declared}"?><rss><channel><item><description>{text}</description></item></channel></rss>'
    (row,), refused = listed(tmp_path, "a.rss", feed.encode(encoding))
    assert (row["raw"].text, refused) == (text, [])


def test_of_a_damaged_feed_is_read_what_comes_before(tmp_path: Path) -> None:
    data = RSS.encode()
    for number, (end, count) in enumerate(((data.index(b"<title>Two") + 3, 1), (len(data) - 8, 3), (60, 0))):
        rows, refused = listed(tmp_path / str(number), "a.rss", data[:end])
        assert len(rows) == count
        assert refused[0].reason == "bad-container" or refused[-1].reason == "bad-container"
    rows, (refusal,) = listed(
        tmp_path / "middle", "a.rss", data.replace(b"<title>Two</title>", b"<title>Two & 1</title>")
    )
    assert len(rows) == 1
    assert refusal.detail.startswith("at line 19: not XML (not well-formed (invalid token)); deliver")


BAD = {
    "<html><body>A page.</body></html>": "the root element <html>; expected one of RDF, ",
    "no XML": "at line 1: not XML (syntax error)",
    "": "at line 1: not XML (no element found)",
    "<rss><channel/></rss>": "no record; expected at least one",
    '<?xml version="1.0" encoding="x-own"?><rss/>': "the encoding x-own, which is not known; convert",
    f"<rss><!--{'x' * 3_000_000}--></rss>": "a tag or a comment of more than 1,048,576 bytes",
    f"<rss a='{'x' * 3_000_000}'/>": "a tag or a comment of more than 1,048,576 bytes",
    '<?xml version="1.0" encoding="utf-8"?><rss>\udcff</rss>': "bytes that are not utf-8, as the file says",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_what_is_no_feed(tmp_path: Path, text: str) -> None:
    rows, (refusal,) = listed(tmp_path, "a.xml", text.encode("utf-8", "surrogateescape"))
    assert (rows, refusal.reason) == ([], "bad-container")
    assert BAD[text] in refusal.detail


HOSTILE = {
    "laughs": '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
    "a file": '<!DOCTYPE rss [<!ENTITY a SYSTEM "{secret}">]>',
    "a parameter": '<!DOCTYPE rss [<!ENTITY % a SYSTEM "{secret}"> %a;]>',
    "an outside DTD": '<!DOCTYPE rss SYSTEM "{secret}">',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_entity_is_expanded_and_no_file_read(tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "secret.dtd"
    secret.write_text('<!ENTITY a "a secret">')
    head = HOSTILE[kind].replace("{secret}", secret.as_uri())
    feed = f"{head}<rss><channel><item><description>See &a;.</description></item></channel></rss>"
    rows, refused = listed(tmp_path, "a.rss", feed.encode())
    assert "secret" not in str([row["raw"].text for row in rows])
    if kind == "an outside DTD":
        assert [row["raw"].text for row in rows] == ["See &a;."]
    else:
        assert rows == [] and refused[0].detail.startswith("it declares entities")


def test_an_entry_that_is_too_large_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    large = {"many": "<b/>" * 100_001, "long": "x" * 8_000_000, "deep": "<i>" * 5000 + "deep" + "</i>" * 5000}
    items = "".join(
        f"<item><description>{text}</description></item><item><description>One.</description></item>"
        for text in large.values()
    )
    rows, refused = listed(tmp_path, "a.rss", f"<rss><channel>{items}</channel></rss>".encode(), max_bytes=1000)
    assert [row["raw"].text for row in rows] == ["One.", "One.", "deep", "One."]
    assert [(refusal.path, refusal.reason) for refusal in refused] == [
        ("a.rss#1", "too-large"),
        ("a.rss#3", "too-large"),
    ]


def read(data: bytes) -> Iterator[Record]:
    return read_news_xml(io.BytesIO(data), RecordOptions("a", "id", "text", 1 << 20))


@pytest.mark.slow
def test_time_grows_with_the_feed_and_memory_does_not() -> None:
    def feed(count: int) -> Iterator[bytes]:
        yield b"<rss><channel>"
        for n in range(count):
            yield b"<item><guid>%d</guid><description>%s</description></item>" % (n, b"A sentence. " * 20)
        yield b"</channel></rss>"

    read_in_linear_time(read, lambda count: b"".join(feed(count)))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1, max_size=5), st.integers(1, 40))
def test_every_text_comes_back_in_whatever_pieces_the_file_is_read(texts: list[str], size: int) -> None:
    class Slow(io.BytesIO):
        def read(self, _: Any = None) -> bytes:
            return super().read(size)

    items = "".join(
        f"<item><description>{escape(text)}</description></item><item><a:content type='xhtml'>{DIV}{escape(text)}</div></a:content></item>"
        for text in texts
    )
    data = f'<rss xmlns:a="http://www.w3.org/2005/Atom"><channel>{items}</channel></rss>'.encode()
    records = list(read_news_xml(Slow(data), RecordOptions("a", "id", "text", 1 << 20)))
    expected: list[str | None] = []
    for text in texts:
        is_seen = without_markup(text) if has_markup(text) else text.strip()  # what HTML shows of a description
        expected += [text if is_seen else None, escape(text) if text.strip() else None]
    assert [record.fields and record.fields["text"] for record in records] == expected


DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'
