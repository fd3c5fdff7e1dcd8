"""Write findings to the terminal, to a log, or in the format of the CI host."""

from __future__ import annotations

import os
from pathlib import Path

from copydesk.ci.output_formats import as_github, as_junit, as_lines, as_sarif
from copydesk.core.atomic_files import replacing, write_text
from copydesk.core.findings import Report
from copydesk.core.progress import say, show


def write_findings(report: Report, command: str, junit: Path | None = None, sarif: Path | None = None) -> None:
    """Write the JUnit and SARIF files, if wanted, and the findings to the log (on GitHub as annotations)."""
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


def is_for_host(junit: Path | None, sarif: Path | None) -> bool:
    """Whether findings are written for a CI host (JUnit, SARIF or GitHub), not only for a terminal."""
    return junit is not None or sarif is not None or _on_github()


def _on_github() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"
