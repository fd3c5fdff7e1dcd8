"""What a desk is sent in one morning: 300 files of many kinds, and what has to become of each of them."""

from __future__ import annotations

import csv
import gzip
import html
import io
import json
import lzma
import random
import runpy
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from support import ROOT

SIZE = 300
LANGUAGES = ("en", "de", "fr", "es", "ru")
#: The outlet of each language, and the line that it puts below each of its articles.
OUTLETS = {
    "en": ("The Evening Courier", "The Evening Courier explains what the day meant, every evening at six."),
    "de": ("Abendblatt", "Das Abendblatt erklärt, was der Tag bedeutet hat, jeden Abend um sechs."),
    "fr": ("Le Soir du Port", "Le Soir du Port explique ce que la journée a changé, chaque soir à six heures."),
    "es": ("La Tarde", "La Tarde explica cada día a las seis lo que ha cambiado en la ciudad."),
    "ru": ("Вечерний порт", "«Вечерний порт» каждый вечер объясняет, что изменил прошедший день."),
}
AGENCY = "Wire of the North"  # of most records
LICENSES = ("CC-BY-4.0", "CC0-1.0", "LicenseRef-unknown")
#: Words that lost the space before them, as at links: the agency's system loses it in many of its records.
GLUED = ("silence", "noise", "sorrow", "music")

damage: Callable[[str, int, random.Random], tuple[str, tuple[str, ...]]] = runpy.run_path(
    str(ROOT / "benchmarks" / "speed" / "defects.py")
)["damage"]


class Delivery(NamedTuple):
    """Files by path below ``seeds/``; how many documents are in each, and why each of the others is refused."""

    files: dict[str, bytes]
    documents: dict[str, int]
    refused: dict[str, str]
    copies: dict[str, str]  # of files that repeat another one, exactly or nearly, the other
    sources: list[dict[str, Any]]  # lines for sources.jsonl


@cache
def sentences(language: str) -> list[str]:
    """Real sentences of a language, from openly licensed text."""
    found: dict[str, None] = {}
    for path in sorted((ROOT / "benchmarks" / "quality" / "open" / "sentences").glob("*.jsonl.xz")):
        for line in lzma.decompress(path.read_bytes()).decode().splitlines():
            row = json.loads(line)
            if row["lang"] == language:
                found |= {
                    row["text"][start:end]: None
                    for start, end in row["spans"]
                    if 60 < end - start < 220 and "\n" not in row["text"][start:end]
                }
    return list(found)


def article(number: int, language: str, *, length: int = 7, draw: random.Random | None = None) -> str:
    """A text that no other number has: paragraphs of real sentences of one language."""
    draw = draw or random.Random(f"article {number}")
    chosen = draw.sample(sentences(language), length)
    half = length // 2
    return f"{number}. {' '.join(chosen[:half])}\n\n{' '.join(chosen[half:])}\n"


def glued(number: int) -> str:
    """An account in which a word lost its space: what a rule suggests to repair and does not dare to."""
    word = GLUED[number % len(GLUED)]
    return f"The streets of the city were full of{word}, and nobody else went home. {article(number, 'en')}"


def page(number: int, language: str, text: str, outlet: str) -> str:
    """A web page around an article, as a site serves it."""
    first, rest = (html.escape(part.strip()) for part in text.split("\n\n"))
    head = (
        f'<meta charset="utf-8"><title>Report {number} | {outlet}</title>'
        f'<meta name="author" content="Ines Falk"><meta property="og:site_name" content="{outlet}">'
        f'<meta property="article:published_time" content="2024-03-{number % 28 + 1:02}T08:00:00Z">'
    )
    around = '<nav><a href="/">Home</a> <a href="/politics">Politics</a> <a href="/sport">Sport</a></nav>'
    below = (
        '<aside><h2>Most read</h2><ul><li><a href="/1">Ten things to know</a></li></ul></aside>'
        f'<footer><p>© 2024 {outlet}</p><a href="/imprint">Imprint</a></footer>'
        "<script>window.consent = true;</script>"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head>{head}</head><body>{around}<article><h1>Report {number}</h1>'
        f"<p>{first}</p>\n<p>{rest}</p></article>{below}</body></html>\n"
    )


def jsonl(rows: list[dict[str, Any]]) -> bytes:
    """Records as JSON Lines."""
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def _csv(rows: list[dict[str, Any]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def _archive(responses: dict[int, str]) -> bytes:
    """A web archive with pages, each a member of its own, as crawlers write them."""
    members = []
    for number, body in responses.items():
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body.encode()
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012x}>\r\n"
            f"WARC-Date: 2024-05-06T07:08:09Z\r\nWARC-Target-URI: https://port.example/{number}\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
        )
        members.append(gzip.compress(head.encode() + block + b"\r\n\r\n", mtime=0))
    return b"".join(members)


