"""The old rows and the changes make the new rows; a sentence that is still there keeps its name."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from typer.testing import CliRunner

import copydesk
from copydesk.cli import app
from copydesk.differences.changed_rows import KEYS, changed_rows
from copydesk.errors import InputError, ReleaseError
from copydesk.project import Project
from copydesk.revisions.revision import Revision, open_revision
from copydesk.tables.logical_hash import logical_hash
from copydesk.tables.sentence_ids import sentence_ids
from copydesk.tables.table import SIGNATURES
from label_history import documents, keep, label
from support import build_and_tag, lay_out_tagged_corpora, run_stages, write_seeds

TAGS = ("first", "edited", "unruled", "split")
SETTINGS: dict[str, Any] = {
    "shards": {"target": 2, "minimum": 1, "maximum": 4, "max_bytes": 1 << 20},
    "engine": {"workers": 1},
}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the tags of TAGS; the working tree is at the last."""
    root = tmp_path_factory.mktemp("history") / "repository"
    lay_out_tagged_corpora(root, 10)
    (root / "params.yaml").write_text(yaml.safe_dump(SETTINGS))
    run_stages(Project.open(root))
    keep(root, "words", [label(row, row["text"][9:20]) for row in documents(root).values()])
    build_and_tag(root, "first", SETTINGS)
    edited = root / "seeds" / "article-0003.txt"
    edited.write_text("This stands here for the first time.\n\n" + edited.read_text("utf-8"), "utf-8")
    (root / "seeds" / "article-0005.txt").unlink()
    write_seeds(root / "seeds", {"article-0011.txt": "A new report.  It has two sentences.\n"})
    build_and_tag(root, "edited", SETTINGS)
    unruled = {**SETTINGS, "clean": {"rules": {"spaces": "off"}}}
    build_and_tag(root, "unruled", unruled)
    (root / "splits.jsonl").write_text('{"doc_id": "article-0001", "split": "test"}\n')
    build_and_tag(root, "split", unruled)
    return root


def rows_of(revision: Revision, table: str) -> pa.Table:
    return pa.concat_tables([revision.read(shard) for shard in revision.shards(table).values()])


def keys_of(table: str, rows: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(rows[name].to_pylist() for name in KEYS[table]), strict=True))


def in_order(table: str, rows: pa.Table) -> pa.Table:
    return rows.sort_by([(name, "ascending") for name in KEYS[table]]).combine_chunks()


def applied(table: str, old: pa.Table, changes: pa.Table) -> pa.Table:
    """The old rows, without what is deleted or updated, and with what is inserted or updated."""
    kinds = changes["_change_type"].to_pylist()
    rows = changes.drop_columns("_change_type")
    old_sides = pa.array([kind in ("delete", "update_preimage") for kind in kinds], pa.bool_())
    gone = set(keys_of(table, rows.filter(old_sides)))
    stays = pa.array([key not in gone for key in keys_of(table, old)], pa.bool_())
    return pa.concat_tables([old.filter(stays).cast(rows.schema), rows.filter(pc.invert(old_sides))])


def check(table: str, old: pa.Table, new: pa.Table, changes: pa.Table) -> None:
    made, expected = (in_order(table, rows) for rows in (applied(table, old, changes), new))
    assert made.equals(expected.cast(made.schema))
    assert logical_hash(made) == logical_hash(expected)
    # Nothing is listed that is the same, and what is listed stands in order, each update as a pair.
    kinds, keys = changes["_change_type"].to_pylist(), keys_of(table, changes)
    rows = changes.drop_columns("_change_type").to_pylist()
    for place, kind in enumerate(kinds):
        if kind == "update_preimage":
            assert kinds[place + 1] == "update_postimage" and keys[place + 1] == keys[place]
            assert rows[place] != rows[place + 1]
    assert kinds.count("update_preimage") == kinds.count("update_postimage")
    owners = changes["doc_id"].to_pylist()
    assert owners == sorted(owners)
    old_keys, new_keys = set(keys_of(table, old)), set(keys_of(table, new))
    assert {key for key, kind in zip(keys, kinds, strict=True) if kind == "insert"} == new_keys - old_keys
    assert {key for key, kind in zip(keys, kinds, strict=True) if kind == "delete"} == old_keys - new_keys


