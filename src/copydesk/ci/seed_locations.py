"""Findings about a dataset at the files that a reviewer sees: Parquet is not in git, the seed of a document is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.ci.line_numbers import line_of
from copydesk.core.findings import Report
from copydesk.project import Project
from copydesk.tables.parquet import DAMAGED


def located(report: Report, project: Project) -> Report:
    """The same findings with paths as seen from the current folder; those about a document at its seed."""
    found = Report()
    found.checked, found.total = report.checked, report.total
    seeds = _seeds_of({finding.document for finding in report.findings if finding.document}, project)
    texts: dict[Path, str] = {}
    for finding in report.findings:
        path = seeds.get(finding.document, project.corpus / finding.file)
        line = finding.line
        if finding.field and path.suffix in {".json", ".md"} and not finding.document:
            line = line_of(texts.setdefault(path, _matter(path)), finding.field.split("."))
        found.findings.append(finding._replace(file=seen(path), line=line))
    return found


def seen(path: Path) -> str:
    """A path as a git host knows it: from the current folder, with forward slashes."""
    return Path(os.path.relpath(path)).as_posix()


def _seeds_of(documents: Iterable[str], project: Project) -> dict[str, Path]:
    """Which seeds documents came from, as far as the raw texts can be read and the seeds are there."""
    wanted = pa.array(sorted(documents), pa.string())
    seeds: dict[str, Path] = {}
    for file in sorted((project.corpus / "data" / "raw").glob("*.parquet")) if len(wanted) else ():
        try:
            rows = pq.read_table(file, columns=["doc_id", "path"])
            rows = rows.filter(pc.is_in(rows["doc_id"], value_set=wanted)).to_pylist()
        except (*DAMAGED, KeyError):
            continue
        for row in rows:
            path = PurePosixPath(row["path"] or "")
            if not path.is_absolute() and ".." not in path.parts and (project.seeds / path).is_file():
                seeds[row["doc_id"]] = project.seeds / path
    return seeds


def _matter(path: Path) -> str:
    """A JSON file, or the front matter of a card; empty where it cannot be read."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    return text if path.suffix == ".json" else text.partition("\n---\n")[0]
