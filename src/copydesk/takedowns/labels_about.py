"""Labels about a document in files of labels: find them, and write the file without them."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from copydesk.core.atomic_files import replacing
from copydesk.core.hand_written import LABEL_FOLDER
from copydesk.core.label_lines import label_files, unreadable

#: The report on labels, which quotes texts of documents.
REPORT = f"reports/{LABEL_FOLDER}.jsonl"


class LabelsAbout(NamedTuple):
    """What identifies the labels on a document: its ids, and the SHA-256 of its files."""

    ids: Collection[str]
    hashes: Collection[str]

    def has(self, line: bytes) -> bool:
        """Whether a line is a label on the document; a line that is not JSON is none."""
        try:
            row = json.loads(line)
            return row.get("doc_id") in self.ids or row.get("raw_sha256") in self.hashes
        except (ValueError, AttributeError, TypeError, RecursionError):
            return False

    def are_in(self, data: bytes) -> bool:
        """Whether a file has a label on the document."""
        return any(map(self.has, data.split(b"\n")))

    def are_surely_in(self, data: bytes) -> bool:
        """The same for a file of unknown purpose: other files have the same ids, and no hash of a span."""
        lines = (line for line in data.split(b"\n") if b'"span_sha256"' in line)
        return any(map(self.has, lines))

    def removed_from(self, data: bytes) -> bytes:
        """The bytes of a file without the labels on the document."""
        lines = data.split(b"\n")
        kept = [line for line in lines if not self.has(line)]
        return data if len(kept) == len(lines) else b"\n".join(kept)


def holds_labels(path: str) -> bool:
    """Whether a path of the repository is that of a file with labels, or of the report on them."""
    parts = PurePosixPath(path).parts
    return path == REPORT or (len(parts) == 2 and parts[0] == LABEL_FOLDER and path.endswith(".jsonl"))


def remove_labels(folder: Path, about: LabelsAbout, *, dry_run: bool = False) -> dict[Path, int]:
    """Remove the labels on a document from the files of a folder; return how many there were, by file."""
    counts = {}
    for path in label_files(folder):
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
