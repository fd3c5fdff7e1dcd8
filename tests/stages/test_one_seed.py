"""A document is cleaned alone as a build cleans it: by what is stated of it, the settings for it, and decisions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq

from copydesk.project import Project
from copydesk.stages.one_seed import clean_seed
from stages.test_pages import page, response
from support import file_bytes, run_stages, write_seeds

Make = Callable[..., Project]
GLUED = "The streets of the city were full of{}, and nobody else went home.\n\nThe Desk reads the fine print."
TEXT = "The outcome  of the war?Russia does not say. Nobody there knows,he said.\n"
ITEMS = [{"id": f"item-{n}", "text": GLUED.format("sorrow"), "source": "The Desk"} for n in range(6)]
SEEDS: dict[str, bytes | str] = {
    "plain.txt": TEXT,
    "letters/letter.txt": TEXT.replace("outcome", "end"),
    "rejected.txt": TEXT.replace("outcome", "news"),
    "accepted.txt": GLUED.format("silence"),
    "of-source.txt": GLUED.format("noise"),
    "of-none.txt": GLUED.format("noise").replace("city", "town"),
    "wire.jsonl": "".join(json.dumps(row) + "\n" for row in ITEMS),
    "page.html": page(1),
    "crawl.warc.gz": response(page(4).encode(), 4),
    "sources.jsonl": '{"doc_id": "of-source", "source": "The Desk"}\n',
}
PARAMS = {
    "clean": {
        "for": [
            {"match": "letters/*", "rules": {"spaces": "off"}},
            {"source": "The Desk", "rules": {"glued-word": "off"}},
        ]
    }
}


def decisions() -> str:
    def about(name: str, **more: Any) -> dict[str, Any]:
        text = str(SEEDS[f"{name}.txt"])
        return {"doc_id": name, "raw_sha256": hashlib.sha256(text.encode()).hexdigest(), **more}

    at = str(SEEDS["rejected.txt"]).index("  ")
    place = str(SEEDS["accepted.txt"]).index("silence")
    rows = [
        about("rejected", decision="reject", raw_start=at, raw_end=at + 2, before="  ", after=" "),
        about("accepted", decision="accept", raw_start=place, raw_end=place, before="", after=" "),
        {"rule": "glued-word-maybe", "source": "The Desk", "decision": "accept"},
        {"source": "The Desk", "line": "The Desk reads the fine print.", "decision": "remove-line"},
    ]
    return "".join(json.dumps({**row, "date": "2026-01-02"}) + "\n" for row in rows)


def rows(project: Project, table: str) -> list[dict[str, Any]]:
    paths = sorted((project.corpus / "data" / table).rglob("*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def test_every_document_is_cleaned_alone_as_in_a_build(make_project: Make) -> None:
    project = make_project({**SEEDS, "decisions.jsonl": decisions()}, PARAMS)
    before = file_bytes(project.seeds.parent)
    paths = {"item-0": ("wire.jsonl", "item-0"), "letter": ("letters/letter.txt", ""), "page": ("page.html", "")}
    crawled = "00000000-0000-4000-8000-000000000004"
    paths |= {crawled: ("crawl.warc.gz", crawled)}
    paths |= {name: (f"{name}.txt", "") for name in ("plain", "rejected", "accepted", "of-source", "of-none")}
    cleaned = {doc_id: clean_seed(project, *path) for doc_id, path in paths.items()}
    assert file_bytes(project.seeds.parent) == before  # nothing is written
    run_stages(project)
    texts = {row["doc_id"]: row for row in rows(project, "documents")}
    edits = rows(project, "edits")
    for doc_id, alone in cleaned.items():
        assert alone is not None
        assert alone.edited.text == texts[doc_id]["text"], doc_id
        assert [flag._asdict() for flag in alone.flags] == [
            {name: flag[name] for name in ("kind", "start", "end")} for flag in texts[doc_id]["flags"]
        ]
        for made, applied in ((alone.edited.edits, True), (alone.suggestions, False)):
            built = [e for e in edits if e["doc_id"] == doc_id and e["applied"] is applied]
            assert [(e.raw_start, e.raw_end, e.before, e.after, list(e.rules)) for e in made] == [
                (e["raw_start"], e["raw_end"], e["before"], e["after"], e["rules"]) for e in built
            ], doc_id
    # What the settings, the source and the stewards say is seen.
    text = {doc_id: row["text"] for doc_id, row in texts.items()}
    assert "end  of" in text["letter"] and "news  of" in text["rejected"] and "outcome of" in text["plain"]
    assert "of silence" in text["accepted"] and "of sorrow" in text["item-0"] and "fine print" not in text["item-0"]
    assert "fine print" not in text["of-source"] and "fine print" in text["of-none"]


def test_a_file_that_is_no_seed_or_is_refused_is_none(make_project: Make) -> None:
    names = ("sources.jsonl", ".hidden.txt", "photo.jpg", "new.signatures.parquet")
    project = make_project({**dict.fromkeys(names, ""), "latin.txt": b"caf\xe9", "wire.jsonl": SEEDS["wire.jsonl"]})
    assert all(clean_seed(project, name, "") is None for name in (*names, "latin.txt"))
    assert clean_seed(project, "wire.jsonl", "nobody") is None
    write_seeds(project.seeds, {"latin.txt": "café"})
    assert clean_seed(project, "latin.txt", "") is not None
