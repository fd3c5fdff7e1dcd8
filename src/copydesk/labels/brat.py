"""brat: a folder with a text and a stand-off file for each document; offsets in code points.

A span over line breaks is written as fragments, one for each line, as brat's grammar wants.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

from copydesk.core.atomic_files import replacing_folder
from copydesk.core.hand_written import LINES_BYTES, bounded_text
from copydesk.errors import ConfigError, InputError
from copydesk.labels.annotated_text import Mark, RecordProblem, TextRecord, UnreadableRecord, labels_of

_TYPE = re.compile(r"[A-Za-z0-9_-]+")
#: A character by its number; a surrogate is no character.
_ESCAPED = re.compile(r"-u((?!D[89A-F]..-)[0-9A-F]{2,4}|10[0-9A-F]{4}|[0-9A-F]{5})-")
_LINE = re.compile(r"[^\n]+")
_SPANS = re.compile(r"(\S+) (\d{1,9} \d{1,9}(?:;\d{1,9} \d{1,9})*)", re.ASCII)
#: Longest name of a file, without its suffix; a longer one is shortened, and found by its text.
_LONGEST = 150


def write_brat(records: Iterable[TextRecord], out: Path) -> None:
    """Write ``ID.txt`` and ``ID.ann`` for each document, and ``annotation.conf`` with the labels.

    Labels are written as :func:`type_of` says. An empty folder, or an earlier export, is replaced.

    Raises
    ------
    InputError
        If ``out`` is something else; it stays as it is.
    """
    _refuse_other(out)
    listed = list(records)
    with replacing_folder(out) as folder:
        for record in listed:
            name = _name(record.doc_id)
            (folder / f"{name}.txt").write_bytes((record.text or "").encode())
            (folder / f"{name}.ann").write_bytes("".join(_lines(record)).encode())
        entities = "".join(f"{type_of(label)}\n" for label in labels_of(listed))
        conf = f"[entities]\n{entities}\n[relations]\n\n[events]\n\n[attributes]\n"
        (folder / "annotation.conf").write_text(conf, "utf-8")


def _refuse_other(out: Path) -> None:
    """Refuse to replace what no export made: a file, a link, a folder with other files, or with any folder in it."""
    expected = "expected a new folder, an empty one, or one that an earlier export to brat made; name another"
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise InputError(f"{out}: not a folder; {expected}")
    inside = sorted(out.iterdir()) if out.is_dir() else []
    if inside and not (out / "annotation.conf").is_file():
        raise InputError(f"{out}: it is not empty and has no annotation.conf; {expected}")
    other = [path.name for path in inside if not _of_brat(path)]
    if other:
        raise InputError(f"{out}: it holds {other[0]!r}, which no export wrote; {expected}")


def _of_brat(path: Path) -> bool:
    """Whether a path has a name of the export, or of what brat keeps beside it, and is no folder."""
    written = path.suffix in (".ann", ".conf") or path.name == ".stats_cache"
    return not path.is_dir() and (written or (path.suffix == ".txt" and path.with_suffix(".ann").is_file()))


def _name(doc_id: str) -> str:
    name = quote(doc_id, safe="").replace("~", "%7E")
    name = f"%2E{name[1:]}" if name.startswith(".") else name
    if len(name) <= _LONGEST:
        return name
    return f"{name[:_LONGEST]}~{hashlib.sha256(doc_id.encode()).hexdigest()[:16]}"


def type_of(label: str) -> str:
    """A label as brat takes it: other characters than letters, digits, ``-`` and ``_`` as ``-uXX-``.

    >>> type_of("first name"), label_of("first-u20-name")
    ('first-u20-name', 'first name')
    """
    label = _ESCAPED.sub(lambda match: f"-u2D-{match[0][1:]}", label)
    return "".join(c if _TYPE.fullmatch(c) else f"-u{ord(c):02X}-" for c in label)


def label_of(name: str) -> str:
    """The label that :func:`type_of` was given; a name that it did not make stays as it is."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), name)


def _lines(record: TextRecord) -> Iterator[str]:
    text = record.text or ""
    notes = 0
    for number, mark in enumerate(record.marks, start=1):
        fragments = [match.span() for match in _LINE.finditer(text, mark.start, mark.end)]
        if not fragments:
            continue
        spans = ";".join(f"{start} {end}" for start, end in fragments)
        words = " ".join(text[start:end] for start, end in fragments)
        yield f"T{number}\t{type_of(mark.label)} {spans}\t{words}\n"
        if mark.note:
            notes += 1
            note = " ".join(mark.note.split())
            yield f"#{notes}\tAnnotatorNotes T{number}\t{note}\n"


def read_brat(folder: Path) -> Iterator[TextRecord | RecordProblem]:
    """Read the text-bound annotations of each document of a folder; a span's first and last offset count."""
    for path in sorted(folder.glob("*.ann")):
        text_path = path.with_suffix(".txt")
        try:
            lines = bounded_text(path).split("\n")
            bounded_text(text_path)  # refuses what is no regular file, or leads out of the repository
            with text_path.open(encoding="utf-8", newline="") as file:
                text = file.read(LINES_BYTES)
        except FileNotFoundError:
            yield RecordProblem(str(path), f"no {text_path.name} beside it; expected the text that it is about")
            continue
        except ConfigError as error:
            yield RecordProblem(str(path), str(error))
            continue
        marks = []
        for number, line in enumerate(lines, start=1):
            if line.startswith("T"):
                try:
                    marks.append(_mark(line, text))
                except UnreadableRecord as error:
                    yield RecordProblem(f"{path}:{number}", str(error))
        doc_id = "" if "~" in path.stem else unquote(path.stem)
        yield TextRecord(str(path), doc_id, "", text, 0, [], marks)


def _mark(line: str, text: str) -> Mark:
    columns = line.split("\t")
    match = _SPANS.fullmatch(columns[1]) if len(columns) > 1 else None
    if match is None:
        raise UnreadableRecord(f"expected ID, tab, LABEL START END; found {line[:80]!r}")
    fragments = [tuple(map(int, pair.split())) for pair in match[2].split(";")]
    if not all(0 <= start < end <= len(text) for start, end in fragments):
        raise UnreadableRecord(f"[{match[2]}] leaves the text of {len(text):,} characters, or holds none of it")
    words = " ".join(text[start:end] for start, end in fragments)
    if len(columns) > 2 and columns[2] != words:
        raise UnreadableRecord(f"the offsets give {words[:80]!r}, the annotation says {columns[2][:80]!r}")
    return Mark(min(start for start, _ in fragments), max(end for _, end in fragments), label_of(match[1]))