@pytest.mark.parametrize("table", [name for name in KEYS if name != SIGNATURES])  # none are published here
@pytest.mark.parametrize(("old", "new"), [*pairwise(TAGS), ("split", "first"), ("edited", None)])
def test_the_old_rows_and_the_changes_are_the_new_rows(history: Path, table: str, old: str, new: str | None) -> None:
    before, after = open_revision(history, old), open_revision(history, new)
    check(table, rows_of(before, table), rows_of(after, table), changed_rows(table, before, after))


def test_a_sentence_before_the_others_is_one_insertion(history: Path) -> None:
    changes = copydesk.changes("sentences", "first", "edited", root=history)
    edited = changes.filter(pc.equal(changes["doc_id"], "article-0003"))
    inserted = edited.filter(pc.equal(edited["_change_type"], "insert"))
    assert inserted["text"].to_pylist() == ["This stands here for the first time."]
    assert set(edited["_change_type"].to_pylist()) == {"insert", "update_preimage", "update_postimage"}
    assert changes.column_names == [
        "_change_type",
        *rows_of(open_revision(history, "edited"), "sentences").column_names,
    ]


def test_only_shards_that_differ_are_read(history: Path) -> None:
    old, new = open_revision(history, "first"), open_revision(history, "edited")
    changed_rows("sentences", old, new)
    common = set(old.shards("sentences").values()) & set(new.shards("sentences").values())
    assert common and not common & {*old._verified}
    assert len(common & {*new._verified}) <= 1  # the first one says which columns there are


@pytest.mark.parametrize("table", [name for name in KEYS if name != SIGNATURES])
def test_a_document_in_another_split_updates_its_rows_in_every_table(history: Path, table: str) -> None:
    changes = copydesk.changes(table, "unruled", "split", root=history)
    rows = changes.drop_columns("_change_type").to_pylist()
    assert rows and {row["doc_id"] for row in rows} == {"article-0001"}
    for before, after in zip(rows[::2], rows[1::2], strict=True):
        assert (before["split"], after["split"]) == ("train", "test")
        assert {**before, "split": "test"} == after
    assert set(changes["_change_type"].to_pylist()) == {"update_preimage", "update_postimage"}


def test_rows_from_before_there_was_a_column_have_the_split_of_their_file(tmp_path: Path) -> None:
    old = Shards(
        tmp_path, "old", [pa.table({"doc_id": ["a"], "size": [1]}), pa.table({"doc_id": ["b"], "size": [2]})]
    )
    new = Shards(tmp_path, "new", [pa.table({"doc_id": ["a", "b"], "size": [1, 3], "split": ["train", "train"]})])
    assert changed_rows("raw", old, new).to_pylist() == [  # type: ignore[arg-type]
        {"_change_type": "update_preimage", "doc_id": "b", "size": 2, "split": "train"},
        {"_change_type": "update_postimage", "doc_id": "b", "size": 3, "split": "train"},
    ]


def test_the_command_writes_them(history: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "changes.parquet"
    words = ("changes", "first", "edited", "--table", "sentences", "--out", str(out), "--root", str(history))
    told = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    assert told.exit_code == 0, told.output
    rows, expected = pq.read_table(out), copydesk.changes("sentences", "first", "edited", root=history)
    assert rows.equals(expected)
    inserted, deleted, updated = (
        expected["_change_type"].to_pylist().count(kind) for kind in ("insert", "delete", "update_postimage")
    )
    assert inserted and deleted and updated
    assert told.output == f"{out}: sentences: {inserted} inserted, {deleted} deleted, {updated} updated\n"
    assert CliRunner().invoke(app, words[:5]).exit_code == 2  # without --out


def test_wrong_arguments_are_named(history: Path) -> None:
    with pytest.raises(
        InputError,
        match=r"table: expected one of documents, sentences, raw, edits, labels, signatures; found 'words'",
    ):
        copydesk.changes("words", "first", root=history)
    with pytest.raises(InputError, match=r"table: expected the name of a table; found int"):
        copydesk.changes(3, "first", root=history)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"old: expected a git revision such as 'HEAD~1'; found NoneType"):
        copydesk.changes("raw", None, root=history)  # type: ignore[arg-type]
    with pytest.raises(ReleaseError, match=r"nowhere: unknown revision"):
        copydesk.changes("raw", "nowhere", root=history)


