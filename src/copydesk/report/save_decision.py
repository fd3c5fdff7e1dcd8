"""Writing a decision down: a line of seeds/decisions.jsonl comes or goes.

Others write to the file too: another server, an editor, a script that appends lines and knows no lock. So a line is
only ever appended, in one write, and one that goes is blanked where it stands: nothing of what others write moves or
is written over. A file that nobody else has open is then rid of its blank lines.
"""

from __future__ import annotations

import datetime
import errno
import fcntl
import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from copydesk.core.atomic_files import locked, replacing
from copydesk.core.decisions import KEY, NAME, Decision, from_row
from copydesk.core.json_schema import load_json, load_schema, violations
from copydesk.errors import CopydeskError
from copydesk.report.corpus_view import Corpus
from copydesk.report.decision_forms import exclusion, name_of, said

_PATIENCE = 60.0  # seconds until another server has written its decision
_LATE = 2.0  # seconds for those who opened the file just before it was written anew
_REPLACED = "seeds/decisions.jsonl was written anew by another program just now; reload the page and look again."


class Refused(CopydeskError):
    """A decision that cannot be taken: what it is about is not there, was decided by others, or cannot be."""


class _Line(NamedTuple):
    """A line of the file: where it begins, its bytes without the line feed, what it says."""

    start: int
    data: bytes
    decision: Decision


def decide(corpus: Corpus, form: Mapping[str, str]) -> None:
    """Take the decision that a form asks for.

    Parameters
    ----------
    corpus : Corpus
        As it is now.
    form : mapping
        ``decision``, ``page``, ``raw_sha256``, and what the decision needs: ``edit``, ``raw_start`` and ``raw_end``;
        ``field`` and ``value``; ``reason``; or, to take one back, its name as ``known``. ``excluded`` is the name of
        the decision by which the document was left out when the page was made, empty where it was not.

    Raises
    ------
    Refused
        Saying why, and what others decided since the page was made; nothing is written.
    ConfigError
        If the file of decisions is not what its schema says.
    """
    busy = f"seeds/{NAME}: another program is writing decisions; try again"
    with locked(corpus.project.build / "decisions.lock", busy, _PATIENCE):
        corpus.decisions()  # refuses a file that a hand has damaged, before anything is added to it
        path = corpus.project.seeds / NAME
        data = path.read_bytes() if path.exists() else b""
        lines = _lines(data)
        if form.get("decision") == "withdraw":
            known = next((line for line in lines if name_of(line.decision) == form.get("known")), None)
            if known is None:
                raise Refused("That decision is not there any more, or was changed by others; reload the page.")
            _blank(path, known)
            return
        row = _asked(corpus, form)
        wrong = violations(load_schema("decision", corpus.project.schemas), row)
        if wrong:
            raise Refused(f"{wrong[0].field or 'decision'}: {wrong[0].message}")
        _refuse_conflicts([line.decision for line in lines], from_row(row), form)
        text = json.dumps(row, ensure_ascii=False)
        _append(path, f"{text}\n".encode(), unended=not data.endswith(b"\n") and bool(data))


def _refuse_conflicts(decisions: list[Decision], asked: Decision, form: Mapping[str, str]) -> None:
    """Refuse what others decided since the page was made; two who decide about different edits do not collide."""
    for decision in decisions:
        if all(getattr(decision, key) == getattr(asked, key) for key in KEY):
            raise Refused(
                f"That is decided already: {said(decision)}. Nothing was written; reload the page, and take that "
                "decision back first if you decide otherwise."
            )
    of_document = [decision for decision in decisions if decision.doc_id == asked.doc_id]
    if exclusion(of_document) != form.get("excluded", ""):
        raise Refused(
            "Since the page was made others decided whether this document is left out. Nothing was written; reload "
            "the page and look again."
        )


