"""A release from before columns were renamed is compared with a new one, shown, and issued again."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from copydesk.cli import app
from copydesk.core.config import check_params
from copydesk.core.json_schema import PACKAGED
from copydesk.dataset.public_export import write_part
from copydesk.differences.diff import diff
from copydesk.differences.schema_changes import SchemaChange, published_changes
from copydesk.differences.text_diff import document_diff
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.releases.preconditions import refuse_unlicensed
from copydesk.report.corpus_view import Corpus
from copydesk.revisions.revision import open_revision
from copydesk.tables.renamed_columns import with_current_names
from copydesk.validation import validate
from old_names import rename_corpus, write_old_schemas
from support import run_command as run
from support import run_stages, write_seeds

SOURCES = [
    {"doc_id": "a", "license": "MIT", "source": "The Paper"},
    {"doc_id": "b", "license": "CC0-1.0", "title": "What is known"},
]


_TEXT = "A third text.\n"
_SHA256 = hashlib.sha256(_TEXT.encode()).hexdigest()


def decision(field: str, value: str) -> str:
    told = {"doc_id": "c", "raw_sha256": _SHA256, "decision": "correct", "field": field, "value": value}
    return json.dumps({**told, "date": "2025-01-01"}) + "\n"


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a release in the old names (tag old), and one in the new names with another license (new)."""
    root = tmp_path_factory.mktemp("history")
    run(root, "git", "init", "-q")
    (root / ".gitignore").write_text("/build/\n")
    seeds = {f"{name}.txt": text for name, text in (("a", "A text.\n"), ("b", "Another text.\n"), ("c", _TEXT))}
    for tag, license_of_b in (("old", "CC0-1.0"), ("new", "CC-BY-4.0")):
        rows = [SOURCES[0], {**SOURCES[1], "license": license_of_b}]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        write_seeds(root / "seeds", {**seeds, "sources.jsonl": lines, "decisions.jsonl": decision("source", "Wire")})
        shutil.rmtree(root / "schemas", ignore_errors=True)
        shutil.copytree(PACKAGED, root / "schemas")
        run_stages(Project.open(root))
        if tag == "old":
            old_lines = lines.replace('"license"', '"licence"').replace('"source"', '"outlet"')
            decided = decision("source_outlet", "Wire")
            write_seeds(root / "seeds", {"sources.jsonl": old_lines, "decisions.jsonl": decided})
            write_old_schemas(root / "schemas")
            rename_corpus(root)
        run(root, "git", "add", "--all")
        run(root, "git", "commit", "-q", "-m", tag)
        run(root, "git", "tag", tag)
    return root


def test_a_difference_names_the_renamed_columns_and_no_document_for_them(history: Path) -> None:
    old, new = open_revision(history, "old"), open_revision(history, "new")
    assert {"licence", "source_outlet"} < {*old.schemas["documents"]["properties"]}
    found = diff(old, new)
    (change,) = found.changed
    assert (change.doc_id, change.columns, change.causes) == ("b", ("license",), ("metadata",))
    assert (found.added, found.removed, found.moved) == ([], [], [])
    assert found.sources == dict.fromkeys(("The Paper", "Wire", "unknown"), (1, 1))
    renamed = [(c.table, c.column, c.new) for c in found.schemas if c.what == "column renamed"]
    assert renamed == [("documents", "source_outlet", "source"), ("documents", "licence", "license")]
    assert {c.what for c in found.schemas} == {"column renamed", "constraint changed: enum"}
    assert diff(old, open_revision(history, "old")).changed == []
    (back,) = diff(new, old).changed
    assert (back.doc_id, back.columns) == ("b", ("license",))


