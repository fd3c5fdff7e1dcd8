"""croissant.json: valid, and every configuration is read by it as it is in the files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlcroissant
import pyarrow.parquet as pq
import pytest

from copydesk.dataset.public_export import export
from copydesk.project import Project
from copydesk.tables.table import PUBLISHED, table
from support import articles

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


def description(corpus: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((corpus / "croissant.json").read_text("utf-8"))
    return content


def plain(value: Any) -> Any:
    """What the reference library gives, as Arrow gives it: bytes are text, columns in records have their names."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {name.rpartition("/")[2]: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.item() if hasattr(value, "item") else value


def records(corpus: Path, name: str) -> list[dict[str, Any]]:
    # A new one for each: the library cannot read two record sets with one.
    dataset = mlcroissant.Dataset(jsonld=str(corpus / "croissant.json"))
    return [plain(record) for record in dataset.records(name)]


def rows(corpus: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a table with the split of their file."""
    found = []
    for path in sorted((corpus / "data" / name).glob("*.parquet")):
        found += [{**row, "file_split": path.name.partition("-")[0]} for row in pq.read_table(path).to_pylist()]
    return found


def test_the_reference_library_validates_it(two_articles: Project) -> None:
    path = two_articles.corpus / "croissant.json"
    dataset = mlcroissant.Dataset(jsonld=str(path))
    assert dataset.metadata.issues.errors == set()
    # Until a release has a date.
    assert [w for w in dataset.metadata.issues.warnings if "datePublished" not in w] == []
    command = [str(Path(sys.executable).with_name("mlcroissant")), "validate", "--jsonld", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Done." in done.stderr


def test_a_release_that_says_all_there_is_to_say_has_no_warning(make_corpus: Callable[..., Project]) -> None:
    settings = {
        "title": "A {corpus} of \\ two",
        "version": "1.2.0",
        "commit": "a" * 40,
        "date": "2026-11-22",
        "url": "https://example.org/corpus",
        "creators": ["A. Writer", "The Desk"],
        "publisher": "The Paper",
    }
    sources = '{"doc_id": "a", "license": "CC-BY-4.0"}\n{"doc_id": "b", "license": "MIT OR CC0-1.0"}\n'
    project = make_corpus({"a.txt": "One.", "b.txt": "Two.", "sources.jsonl": sources}, {"corpus": settings})
    metadata = mlcroissant.Dataset(jsonld=str(project.corpus / "croissant.json")).metadata
    assert (metadata.issues.errors, metadata.issues.warnings) == (set(), set())
    assert (metadata.version, metadata.date_published.date().isoformat()) == ("1.2.0", "2026-11-22")
    assert metadata.license == ["https://spdx.org/licenses/CC-BY-4.0.html", "MIT OR CC0-1.0"]
    assert [creator.name for creator in metadata.creators] == ["A. Writer", "The Desk"]
    assert [publisher.name for publisher in metadata.publisher] == ["The Paper"]
    assert metadata.cite_as == (
        "@misc{corpus, title = {A corpus of  two}, author = {{A. Writer} and {The Desk}}, publisher = {The Paper}, "
        "year = {2026}, version = {1.2.0}, url = {https://example.org/corpus}}"
    )
    assert metadata.personal_sensitive_information
    assert metadata.data_biases


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_configuration_is_read_by_it(two_articles: Project, name: str) -> None:
    expected = rows(two_articles.corpus, name)
    assert records(two_articles.corpus, name) == expected
    assert expected


def test_splits_and_many_files(make_corpus: Callable[..., Project], caplog: pytest.LogCaptureFixture) -> None:
    settings = {
        "shards": {"target": 6, "minimum": 3, "maximum": 18},
        "splits": {"train": 0.5, "validation": 0.25, "test": 0.25, "minimum": 10},
    }
    corpus = make_corpus(articles(24), settings).corpus
    caplog.clear()
    assert records(corpus, "splits") == [{"name": name} for name in ("test", "train", "validation")]
    for name in ("sentences", "documents"):
        found = {json.dumps(row, sort_keys=True) for row in records(corpus, name)}
        assert found == {json.dumps(row, sort_keys=True) for row in rows(corpus, name)}
    assert not [message for message in caplog.messages if "datePublished" not in message]


def test_it_follows_from_schemas_and_files(two_articles: Project) -> None:
    content = description(two_articles.corpus)
    hashes = dict(
        line.split("  ")[::-1] for line in (two_articles.corpus / "MANIFEST.sha256").read_text().splitlines()
    )
    files = {e["@id"]: e["sha256"] for e in content["distribution"] if e["@type"] == "cr:FileObject"}
    assert files == {path: digest for path, digest in hashes.items() if path.startswith("data/")}
    for record_set in content["recordSet"][1:]:
        columns = table(record_set["@id"]).columns
        assert [f["name"] for f in record_set["field"]] == [*(c.name for c in columns), "file_split"]
        assert [f["description"] for f in record_set["field"][:-1]] == [c.description for c in columns]
    assert content["version"] == "0.1.0"
    assert content["license"] == ["LicenseRef-unknown"]
    assert "croissant.json" in hashes


def test_an_exported_dataset_has_one_of_its_own(two_articles: Project, tmp_path: Path) -> None:
    out = tmp_path / "public"
    export(two_articles.corpus, out, two_articles.params, two_articles.schemas)
    assert records(out, "edits") == rows(out, "edits")
    assert mlcroissant.Dataset(jsonld=str(out / "croissant.json")).metadata.issues.errors == set()
