"""CHANGELOG.md in the form of Keep a Changelog 1.1, written from the differences between releases."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from copydesk.core.escaping import markdown
from copydesk.core.plural import plural
from copydesk.differences.diff_model import Diff

HEAD = """\
# Changelog

Releases of the dataset, written from the data. The form is that of Keep a Changelog, the versions follow the data
semver of Croissant 1.1: PATCH the same data written again, MINOR only additions, MAJOR anything changed, removed or
moved.
"""
_SECTION = re.compile(
    r"(?m)^(?P<heading>## \[(?P<version>[\d.]+)\] - [\d-]+)(?: \[YANKED\]\n\nWithdrawn by a takedown.*)?\n"
)
_MOST = 20  # documents named in a line


def changelog_section(version: str, date: str, diff: Diff | None) -> str:
    """The section of a release; if there is no difference, that of the first release.

    Parameters
    ----------
    version : str
    date : str
        The date of the commit in ISO 8601, so that the same release has the same text.
    diff : Diff or None
    """
    parts = [f"## [{version}] - {date}"]
    if diff is None:
        return "\n\n".join([*parts, "### Added\n\n- The first release."]) + "\n"
    added, changed, removed = _documents(diff)
    if diff.moved:
        moved = _first_ids([move.doc_id for move in diff.moved])
        changed.append(f"- {plural(len(diff.moved), 'document')} moved between splits: {moved}")
    changed += [f"- Schema: {markdown(f'{c.table}.{c.column}: {c.what}')}" for c in diff.schemas]
    for count, lines in zip(diff.labels, (added, removed, changed), strict=True):
        if count:
            lines.append(f"- {plural(count, 'label')}")
    for title, lines in (("Added", added), ("Changed", changed), ("Removed", removed)):
        if lines:
            parts.append(f"### {title}\n\n" + "\n".join(lines))
    if len(parts) == 1:
        parts.append("### Changed\n\n- The same data, written again.")
    return "\n\n".join(parts) + "\n"


def add_section(changelog: str | None, new: str) -> str:
    """Add a section before the other sections; one of the same version is replaced."""
    heading = new.partition("\n")[0].partition(" - ")[0]
    head, *sections = re.split(r"(?m)^(?=## \[)", HEAD if changelog is None else changelog)
    kept = [text for text in sections if not text.startswith(heading)]
    return head.rstrip("\n") + "\n\n" + "\n".join(text.rstrip("\n") + "\n" for text in [new, *kept])


def mark_withdrawn(changelog: str, withdrawn: Mapping[str, str | None]) -> str:
    """Mark the sections of withdrawn releases as Keep a Changelog does; of each the replacement is given, or None.

    >>> print(mark_withdrawn("## [1.0.0] - 2026-01-31\\n\\n### Added\\n", {"1.0.0": "1.0.1"}))
    ## [1.0.0] - 2026-01-31 [YANKED]
    <BLANKLINE>
    Withdrawn by a takedown; 1.0.1 replaces it.
    <BLANKLINE>
    ### Added
    <BLANKLINE>
    """

    def marked(section: re.Match[str]) -> str:
        if section["version"] not in withdrawn:
            return section[0]
        replacement = withdrawn[section["version"]]
        by = f"; {replacement} replaces it" if replacement else ""
        return f"{section['heading']} [YANKED]\n\nWithdrawn by a takedown{by}.\n"

    return _SECTION.sub(marked, changelog)


def _documents(diff: Diff) -> tuple[list[str], list[str], list[str]]:
    added = [_listed(diff.added)] if diff.added else []
    taken_down = [doc_id for doc_id in diff.removed if diff.dropped.get(doc_id) == "takedown"]
    others = [doc_id for doc_id in diff.removed if doc_id not in set(taken_down)]
    removed = [_listed(others)] if others else []
    removed += [f"{_listed(taken_down)} (taken down)"] if taken_down else []
    causes: Counter[str] = Counter(cause for change in diff.changed for cause in change.causes)
    renames = [f"{rename.old} to {rename.new}" for rename in diff.renamed]
    changed = [f"- {plural(len(renames), 'document')} renamed: {_first_ids(renames)}"] if renames else []
    if diff.changed:
        changed.append(_listed([change.doc_id for change in diff.changed]))
        changed += [f"  - {markdown(cause)}: {count:,}" for cause, count in sorted(causes.items())]
    return added, changed, removed


def _listed(ids: list[str]) -> str:
    return f"- {plural(len(ids), 'document')}: {_first_ids(ids)}"


def _first_ids(ids: list[str]) -> str:
    named = ", ".join(markdown(doc_id) for doc_id in sorted(ids)[:_MOST])
    return named + (f" and {len(ids) - _MOST:,} more" if len(ids) > _MOST else "")
