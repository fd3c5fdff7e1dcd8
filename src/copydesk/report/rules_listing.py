"""Rules and changes as a person reads them: on a terminal, and as the page docs/rules.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.table import Column, Table
from rich.text import Text

from copydesk.cleaning.apply import Cleaned
from copydesk.cleaning.plan import DETECTORS, LISTED, listed_rules, plan
from copydesk.cleaning.web_page_rules import UNTRACED
from copydesk.core.progress import draw
from copydesk.readers.base import TRUNCATED

_LOG_WIDTH = 160
_CONTEXT = 30  # characters on each side of a change


def as_table(settings: dict[str, Any], metrics: Path) -> None:
    """Print the rules with their tiers in force and the number of their edits in the corpus, if it was built."""
    tiers = plan(settings).tiers
    counts = json.loads(metrics.read_text("utf-8")) if metrics.is_file() else {}
    name = Column("rule", no_wrap=True)
    sheet = Table(name, "tier", "edits", "repairs", "leaves alone", title="Cleaning rules, in order of application")
    for rule in listed_rules():
        known = {**counts.get("suggestions", {}), **counts.get("edits", {})}
        before, after = rule.repairs
        repair = Text(f"{_visible(before)}\n{_visible(after)}")
        count = str(known.get(rule.name, 0)) if counts else "-"
        sheet.add_row(rule.name, tiers.get(rule.name, "off"), count, repair, Text(_visible(rule.leaves)))
    for detector in DETECTORS:
        count = str(counts.get("flags", {}).get(detector.kind, 0)) if counts else "-"
        sheet.add_row(detector.kind, "flag", count, Text(_visible(detector.marks)), Text(_visible(detector.leaves)))
    draw(sheet, width=_LOG_WIDTH)


def as_markdown() -> str:
    """The page docs/rules.md."""
    lines = [
        "# Rules",
        "",
        "Written by `copydesk rules --markdown`. Each rule is a pass of reversible edits, in this order. Its tier",
        "can be changed in `params.yaml` (`clean.rules`), but not of the first three: without them a web page has no",
        "text. Both examples are tests.",
        "",
    ]
    for rule in LISTED:
        before, after = rule.repairs
        lines += [f"## {rule.name}", "", f"Tier: {rule.tier}.", "", "```text"]
        lines += [f"repairs  {_visible(before)}", f"as       {_visible(after)}"]
        lines += [f"leaves   {_visible(rule.leaves)}", "```", ""]
    lines += [
        "# Flags",
        "",
        "What is marked, with its span, and never repaired: the text does not say what was there.",
        "",
    ]
    lines += [
        f"## {UNTRACED}",
        "",
        "Only in web pages: trafilatura has something between these characters that could not be found there.",
        "",
    ]
    lines += [
        f"## {TRUNCATED}",
        "",
        "Only in archives: the text stops short, as the crawler says (`WARC-Truncated`) or the response shows.",
        "",
    ]
    for detector in DETECTORS:
        lines += [f"## {detector.kind}", "", "```text", f"marks    {_visible(detector.marks)}"]
        lines += [f"leaves   {_visible(detector.leaves)}", "```", ""]
    return "\n".join(lines)


def print_changes(cleaned: Cleaned) -> None:
    """Print each edit, suggestion and flag with what stands around it; colours on a terminal."""
    lines = []
    text, raw = cleaned.edited.text, cleaned.edited.raw
    for edits, mark in ((cleaned.edited.edits, ""), (cleaned.suggestions, "? ")):
        for edit in edits:
            line = Text(f"{mark}{edit.raw_start}: {'+'.join(edit.rules)} ({edit.confidence:.2f})  ", style="dim")
            line.append(_visible(raw[max(0, edit.raw_start - _CONTEXT) : edit.raw_start]), style="not dim")
            line.append(f"[-{_visible(edit.before)}-]" if edit.before else "", style="not dim red")
            line.append(f"{{+{_visible(edit.after)}+}}" if edit.after else "", style="not dim green")
            line.append(_visible(raw[edit.raw_end : edit.raw_end + _CONTEXT]), style="not dim")
            lines.append(line)
    for flag in cleaned.flags:
        marked = _visible(text[flag.start : flag.end])[:120]
        lines.append(Text(f"! {flag.start}: {flag.kind}  {marked}", style="yellow"))
    counts = f"{len(cleaned.edited.edits)} edits, {len(cleaned.suggestions)} suggestions, {len(cleaned.flags)} flags"
    draw(*lines, Text(counts))


def _visible(text: str) -> str:
    """Text in which what cannot be seen, or would move a terminal's cursor, is spelled out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
