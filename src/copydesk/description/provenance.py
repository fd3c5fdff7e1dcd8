"""Metadata of an article and its origin: from sources.jsonl, from a decision, from removed lines or from the text."""

from __future__ import annotations

import datetime
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pyarrow as pa

from copydesk.language.moments import date_in
from copydesk.language.names_and_dates import BIOGRAPHY, LONGEST, NAME, NAMES, OUTLET

_SOURCE = re.compile(
    r"[\[(]?(?:Sources?|SOURCES?|Via|Quellen?|Fuentes?|Font[ei]|Bron)(?: ?: ?| )(?P<outlet>[^\n]{2,60})"
)
_AGENCIES = re.compile(r" ?[/,&] ?(?:[Aa]gencies|[Aa]gency|[Ww]ires?|[Aa]genturen|[Aa]gences|[Aa]gencias|[Aa]genzie)")
_BYLINE = re.compile(
    r"[\[(|•–—-]*[ \t]*(?i:by|written by|reported by|story by|text by|words by|posted by|von|par|por|di|escrito por|"
    r"scritto da|écrit par|geschrieben von|a cura di|authors?|autor|auteur|autore) ?:? "
    rf"(?P<byline>{NAMES})(?:[,| –—-]+(?P<rest>[^\n]*))?"
)
_JOINED = re.compile(r" (?:and|&|und|et|y) ")
_PUBLISHER = re.compile(
    r"(?:journalist|reporter|correspondent|writer|editor|columnist|author|contributor|producer)(?: [\w-]+){0,3}? "
    rf"(?:at|for|with) (?P<publisher>{OUTLET})"
)
_WRITES = re.compile(rf" (?:writes|reports|covers|blogs) [^\n.]{{0,80}}?(?:for|at) (?P<publisher>{OUTLET})")
_ABOUT = re.compile(rf"(?:About the author ?: ?|About )(?P<name>{NAME})(?: (?:writes|covers|is) |$)")
_DATED_PATH = re.compile(r"(?<=[^/:]/)((?:19|20)\d\d)([/-])(\d\d?)\2(\d\d?)(?=[/_.-]|$)")
_LONGEST_ADDRESS = 2000
#: Columns of documents with metadata.
FIELDS = ("title", "byline", "source", "publisher", "url", "published", "license")
#: The rules whose removed lines give metadata, the most reliable first.
FEEDING = ("byline", "date-line", "source-line", "author-biography")


def fields_of_text(rule: str, removed: str) -> dict[str, str]:
    """Extract byline, source, publisher and published from text that a rule removed.

    The text may contain lines that other rules removed; the first line that yields a value wins.

    >>> fields_of_text("source-line", "Source: Today IT")
    {'source': 'Today IT'}
    """
    fields: dict[str, str] = {}
    read = {"source-line": _source, "byline": _byline, "date-line": _dated, "author-biography": _biography}.get(rule)
    if read is not None:
        for line in removed.split("\n"):
            if len(line) <= LONGEST:
                fields = {**read(" ".join(line.split())), **fields}
    return fields


def _source(line: str) -> dict[str, str]:
    match = _SOURCE.fullmatch(line)
    name = _AGENCIES.sub("", match["outlet"].strip()).strip() if match else ""
    if line[:1] in {"(", "["}:
        name = name.rstrip(")]")
    # "Source: ... said so." is a sentence, and an address is not a name.
    return {"source": name} if name and name[-1] not in ".?!:;," and "://" not in name else {}


def _byline(line: str) -> dict[str, str]:
    match = _BYLINE.fullmatch(line)
    if match is None:
        return {}
    rest = (match["rest"] or "").strip()
    date = date_in(rest)
    return {"byline": _people(match["byline"]), **({"published": date} if date else {})}


def _dated(line: str) -> dict[str, str]:
    # The date of an update is not the date of publication.
    if re.match("(?:last )?(?:updated|modified)|aktualisiert|mis à jour|actualizado|aggiornato", line, re.IGNORECASE):
        return {}
    date = date_in(line)
    return {"published": date} if date else {}


def _biography(line: str) -> dict[str, str]:
    match = BIOGRAPHY.match(line) or _ABOUT.match(line)
    if match is None:
        return {}
    publisher = _PUBLISHER.search(line, 0, 300) or _WRITES.search(line, 0, 300)
    name = publisher["publisher"].rstrip(".,'’-") if publisher else ""
    return {"byline": match["name"], **({"publisher": name} if name else {})}


def _people(names: str) -> str:
    """The people named in a byline, without a role or outlet that follows a comma."""
    parts = names.split(", ")
    # "A, B and C" names three people, "A, The Paper" one.
    last = max((place for place, part in enumerate(parts) if _JOINED.search(part)), default=0)
    people = ", ".join(parts[: last + 1])
    return people.title().replace(" And ", " and ") if people.replace(" and ", "").isupper() else people


