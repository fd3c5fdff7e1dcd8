"""Where an article is from: what a steward wrote, what its removed lines say, what its text shows."""

from __future__ import annotations

import datetime
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from copydesk.language.names_and_dates import BIOGRAPHY, DATE, LONGEST, MONTHS, NAME, NAMES, OUTLET

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
#: Columns of documents that say where one is from.
FIELDS = ("title", "byline", "source", "publisher", "url", "published", "license")
#: The rules whose removed lines are asked, the surest first.
FEEDING = ("byline", "date-line", "source-line", "author-biography")


def found(rule: str, removed: str) -> dict[str, str]:
    """The fields that text removed by a rule gives: byline, source, publisher, published.

    The text may hold lines that other rules removed; each line is asked, and the first that answers is heard.

    >>> found("source-line", "Source: Today IT")
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
    # A sentence that happens to begin so ends like one; an address is not a name.
    return {"source": name} if name and name[-1] not in ".?!:;," and "://" not in name else {}


def _byline(line: str) -> dict[str, str]:
    match = _BYLINE.fullmatch(line)
    if match is None:
        return {}
    rest = (match["rest"] or "").strip()
    date = published(rest)
    return {"byline": _people(match["byline"]), **({"published": date} if date else {})}


def _dated(line: str) -> dict[str, str]:
    # An update is not the publication.
    if re.match("(?:last )?(?:updated|modified)|aktualisiert|mis à jour|actualizado|aggiornato", line, re.IGNORECASE):
        return {}
    date = published(line)
    return {"published": date} if date else {}


def _biography(line: str) -> dict[str, str]:
    match = BIOGRAPHY.match(line) or _ABOUT.match(line)
    if match is None:
        return {}
    publisher = _PUBLISHER.search(line, 0, 300) or _WRITES.search(line, 0, 300)
    name = publisher["publisher"].rstrip(".,'’-") if publisher else ""
    return {"byline": match["name"], **({"publisher": name} if name else {})}


def published(text: str) -> str | None:
    """The one date that a text names without ambiguity, as RFC 3339 writes it, None otherwise."""
    dates = {_date(match) for match in DATE.finditer(text[:200])}
    return dates.pop() if len(dates) == 1 else None


def _date(match: re.Match[str]) -> str | None:
    for form in "123":
        if match[f"y{form}"]:
            month = match[f"m{form}"].lower()
            try:
                number = MONTHS.get(month) or int(month)
                return datetime.date(int(match[f"y{form}"]), number, int(match[f"d{form}"])).isoformat()
            except ValueError:
                return None
    # 03/04/2020 is two days.
    return None


def _people(names: str) -> str:
    """The people of a byline, without the role or the outlet that follows a comma."""
    parts = names.split(", ")
    # Of "A, B and C" all are people, of "A, The Paper" one.
    last = max((place for place, part in enumerate(parts) if _JOINED.search(part)), default=0)
    people = ", ".join(parts[: last + 1])
    return people.title().replace(" And ", " and ") if people.replace(" and ", "").isupper() else people


#: For each document, the origins of its values.
Origins = list[list[dict[str, Any]]]


class Removed(NamedTuple):
    """Text that edits took out of a document: by which rules, and where it stood in the raw text."""

    rules: frozenset[str]
    text: str
    raw_start: int


class Told(NamedTuple):
    """A value, where it is from (``sources.jsonl``, ``decision``, ``text``, a rule), and its span in the raw text."""

    value: str
    origin: str
    raw_start: int | None = None
    raw_end: int | None = None


def told(removed: Iterable[Removed]) -> dict[str, Told]:
    """The fields that the edits of a document give.

    >>> told([Removed(frozenset(["source-line"]), "Source: Today IT", 100)])
    {'source': Told(value='Today IT', origin='source-line', raw_start=108, raw_end=116)}
    """
    edits = list(removed)
    fields: dict[str, Told] = {}
    for rule in FEEDING:
        for edit in edits:
            if rule in edit.rules:
                fields = {name: _placed(value, rule, edit) for name, value in found(rule, edit.text).items()} | fields
    return fields


def told_by_page(stated: str) -> dict[str, Told]:
    """The fields that the markup of a web page gives, from what was read of it.

    >>> told_by_page('{"publisher": ["The Site", 100, 108]}')
    {'publisher': Told(value='The Site', origin='html-markup', raw_start=100, raw_end=108)}
    """
    return {name: Told(value, "html-markup", *place) for name, (value, *place) in json.loads(stated).items()}


def _placed(value: str, rule: str, edit: Removed) -> Told:
    at = edit.text.find(value)
    # A date is written in another form than it was read, a name in capitals in another case: then the whole text.
    start, length = (at, len(value)) if at >= 0 else (0, len(edit.text))
    return Told(value, rule, edit.raw_start + start, edit.raw_start + start + length)


def removed_by_document(edits: pa.Table) -> dict[str, list[Removed]]:
    """What the applied edits took out, by document."""
    removed = defaultdict(list)
    for row in edits.filter(edits["applied"]).select(["doc_id", "rules", "before", "raw_start"]).to_pylist():
        removed[row["doc_id"]].append(Removed(frozenset(row["rules"]), row["before"], row["raw_start"]))
    return removed


def completed(
    stated: pa.Table,
    found_in: Mapping[str, Mapping[str, Told]],
    decided: Mapping[str, Mapping[str, str | None]],
) -> tuple[pa.Table, Origins]:
    """Provenance that the steward stated, completed by what was found in the articles, corrected by decisions.

    Parameters
    ----------
    stated : pa.Table, n rows
        ``doc_id`` and the columns ``FIELDS``, null where nothing was stated.
    found_in : mapping of doc_id to fields
        What was found, for the documents in which something was.
    decided : mapping of doc_id to fields
        What the fields are, whatever was stated or found; None for one that is not known.

    Returns
    -------
    (pa.Table, list of length n)
        The table with nulls filled, and for each document the origins of the values that are not null.
    """
    rows = stated.select(["doc_id", *FIELDS]).to_pylist()
    origins = []
    for row in rows:
        known = {name: Told(row[name], "sources.jsonl") for name in FIELDS if row[name] is not None}
        known = {**found_in.get(row["doc_id"], {}), **known}
        corrected = decided.get(row["doc_id"], {})
        known = {name: told_of for name, told_of in known.items() if name not in corrected}
        known |= {name: Told(value, "decision") for name, value in corrected.items() if value is not None}
        row.update({name: known[name].value if name in known else None for name in FIELDS})
        origins.append(
            [
                {"field": name, "origin": known[name].origin, "raw_start": known[name][2], "raw_end": known[name][3]}
                for name in FIELDS
                if name in known
            ]
        )
    for name in FIELDS:
        position = stated.column_names.index(name)
        stated = stated.set_column(position, name, pa.array([row[name] for row in rows], pa.string()))
    return stated, origins
