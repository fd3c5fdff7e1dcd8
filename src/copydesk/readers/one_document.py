"""Read one document without a build: a file, or a record of a file of records."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from copydesk.errors import InputError, UnreadableError
from copydesk.readers import PAGES, SINGLE, record_readers, split_name
from copydesk.readers.html_pages import read_html
from copydesk.readers.plain_text import RawText, read_text
from copydesk.readers.record_cache import rows_of

_NAMED = 5  # ids in a message


def read_document(path: Path, ingest: dict[str, Any]) -> tuple[RawText, bool]:
    """Read a document; return its raw text, and whether it is a web page.

    Parameters
    ----------
    path : Path
        A text file or a web page, compressed or not; of a file of records, its path, ``#`` and the id of the record.
    ingest : dict
        The section ``ingest`` of the settings.

    Raises
    ------
    InputError
        If there is no such file or record.
    UnreadableError
        If ingest would refuse it.
    """
    place, doc_id = _divided(path)
    if not place.is_file():
        raise InputError(f"{path}: {'a folder; name a file in it' if path.is_dir() else 'no such file'}")
    if split_name(place.name)[1] in record_readers():
        return _record(place, doc_id, ingest)
    if doc_id:
        raise InputError(f"{path}: {place.name} holds one document; leave out #{doc_id}")
    is_page = place.suffix.lower() in PAGES
    return (read_html if is_page else read_text)(place.read_bytes(), ingest["encodings"]), is_page


def place_in_seeds(path: Path, seeds: Path) -> tuple[str, str] | None:
    """The path of a document's file below the folder of the seeds, and the id of its record; None if outside it.

    >>> place_in_seeds(Path("seeds/wire/a.jsonl#one"), Path("seeds"))
    ('wire/a.jsonl', 'one')
    """
    file, doc_id = _divided(path)
    place = Path(os.path.normpath(file.absolute()))  # a link in the folder has its own path
    folder = Path(os.path.normpath(seeds.absolute()))
    return (place.relative_to(folder).as_posix(), doc_id) if place.is_relative_to(folder) else None


def _divided(path: Path) -> tuple[Path, str]:
    """The file of a document, and the id of its record: both are in ``FILE#ID``, unless a file has that name."""
    if path.exists() or "#" not in str(path):
        return path, ""
    file, _, doc_id = str(path).rpartition("#")
    return Path(file), doc_id


def _record(path: Path, doc_id: str, ingest: dict[str, Any]) -> tuple[RawText, bool]:
    names: list[str] = []
    single = not doc_id and split_name(path.name)[1] in SINGLE
    problem = ""
    for row in rows_of(path, ingest):
        if row["reason"] is not None:
            problem = problem or f"{row['reason']}: {row['detail']}"
        elif single or row["doc_id"] == doc_id:
            return RawText(**{name: row[name] for name in RawText._fields}), bool(row["page"])
        elif len(names) < _NAMED:
            names.append(row["doc_id"])
    if not names:
        raise UnreadableError("bad-container", problem or "no record; expected at least one")
    known = f"it has {', '.join(names)}{', ...' if len(names) == _NAMED else ''}"
    asked = f"no record {doc_id!r}" if doc_id else "a file of records"
    raise InputError(f"{path}: {asked}; write {path.name}#ID ({known})")
