"""The card says what the files hold, to machines and to people."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow.parquet as pq
import yaml
from huggingface_hub import DatasetCard

from copydesk.core.escaping import markdown
from copydesk.project import Project
from copydesk.tables.table import PUBLISHED, table


def card_of(project: Project) -> DatasetCard:
    return DatasetCard((project.corpus / "README.md").read_text("utf-8"))


def test_the_hub_reads_the_front_matter(two_articles: Project) -> None:
    data = card_of(two_articles).data.to_dict()
    assert data["language"] == ["en"]
    assert (data["license"], data["license_name"]) == ("other", "unknown")
    assert data["size_categories"] == ["n<1K"]
    assert [c["config_name"] for c in data["configs"]] == list(PUBLISHED)
    assert [c["config_name"] for c in data["configs"] if c.get("default")] == ["documents"]
    assert all(c["version"] == "0.1.0" and c["description"].startswith("content sha256:") for c in data["configs"])


def test_counts_and_sizes_are_those_of_the_files(two_articles: Project) -> None:
    for info in card_of(two_articles).data.to_dict()["dataset_info"]:
        path = two_articles.corpus / "data" / info["config_name"] / "train-00000-of-00001.parquet"
        assert info["splits"][0]["num_examples"] == pq.read_metadata(path).num_rows
        assert info["download_size"] == path.stat().st_size
        assert [f["name"] for f in info["features"]] == pq.read_schema(path).names


def test_every_column_is_documented(two_articles: Project) -> None:
    prose = card_of(two_articles).text
    for name in PUBLISHED:
        for column in table(name).columns:
            assert f"| `{column.name}` | {markdown(column.type)}" in prose
    for word in ("2 documents, 86 sentences", "glued-word", "LicenseRef-unknown"):
        assert word in prose
    assert "The rights in documents marked LicenseRef-unknown are not known" in prose


def test_tables_without_rows_are_left_out(make_corpus: Callable[..., Project]) -> None:
    project = make_corpus({"a.txt": "Nothing to repair here."})
    assert not (project.corpus / "data" / "edits").exists()
    assert [c["config_name"] for c in card_of(project).data.to_dict()["configs"]] == ["documents", "sentences", "raw"]


def test_a_known_license_is_named(make_corpus: Callable[..., Project]) -> None:
    sources = "".join(f'{{"doc_id": "{name}", "license": "CC-BY-4.0"}}\n' for name in "ab")
    project = make_corpus({"a.txt": "One.", "b.txt": "Two.", "sources.jsonl": sources})
    card = card_of(project)
    assert card.data.to_dict()["license"] == "cc-by-4.0"
    assert "The rights in documents" not in card.text


def test_what_settings_say_cannot_break_out_of_the_front_matter(make_corpus: Callable[..., Project]) -> None:
    title = 'evil: "\n---\nconfigs: []\n# '
    project = make_corpus({"a.txt": "One."}, {"corpus": {"title": title}})
    assert card_of(project).data.to_dict()["pretty_name"] == title


def test_another_text_gives_another_description(make_corpus: Callable[..., Project]) -> None:
    one = make_corpus({"a.txt": "One."}, name="one")
    two = make_corpus({"a.txt": "Two."}, name="two")
    digests = [{c["description"] for c in card_of(p).data.to_dict()["configs"]} for p in (one, two)]
    assert not digests[0] & digests[1]


def test_metrics_and_plots_are_what_dvc_reads(two_articles: Project) -> None:
    metrics = yaml.safe_load((two_articles.reports / "metrics.json").read_text("utf-8"))
    assert (metrics["documents"], metrics["sentences"], metrics["characters"]["raw"]) == (2, 86, 11900)
    assert metrics["edits"] == {
        "author-biography": 1,
        "glued-punctuation": 2,
        "glued-word": 24,
        "lost-comma": 2,
        "lost-full-stop": 1,
        "missing-space": 1,
        "source-line": 1,
        "stray-capital": 2,
    }
    assert metrics["flags"] == {"redaction": 1, "run-on": 4, "translation-fragment": 1, "unbalanced-quote": 2}
    lines = (two_articles.reports / "plots" / "sentence_length.csv").read_text("utf-8").splitlines()
    assert lines[0] == "characters,sentences"
    assert sum(int(line.split(",")[1]) for line in lines[1:]) == 86
