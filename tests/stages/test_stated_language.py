"""A language that a record or sources.jsonl states precedes the detected one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from copydesk.project import Project
from copydesk.validation import validate
from support import file_bytes, run_stages

GERMAN = (
    "Die Regierung hat am Montag ein neues Gesetz vorgestellt. Es soll z. B. im Mai gelten. Viele sind dagegen, weil sie "
    "nicht wissen, was es kosten wird. Der Minister sagte, dass er mit allen reden wolle, bevor das Parlament im Herbst "
    "darüber abstimmt. In den Städten wird seit Wochen über nichts anderes gesprochen."
)
FOREIGN = "The government has presented a new law on Monday, and many people in the country are against it today."


def documents(project: Project) -> dict[str, dict[str, Any]]:
    import pyarrow.parquet as pq

    files = sorted((project.corpus / "data" / "documents").glob("*.parquet"))
    return {row["doc_id"]: row for file in files for row in pq.read_table(file).to_pylist()}


def lines(**languages: str | None) -> str:
    rows = [{"id": doc_id, "text": f"{GERMAN}\n\n{FOREIGN}", "lang": tag} for doc_id, tag in languages.items()]
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_a_stated_language_is_that_of_cleaning_and_splitting(make_project: Callable[..., Project]) -> None:
    project = run_stages(make_project({"a.jsonl": lines(same="de-AT", none=None, other="nl", bad="Elvish")}))
    assert not validate(project.corpus, load=False).findings
    rows = documents(project)
    assert {doc_id: row["language"] for doc_id, row in rows.items()} == {
        "same": "de", "none": "de", "other": "nl", "bad": "de",
    }  # fmt: skip
    assert {doc_id for doc_id, row in rows.items() if any(o["field"] == "language" for o in row["provenance"])} == {
        "same",
        "other",
    }
    assert rows["same"]["language_score"] == rows["none"]["language_score"] > 0 == rows["other"]["language_score"]
    assert rows["other"]["sentence_language"] == "nl"
    assert rows["other"]["passages"], "a passage in another language keeps its own"
    (refused,) = [json.loads(line) for line in (project.reports / "quarantine.jsonl").read_text().splitlines()]
    assert (refused["path"], refused["reason"]) == ("a.jsonl#4", "bad-metadata")


@pytest.mark.parametrize("language", ["nl", "tlh", None])
def test_an_increment_equals_a_build_from_nothing(make_project: Callable[..., Project], language: str | None) -> None:
    stated = {"sources.jsonl": json.dumps({"doc_id": "a", "language": language}) + "\n"}
    built = run_stages(make_project({"a.txt": GERMAN, "b.txt": FOREIGN}))
    (built.seeds / "sources.jsonl").write_text(stated["sources.jsonl"])
    clean = make_project({"a.txt": GERMAN, "b.txt": FOREIGN, **stated}, name="clean")
    assert file_bytes(run_stages(built).corpus) == file_bytes(run_stages(clean).corpus)
    assert documents(built)["a"]["language"] == (language or "de")
