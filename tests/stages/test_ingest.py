"""Bad input: what can be read so that its bytes come back is a document, the rest is listed with the reason."""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copydesk.core.json_schema import load_schema, violations
from copydesk.errors import BuildError, ConfigError, QuarantineError
from copydesk.project import Project
from copydesk.readers.plain_text import RawText, to_bytes
from copydesk.stages import ingest
from copydesk.stages.runner import read_inputs
from copydesk.validation import validate
from support import run_stages

BAD = {
    "good.txt": "A good article.\n",
    "empty.txt": b"",
    "blank.txt": b" \r\n\t\n",
    "image.txt": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)),
    "latin-1.txt": "Der Zürcher Bürgermeister.".encode("latin-1"),
    "utf-16.txt": codecs.BOM_UTF16_LE + "Sixteen – bits.\r\n".encode("utf-16-le"),
    "utf-16-bare.txt": "Sixteen bits without a mark.".encode("utf-16-le"),
    "marked.txt": codecs.BOM_UTF8 + b"Marked.",
    "crlf.txt": b"One line.\r\nAnother line.\r\n",
    "cr.txt": b"One line.\rAnother line.\r",
    "nul.txt": b"A text with a NUL \x00 in the middle of it, as scrapers leave them.",
    "two words – und Umlaute äöü.txt": "A name like any other.",
    "batch/good.txt": "Another article with the same stem.",
    "article.pdf": b"%PDF-1.4",
}
READ = ["cr", "crlf", "good", "marked", "nul", "two words – und Umlaute äöü", "utf-16"]
REFUSED = {
    "article.pdf": "unknown-format",
    "blank.txt": "empty",
    "empty.txt": "empty",
    "good.txt": "duplicate-id",
    "image.txt": "undecodable",
    "large.txt": "too-large",
    "latin-1.txt": "undecodable",
    "outside.txt": "outside",
    "utf-16-bare.txt": "not-text",
}


def bad_project(make_project: Callable[..., Project], params: dict[str, Any] | None = None) -> Project:
    project = make_project(BAD, params)
    (project.seeds / "outside.txt").symlink_to("/etc/hostname")
    (project.seeds / "large.txt").write_bytes(b"x" * 50_000_000)
    return project


def raw_rows(project: Project) -> list[dict[str, Any]]:
    return [
        row
        for parts in read_inputs(project, ["ingest.raw"])
        for row in project.store.read(parts["ingest.raw"]).to_pylist()
    ]


def quarantine(project: Project) -> list[dict[str, str]]:
    return [json.loads(line) for line in (project.reports / "quarantine.jsonl").read_text("utf-8").splitlines()]


def test_every_file_is_read_or_listed(make_project: Callable[..., Project]) -> None:
    project = run_stages(bad_project(make_project))
    rows, refused = raw_rows(project), quarantine(project)
    assert sorted(row["doc_id"] for row in rows) == READ
    assert {row["path"]: row["reason"] for row in refused} == REFUSED
    files = {p.relative_to(project.seeds).as_posix() for p in project.seeds.rglob("*") if not p.is_dir()}
    assert {row["path"] for row in rows} | set(REFUSED) == files
    assert [v for row in refused for v in violations(load_schema("quarantine"), row)] == []
    assert validate(project.corpus, project.schemas, load=False).findings == []


def test_the_bytes_of_what_was_read_come_back(make_project: Callable[..., Project]) -> None:
    project = run_stages(bad_project(make_project), until="ingest")
    for row in raw_rows(project):
        data = (project.seeds / row["path"]).read_bytes()
        assert to_bytes(RawText(row["text"], row["encoding"], row["bom"], row["newline"])) == data
        assert (row["sha256"], row["size"]) == (hashlib.sha256(data).hexdigest(), len(data))


def test_strict_makes_refusals_an_error(make_project: Callable[..., Project]) -> None:
    project = bad_project(make_project, {"ingest": {"strict": True}})
    with pytest.raises(QuarantineError, match=r"9 seeds refused .ingest.strict.; see .*quarantine.jsonl") as caught:
        ingest.run(project)
    assert "empty.txt: empty: 0 bytes without a visible character" in str(caught.value)
    assert len(quarantine(project)) == 9


def test_other_encodings_are_read_where_the_settings_name_them(make_project: Callable[..., Project]) -> None:
    project = make_project({"a.txt": "Zürich".encode("latin-1")}, {"ingest": {"encodings": ["utf-8", "cp1252"]}})
    ingest.run(project)
    assert [(row["text"], row["encoding"]) for row in raw_rows(project)] == [("Zürich", "cp1252")]


def test_a_document_without_a_source_has_null_in_its_fields(make_corpus: Callable[..., Project]) -> None:
    sources = '{"doc_id": "a", "source": "The Paper", "license": "CC-BY-4.0", "url": "https://example.org/a"}\n'
    project = make_corpus({"a.txt": "One.", "b.txt": "Two.", "sources.jsonl": sources})
    (parts,) = read_inputs(project, ["package.documents_train"])
    rows = project.store.read(parts["package.documents_train"]).to_pylist()
    names = ("title", "byline", "source", "publisher", "url", "published", "license")
    assert [rows[0][n] for n in names] == [None, None, "The Paper", None, "https://example.org/a", None, "CC-BY-4.0"]
    assert [rows[1][n] for n in names] == [None] * 7


def test_a_removed_source_line_names_the_outlet_unless_the_steward_did(make_corpus: Callable[..., Project]) -> None:
    article = "He said so.\nSource: Today IT"
    sources = '{"doc_id": "b", "source": "The Paper"}\n'
    project = make_corpus({"a.txt": article, "b.txt": article, "sources.jsonl": sources})
    (parts,) = read_inputs(project, ["package.documents_train"])
    rows = project.store.read(parts["package.documents_train"]).to_pylist()
    assert [(row["text"], row["source"]) for row in rows] == [
        ("He said so.", "Today IT"),
        ("He said so.", "The Paper"),
    ]


def test_bad_sources_stop_the_build(make_project: Callable[..., Project]) -> None:
    project = make_project({"a.txt": "One.", "sources.jsonl": '{"doc_id": "a", "url": "no url"}\n'})
    with pytest.raises(
        ConfigError,
        match=r"sources.jsonl:1: url: 'no url' is not what is expected; write it like https://example.org/a",
    ):
        ingest.run(project)


def test_sources_of_documents_that_are_not_there_are_named(
    make_project: Callable[..., Project], capsys: pytest.CaptureFixture[str]
) -> None:
    ingest.run(make_project({"a.txt": "One.", "sources.jsonl": '{"doc_id": "gone"}\n'}))
    assert "describes documents that do not exist: gone" in capsys.readouterr().err


def test_a_corpus_needs_a_document(make_project: Callable[..., Project]) -> None:
    with pytest.raises(
        BuildError, match=r"no documents; expected at least one that can be read \(.*\.jsonl, .*\.txt"
    ):
        ingest.run(make_project({"a.txt": ""}))


def test_a_file_that_changes_while_it_is_read_stops_the_build(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project({"a.txt": "One."})
    real = ingest.run_scheduled

    def late_change(*args: Any) -> Any:
        Path(project.seeds, "a.txt").write_text("Two.")
        return real(*args)

    monkeypatch.setattr(ingest, "run_scheduled", late_change)
    with pytest.raises(BuildError, match=r"a\.txt: changed while it was being read"):
        ingest.run(project)
