"""The plain model that a soak compares copydesk with: seeds as a dict, and the rows and versions that must follow."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

FEED = "feed.jsonl"
_MARKS = {"utf-8": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe"}
_WORDS = (
    "river bridge council market harbour winter letter engine garden window teacher doctor village mountain island "
    "summer festival railway station library museum paper printer editor weather farmer fisher kitchen bread water "
    "stone tower castle border province minister budget school student travel journey forest animal bird horse "
    "ship captain sailor coast storm cloud sunlight evening morning night street corner house family sister brother"
).split()
#: What scraping breaks, put between two sentences or inside one.
_DEFECTS = ("  ", "\n\n\n", " \u00a0", "\u200b", "Ã©", " ,", "&amp;", "“", "\u00ad", " .", "\t")


class Row(NamedTuple):
    """All of a document that the model knows."""

    path: str
    sha256: str
    text: str
    source: str  # its line of sources.jsonl
    first_copy: str | None  # the least id among documents of the same text, where there are several


@dataclass
class Seeds:
    """What lies in seeds/: files by path, the records of one file by id, lines of sources.jsonl by id."""

    files: dict[str, bytes] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=dict)
    sources: dict[str, dict[str, str]] = field(default_factory=dict)

    def copy(self) -> Seeds:
        """The same in other dictionaries."""
        return Seeds(dict(self.files), dict(self.records), {k: dict(v) for k, v in self.sources.items()})

    def on_disk(self) -> dict[str, bytes]:
        """Every file, by path."""
        made = dict(self.files)
        if self.records:
            made[FEED] = _lines({"id": doc_id, "text": text} for doc_id, text in self.records.items())
        if self.sources:
            made["sources.jsonl"] = _lines({"doc_id": doc_id, **known} for doc_id, known in self.sources.items())
        return made


class Banned(NamedTuple):
    """A document that was taken down."""

    doc_id: str
    sha256: str
    text: str


def id_of(path: str) -> str:
    """The document's id of a file."""
    return path.rpartition("/")[2].removesuffix(".txt")


def decoded(data: bytes) -> str:
    """The text of a file without its byte-order mark."""
    for encoding, mark in _MARKS.items():
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding)
    return data.decode()


def rows_of(seeds: Seeds, ledger: Iterable[Banned]) -> dict[str, Row]:
    """The documents that a corpus of these seeds must hold, by id."""
    banned = list(ledger)
    ids, hashes, texts = ({getattr(b, name) for b in banned} for name in Banned._fields)
    found = [(id_of(path), path, data, decoded(data)) for path, data in seeds.files.items()]
    found += [(i, f"{FEED}#{i}", text.encode(), text) for i, text in seeds.records.items()]
    copies: dict[str, list[str]] = {}
    rows = {}
    for doc_id, path, data, text in found:
        sha256 = hashlib.sha256(data).hexdigest()
        if doc_id in ids or sha256 in hashes or text in texts:
            continue
        copies.setdefault(text, []).append(doc_id)
        known = seeds.sources.get(doc_id)
        rows[doc_id] = Row(path, sha256, text, json.dumps(known, sort_keys=True) if known else "", None)
    for same in copies.values():
        for doc_id in same if len(same) > 1 else ():
            rows[doc_id] = rows[doc_id]._replace(first_copy=min(same))
    return rows


def level(old: Mapping[str, Row], new: Mapping[str, Row]) -> str | None:
    """The least level of a release that makes one of the other; None where no row differs."""
    if old.keys() - new.keys() or any(new[doc_id] != row for doc_id, row in old.items() if doc_id in new):
        return "major"
    return "minor" if new.keys() - old.keys() else None


def version_after(last: str | None, asked: str) -> str:
    """The version behind another one."""
    if last is None:
        return "1.0.0"
    major, minor, patch = map(int, last.split("."))
    following = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0), "patch": (major, minor, patch + 1)}
    return ".".join(map(str, following[asked]))


def sentence(rng: random.Random) -> str:
    """Words in some order, sometimes with a defect among them."""
    words = [rng.choice(_WORDS) for _ in range(rng.randint(5, 14))]
    if rng.random() < 0.4:
        words.insert(rng.randrange(1, len(words)), rng.choice(_DEFECTS))
    return " ".join(words).capitalize() + rng.choice(".?!")


def article(rng: random.Random) -> str:
    """A text of its own: no two are alike."""
    said = [sentence(rng) for _ in range(rng.randint(3, 9))]
    return f"Report {rng.getrandbits(40):x}. " + "".join(s + rng.choice((" ", "  ", "\n", "\n\n", "")) for s in said)


def encoded(text: str, rng: random.Random) -> bytes:
    """A text as the file of some editor: with line ends and an encoding of its own."""
    if rng.random() < 0.2:
        text = text.replace("\n", "\r\n")
    kind = rng.choice(("plain", "plain", "plain", *_MARKS))
    return text.encode() if kind == "plain" else _MARKS[kind] + text.encode(kind)


def _lines(rows: Iterable[Mapping[str, str]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
