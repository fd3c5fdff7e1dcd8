"""What may be public, and what stays with the steward."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

from copydesk import validate
from copydesk.cli import app
from copydesk.core.atomic_files import sha256_file
from copydesk.dataset.public_export import Export, export, write_part
from copydesk.errors import BuildError
from copydesk.project import Project
from label_history import documents, keep, label
from support import articles, file_bytes, run_stages

MAIL = "Write to ines.falk@example.org before Monday, she said. The rest of the letter was about the harbour."
Make = Callable[..., Project]


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    return [row for path in sorted(folder.glob(f"data/{table}/*")) for row in pq.read_table(path).to_pylist()]


def made(make_corpus: Make, **params: Any) -> Project:
    files = articles(8) | {"mail.txt": MAIL, "closed.txt": articles(8)["article-0002.txt"] + " A little longer."}
    licenses = [{"doc_id": name[:-4], "license": "CC-BY-4.0"} for name in files if name != "closed.txt"]
    files["sources.jsonl"] = "".join(json.dumps(row) + "\n" for row in licenses)
    settings = {
        "publish": {"allow": ["CC-BY-4.0"]},
        "clean": {"rules": {"mask-email-address": "probable"}},
        "shards": {"target": 3, "minimum": 2, "maximum": 9},
        **params,
    }
    return make_corpus(files, settings)


def test_a_public_dataset_is_whole_and_holds_nothing_else(make_corpus: Make, tmp_path: Path) -> None:
    project, out = made(make_corpus), tmp_path / "public"
    done = export(project.corpus, out, project.params, project.schemas)
    assert done == Export(9, 1, ["mail"], "9 of CC-BY-4.0", "1 of unknown license")
    assert validate(out, project.schemas).ok
    documents = {row["doc_id"]: row for row in rows(out, "documents")}
    assert "closed" not in documents and len(documents) == 9
    # Its longer near duplicate is not there: nothing refers to it.
    assert documents["article-0002"]["duplicate_of"] is None and documents["article-0002"]["duplicate_kind"] is None
    assert documents["mail"]["text"].startswith("Write to [e-mail ")
    for table in ("raw", "edits"):
        assert "mail" not in {row["doc_id"] for row in rows(out, table)}
    assert all(b"ines.falk" not in content for content in file_bytes(out).values())
    assert {row["doc_id"] for row in rows(out, "sentences")} == set(documents)
    assert json.loads((out / "manifest.json").read_text("utf-8"))["withheld"] == ["mail"]
    # The same again, byte for byte.
    before = file_bytes(out)
    export(project.corpus, out, project.params, project.schemas)
    assert file_bytes(out) == before


def test_a_withheld_text_that_is_there_is_found(make_corpus: Make, tmp_path: Path) -> None:
    project = made(make_corpus)
    path = project.corpus / "manifest.json"
    path.write_text(path.read_text("utf-8").replace('"withheld": []', '"withheld": ["mail"]'), "utf-8")
    found = {(finding.check, finding.document) for finding in validate(project.corpus, project.schemas).findings}
    assert ("manifest", "") in found
    manifest = project.corpus / "MANIFEST.sha256"
    lines = [line for line in manifest.read_text().splitlines() if "manifest.json" not in line]
    manifest.write_text("\n".join([*lines, f"{sha256_file(path)}  manifest.json"]) + "\n")
    found = {(finding.check, finding.document) for finding in validate(project.corpus, project.schemas).findings}
    assert found == {("withheld", "mail")}


def test_nothing_public_is_an_error(make_corpus: Make, tmp_path: Path) -> None:
    project = made(make_corpus, publish={"allow": []})
    with pytest.raises(
        BuildError, match=r"none of 10 documents may be public \(9 of CC-BY-4\.0, 1 of unknown license\)"
    ):
        export(project.corpus, tmp_path / "public", project.params, project.schemas)
    assert not (tmp_path / "public").exists()


@pytest.mark.parametrize("where", [".", "data", ".."])
def test_the_dataset_itself_is_never_overwritten(two_articles: Project, where: str) -> None:
    with pytest.raises(BuildError, match="expected a folder apart from"):
        export(two_articles.corpus, two_articles.corpus / where, {}, two_articles.schemas)


def test_the_command_says_what_it_would_do(two_articles: Project, tmp_path: Path) -> None:
    root, out = str(two_articles.corpus.parent), tmp_path / "public"
    done = CliRunner().invoke(app, ["export", str(out), "--root", root, "--dry-run"])
    assert done.exit_code == 0 and "2 documents would be written (2 of unknown license), 0 left out" in done.output
    assert not out.exists()
    done = CliRunner().invoke(app, ["export", str(out), "--root", root])
    assert "2 documents (2 of unknown license), 0 left out, raw text and edits of 0 withheld" in done.output
    assert validate(out, two_articles.schemas).ok


def test_a_git_repository_and_what_was_taken_down_are_not_passed_over(make_corpus: Make, tmp_path: Path) -> None:
    project = made(make_corpus)
    root, out = str(project.corpus.parent), tmp_path / "public"
    (out / ".git").mkdir(parents=True)
    with pytest.raises(BuildError, match="has a git repository, which an export would remove"):
        export(project.corpus, out, project.params, project.schemas)
    (out / ".git").rmdir()
    (out / "thesis.txt").write_text("Mine.")
    with pytest.raises(BuildError, match="holds something else than an export"):
        export(project.corpus, out, project.params, project.schemas)
    (out / "thesis.txt").unlink()
    takedown = ["takedown", "article-0001", "--reason", "asked for", "--root", root]
    assert CliRunner().invoke(app, takedown).exit_code in (0, 1)  # the corpus still has the document
    (project.corpus.parent / "params.yaml").write_text(yaml.safe_dump({"publish": {"allow": ["CC-BY-4.0"]}}))
    done = CliRunner().invoke(app, ["export", str(out), "--root", root])
    assert done.exit_code == 0, (done.output, done.exception)
    assert "article-0001" not in {row["doc_id"] for row in rows(out, "documents")}
    assert "article-0003" in {row["doc_id"] for row in rows(out, "documents")}


def test_labels_go_out_with_their_documents_alone(make_corpus: Make, tmp_path: Path) -> None:
    project, out = made(make_corpus), tmp_path / "public"
    root = project.corpus.parent
    texts = documents(root)
    chosen = [label(texts["mail"], "Monday", note="harmless"), label(texts["closed"], "Report 2")]
    leaking = label(texts["mail"], "letter", note="ines.falk@example.org")
    keep(root, "words", [*chosen, leaking, label(texts["article-0001"], "Report 1")])
    run_stages(project)
    export(project.corpus, out, project.params, project.schemas)
    assert validate(out, project.schemas).ok
    assert {row["text"] for row in rows(out, "labels")} == {"Monday", "Report 1"}
    assert all(b"ines.falk" not in content for content in file_bytes(out).values())
    described = json.loads((out / "croissant.json").read_text("utf-8"))
    (record_set,) = (one for one in described["recordSet"] if one["name"] == "labels")
    assert record_set["key"] == [{"@id": "labels/label_id"}]
    assert record_set["prov:wasDerivedFrom"] == {"@id": "documents"}
    assert "no person" not in described["rai:dataAnnotationProtocol"][0]
    fewer = {name: {"article-0002"} for name in ("documents", "sentences", "raw", "edits", "labels")}
    (tmp_path / "part").mkdir()
    write_part(project.corpus, tmp_path / "part", project.params, project.schemas, fewer, [])
    assert rows(tmp_path / "part", "labels") == []  # and no such configuration
    assert validate(tmp_path / "part", project.schemas).ok
