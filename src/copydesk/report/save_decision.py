"""Save a decision, or undo one: add or remove a line of seeds/decisions.jsonl.

Other programs write to the file too: a second server, an editor, a script that appends lines without a lock. So a new
line is appended in one write, and a removed line is overwritten with spaces in place: nothing that others wrote is
moved or overwritten. If nobody else has the file open, blank lines are then removed.
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
from urllib.parse import parse_qsl

from copydesk.core.atomic_files import locked, replacing
from copydesk.core.decisions import KEY, NAME, OF_EDITS, OF_LINES, Decision, from_row
from copydesk.core.json_schema import load_json, load_schema, violations
from copydesk.errors import CopydeskError
from copydesk.report.corpus_view import Corpus
from copydesk.report.decision_forms import decision_text, exclusion, name_of, name_of_line
from copydesk.report.queue_page import PAGE as QUEUE
from copydesk.report.queue_page import View
from copydesk.report.suggestion_queue import short_name

_LOCK_TIMEOUT = 60.0  # seconds to wait for another server
_LATE = 2.0  # seconds to wait for programs that opened the file just before it was rewritten
_REPLACED = "Another program has just replaced seeds/decisions.jsonl; reload the page and check."


class RefusedDecision(CopydeskError):
    """A decision that cannot be saved: its subject does not exist, was decided by others, or it is invalid."""


class _Line(NamedTuple):
    """A line of the file: its offset, its bytes without the line feed, its decision."""

    start: int
    data: bytes
    decision: Decision


def decide(corpus: Corpus, form: Mapping[str, str]) -> str | None:
    """Save or undo the decision of a form; return the identifier of the saved one.

    Parameters
    ----------
    corpus : Corpus
        The current corpus.
    form : mapping
        ``decision``, ``page``, ``raw_sha256``, and what the decision needs: ``edit``, ``raw_start`` and ``raw_end``,
        for a part of an edit also ``part``; ``field`` and ``value``; ``line``, the identifier of a line of a source;
        of the queue ``queue``, its address, and ``group`` with ``words``, or ``rule``; ``reason``; or, to undo a
        decision, its identifier as ``known``. ``excluded`` identifies the decision that excluded the document when
        the page was rendered; empty if there was none.

    Raises
    ------
    RefusedDecision
        Saying why, and what others decided since the page was rendered; nothing is written.
    ConfigError
        If the file of decisions is invalid.
    """
    busy = f"seeds/{NAME}: another program is writing decisions; try again"
    with locked(corpus.project.build / "decisions.lock", busy, _LOCK_TIMEOUT):
        corpus.decisions()  # refuses a damaged file before anything is added
        path = corpus.project.seeds / NAME
        data = path.read_bytes() if path.exists() else b""
        lines = _lines(data)
        if form.get("decision") == "withdraw":
            undone = next((line for line in lines if name_of(line.decision) == form.get("known")), None)
            if undone is None:
                raise RefusedDecision("This decision no longer exists, or somebody changed it; reload the page.")
            _blank(path, undone)
            return None
        row = _row(corpus, form)
        problems = violations(load_schema("decision", corpus.project.schemas), row)
        if problems:
            raise RefusedDecision(f"{problems[0].field or 'decision'}: {problems[0].message}")
        _refuse_conflicts([line.decision for line in lines], from_row(row), form)
        text = json.dumps(row, ensure_ascii=False)
        _append(path, f"{text}\n".encode(), unended=not data.endswith(b"\n") and bool(data))
        return name_of(from_row(row))


def _refuse_conflicts(decisions: list[Decision], new: Decision, form: Mapping[str, str]) -> None:
    """Refuse to overrule what others decided since the page was rendered; decisions on other edits never conflict."""
    for decision in decisions:
        if all(getattr(decision, key) == getattr(new, key) for key in KEY):
            raise RefusedDecision(
                f"This was already decided: {decision_text(decision)}. Nothing was saved. To decide otherwise, "
                "reload the page and undo that decision first."
            )
    of_document = [decision for decision in decisions if decision.doc_id == new.doc_id]
    if exclusion(of_document) != form.get("excluded", ""):
        raise RefusedDecision(
            "Somebody has excluded this document, or undone its exclusion, since you opened the page. Nothing was "
            "saved; reload the page and check."
        )


def _row(corpus: Corpus, form: Mapping[str, str]) -> dict[str, Any]:
    """The line to write for a form."""
    decision = form.get("decision", "")
    if decision in OF_LINES:
        about = _line(corpus, form)
    elif decision in OF_EDITS and form.get("page") == QUEUE:
        about = _of_group(corpus, form)
    else:
        about = _subject(corpus, form)
    row = {**about, "decision": decision}
    if reason := form.get("reason", "").strip():
        row["reason"] = reason
    return {**row, "date": datetime.datetime.now(datetime.UTC).date().isoformat()}


def _line(corpus: Corpus, form: Mapping[str, str]) -> dict[str, Any]:
    """The line of a source that a form is about."""
    for row in corpus.template_lines:
        if name_of_line(row["source"], row["line"]) == form.get("line"):
            return {"source": row["source"], "line": row["line"]}
    raise RefusedDecision("The last build does not list this line; reload the page.")


def _of_group(corpus: Corpus, form: Mapping[str, str]) -> dict[str, Any]:
    """The group of suggestions that a form of the queue is about: one of a wording, or all of a rule."""
    queue, decisions = corpus.queue, corpus.decisions()
    view = View.of(queue, dict(parse_qsl(form.get("queue", ""), max_num_fields=10)))
    source = {} if view.selection.source is None else {"source": view.selection.source}
    mask = queue.selected(view.selection, decisions)
    same_source = form.get("source") == view.source_name
    number = form.get("group", "")
    if number.isascii() and number.isdecimal() and len(number) < 10:
        group = queue.group(int(number), mask)
        if same_source and group is not None and group.name == form.get("words") and len(group.positions):
            return group.named(view.selection.source)
    elif same_source and view.selection.rule and form.get("rule") == short_name(view.selection.rule) and mask.any():
        return {"rule": view.selection.rule, **source}
    raise RefusedDecision("None of these suggestions is open any more; reload the page, and look at the decisions.")


def _subject(corpus: Corpus, form: Mapping[str, str]) -> dict[str, Any]:
    """The document that a form is about, and its edit, or its field and the value."""
    doc_id = corpus.addresses.get(form.get("page", ""))
    if doc_id is None:
        raise RefusedDecision("There is no such document.")
    document = corpus.document(doc_id)
    if form.get("raw_sha256") != document.row["raw_sha256"]:
        raise RefusedDecision("The document has changed since you opened the page; reload it.")
    decision = form.get("decision", "")
    row: dict[str, Any] = {"doc_id": doc_id, "raw_sha256": document.row["raw_sha256"]}
    if decision in ("accept", "reject"):
        identity = tuple(form.get(name, "") for name in ("edit", "raw_start", "raw_end"))
        names = ("index", "raw_start", "raw_end")
        edit = next((e for e in document.edits if tuple(str(e[name]) for name in names) == identity), None)
        if edit is None or (decision == "accept" and edit["applied"]):
            raise RefusedDecision("This edit no longer exists; reload the page.")
        row |= {name: edit[name] for name in ("raw_start", "raw_end", "before", "after")}
        if (part := form.get("part")) is not None:
            if part not in map(str, range(len(edit["parts"]))):
                raise RefusedDecision("This edit no longer has such a part; reload the page.")
            row |= {"part": int(part), "rule": edit["parts"][int(part)]["rule"]}
    elif decision == "correct":
        row |= {"field": form.get("field", ""), "value": form.get("value", "").strip() or None}
    return row


def _lines(data: bytes) -> list[_Line]:
    lines, start = [], 0
    for line in data.split(b"\n"):  # texts in it may contain other line separators
        if line.strip():
            lines.append(_Line(start, line, from_row(load_json(line.decode(), NAME))))
        start += len(line) + 1
    return lines


def _append(path: Path, data: bytes, *, unended: bool = False) -> None:
    """Append lines in one write; ``unended``: the last line of the file has no line feed."""
    data = b"\n" + data if unended else data
    with path.open("ab", buffering=0) as file:
        before = os.fstat(file.fileno()).st_size
        written = 0
        try:
            written = file.write(data)
            os.fsync(file.fileno())
        finally:
            # On a full disk part of it may have been written: half a line would make the file invalid.
            if written < len(data) and os.fstat(file.fileno()).st_size == before + written:
                file.truncate(before)
        if written < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        _refuse_if_replaced(path, file.fileno())


def _blank(path: Path, line: _Line) -> None:
    """Overwrite a line with spaces, and remove blank lines if nobody else has the file open."""
    with path.open("r+b", buffering=0) as file:
        handle = file.fileno()
        if os.pread(handle, len(line.data), line.start) != line.data:
            raise RefusedDecision(_REPLACED)
        os.pwrite(handle, b" " * len(line.data), line.start)
        os.fsync(handle)
        _refuse_if_replaced(path, handle)
        if _nobody_else_has_it_open(handle):
            _compact(path, handle)


def _compact(path: Path, handle: int) -> None:
    """Rewrite the file without blank lines, or delete it if there are no other lines."""
    size = os.fstat(handle).st_size
    lines = [line for line in os.pread(handle, size, 0).split(b"\n") if line.strip()]
    if lines:
        with replacing(path) as file:
            file.write(b"".join(line + b"\n" for line in lines))
    else:
        path.unlink()
    # A program that opened the file just before it was replaced writes to the old one: copy its lines over.
    until = time.monotonic() + _LATE
    while not _nobody_else_has_it_open(handle) and time.monotonic() < until:
        time.sleep(0.01)
    late = os.pread(handle, os.fstat(handle).st_size, size)
    if late:
        _append(path, late)


def _nobody_else_has_it_open(handle: int) -> bool:
    """Whether nobody else has the file open: then Linux grants a lease. False on other systems."""
    try:
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)  # SIGURG is ignored; the lease is returned at once
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except (OSError, AttributeError):
        return False
    return True


def _refuse_if_replaced(path: Path, handle: int) -> None:
    """Raise an error if an editor replaced the file while we wrote to it."""
    try:
        same = os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        same = False
    if not same:
        raise RefusedDecision(_REPLACED)
