"""Records of annotation tools in JSON: written one by one, and read so that a faulty one does not stop the others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from copydesk.core.atomic_files import replacing
from copydesk.labels.annotated_text import RecordProblem, TextRecord, UnreadableRecord


def write_json_list(out: Path, rows: Iterable[Any]) -> None:
    """Write a JSON list with a line for each element."""
    with replacing(out) as file:
        file.write(b"[")
        for number, row in enumerate(rows):
            file.write(b",\n" if number else b"\n")
            file.write(json.dumps(row, ensure_ascii=False).encode())
        file.write(b"\n]\n")


def read_each(
    rows: Iterable[Any], where: str, read: Callable[[Any, str], TextRecord]
) -> Iterator[TextRecord | RecordProblem]:
    """Read records; one that cannot be read is a problem, which names its number from 1."""
    for number, row in enumerate(rows, start=1):
        place = f"{where}:{number}"
        try:
            yield read(row, place)
        except UnreadableRecord as error:
            yield RecordProblem(place, str(error))
