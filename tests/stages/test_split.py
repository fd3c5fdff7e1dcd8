"""The split stage says by which language's words it split, and where each sentence stands in the raw text."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow.parquet as pq

from copydesk.project import Project

TEXTS = {
    "english": "He lives with his mother in the U.S.A and writes of it. Dr. Smith is there , too.",
    "german": "Am 31. Mai kam der Zug mit Dr. Brune und dem Gepäck. Er ist nicht von hier.",
    "mixed": "Am Montag kam der Zug mit dem Gepäck, und alle freuten sich sehr darüber, dass er so früh da war. "
    "Danach gingen die Kinder zu Fuß in die Schule, weil der Bus nicht fuhr.\nLe soir, tout le monde est parti avec le "
    "train, parce que la voiture ne marchait plus.",
    "latin": "Gallia est omnis divisa in partes tres. Quarum unam incolunt Belgae.",
}


def test_language_and_places(make_corpus: Callable[..., Project]) -> None:
    project = make_corpus({f"{name}.txt": text for name, text in TEXTS.items()})
    documents = {row["doc_id"]: row for row in rows(project, "documents")}
    assert {doc_id: row["sentence_language"] for doc_id, row in documents.items()} == {
        "english": "en",
        "german": "de",
        "latin": "und",
        "mixed": "de",
    }
    parts = [(part["language"], part["share"] > 0.5) for part in documents["mixed"]["languages"]]
    assert parts == [("de", True), ("fr", False)]
    assert [part["language"] for part in documents["english"]["languages"]] == ["en"]
    raw = {row["doc_id"]: row["text"] for row in rows(project, "raw")}
    sentences = rows(project, "sentences")
    assert [row["text"] for row in sentences if row["doc_id"] == "german"] == [
        "Am 31. Mai kam der Zug mit Dr. Brune und dem Gepäck.",
        "Er ist nicht von hier.",
    ]
    (last,) = [row for row in sentences if row["doc_id"] == "english" and row["index"] == 1]
    assert last["text"] == "Dr. Smith is there, too."
    assert raw["english"][last["raw_start"] : last["raw_end"]] == "Dr. Smith is there , too."


def rows(project: Project, table: str) -> list[dict[str, object]]:
    return [row for path in sorted(project.corpus.glob(f"data/{table}/*")) for row in pq.read_table(path).to_pylist()]
