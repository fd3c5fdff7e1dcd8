"""load_dataset reads every configuration, in every way, and never serves rows of another version."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copydesk.dataset.card_metadata import DataFile
from copydesk.project import Project
from copydesk.readers.plain_text import RawText, to_bytes
from copydesk.tables.table import PUBLISHED
from copydesk.text import ComposedEdit, revert
from copydesk.validation import validate
from support import articles, run_python, run_stages, write_seeds

LOAD = """
import json, sys
from datasets import load_dataset
names = {names!r}
loaded = {{}}
for name in names:
    for streaming in (False, True):
        data = load_dataset({path!r}, *([name] if name else []), split="train", streaming=streaming)
        rows = list(data)
        loaded[f"{{name}} {{'streamed' if streaming else 'mapped'}}"] = [len(rows), rows[0], str(data.info.version)]
print(json.dumps(loaded))
"""


def load(path: Path | str, home: Path, names: list[str | None], cwd: Path | None = None) -> dict[str, Any]:
    done = run_python(LOAD.format(names=names, path=str(path)), home=home, cwd=cwd)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hf-home")


@pytest.mark.parametrize("cache", ["cold", "warm"])
def test_every_configuration_loads_from_the_root(two_articles: Project, home: Path, cache: str) -> None:
    loaded = load("corpus", home, [None, *PUBLISHED], cwd=two_articles.corpus.parent)
    counts = {name: count for name, (count, _, _) in loaded.items()}
    rows = {"None": 2, "documents": 2, "sentences": 86, "raw": 2, "edits": 34}
    assert counts == {f"{name} {how}": n for name, n in rows.items() for how in ("mapped", "streamed")}
    assert {version for _, _, version in loaded.values()} == {"0.1.0"}
    assert loaded["None mapped"] == loaded["documents streamed"]


def sizes(project: Project) -> list[tuple[int, ...]]:
    """Everything about the files that the card tells ``datasets``, except the digest of their content."""
    files = sorted((project.corpus / "data").rglob("*.parquet"))
    return [(p.stat().st_size, DataFile.of(p, p.name, "train", "").num_bytes) for p in files]


def test_a_changed_corpus_is_never_served_from_the_cache(make_corpus: Callable[..., Project], tmp_path: Path) -> None:
    project = make_corpus({"a.txt": "The version one."})
    before = sizes(project)
    one = load(project.corpus, tmp_path / "home", [None, "raw"])
    # Other counts or sizes alone would make another entry in the cache: this must hold without them.
    for word in ("two", "six", "ten", "old", "new", "red", "sad", "odd", "raw", "any", "top", "low", "big", "bad"):
        write_seeds(project.seeds, {"a.txt": f"The version {word}."})
        run_stages(project)
        if sizes(project) == before:
            break
    assert sizes(project) == before
    other = load(project.corpus, tmp_path / "home", [None, "raw"])
    again = load(project.corpus, tmp_path / "home", [None, "raw"])
    assert {row["text"] for _, row, _ in one.values()} == {"The version one."}
    assert {row["text"] for _, row, _ in other.values()} == {f"The version {word}."}
    assert again == other


def test_going_back_to_an_earlier_version_serves_its_rows(
    make_corpus: Callable[..., Project], tmp_path: Path
) -> None:
    project = make_corpus({"a.txt": "The first version."})
    shutil.copytree(project.corpus, tmp_path / "first")
    load(project.corpus, tmp_path / "home", [None])
    write_seeds(project.seeds, {"a.txt": "The other version."})
    run_stages(project)
    load(project.corpus, tmp_path / "home", [None])
    shutil.rmtree(project.corpus)
    shutil.copytree(tmp_path / "first", project.corpus)
    assert load(project.corpus, tmp_path / "home", [None])["None mapped"][1]["text"] == "The first version."


def test_the_bytes_of_the_articles_are_rebuilt_from_what_users_load(two_articles: Project, home: Path) -> None:
    code = f"""
import json
from datasets import load_dataset
path = {str(two_articles.corpus)!r}
print(json.dumps({{name: list(load_dataset(path, name, split="train")) for name in ("documents", "raw", "edits")}}))
"""
    tables = json.loads(run_python(code, home=home).stdout.splitlines()[-1])
    assert len(tables["documents"]) == 2
    for document, raw in zip(tables["documents"], tables["raw"], strict=True):
        applied = [
            ComposedEdit(**{name: row[name] for name in ComposedEdit._fields})
            for row in tables["edits"]
            if row["doc_id"] == document["doc_id"] and row["applied"]
        ]
        assert applied
        text = revert(document["text"], applied)
        data = to_bytes(RawText(text, raw["encoding"], raw["bom"], raw["newline"]))
        assert data == (two_articles.seeds / raw["path"]).read_bytes()


def test_many_shards_load_and_hold(make_corpus: Callable[..., Project]) -> None:
    project = make_corpus(articles(40), {"shards": {"target": 6, "minimum": 3, "maximum": 18}})
    report = validate(project.corpus, project.schemas)
    assert report.findings == []
    assert report.checked["loads_warm"] == 4
    assert report.checked["files"] > 8
