"""What lines that were removed from an article say about where it is from."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

from copydesk.cleaning.line_patterns import BIOGRAPHY, DATE, LONGEST, MONTHS, NAME, NAMES, OUTLET

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
#: The rules whose removed lines are asked, the surest first.
FEEDING = ("byline", "date-line", "source-line", "author-biography")


def found(rule: str, removed: str) -> dict[str, str]:
    """The fields that text removed by a rule gives: byline, source_outlet, publisher, published.

    The text may hold lines that other rules removed; each line is asked, and the first that answers is heard.

    >>> found("source-line", "Source: Today IT")
    {'source_outlet': 'Today IT'}
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
    return {"source_outlet": name} if name and name[-1] not in ".?!:;," and "://" not in name else {}


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


def told(removed: Iterable[tuple[Iterable[str], str]]) -> dict[str, str]:
    """The fields that the edits of a document give: for each the names of its rules and the text it removed.

    >>> told([(["source-line"], "Source: Today IT"), (["spaces"], "  ")])
    {'source_outlet': 'Today IT'}
    """
    edits = [(frozenset(rules), before) for rules, before in removed]
    fields: dict[str, str] = {}
    for rule in FEEDING:
        for rules, before in edits:
            if rule in rules:
                fields = {**found(rule, before), **fields}
    return fields
