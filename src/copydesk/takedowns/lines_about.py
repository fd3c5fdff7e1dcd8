"""Lines that people wrote about a document: metadata, decisions, labels. Find them; write a file without them."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from copydesk.core.atomic_files import replacing
from copydesk.core.decisions import NAME as DECISIONS
from copydesk.core.hand_written import LABEL_FOLDER
from copydesk.core.label_lines import label_files, unreadable
from copydesk.project import Project

#: Files of the seeds with lines about documents: titles and names, and the words that a decision is about.
SIDECARS = ("sources.jsonl", DECISIONS)
#: Reports with lines about documents, which quote their texts.
_REPORTS = (f"{LABEL_FOLDER}.jsonl", DECISIONS)
_FILES = {*(f"seeds/{name}" for name in SIDECARS), *(f"reports/{name}" for name in _REPORTS)}


class LinesAbout(NamedTuple):
    """What identifies the lines about a document: its ids, the SHA-256 of its files, wordings that only it has."""

    ids: Collection[str]
    hashes: Collection[str]
    wordings: Collection[str] = ()

    def has(self, line: bytes) -> bool:
        """Whether a line is about the document; a line that is not JSON is not."""
        try:
            row = json.loads(line)
            if row.get("doc_id") in self.ids or row.get("raw_sha256") in self.hashes:
                return True
            return row.get("doc_id") is None and row.get("before") in self.wordings
        except (ValueError, AttributeError, TypeError, RecursionError):
            return False

    def are_in(self, data: bytes) -> bool:
        """Whether a file has a line about the document."""
        return any(map(self.has, data.split(b"\n")))

    def are_surely_in(self, path: str, data: bytes) -> bool:
        """The same for a file of unknown purpose: others have neither these names nor hashes of spans."""
        if PurePosixPath(path).name in SIDECARS:
            return self.are_in(data)
        lines = (line for line in data.split(b"\n") if b'"span_sha256"' in line)
        return path.endswith(".jsonl") and any(map(self.has, lines))

    def removed_from(self, data: bytes) -> bytes:
        """The bytes of a file without the lines about the document."""
        lines = data.split(b"\n")
        kept = [line for line in lines if not self.has(line)]
        return data if len(kept) == len(lines) else b"\n".join(kept)


def holds_lines_about(path: str) -> bool:
    """Whether a path of the repository is that of a file with lines about documents, or of a report on them."""
    parts = PurePosixPath(path).parts
    return path in _FILES or (len(parts) == 2 and parts[0] == LABEL_FOLDER and path.endswith(".jsonl"))


def remove_lines(project: Project, about: LinesAbout, *, dry_run: bool = False) -> dict[Path, int]:
    """Remove the lines about a document from the files that people write; return how many there were, by file."""
    sidecars = (project.seeds / name for name in SIDECARS)
    counts = {}
    for path in (*filter(Path.is_file, sidecars), *label_files(project.labels)):
        if unreadable(path):
            continue
        with path.open("rb") as file:
            count = sum(map(about.has, file))
        if count:
            counts[path] = count
        if count and not dry_run:
            with path.open("rb") as file, replacing(path) as written:
                written.writelines(line for line in file if not about.has(line))
    return counts
