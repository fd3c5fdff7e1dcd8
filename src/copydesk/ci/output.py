"""Findings, told to whoever started the command: a person, a log, a git host."""

from __future__ import annotations

import os
from pathlib import Path

from copydesk.ci.output_formats import as_github, as_junit, as_lines, as_sarif
from copydesk.core.atomic_files import replacing, write_text
from copydesk.core.findings import Report
from copydesk.core.progress import say, show


def tell(report: Report, command: str, junit: Path | None = None, sarif: Path | None = None) -> None:
    """Write the files that were asked for, and the findings to the log: on GitHub as commands, else as lines."""
    if junit is not None:
        with replacing(junit) as file:
            file.write(as_junit(report, command))
    if sarif is not None:
        write_text(sarif, as_sarif(report, command))
    if _on_github():
        show(*as_github(report, command))
    else:
        for line in as_lines(report):
            say(line)


def for_a_host(junit: Path | None, sarif: Path | None) -> bool:
    """Whether findings are not for somebody at a terminal alone."""
    return junit is not None or sarif is not None or _on_github()


def _on_github() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"
