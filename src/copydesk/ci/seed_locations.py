"""Map findings from Parquet files to the files that a reviewer sees: the seed of the document, which is in git."""

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
    """The same findings, with paths relative to the current folder; one about a document names its seed."""
    relocated = Report()
    relocated.checked, relocated.total = report.checked, report.total
    seeds = _seed_paths({finding.document for finding in report.findings if finding.document}, project)
    texts: dict[Path, str] = {}
    for finding in report.findings:
        path = seeds.get(finding.document, project.corpus / finding.file)
        line = finding.line
        if finding.field and path.suffix in {".json", ".md"} and not finding.document:
            line = line_of(texts.setdefault(path, _json_or_front_matter(path)), finding.field.split("."))
        relocated.findings.append(finding._replace(file=relative_path(path), line=line))
    return relocated


def relative_path(path: Path) -> str:
    """The path as a git host writes it: relative to the current folder, with forward slashes."""
    return Path(os.path.relpath(path)).as_posix()


def _seed_paths(documents: Iterable[str], project: Project) -> dict[str, Path]:
    """The seed of each document, if the raw table can be read and the seed exists."""
    ids = pa.array(sorted(documents), pa.string())
    seeds: dict[str, Path] = {}
    for file in sorted((project.corpus / "data" / "raw").glob("*.parquet")) if len(ids) else ():
        try:
            rows = pq.read_table(file, columns=["doc_id", "path"])
            rows = rows.filter(pc.is_in(rows["doc_id"], value_set=ids)).to_pylist()
        except (*DAMAGED, KeyError):
            continue
        for row in rows:
            path = PurePosixPath(row["path"] or "")
            if not path.is_absolute() and ".." not in path.parts and (project.seeds / path).is_file():
                seeds[row["doc_id"]] = project.seeds / path
    return seeds


def _json_or_front_matter(path: Path) -> str:
    """The text of a JSON file, or the front matter of a card; empty if it cannot be read."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    return text if path.suffix == ".json" else text.partition("\n---\n")[0]