def _asked(corpus: Corpus, form: Mapping[str, str]) -> dict[str, Any]:
    """The line that a form asks for."""
    doc_id = corpus.addresses.get(form.get("page", ""))
    if doc_id is None:
        raise Refused("There is no such document.")
    document = corpus.document(doc_id)
    if form.get("raw_sha256") != document.row["raw_sha256"]:
        raise Refused("The document was changed since the page was opened; reload the page.")
    decision = form.get("decision", "")
    row: dict[str, Any] = {"doc_id": doc_id, "raw_sha256": document.row["raw_sha256"], "decision": decision}
    if decision in ("accept", "reject"):
        place = tuple(form.get(name, "") for name in ("edit", "raw_start", "raw_end"))
        names = ("index", "raw_start", "raw_end")
        edit = next((e for e in document.edits if tuple(str(e[name]) for name in names) == place), None)
        if edit is None or (decision == "accept" and edit["applied"]):
            raise Refused("That edit is not there any more; reload the page.")
        row |= {name: edit[name] for name in ("raw_start", "raw_end", "before", "after")}
    elif decision == "correct":
        row |= {"field": form.get("field", ""), "value": form.get("value", "").strip() or None}
    if reason := form.get("reason", "").strip():
        row["reason"] = reason
    return {**row, "date": datetime.datetime.now(datetime.UTC).date().isoformat()}


def _lines(data: bytes) -> list[_Line]:
    lines, start = [], 0
    for line in data.split(b"\n"):  # texts within may have breaks of other kinds
        if line.strip():
            lines.append(_Line(start, line, from_row(load_json(line.decode(), NAME))))
        start += len(line) + 1
    return lines


def _append(path: Path, data: bytes, *, unended: bool = False) -> None:
    """Append lines in one write; ``unended`` where the last line of the file has no line feed."""
    data = b"\n" + data if unended else data
    with path.open("ab", buffering=0) as file:
        before = os.fstat(file.fileno()).st_size
        written = 0
        try:
            written = file.write(data)
            os.fsync(file.fileno())
        finally:
            # A full disk takes a part: half a line would be in the way of everything.
            if written < len(data) and os.fstat(file.fileno()).st_size == before + written:
                file.truncate(before)
        if written < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        _refuse_if_replaced(path, file.fileno())


def _blank(path: Path, line: _Line) -> None:
    """Write spaces over a line, and remove blank lines if nobody else has the file open."""
    with path.open("r+b", buffering=0) as file:
        handle = file.fileno()
        if os.pread(handle, len(line.data), line.start) != line.data:
            raise Refused(_REPLACED)
        os.pwrite(handle, b" " * len(line.data), line.start)
        os.fsync(handle)
        _refuse_if_replaced(path, handle)
        if _nobody_else_has_it_open(handle):
            _compact(path, handle)


def _compact(path: Path, handle: int) -> None:
    """Write the file anew without blank lines, or remove it if it has no others."""
    size = os.fstat(handle).st_size
    lines = [line for line in os.pread(handle, size, 0).split(b"\n") if line.strip()]
    if lines:
        with replacing(path) as file:
            file.write(b"".join(line + b"\n" for line in lines))
    else:
        path.unlink()
    # Who opened the file a moment before it was replaced writes to what it was: that is carried over.
    until = time.monotonic() + _LATE
    while not _nobody_else_has_it_open(handle) and time.monotonic() < until:
        time.sleep(0.01)
    late = os.pread(handle, os.fstat(handle).st_size, size)
    if late:
        _append(path, late)


def _nobody_else_has_it_open(handle: int) -> bool:
    """Whether the system grants a lease, as it does when nobody else has the file open; only Linux tells."""
    try:
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)  # which is ignored: the lease is given back at once
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except (OSError, AttributeError):
        return False
    return True


def _refuse_if_replaced(path: Path, handle: int) -> None:
    """Refuse to call something written that went into a file which an editor replaced at the same moment."""
    try:
        same = os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        same = False
    if not same:
        raise Refused(_REPLACED)
