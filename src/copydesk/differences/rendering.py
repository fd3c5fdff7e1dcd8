"""Render a difference between two revisions: for a terminal, as JSON, as Markdown, as a text in colours."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from copydesk.core.escaping import log_line, markdown, plain_text
from copydesk.core.plural import plural
from copydesk.differences.both_sides import BothSides
from copydesk.differences.diff_model import Change, Diff, Pair
from copydesk.differences.text_diff import TextDiff

#: Rows of a section before the rest is only counted.
ROWS = 50
_SHOWN = 200  # characters of a value
_CONTEXT = 300  # characters around a difference


class _Section(NamedTuple):
    """A table of text; ``more`` is the number of rows that are left out."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    more: int = 0


def diff_as_table(diff: Diff) -> list[RenderableType]:
    """Return a summary line and a table for each section that has rows, for a terminal."""
    return _as_table(_summary(diff), _sections(diff))


def _as_table(summary: str, sections: Iterable[_Section]) -> list[RenderableType]:
    shown: list[RenderableType] = [Text(log_line(summary))]
    for section in sections:
        table = Table(title=Text(section.title), title_justify="left")
        for name in section.header:
            table.add_column(Text(log_line(name)), overflow="fold")
        for row in section.rows:
            table.add_row(*map(log_line, row))
        shown.append(table)
        if section.more:
            shown.append(Text(_and_more(section.more)))
    return shown


def diff_as_json(diff: Diff) -> dict[str, Any]:
    """Return all differences in types of JSON."""
    named = ("moved", "renamed", "changed", "sources", "languages", "tables", "schemas", "parameters", "labels")
    return {**asdict(diff), **{name: _plain(getattr(diff, name)) for name in named}}


def diff_as_markdown(diff: Diff) -> str:
    """Return the comment for a pull request; ids and values cannot leave their cells or become markup."""
    return _as_markdown(_summary(diff), _sections(diff))


def _as_markdown(summary: str, sections: Iterable[_Section]) -> str:
    parts = [f"**{markdown(summary.strip())}**"]
    for section in sections:
        head = (
            "".join(f"| {markdown(name)} " for name in section.header) + "|\n" + "|---" * len(section.header) + "|\n"
        )
        rows = "".join("".join(f"| {markdown(value)} " for value in row) + "|\n" for row in section.rows)
        more = f"\n{_and_more(section.more)}\n" if section.more else ""
        parts.append(f"### {markdown(section.title)}\n\n{head}{rows}{more}".rstrip())
    return "\n\n".join(parts) + "\n"


def both_sides_as_table(sides: BothSides) -> list[RenderableType]:
    """Return a summary line and a table for documents and for settings, for a terminal."""
    return _as_table(_summary_of_sides(sides), _sections_of_sides(sides))


def both_sides_as_markdown(sides: BothSides) -> str:
    """Return the same as Markdown; ids and values cannot leave their cells or become markup."""
    return _as_markdown(_summary_of_sides(sides), _sections_of_sides(sides))


def both_sides_as_json(sides: BothSides) -> dict[str, Any]:
    """Return all that either branch changed in types of JSON."""
    plain: dict[str, Any] = _plain(sides)
    return plain


def first_corpus_as_markdown(listing: Mapping[str, Any]) -> str:
    """Return the comment for a pull request that brings the first corpus, from its ``manifest.json``."""
    rows = ((name, table.get("rows", 0)) for name, table in listing["tables"].items())
    counted = "".join(f"| {markdown(name)} | {count:,} |\n" for name, count in rows)
    dropped = plural(len(listing.get("dropped", ())), "document")
    return (
        "**The first corpus: there is none at the base to compare with.**\n\n"
        f"| table | rows |\n|---|---|\n{counted}\n{dropped} left out.\n"
    )


def document_diff_as_text(difference: TextDiff) -> Text:
    """Return the difference of one document: removed text in red and struck out, added text in green.

    Long equal pieces are shortened in the middle.
    """
    shown = Text()
    shown.append(f"{log_line(difference.doc_id)}\n", "bold")
    if difference.old_text is None or difference.new_text is None:
        shown.append("only in the {} revision\n".format("new" if difference.old_text is None else "old"), "yellow")
    for name, (old, new) in difference.columns.items():
        shown.append(f"{log_line(name)}: ").append(log_line(_short(old)), "red strike")
        shown.append(" ").append(log_line(_short(new)), "green").append("\n")
    for sign, style, edits in (("-", "red", difference.edits_removed), ("+", "green", difference.edits_added)):
        for edit in edits:
            replacement = f"{_short(edit['before'])} → {_short(edit['after'])}"
            names, suggested = ", ".join(edit["rules"]), "" if edit["applied"] else " (suggested)"
            shown.append(f"{log_line(f'{sign} {names}{suggested}: {replacement}')}\n", style)
    shown.append("\n")
    for piece in difference.pieces:
        if piece.kind == "equal":
            shown.append(plain_text(_middle_cut(piece.new)))
        shown.append(plain_text(piece.old if piece.kind != "equal" else ""), "red strike")
        shown.append(plain_text(piece.new if piece.kind != "equal" else ""), "green underline")
    return shown


