"""Validate: check the dataset; the build fails with a list of violations if there are any."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from copydesk.core.atomic_files import remove_unfinished, write_json
from copydesk.core.escaping import log_line
from copydesk.core.findings import Report
from copydesk.core.plural import plural
from copydesk.core.progress import draw, say
from copydesk.dataset.laid_files import LAID
from copydesk.errors import ValidationError
from copydesk.project import Project
from copydesk.tables.table import ROW_NOUNS
from copydesk.validation import validate

#: The cache of the last validation that passed, below the folder build.
PASSED = "last/passed.json"
_SHOWN = 50
#: What each entry of the report counts.
_NOUNS = {
    **ROW_NOUNS,
    "files": "file",
    "dropped": "dropped document",
    **{f"loads_{way}": f"{way} load" for way in ("cold", "warm", "streamed")},
}


def run(
    project: Project,
    *,
    load: bool = True,
    base: dict[str, Any] | None = None,
    tell: Callable[[Report], None] | None = None,
    shared: bool = True,
) -> None:
    """Check the dataset, write reports/validation.json, and report the violations.

    ``base`` is as for :func:`copydesk.validation.validate`; ``shared`` says that other clones get to know what was
    checked: it is to be false for a dataset that is not the one of the project.
    """
    remove_unfinished(project.reports)
    workers = project.params["engine"]["workers"]
    memory = project.finished("validate").with_name("units.json") if shared else None
    report = validate(
        project.corpus,
        project.schemas,
        load=load,
        store=project.store,
        workers=workers,
        base=base,
        memory=memory,
        finished=project.finished("validate") if shared else None,
        passed=project.build / PASSED if shared else None,
    )
    path = project.reports / "validation.json"
    write_json(path, report.as_json())
    if tell:
        tell(report)
    else:
        show(report, path)
    if report.ok:
        checked = ", ".join(plural(count, _NOUNS.get(name, name)) for name, count in sorted(report.checked.items()))
        say(f"validate: {checked}: all checks passed")
        return
    for cache in filter(
        None, (project.build / LAID, project.build / PASSED, memory)
    ):  # if one of them is wrong, the next run finds out
        cache.unlink(missing_ok=True)
    counts = ", ".join(f"{n:,} {check}" for check, n in Counter(f.check for f in report.findings).items())
    raise ValidationError(f"{project.corpus}: {plural(report.total, 'violation')} ({counts}); see {path}")


def show(report: Report, path: Path) -> None:
    """Print the first findings: a table on a terminal, a line for each in a log."""
    if report.ok:
        return
    more = f"{report.total - _SHOWN} more in {path}" if report.total > _SHOWN else ""
    if not sys.stderr.isatty():
        for finding in report.findings[:_SHOWN]:
            where = " ".join(part for part in finding[1:4] if part)
            say(f"{finding.check}: {where}: {finding.message}")
        if more:
            say(more)
        return
    from rich.table import Table

    sheet = Table("check", "file", "document", "field", "violation", title="Violations", caption=more)
    for finding in report.findings[:_SHOWN]:
        sheet.add_row(*map(log_line, finding[:5]))
    draw(sheet, errors=True)
