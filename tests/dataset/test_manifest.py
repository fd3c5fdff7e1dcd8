"""manifest.json says what a dataset was made from, and the same on every machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from copydesk.cleaning.plan import LISTED
from copydesk.cleaning.web_page_rules import PAGE_RULES
from copydesk.core.atomic_files import sha256_file
from copydesk.core.config import load_params
from copydesk.dataset.manifest import _PAGE_RULE, NAME, read_manifest
from copydesk.project import Project
from copydesk.store.pinned_libraries import PINNED
from copydesk.tables.table import PUBLISHED
from support import ROOT, articles


def listing(project: Project) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((project.corpus / "manifest.json").read_text("utf-8"))
    return content


def test_it_says_what_the_dataset_was_made_from(two_articles: Project) -> None:
    said = listing(two_articles)
    assert (said["version"], said["commit"], said["date"]) == ("0.1.0", None, None)
    assert said["schemas"] == {n: sha256_file(ROOT / "schemas" / f"{n}.schema.json") for n in PUBLISHED}
    params = load_params(ROOT / "params.yaml")
    assert said["params"] == {n: value for n, value in params.items() if n not in ("corpus", "engine", "plugins")}
    assert said["libraries"] == {name: version(name) for name in PINNED}


def test_what_reads_pages_is_told_by_the_names_of_their_rules() -> None:
    assert {rule.name for rule in LISTED if rule.name.startswith(_PAGE_RULE)} == {rule.name for rule in PAGE_RULES}


def test_how_the_work_is_run_is_not_in_it(make_corpus: Callable[..., Project]) -> None:
    texts = [
        (make_corpus(articles(3), {"engine": {"workers": n}}, f"{n}").corpus / "manifest.json").read_text("utf-8")
        for n in (1, 2)
    ]
    assert texts[0] == texts[1]


def test_a_line_feed_alone_ends_a_line_of_hashes(tmp_path: Path) -> None:
    paths = ["data/a\u2028b", "data/c\x85\x0bd"]
    (tmp_path / NAME).write_text("".join(f"{'0' * 64}  {path}\n" for path in paths), "utf-8")
    assert list(read_manifest(tmp_path)) == paths


def test_splits_are_counted(make_corpus: Callable[..., Project]) -> None:
    project = make_corpus(articles(20), {"splits": {"train": 0.5, "validation": 0.2, "test": 0.3, "minimum": 5}})
    for listed in listing(project)["tables"].values():
        assert sum(split["rows"] for split in listed["splits"].values()) == listed["rows"]
        by_file: dict[str, int] = {}
        for path, file in listed["files"].items():
            split = path.rpartition("/")[2].partition("-")[0]
            by_file[split] = by_file.get(split, 0) + file["rows"]
        assert by_file == {name: split["rows"] for name, split in listed["splits"].items()}