class Shards:
    """A revision whose shards are tables in memory, written to a folder."""

    def __init__(self, folder: Path, name: str, shards: list[pa.Table]) -> None:
        self.name, self._tables, self._paths = name, dict[str, pa.Table](), dict[str, Path]()
        for rows in shards:
            digest = logical_hash(rows)
            self._tables[digest] = rows
            self._paths[digest] = folder / digest
            pq.write_table(rows, self._paths[digest])

    def shards(self, _: str) -> dict[str, str]:
        return {f"data/table/train-{digest}": digest for digest in self._tables}

    def locate(self, shard: str) -> Path:
        return self._paths[shard]

    def read(self, shard: str, columns: list[str] | None = None) -> pa.Table:
        rows = self._tables[shard]
        return rows if columns is None else rows.select(columns)


def sentences(documents: dict[str, list[str]], with_ids: bool = True) -> pa.Table:
    owners = [doc_id for doc_id, texts in documents.items() for _ in texts]
    texts = [text for texts in documents.values() for text in texts]
    ids = {"sentence_id": pa.array(sentence_ids(owners, texts), pa.string())} if with_ids else {}
    numbers = [number for texts in documents.values() for number in range(len(texts))]
    return pa.table(
        {
            "doc_id": pa.array(owners, pa.string()),
            **ids,
            "index": pa.array(numbers, pa.int32()),
            "text": pa.array(texts, pa.string()),
        }
    )


corpora = st.dictionaries(
    st.sampled_from([f"d{n}" for n in range(8)]),
    st.lists(st.sampled_from(["Yes.", "No.", "Perhaps.", "Who?"]), min_size=1, max_size=5),
    min_size=1,
)


@settings(max_examples=settings().max_examples // 3)
@given(st.lists(corpora, min_size=2, max_size=4), st.integers(1, 3), st.booleans(), st.randoms(use_true_random=False))
def test_random_histories(
    tmp_path_factory: pytest.TempPathFactory,
    releases: list[dict[str, list[str]]],
    size: int,
    oldest_has_ids: bool,
    rng: random.Random,
) -> None:
    """Documents come, go and change, shards are cut elsewhere; the oldest release may have no column of ids."""
    folder = tmp_path_factory.mktemp("shards")
    revisions = []
    for number, texts in enumerate(releases):
        names = sorted(texts)
        width = rng.randint(1, size)
        parts = [names[at : at + width] for at in range(0, len(names), width)]
        tables = [sentences({name: texts[name] for name in part}, number > 0 or oldest_has_ids) for part in parts]
        revisions.append(Shards(folder, str(number), tables))
    whole = [sentences({name: texts[name] for name in sorted(texts)}) for texts in releases]
    rows = whole[0]
    for old, new, before, after in zip(revisions, revisions[1:], whole, whole[1:], strict=False):
        changes = changed_rows("sentences", old, new)  # type: ignore[arg-type]
        check("sentences", before, after, changes)
        rows = applied("sentences", rows, changes)
    assert in_order("sentences", rows).equals(in_order("sentences", whole[-1]))


def test_a_column_of_another_type_or_without_its_old_values(tmp_path: Path) -> None:
    old = Shards(tmp_path, "old", [pa.table({"doc_id": ["a", "b"], "size": ["1", "x"], "gone": [1, 2]})])
    new = Shards(tmp_path, "new", [pa.table({"doc_id": ["a", "b"], "size": [1, 2], "more": ["m", None]})])
    with pytest.raises(ReleaseError, match=r"old: raw\.size: found string, expected int64 as in the other revision"):
        changed_rows("raw", old, new)  # type: ignore[arg-type]
    old = Shards(tmp_path, "old", [pa.table({"doc_id": ["a", "b"], "size": ["1", "2"], "gone": [1, 2]})])
    changes = changed_rows("raw", old, new)  # type: ignore[arg-type]
    assert changes.to_pylist() == [
        {"_change_type": "update_preimage", "doc_id": "a", "size": 1, "more": None},
        {"_change_type": "update_postimage", "doc_id": "a", "size": 1, "more": "m"},
    ]
    empty = Shards(tmp_path, "empty", [])
    assert changed_rows("raw", empty, empty).num_rows == 0  # type: ignore[arg-type]
    assert changed_rows("raw", new, empty)["_change_type"].to_pylist() == ["delete", "delete"]  # type: ignore[arg-type]
