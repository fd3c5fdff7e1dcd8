"""croissant.json: valid, and every configuration is read by it as it is in the files, in turn and by split."""

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

from copydesk.core.config import check_params
from copydesk.core.json_schema import PACKAGED
from copydesk.dataset.public_export import export
from copydesk.project import Project
from copydesk.store.pinned_libraries import PINNED
from copydesk.tables.table import PUBLISHED, table
from support import articles, run_stages, write_seeds

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


def dataset_of(corpus: Path) -> mlcroissant.Dataset:
    return mlcroissant.Dataset(jsonld=str(corpus / "croissant.json"))


def records(corpus: Path, name: str) -> list[dict[str, Any]]:
    return [plain(record) for record in dataset_of(corpus).records(name)]


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


@pytest.fixture(scope="module")
def split_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with three splits, several files of each, labels and sources."""
    root = tmp_path_factory.mktemp("split")
    sources = "".join(
        json.dumps({"doc_id": f"article-{n:04d}", "source": f"Desk {n % 2}", "license": "CC-BY-4.0"}) + "\n"
        for n in range(24)
    )
    write_seeds(root / "seeds", {**articles(24), "sources.jsonl": sources})
    settings = {
        "engine": {"workers": 1},
        "shards": {"target": 6, "minimum": 3, "maximum": 18},
        "splits": {"train": 0.5, "validation": 0.25, "test": 0.25, "minimum": 10},
    }
    places = {name: root / name for name in ("seeds", "corpus", "reports", "build")}
    return run_stages(Project(**places, schemas=PACKAGED, params=check_params(settings))).corpus


def test_one_object_reads_all_record_sets_in_turn(split_corpus: Path, caplog: pytest.LogCaptureFixture) -> None:
    dataset = dataset_of(split_corpus)
    names = [record_set.uuid for record_set in dataset.metadata.record_sets]
    assert names == ["splits", *PUBLISHED]
    caplog.clear()
    for name in names:  # as the validator of a conference does, which takes the first record of each
        assert next(iter(dataset.records(record_set=name)))
    dataset = dataset_of(split_corpus)
    assert [plain(record) for record in dataset.records("splits")] == [
        {"name": name} for name in ("test", "train", "validation")
    ]
    for name in PUBLISHED:
        assert [plain(record) for record in dataset.records(name)] == rows(split_corpus, name)
    assert not [message for message in caplog.messages if "datePublished" not in message]


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_filter_gives_the_rows_of_a_split(split_corpus: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    dataset = dataset_of(split_corpus)
    caplog.clear()
    for split in ("train", "validation", "test"):
        expected = [row for row in rows(split_corpus, name) if row["file_split"] == split]
        assert len({row["doc_id"] for row in expected}) > 1
        assert [plain(r) for r in dataset.records(name, filters={f"{name}/file_split": split})] == expected
    assert not [message for message in caplog.messages if "datePublished" not in message]


def test_it_says_where_the_data_came_from_and_on_which_terms(split_corpus: Path) -> None:
    content = description(split_corpus)
    assert content["prov:wasDerivedFrom"] == [
        {"@type": "prov:Entity", "prov:label": f"Desk {n} (12 documents)"} for n in (0, 1)
    ]
    agents = [agent["prov:label"] for agent in content["prov:wasGeneratedBy"]["prov:wasAssociatedWith"]]
    assert [agent.partition(" ")[0] for agent in agents] == ["copydesk", *PINNED]
    made_from = {s["@id"]: s.get("prov:wasDerivedFrom", {}).get("@id") for s in content["recordSet"][1:]}
    assert made_from == {"documents": "raw", "sentences": "documents", "raw": None, "edits": "raw"}
    (terms,) = content["usageInfo"]
    assert terms["text"].startswith("By number of documents: CC-BY-4.0 (24).")
    assert "documents/public is true for 24 of 24" in terms["text"]
    fields = {field["@id"]: field for record_set in content["recordSet"] for field in record_set["field"]}
    assert fields["documents/license"]["equivalentProperty"] == "sc:license"
    assert content["rai:dataManipulationProtocol"].startswith("Edits by rule: spaces (")
    metadata = dataset_of(split_corpus).metadata
    assert metadata.issues.errors == set()
    assert metadata.data_imputation_protocol == "No value is imputed."
    assert any("pycld2 0.42" in tool for tool in metadata.machine_annotation_tools)


def test_what_is_not_known_is_not_said(two_articles: Project) -> None:
    content = description(two_articles.corpus)
    names = {name for name in content if name.startswith("rai:")}
    assert not names & {"rai:dataCollectionTimeframe", "rai:dataSocialImpact", "rai:annotatorDemographics"}
    assert "commit" not in content["prov:wasGeneratedBy"]["prov:label"]
    assert [terms["name"] for terms in content["usageInfo"]] == ["Licenses of the texts"]


def test_statements_on_mining_are_among_the_terms(make_corpus: Callable[..., Project]) -> None:
    page = (
        "<html><head><meta name='tdm-reservation' content='1'></head><body><p>A page about the sea.</p></body></html>"
    )
    project = make_corpus({"a.html": page, "b.html": page.replace("sea", "hills")})
    terms = {terms["name"]: terms["text"] for terms in description(project.corpus)["usageInfo"]}
    assert "tdm-reservation (2)" in terms["Statements on text and data mining"]
    assert dataset_of(project.corpus).metadata.issues.errors == set()


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