def date_of_address(url: str) -> str | None:
    """Return the date in the path of an address, as in RFC 3339; None if it has none.

    >>> date_of_address("https://example.org/2023/02/14/bridge.html"), date_of_address("https://example.org/2023/02/")
    ('2023-02-14', None)
    """
    match = _DATED_PATH.search(url[:_LONGEST_ADDRESS])
    try:
        return datetime.date(*map(int, match.group(1, 3, 4))).isoformat() if match else None
    except ValueError:
        return None


#: The origins of the values of each document.
Origins = list[list[dict[str, Any]]]


class Removed(NamedTuple):
    """Text that an edit removed from a document, the rules of the edit, and its position in the raw text."""

    rules: frozenset[str]
    text: str
    raw_start: int


class Extracted(NamedTuple):
    """A value, its origin (``sources.jsonl``, ``decision``, ``text`` or a rule), and its span in the raw text."""

    value: str
    origin: str
    raw_start: int | None = None
    raw_end: int | None = None


def fields_of_edits(removed: Iterable[Removed]) -> dict[str, Extracted]:
    """Extract metadata from the text that the edits of a document removed.

    >>> fields_of_edits([Removed(frozenset(["source-line"]), "Source: Today IT", 100)])
    {'source': Extracted(value='Today IT', origin='source-line', raw_start=108, raw_end=116)}
    """
    edits = list(removed)
    fields: dict[str, Extracted] = {}
    for rule in FEEDING:
        for edit in edits:
            if rule in edit.rules:
                fields = {
                    name: _placed(value, rule, edit) for name, value in fields_of_text(rule, edit.text).items()
                } | fields
    return fields


def fields_of_page(stated: str) -> dict[str, Extracted]:
    """Metadata from the markup of a web page, given as JSON by the stage ingest.

    >>> fields_of_page('{"publisher": ["The Site", 100, 108]}')
    {'publisher': Extracted(value='The Site', origin='html-markup', raw_start=100, raw_end=108)}
    """
    return {name: Extracted(value, "html-markup", *place) for name, (value, *place) in json.loads(stated).items()}


def _placed(value: str, rule: str, edit: Removed) -> Extracted:
    at = edit.text.find(value)
    # Dates and names in capitals are normalised, so they may not occur in the text: then the span is all of it.
    start, length = (at, len(value)) if at >= 0 else (0, len(edit.text))
    return Extracted(value, rule, edit.raw_start + start, edit.raw_start + start + length)


def removed_by_document(edits: pa.Table) -> dict[str, list[Removed]]:
    """The text that applied edits removed, by document."""
    removed = defaultdict(list)
    for row in edits.filter(edits["applied"]).select(["doc_id", "rules", "before", "raw_start"]).to_pylist():
        removed[row["doc_id"]].append(Removed(frozenset(row["rules"]), row["before"], row["raw_start"]))
    return removed


def complete_metadata(
    stated: pa.Table,
    extracted: Mapping[str, Mapping[str, Extracted]],
    corrections: Mapping[str, Mapping[str, str | None]],
    languages: Mapping[str, str] = MappingProxyType({}),
) -> tuple[pa.Table, Origins]:
    """Fill missing metadata with extracted values, and apply the corrections of decisions.

    Parameters
    ----------
    stated : pa.Table, n rows
        ``doc_id`` and the columns ``FIELDS``, null where nothing was stated.
    extracted : mapping of doc_id to fields
        Values found in the articles.
    corrections : mapping of doc_id to fields
        Values that override all others; None for a field that is unknown.
    languages : mapping of doc_id to str
        Stated languages, whose origin is recorded, too.

    Returns
    -------
    (pa.Table, list of length n)
        The table with nulls filled, and the origins of the values of each document that are not null.
    """
    rows = stated.select(["doc_id", *FIELDS]).to_pylist()
    origins = []
    for row in rows:
        stated_values = {name: Extracted(row[name], "sources.jsonl") for name in FIELDS if row[name] is not None}
        values = {**extracted.get(row["doc_id"], {}), **stated_values}
        corrected = corrections.get(row["doc_id"], {})
        values = {name: value for name, value in values.items() if name not in corrected}
        if (
            "published" not in {*values, *corrected}
            and "url" in values
            and (day := date_of_address(values["url"].value))
        ):
            values["published"] = Extracted(day, "url")
        values |= {name: Extracted(value, "decision") for name, value in corrected.items() if value is not None}
        row.update({name: values[name].value if name in values else None for name in FIELDS})
        origins.append(
            [
                {"field": name, "origin": value.origin, "raw_start": value.raw_start, "raw_end": value.raw_end}
                for name in FIELDS
                if (value := values.get(name)) is not None
            ]
        )
        if row["doc_id"] in languages:
            origins[-1].append({"field": "language", "origin": "sources.jsonl", "raw_start": None, "raw_end": None})
    for name in FIELDS:
        position = stated.column_names.index(name)
        stated = stated.set_column(position, name, pa.array([row[name] for row in rows], pa.string()))
    return stated, origins
