"""Targets that start from a corpus: a dataset one of whose files is damaged, and pages of a hostile document."""

from __future__ import annotations

import contextlib
import io
import shutil
from functools import cache
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pyarrow as pa

from broken import repackage, set_cell, shard
from copydesk.cleaning.apply import clean_text
from copydesk.cleaning.plan import plan
from copydesk.core.config import check_params
from copydesk.core.json_schema import PACKAGED
from copydesk.errors import CopydeskError
from copydesk.project import Project
from copydesk.report.corpus_view import Corpus, Counts, Document
from copydesk.report.document_page import document_page
from copydesk.report.documents_page import documents_pages
from copydesk.sentences import split
from copydesk.tables.parquet import read_parquet, write_parquet
from copydesk.tables.table import PUBLISHED
from copydesk.validation import validate
from fuzz.scratch import scratch
from support import ROOT, run_stages, write_seeds

_PLAN = plan(check_params({})["clean"])
_STATED = ("title", "byline", "source", "publisher", "url", "license", "published", "language")
#: Characters that mean something to HTML, and one that does not.
_INERT = str.maketrans("<>&\"'`=/", "x" * 8)


def validator(data: bytes) -> None:
    """A dataset one file of which has other bytes: it is wrong, and nothing worse happens."""
    project = dataset()
    files = sorted(p for p in project.corpus.rglob("*") if p.is_file() and p.suffix != ".svg")
    path = files[data[0] % len(files)] if data else files[0]
    before = path.read_bytes()
    path.write_bytes(data[1:])
    try:
        assert _judged(project) == (data[1:] == before)
    except CopydeskError:
        assert data[1:] != before
    finally:
        path.write_bytes(before)


def cell(data: bytes) -> None:
    """A dataset one value of which is another, and all that counts and hashes it fits: judged, whatever it is."""
    project = dataset()
    place = data[:4].ljust(4, b"\0")
    name = PUBLISHED[place[0] % len(PUBLISHED)]
    path = shard(project, name)
    rows = read_parquet(path)
    field = rows.schema.field(place[1] % rows.num_columns)
    value = _value(field, rows[field.name][place[2] % rows.num_rows].as_py(), place[3], data[4:])
    kept = project.corpus.with_name("kept")
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(project.corpus, kept)
    try:
        with contextlib.suppress(pa.ArrowInvalid):  # a null that cannot even be written: the file stays as it is
            write_parquet(set_cell(field.name, place[2] % rows.num_rows, value)(rows), path)
        repackage(project)
        _judged(project)
    except CopydeskError:
        pass
    finally:
        shutil.rmtree(project.corpus)
        kept.rename(project.corpus)


def _judged(project: Project) -> bool:
    with contextlib.redirect_stderr(io.StringIO()):  # it says that it is done, each time
        return validate(project.corpus, project.schemas, load=False).ok


