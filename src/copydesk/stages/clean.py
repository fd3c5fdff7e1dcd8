"""Clean: raw text becomes clean text, with every edit on record."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

from copydesk.cleaning import Cleaned, Plan, clean, least_sure, plan
from copydesk.cleaning.decided import decided
from copydesk.decisions import Decision, obeyable
from copydesk.stages.shardwise import Made, Output, Shard, Stage, run_shards
from copydesk.text import ComposedEdit

STAGE = Stage(
    "clean",
    reads=("ingest.raw", "ingest.decisions"),
    writes={
        "text": Output("documents", ("doc_id", "text", "flags", "text_sha256")),
        "edits": Output("edits"),
        "unmet": Output("decisions"),
    },
    params=("clean",),
    by_document=True,
)
run = partial(run_shards, stage=STAGE)


def shard(given: Shard) -> Made:
    """Clean the texts of a shard."""
    how = plan(given.params["clean"])
    raw = given.tables["raw"]
    texts: list[dict[str, Any]] = []
    edits: list[dict[str, Any]] = []
    unmet: list[Decision] = []
    decisions = obeyable(given.tables["decisions"], "accept", "reject")
    column = raw["text"].combine_chunks()
    for doc_id, cleaned in zip(raw["doc_id"].to_pylist(), clean(column, how), strict=True):
        if doc_id in decisions:
            cleaned, problems = decided(cleaned, decisions[doc_id], how)  # noqa: PLW2901  (as the steward wants it)
            unmet += problems
        text = cleaned.edited.text
        texts.append(
            {
                "doc_id": doc_id,
                "text": text,
                "flags": [flag._asdict() for flag in cleaned.flags],
                "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
        )
        edits += _rows(doc_id, cleaned, how)
    return {"text": texts, "edits": edits, "unmet": [decision._asdict() for decision in unmet]}


def _rows(doc_id: str, cleaned: Cleaned, how: Plan) -> list[dict[str, Any]]:
    applied: list[tuple[ComposedEdit, bool]] = [(edit, True) for edit in cleaned.edited.edits]
    suggested = [(edit, False) for edit in cleaned.suggestions]
    ordered = sorted(applied + suggested, key=lambda row: (row[0][:2], not row[1], row[0][2:]))
    return [
        {
            "doc_id": doc_id,
            "index": index,
            **edit._asdict(),
            "tier": least_sure(edit.rules, how.tiers),
            "applied": was_applied,
        }
        for index, (edit, was_applied) in enumerate(ordered)
    ]
