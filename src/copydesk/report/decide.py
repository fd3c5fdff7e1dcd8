"""Writing a decision down: a line of seeds/decisions.jsonl comes, changes or goes."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

from copydesk.decisions import KEY, NAME, from_row
from copydesk.errors import CopydeskError
from copydesk.files import write_text
from copydesk.report.controls import name_of
from copydesk.report.data import Corpus
from copydesk.tables import load_json, load_schema, violations


class Refused(CopydeskError):
    """A decision that cannot be taken: what it is about is not there, or its value cannot be."""


def decide(corpus: Corpus, form: Mapping[str, str]) -> None:
    """Take the decision that a form asks for.

    Parameters
    ----------
    corpus : Corpus
        As it is now.
    form : mapping
        ``decision``, ``page``, ``raw_sha256``, and what the decision needs: ``edit``, ``raw_start`` and ``raw_end``;
        ``field`` and ``value``; ``reason``; or, to take one back, its name as ``known``.

    Raises
    ------
    Refused
        Saying why; nothing is written.
    ConfigError
        If the file of decisions is not what its schema says.
    """
    corpus.decisions()  # refuses a file that a hand has damaged, before anything is added to it
    path = corpus.project.seeds / NAME
    text = path.read_text("utf-8") if path.is_file() else ""
    lines = [line for line in text.split("\n") if line.strip()]  # texts within may have breaks of other kinds
    if form.get("decision") == "withdraw":
        kept = [line for line in lines if _name(line) != form.get("known")]
        if len(kept) == len(lines):
            raise Refused("That decision is not there any more; reload the page.")
        _write(corpus, kept)
        return
    row = _asked(corpus, form)
    wrong = violations(load_schema("decision", corpus.project.schemas), row)
    if wrong:
        raise Refused(f"{wrong[0].field or 'decision'}: {wrong[0].message}")
    place = [row.get(key) for key in KEY]
    if any([load_json(line, NAME).get(key) for key in KEY] == place for line in lines):
        raise Refused("That is decided already; take the decision back first.")
    _write(corpus, [*lines, json.dumps(row, ensure_ascii=False)])


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


def _name(line: str) -> str:
    return name_of(from_row(load_json(line, NAME)))


def _write(corpus: Corpus, lines: list[str]) -> None:
    path = corpus.project.seeds / NAME
    if lines:
        write_text(path, "".join(f"{line}\n" for line in lines))
    else:
        path.unlink()
