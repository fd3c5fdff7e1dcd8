"""Write the files of labels that the repository keeps; each is replaced as a whole, or not at all."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from copydesk.core.atomic_files import replacing
from copydesk.core.label_lines import Label, LabelLine, LineProblem, LineSchema, read_labels, unreadable
from copydesk.errors import InputError
from copydesk.labels.kept_labels import LabelUpdater

_DIGEST = 16  # bytes of the hash by which a line is known


def add_lines(out: Path, labels: Iterable[Label]) -> int:
    """Add lines to a file, which need not exist, but those that it has; return how many were added."""
    known: set[bytes] = set()
    added = 0
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as written:
        if out.exists():
            _refuse(out)
            with out.open("rb") as existing:
                for line in existing:
                    known.add(_digest(line))
                    written.write(line if line.endswith(b"\n") else line + b"\n")
        for label in labels:
            line = json.dumps(label, ensure_ascii=False).encode() + b"\n"
            if _digest(line) not in known:
                known.add(_digest(line))
                written.write(line)
                added += 1
    return added


def update_file(path: Path, updater: LabelUpdater, schemas: Path) -> tuple[Counter[str], list[LineProblem]]:
    """Bring the labels of a file to today's texts; return how many there are by status, and what is to be done.

    Raises
    ------
    InputError
        If a line does not obey its schema, or the file cannot be read; then it stays as it is.
    """
    _refuse(path)
    counts: Counter[str] = Counter()
    problems: list[LineProblem] = []
    with replacing(path) as written:
        for part in read_labels(path, LineSchema("raw_label", schemas)):
            for result in updater.update(part):
                if isinstance(result, LineProblem):
                    raise InputError(f"{path}:{result}; correct the line; copydesk check lists all such lines")
                counts[result.status] += 1
                problems += [result.advice] if result.advice else []
                line = result.line
                source = line.source if isinstance(line, LabelLine) else json.dumps(line, ensure_ascii=False).encode()
                written.write(source.rstrip(b"\r\n") + b"\n")
    return counts, problems


def _refuse(path: Path) -> None:
    if why := unreadable(path):
        raise InputError(f"{path}: {why}")


def _digest(line: bytes) -> bytes:
    return hashlib.blake2b(line.rstrip(b"\r\n"), digest_size=_DIGEST).digest()