class _Maker:
    """Numbers the articles, and notes what is made."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.made = Delivery({}, {}, {}, {}, [])
        self.number = 0

    def next(self) -> tuple[int, str]:
        self.number += 1
        return self.number, LANGUAGES[self.number % len(LANGUAGES)]

    def add(self, path: str, content: bytes | str, documents: int = 1) -> None:
        self._write(path, content)
        self.made.documents[path] = documents

    def refuse(self, path: str, content: bytes | str, reason: str) -> None:
        self._write(path, content)
        self.made.refused[path] = reason

    def _write(self, path: str, content: bytes | str) -> None:
        assert path not in self.made.files
        self.made.files[path] = content.encode() if isinstance(content, str) else content

    def text(self, number: int, language: str) -> str:
        """An article as it comes from a site: with its line below it, and in English often damaged."""
        text = article(number, language)
        if language == "en":
            text = glued(number) if number % 2 else text
            text, _ = damage(text, self.draw.choice((0, 0, 1, 2, 3)), self.draw)
        return f"{text}\n{OUTLETS[language][1]}\n"

    def state(self, doc_id: str, language: str) -> None:
        source = OUTLETS[language][0]
        self.made.sources.append({"doc_id": doc_id, "source": source, "license": self.draw.choice(LICENSES)})

    def records(self, count: int, text: Callable[[int, str], str]) -> list[dict[str, Any]]:
        rows = []
        for _ in range(count):
            number, language = self.next()
            rows.append({
                "id": f"record-{number:04}",
                "text": text(number, language),
                "title": f"Dispatch {number}",
                "author": "Agency desk",
                "source": AGENCY,
                "license": self.draw.choice(LICENSES),
                "date": f"2024-02-{number % 28 + 1:02}",
            })  # fmt: skip
        return rows


def morning(seed: int = 20261130) -> Delivery:
    """The files of one morning; the same for the same seed."""
    maker = _Maker(seed)
    for folder, ending, count in (("texts", ".txt", 100), ("notes", ".md", 24), ("old", "", 16)):
        for _ in range(count):
            number, language = maker.next()
            name = f"{folder}-{number:04}"
            maker.add(f"{folder}/{language}/{name}{ending}", maker.text(number, language))
            maker.state(name, language)
    for _ in range(14):
        number, language = maker.next()
        maker.add(f"packed/packed-{number:04}.txt.gz", gzip.compress(maker.text(number, language).encode(), mtime=0))
    for _ in range(50):
        number, language = maker.next()
        text = article(number, language)
        maker.add(f"pages/page-{number:04}.html", page(number, language, text, OUTLETS[language][0]))
    for place in range(16):
        text = (lambda number, _: glued(number)) if place % 2 else article
        maker.add(f"wire/wire-{place:02}.jsonl", jsonl(maker.records(3, text)), 3)
    for place in range(10):
        maker.add(f"wire/table-{place:02}.csv", _csv(maker.records(3, article)), 3)
    for place in range(8):
        maker.add(f"wire/columns-{place:02}.parquet", _parquet(maker.records(3, article)), 3)
    for place in range(6):
        numbers = dict(maker.next() for _ in range(2))
        pages = {n: page(n, language, article(n, language), "Port News") for n, language in numbers.items()}
        maker.add(f"crawl/crawl-{place}.warc.gz", _archive(pages), 2)
    for name, copied, text in _copies(maker):
        maker.add(name, text)
        maker.made.copies[name] = copied
    for name, content, reason in _damaged(maker):
        maker.refuse(name, content, reason)
    for place in range(4):
        whole = gzip.compress(jsonl(maker.records(9, article)), mtime=0)
        name, cut = f"broken/cut-{place}.jsonl.gz", whole[: len(whole) * 2 // 3]
        maker.refuse(name, cut, "bad-container")
        maker.made.documents[name] = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(cut).count(b"\n")
    assert len(maker.made.files) == SIZE, len(maker.made.files)
    return maker.made


def _copies(maker: _Maker) -> Iterator[tuple[str, str, str]]:
    """Articles that come twice: the same under another name, and with a word changed."""
    whole = [name for name in maker.made.files if name.startswith("texts/")]
    for place, name in enumerate(maker.draw.sample(whole, 16)):
        text = maker.made.files[name].decode()
        if place % 2:
            head, last = text.rstrip("\n").rsplit(" ", 1)
            text = f"{head} today {last}\n"
        yield f"copies/copy-{place:02}.txt", name, text


def _damaged(maker: _Maker) -> Iterator[tuple[str, bytes | str, str]]:
    """Files of which no document can be made."""
    spanish = article(9_001, "es")
    notes = [name.rpartition("/")[2] for name in maker.made.files if name.startswith("notes/")]
    yield "broken/huge.txt.gz", gzip.compress(b"Again and again. " * (1 << 20), mtime=0), "too-large"
    for place in range(5):
        yield f"broken/empty-{place}.txt", " \n" * place, "empty"
        yield f"broken/binary-{place}.txt", b"\x80" + maker.draw.randbytes(600), "undecodable"
        yield f"broken/latin-{place}.txt", f"{place} {spanish}".encode("cp1252"), "undecodable"
        yield f"broken/photo-{place}.jpg", b"\xff\xd8\xff" + maker.draw.randbytes(200), "unknown-format"
        yield f"broken/zeros-{place}.txt", "Report\0" * 40, "not-text"
        yield f"second/{notes[place]}", article(9_100 + place, "en"), "duplicate-id"
        yield f"broken/shell-{place}.html", "<html><body><script>load()</script></body></html>", "no-article"