def _summary(diff: Diff) -> str:
    words = ("added", "removed", *(("renamed",) if diff.renamed else ()), "changed", "moved")
    documents = ", ".join(f"{len(getattr(diff, word)):,} {word}" for word in words)
    breaking = sum(change.breaking for change in diff.schemas)
    changes = plural(len(diff.schemas), "schema change")
    schemas = f"; {changes}, {breaking:,} breaking" if diff.schemas else ""
    return f"{diff.old} → {diff.new}: documents: {documents}{_labels(diff, '; labels: ')}{schemas}"


def _summary_of_sides(sides: BothSides) -> str:
    outcomes = Counter(row.outcome for row in sides.documents)
    words = ("first", f"only in {sides.first}"), ("second", f"only in {sides.second}"), ("same", "in both alike")
    counts = [f"{outcomes[outcome]:,} {word}" for outcome, word in words]
    return f"since {sides.base}: documents: {', '.join(counts)}, {outcomes['conflict']:,} in both, differently"


def _sections_of_sides(sides: BothSides) -> Iterator[_Section]:
    outcomes = {"first": sides.first, "second": sides.second, "same": "both alike", "conflict": "conflict"}
    for title, noun, rows in (("Documents", "document", sides.documents), ("Settings", "setting", sides.settings)):
        # What people have to decide comes first.
        ordered = sorted(rows, key=lambda row: (row.outcome != "conflict", row.name))
        header = (noun, "changed by", sides.first, sides.second)
        section = _section(title, header, ((r.name, outcomes[r.outcome], r.first, r.second) for r in ordered))
        if section.rows:
            yield section


def _labels(diff: Diff, before: str) -> str:
    return (
        before + ", ".join(f"{n:,} {word}" for word, n in diff.labels._asdict().items()) if any(diff.labels) else ""
    )


def _sections(diff: Diff) -> Iterator[_Section]:
    """The sections that have rows."""
    causes = Counter(cause for change in diff.changed for cause in change.causes)
    by_count = ((cause, f"{count:,}") for cause, count in sorted(causes.items(), key=lambda c: (-c[1], c[0])))
    removed = ((doc_id, diff.dropped.get(doc_id, "")) for doc_id in diff.removed)
    sections = (
        _section("Rows", ("table", "old", "new", "difference"), _paired(diff.tables)),
        _section("Why documents changed", ("cause", "documents"), by_count),
        _section("Added", ("document",), ((doc_id,) for doc_id in diff.added)),
        _section("Removed", ("document", "left out by"), removed),
        _section("Renamed", ("document", "new id"), diff.renamed),
        _section("Moved between splits", ("document", "from", "to"), diff.moved),
        _section(
            "Changed",
            ("document", "why", "what", "sentences", "edits"),
            (_changed(change) for change in diff.changed),
        ),
        _section("Sources", ("source", "old", "new", "difference"), _paired(diff.sources)),
        _section("Languages", ("language", "old", "new", "difference"), _paired(diff.languages)),
        _section(
            "Schemas",
            ("class", "table", "column", "change", "old", "new"),
            (
                ("breaking" if c.breaking else "compatible", c.table, c.column, c.what, _short(c.old), _short(c.new))
                for c in sorted(diff.schemas, key=lambda change: not change.breaking)
            ),
        ),
        _section(
            "Settings", ("setting", "old", "new"), ((p.name, _short(p.old), _short(p.new)) for p in diff.parameters)
        ),
    )
    for section in sections:
        if section.rows:
            partial = section.title in ("Sources", "Languages") and not diff.complete
            yield section._replace(title=f"{section.title} (in files that differ)") if partial else section


def _section(title: str, header: tuple[str, ...], rows: Iterable[Sequence[str]]) -> _Section:
    all_rows = [tuple(row) for row in rows]
    return _Section(title, header, all_rows[:ROWS], max(0, len(all_rows) - ROWS))


def _paired(counts: Mapping[str, Pair]) -> Iterator[tuple[str, ...]]:
    for name, (old, new) in counts.items():
        if old != new:
            yield name, f"{old:,}", f"{new:,}", f"{new - old:+,}"


def _changed(change: Change) -> tuple[str, ...]:
    what = ", ".join((*change.columns[:6], *(["…"] if len(change.columns) > 6 else [])))
    rows = ", ".join(f"rows of {name}" for name in change.tables)
    deltas = (f"+{delta.added} -{delta.removed}" if any(delta) else "" for delta in (change.sentences, change.edits))
    return (change.doc_id, ", ".join(change.causes), ", ".join(filter(None, (what, rows))), *deltas)


def _and_more(count: int) -> str:
    return f"and {count:,} more"


def _short(value: Any) -> str:
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _middle_cut(text: str) -> str:
    if len(text) <= 2 * _CONTEXT:
        return text
    return f"{text[:_CONTEXT]}\n[… {len(text) - 2 * _CONTEXT:,} characters …]\n{text[-_CONTEXT:]}"


def _plain(value: Any) -> Any:
    """Named tuples as objects, other sequences as lists."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: _plain(part) for key, part in value._asdict().items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return value