def _value(field: pa.Field, old: Any, how: int, data: bytes) -> Any:
    """Another value of a column's type, made of bytes."""
    if how % 8 == 7:
        return None
    if pa.types.is_string(field.type):
        return data.decode("utf-8", "replace")
    if pa.types.is_boolean(field.type):
        return not old
    if pa.types.is_integer(field.type):
        bits = field.type.bit_width
        return int.from_bytes(data[: bits // 8].ljust(1, b"\0"), "little", signed=True)
    if pa.types.is_floating(field.type):
        return float.fromhex(data.hex()[:12] or "0") if how % 2 else float(("nan", "inf", "-0.0")[how % 3])
    if pa.types.is_struct(field.type):
        inner = field.type.field(how % field.type.num_fields)
        return {**(old or {each.name: None for each in field.type}), inner.name: _value(inner, None, how // 2, data)}
    assert pa.types.is_list(field.type)
    items = list(old or [])
    if not items or how % 3 == 0:
        return [*items, *items[-1:], *([_value(field.type.value_field, None, how // 3, data)] * (how % 2))]
    place = how // 3 % len(items)
    items[place] = _value(field.type.value_field, items[place], how // 5, data)
    return items


def page(data: bytes) -> None:
    """Pages of a document: its characters are text, and no element, attribute or script follows from them."""
    source, *fields = data.decode("utf-8", "replace").split("\x1e")
    document = document_of(source or "x", dict(zip(_STATED, [*fields[1:], *[None] * 8], strict=False)), fields[:1])
    made, inert = (_pages(each) for each in (document, _replaced(document)))
    for ours, plain in zip(made, inert, strict=True):
        assert ours.elements == plain.elements
        assert not [value for value in ours.links if value.lower().startswith(("javascript:", "data:", "vbscript:"))]


def document_of(source: str, stated: dict[str, str | None], names: list[str]) -> Document:
    """A document made of a text, what is stated of it, and parts of its id."""
    cleaned = clean_text(source, _PLAN)
    text = cleaned.edited.text
    edits = [
        {**edit._asdict(), "index": number, "tier": "safe", "applied": number < len(cleaned.edited.edits)}
        for number, edit in enumerate((*cleaned.edited.edits, *cleaned.suggestions))
    ]
    spans = [{"start": start, "end": end} for start, end in split(text, None)]
    row = {
        **corpus_row(),
        **stated,
        "doc_id": "".join(names) or "x",
        "text": text,
        "flags": [flag._asdict() for flag in cleaned.flags],
        "provenance": [
            {"field": "title", "origin": "stated", "raw_start": 0, "raw_end": min(9, len(source))},
        ],
        "duplicate_group": None,
    }
    raw = {"text": source, "path": row["doc_id"], "size": 1, "encoding": "utf-8", "bom": False}
    raw |= {"newline": "lf", "sha256": "0"}
    return Document(row, raw, edits, [{**span, "index": number} for number, span in enumerate(spans)])


def _replaced(value: Any) -> Any:
    """The same with letters in place of the characters that mean something to HTML."""
    if isinstance(value, str):
        # What a page makes a link of is told by how it begins.
        head = next((start for start in ("https://", "http://") if value.startswith(start)), "")
        return head + value[len(head) :].translate(_INERT)
    if isinstance(value, Document):
        return Document(*map(_replaced, value))
    if isinstance(value, dict):
        return {name: inner if name in ("tier", "rules") else _replaced(inner) for name, inner in value.items()}
    return [*map(_replaced, value)] if isinstance(value, list | tuple) else value


def _pages(document: Document) -> list[Parsed]:
    doc_id = document.row["doc_id"]
    corpus: Any = SimpleNamespace(
        document=lambda _: document,
        decisions=dict,
        positions={doc_id: 1},
        ids=[doc_id, doc_id, doc_id],
        title=document.row["title"] or "x",
        project=SimpleNamespace(schemas=PACKAGED),
        documents=pa.table({name: [value] for name, value in document.row.items() if name in _LISTED}),
        edit_counts={doc_id: Counts(1, 2)},
        source=lambda row: row["source"] or row["publisher"] or "",
    )
    pages = [document_page(corpus, doc_id, token) for token in (None, "token")]
    return [Parsed(text) for text in (*pages, *(text for _, text in documents_pages(corpus, linked=True)))]


_LISTED = "doc_id title source publisher language words sentence_count duplicate_kind split flags".split()


class Parsed(HTMLParser):
    """The elements of a page with the names of their attributes, in order, and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[Any, ...]] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, *(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_endtag(self, tag: str) -> None:
        """Note its end."""
        self.elements.append((f"/{tag}",))

    def handle_comment(self, data: str) -> None:
        """Note a comment, of which no page has one."""
        self.elements.append(("!--",))


@cache
def dataset() -> Project:
    """A small corpus made of the beginnings of this repository's articles, for this process alone."""
    begun = [path.read_text("utf-8")[:700] for path in sorted((ROOT / "seeds").glob("*.txt"))]
    root = scratch() / "project"
    write_seeds(root / "seeds", {f"{number}.txt": text for number, text in enumerate([*begun, begun[0]])})
    (root / "params.yaml").write_text("engine: {workers: 1}\n")
    return run_stages(Project.open(root))


@cache
def corpus_row() -> dict[str, Any]:
    """A row of its documents."""
    corpus = Corpus(dataset())
    return dict(corpus.document(corpus.ids[0]).row)
