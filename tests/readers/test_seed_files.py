"""Which files of a folder are seeds."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from copydesk.core.config import check_params
from copydesk.errors import BuildError
from copydesk.readers import REASONS
from copydesk.readers.document_listing import list_documents
from copydesk.readers.listed_texts import read_listed
from copydesk.readers.seed_files import list_seeds
from support import write_seeds


def listed(folder: Path, max_bytes: int = 1000) -> tuple[list[str], dict[str, str]]:
    seeds, refusals = list_seeds(folder, max_bytes)
    seeds, more = list_documents(folder, seeds, folder.with_name("work"), check_params({})["ingest"])
    refusals += more
    assert {r.reason for r in refusals} <= set(REASONS)
    return seeds["doc_id"].to_pylist(), {r.path: r.reason for r in refusals}


def test_seeds_are_in_the_order_of_their_paths(tmp_path: Path) -> None:
    write_seeds(
        tmp_path, {"b.txt": "b", "a/z.txt": "z", "Ä.txt": "ä", "a.txt": "a", "B.TXT": "B", "sources.jsonl": ""}
    )
    assert listed(tmp_path) == (["B", "a", "z", "b", "Ä"], {})


def test_names_with_spaces_and_foreign_letters_are_ids(tmp_path: Path) -> None:
    write_seeds(tmp_path, {"two words.txt": "x", "статья №1.txt": "x", "with.dots.txt": "x", "cafe\u0301.txt": "x"})
    assert listed(tmp_path)[0] == ["caf\u00e9", "two words", "with.dots", "статья №1"]


def test_hidden_files_are_passed_over(tmp_path: Path) -> None:
    write_seeds(tmp_path, {".gitignore": "x", ".git/a.txt": "x", "a.txt": "x"})
    assert listed(tmp_path) == (["a"], {})


def test_the_second_file_with_a_stem_is_refused(tmp_path: Path) -> None:
    write_seeds(tmp_path, {"batch-1/a.txt": "x", "batch-2/a.txt": "y", "batch-3/caf\u00e9.txt": "x"})
    write_seeds(tmp_path, {"batch-4/cafe\u0301.txt": "x"})
    ids, refused = listed(tmp_path)
    assert ids == ["a", "café"]
    assert refused == {"batch-2/a.txt": "duplicate-id", "batch-4/cafe\u0301.txt": "duplicate-id"}
    seeds = list_seeds(tmp_path, 10)[0]
    detail = list_documents(tmp_path, seeds, tmp_path.with_name("work"), check_params({})["ingest"])[1][0].detail
    assert detail == "id 'a' belongs to batch-1/a.txt; rename one of them"


def test_what_no_reader_reads_is_refused(tmp_path: Path) -> None:
    write_seeds(tmp_path, {"a.pdf": "x", "b.": "x", "deep/sources.jsonl": "x"})
    assert listed(tmp_path) == ([], dict.fromkeys(("a.pdf", "b.", "deep/sources.jsonl"), "unknown-format"))


def test_markdown_and_files_without_an_ending_are_texts(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    write_seeds(
        seeds, {"a.md": "# A *text*", "deep/README": "No ending.", "B.Markdown": "B", "c.gz": gzip.compress(b"C")}
    )
    settings = check_params({})["ingest"]
    table, refused = list_documents(seeds, list_seeds(seeds, 1000)[0], tmp_path / "build", settings)
    read = list(read_listed(seeds, tmp_path / "build" / "records", table.to_pylist(), ["utf-8"]))
    assert ({row["doc_id"]: row["text"] for _, row in read}, refused) == (
        {"a": "# A *text*", "README": "No ending.", "B": "B", "c": "C"},
        [],
    )


def test_large_files_are_refused_unread(tmp_path: Path) -> None:
    write_seeds(tmp_path, {"small.txt": "x" * 1000})
    with (tmp_path / "large.txt").open("wb") as file:
        file.truncate(50_000_000)
    assert listed(tmp_path) == (["small"], {"large.txt": "too-large"})
    assert (
        "50,000,000 bytes, at most 1,000 (params.yaml: ingest.max_bytes)" in list_seeds(tmp_path, 1000)[1][0].detail
    )


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    seeds, outside = tmp_path / "seeds", tmp_path / "outside"
    write_seeds(seeds, {"a.txt": "x"})
    write_seeds(outside, {"secret.txt": "x"})
    (seeds / "secret.txt").symlink_to(outside / "secret.txt")
    (seeds / "up.txt").symlink_to("../outside/secret.txt")
    (seeds / "broken.txt").symlink_to("nowhere.txt")
    (seeds / "folder").symlink_to(outside)
    (seeds / "inside.txt").symlink_to("a.txt")
    (seeds / "loop.txt").symlink_to("loop.txt")
    ids, refused = listed(seeds)
    assert ids == ["a", "inside"]
    assert refused == {f"{n}": "outside" for n in ("broken.txt", "folder", "loop.txt", "secret.txt", "up.txt")}


def test_links_to_folders_inside_are_refused_and_not_followed(tmp_path: Path) -> None:
    write_seeds(tmp_path, {"a/one.txt": "x"})
    (tmp_path / "b").symlink_to("a")
    assert listed(tmp_path) == (["one"], {"b": "not-a-file"})


def test_pipes_are_refused_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert listed(tmp_path) == ([], {"pipe.txt": "not-a-file"})


def test_names_that_cannot_be_ids_are_refused(tmp_path: Path) -> None:
    write_seeds(tmp_path, {"a\nb.txt": "x", "back\\slash.txt": "x"})
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/latin-\xe9.txt")).write_text("x")
    assert listed(tmp_path) == ([], dict.fromkeys(("a\nb.txt", "back\\slash.txt", "latin-\\xe9.txt"), "bad-name"))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="nothing: no such folder"):
        list_seeds(tmp_path / "nothing", 10)