def test_the_command_lists_them_as_breaking(history: Path) -> None:
    done = CliRunner().invoke(app, ["schema", "diff", "old", "new", "--root", str(history)])
    assert done.exit_code == 0, done.output
    assert "breaking: documents.licence: column renamed (licence -> license)" in done.stdout
    assert "breaking: documents.source_outlet: column renamed (source_outlet -> source)" in done.stdout
    shown = CliRunner().invoke(app, ["diff", "old", "new", "--root", str(history), "--markdown"])
    assert shown.exit_code == 0, shown.output
    assert "column renamed" in shown.stdout


def test_a_renamed_column_may_be_described_and_bounded_anew() -> None:
    def schema(name: str, **keywords: object) -> dict[str, object]:
        column = {"type": ["string", "null"], "description": "Rights.", **keywords}
        return {"description": "D.", "required": [name], "properties": {name: column}}

    changes = published_changes(
        {"documents": schema("licence")}, {"documents": schema("license", description="License.", pattern="^M")}
    )
    assert changes == [
        SchemaChange("documents", "licence", "column renamed", "licence", "license", True),
        SchemaChange("documents", "license", "constraint tightened: pattern", None, "^M", False),
        SchemaChange("documents", "license", "description changed", "Rights.", "License.", False),
    ]
    # The names are those of documents; elsewhere they may be anybody's.
    others = published_changes({"raw": schema("licence")}, {"raw": schema("license", description="License.")})
    assert [change.what for change in others] == ["column removed", "column added"]


def test_one_document_is_compared_under_the_new_names(history: Path) -> None:
    found = document_diff(open_revision(history, "old"), open_revision(history, "new"), "b")
    assert found.columns == {"license": ("CC0-1.0", "CC-BY-4.0")}


def test_pages_and_preconditions_read_a_corpus_of_old(history: Path, tmp_path: Path) -> None:
    root = tmp_path / "old"
    run(tmp_path, "git", "clone", "-q", "--branch", "old", str(history), str(root))
    shutil.copytree(history / "build", root / "build")
    project = Project.open(root)
    corpus = Corpus(project)
    assert corpus.documents["source"].to_pylist() == ["The Paper", None, "Wire"]
    assert corpus.document("c").row["provenance"][0]["field"] == "source"
    assert corpus.metrics.licenses == {"CC0-1.0": 1, "LicenseRef-unknown": 1, "MIT": 1}
    closed = Project(**{**vars(project), "params": check_params({"publish": {"allow": ["MIT"]}})})
    with pytest.raises(ReleaseError, match=r"b: CC0-1\.0\n  c: no license"):
        refuse_unlicensed(closed)
    # Its own schemas describe it, and so a part of it is written in its own names.
    (tmp_path / "part").mkdir()
    kept = {name: {"a", "b"} for name in ("documents", "sentences", "raw", "edits")}
    write_part(project.corpus, tmp_path / "part", project.params, project.schemas, kept, [])
    assert validate(tmp_path / "part", project.schemas).ok
    findings = [f for f in validate(project.corpus, load=False).findings if f.check == "schema"]
    assert {(f.field, f.message) for f in findings} == {
        ("license", "has its old name licence; build the dataset again: dvc repro"),
        ("source", "has its old name source_outlet; build the dataset again: dvc repro"),
    }


def test_columns_and_provenance_get_todays_names() -> None:
    origin = pa.struct([("field", pa.string()), ("origin", pa.string())])
    lists = [[{"field": "licence", "origin": "x"}, {"field": "url", "origin": "y"}], None, []]
    table = pa.table({"source": ["s", "t", "u"], "provenance": pa.array(lists, pa.list_(origin))})
    renamed = with_current_names(table.slice(0, 2))
    assert renamed["provenance"].to_pylist() == [
        [{"field": "license", "origin": "x"}, {"field": "url", "origin": "y"}],
        None,
    ]
    assert renamed.schema == table.schema
    assert with_current_names(table.slice(1)).equals(table.slice(1))
    both = pa.table({"licence": ["a"], "license": ["b"]})
    assert with_current_names(both).equals(both)
