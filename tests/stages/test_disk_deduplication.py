"""The join by rounds on disk writes the bytes of the join in memory, also where each task sees only a few records."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from copydesk.description.duplicates.clusters import LEADERS
from copydesk.description.duplicates.minhash import COMPONENTS, WORDLESS, Signatures
from copydesk.engines import local
from copydesk.errors import ConfigError
from copydesk.project import Project
from copydesk.stages import deduplicate
from copydesk.stages.runner import read_receipts, write_receipts
from copydesk.store.shard_store import Part
from copydesk.tables.table import table
from support import file_bytes

Make = Callable[..., Project]
SHARDS = (60, 1, 130, 250, 9, 150)
COUNT = sum(SHARDS)
DEAL = {"train": 0.6, "validation": 0.2, "test": 0.2, "minimum": 1}
#: Documents of a range, and records that are in memory together.
SIZES = [(1, 600), (140, 250), (1 << 18, 1 << 21)]


def signatures_of(rng: np.random.Generator) -> Signatures:
    """Those of new documents, equal and near ones, a chain, copies of a template, and large buckets of many groups."""
    signatures = rng.integers(0, 2**32, (COUNT, COMPONENTS), dtype=np.uint32)
    model = rng.integers(0, COUNT // 2, COUNT)
    for row in range(COUNT // 4, COUNT // 2):  # a chain is 20 long, and its ends have little in common
        signatures[row] = signatures[row - 1] if row % 20 else signatures[row]
        signatures[row, rng.integers(0, COMPONENTS, 13)] = rng.integers(0, 2**32, 13)
    for row in range(COUNT // 2, COUNT):
        signatures[row] = signatures[model[row]]
        changed = rng.random(COMPONENTS) < rng.choice((0.0, 0.1, 0.25))
        signatures[row, changed] = rng.integers(0, 2**32, changed.sum())
    template = np.arange(COUNT) % 5 == 1
    signatures[template, 50:] = signatures[0, 50:]  # similar to some degree
    signatures[template[::-1], :21] = 7  # three bands, and nothing else
    signatures[rng.random(COUNT) < 0.03] = WORDLESS
    return signatures


def shards_of(project: Project, rows: dict[str, Any], name: str, sizes: tuple[int, ...] = SHARDS) -> list[Part]:
    whole = table(name, project.schemas).conform(pa.table(rows))
    ends = np.cumsum(sizes).tolist()
    return [project.store.add(whole.slice(end - size, size)) for end, size in zip(ends, sizes, strict=True)]


def described(project: Project, seed: int, near: bool = True) -> list[str]:
    """Write what the stage reads; returns the ids."""
    rng = np.random.default_rng(seed)
    signatures = signatures_of(rng)
    ids = [f"d{number:03}" for number in rng.permutation(COUNT)]
    rows = {
        "doc_id": ids,
        "text_key": [hashlib.sha256(signature.tobytes()).hexdigest() for signature in signatures],
        "minhash": pa.array(signatures.astype(np.int64).tolist() if near else [[]] * COUNT),
        "words": rng.integers(0, 5, COUNT),
        "point": rng.random(COUNT),
        "kept": rng.random(COUNT) < 0.9,
    }
    parts = shards_of(project, rows, "compared")
    write_receipts(project, "describe", [{"signatures": part} for part in parts])
    return ids


def outcome(project: Project, join: str) -> tuple[list[dict[str, Part]], dict[str, str]]:
    project.params["engine"]["join"] = join
    project.build.mkdir(exist_ok=True)
    deduplicate.run(project)
    assert not list(project.build.glob("scratch/*"))
    files = file_bytes(project.build / "store").items()
    return read_receipts(project, "deduplicate"), {name: hashlib.sha256(data).hexdigest() for name, data in files}


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("given", ["nothing", "a few", "many"])
def test_both_joins_write_the_same_bytes(
    make_project: Make,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: str,
    sizes: tuple[int, int],
) -> None:
    monkeypatch.setattr(deduplicate, "_RANGE", sizes[0])
    monkeypatch.setattr(deduplicate, "LARGEST", sizes[1])
    made = {}
    for join in ("memory", "rounds"):
        project = make_project({}, {"splits": DEAL}, join)
        ids = described(project, seed=len(given))
        rng = random.Random(5)
        share = {"nothing": 0.0, "a few": 0.1, "many": 0.5}[given]
        listed = {name: rng.choice(("train", "validation", "test")) for name in sorted(ids) if rng.random() < share}
        lines = (json.dumps({"doc_id": name, "split": split}) + "\n" for name, split in listed.items())
        project.split_list.write_text("".join(lines))
        made[join] = *outcome(project, join), capsys.readouterr().err
    assert made["rounds"] == made["memory"]
    found = pa.concat_tables([project.store.read(shard["duplicates"]) for shard in made["rounds"][0]])
    assert set(found["duplicate_kind"].to_pylist()) == {None, "exact", "near"}
    if given == "nothing":
        sizes_of_groups = found["duplicate_group"].drop_null().value_counts().to_pylist()
        assert max(row["counts"] for row in sizes_of_groups) > LEADERS + 1
    assert set(found["split"].to_pylist()) == {"train", "validation", "test"}
    assert (sum(shard["leaving"].rows for shard in made["rounds"][0]) > 0) == (given != "nothing")


@pytest.mark.parametrize("near", [True, False])
@pytest.mark.parametrize("deal", [{"minimum": 10_000}, {"train": 0.999, "validation": 0.001, "test": 0.0}])
def test_so_do_they_where_all_documents_are_in_train(make_project: Make, near: bool, deal: dict[str, float]) -> None:
    made = []
    for join in ("memory", "rounds"):
        project = make_project({}, {"splits": {**DEAL, **deal}}, join)
        described(project, 1, near)
        made.append(outcome(project, join))
    assert made[0] == made[1]


@pytest.mark.parametrize(
    "how", [{"group_by": "source"}, {"validation_from": "2021-03-01", "test_from": "2023-01-01"}]
)
def test_so_do_they_where_a_column_decides_on_splits(
    make_project: Make, monkeypatch: pytest.MonkeyPatch, how: dict[str, str]
) -> None:
    monkeypatch.setattr(deduplicate, "_RANGE", 100)
    made = []
    for join in ("memory", "rounds"):
        project = make_project({}, {"splits": {**DEAL, **how}}, join)
        ids = described(project, 2)
        rng = random.Random(3)
        names = {
            "source": [rng.choice(("Wire", "Post", "Times", None)) for _ in ids],
            "publisher": [rng.choice(("A", None)) for _ in ids],
            "published": [rng.choice(("2020-01-01", "2022-06-01", "2024-05-05", None)) for _ in ids],
        }
        ends = np.cumsum(SHARDS).tolist()
        parts = [
            project.store.add(
                pa.table({name: pa.array(values[end - size : end], pa.string()) for name, values in names.items()})
            )
            for end, size in zip(ends, SHARDS, strict=True)
        ]
        described_parts = read_receipts(project, "describe")
        receipts = [{**some, "description": part} for some, part in zip(described_parts, parts, strict=True)]
        write_receipts(project, "describe", receipts)
        project.split_list.write_text('{"doc_id": "d007", "split": "test"}\n')
        made.append(outcome(project, join))
    assert made[0] == made[1]


def test_so_do_they_with_what_other_corpora_hold(make_project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deduplicate, "_RANGE", 100)
    monkeypatch.setattr(deduplicate, "LARGEST", 400)
    made = []
    for join in ("memory", "rounds"):
        project = make_project({}, {"splits": DEAL}, join)
        described(project, 2)
        other = make_project({}, {}, f"{join}-other")
        other = Project(**{**vars(other), "build": project.build})
        described(other, 2)
        parts = [shard["signatures"] for shard in read_receipts(other, "describe")]
        against = [{"release": "z@v1.0.0", "parts": parts[:2]}, {"release": "a@v1.0.0", "parts": parts[1:4]}]
        monkeypatch.setattr(deduplicate, "_other_corpora", lambda _, against=against: against)
        made.append(outcome(project, join))
    assert made[0] == made[1]
    found = pa.concat_tables([project.store.read(shard["duplicates"]) for shard in made[0][0]])
    assert {tuple(names) for names in found["seen_in"].to_pylist()} == {
        (),
        ("z@v1.0.0",),
        ("a@v1.0.0",),
        ("a@v1.0.0", "z@v1.0.0"),
    }


def test_several_processes_write_the_same_bytes(make_project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deduplicate, "_RANGE", 100)
    monkeypatch.setattr(deduplicate, "LARGEST", 500)
    made = []
    for workers in (1, 2):
        project = make_project({}, {"splits": DEAL, "engine": {"workers": workers, "join": "rounds"}}, str(workers))
        described(project, 4)
        monkeypatch.setattr(local, "_PATIENCE", 0.0)
        made.append(outcome(project, "rounds"))
    local._pool.close()
    assert made[0] == made[1]


def test_an_empty_corpus_has_no_groups(make_project: Make) -> None:
    made = []
    for join in ("memory", "rounds"):
        project = make_project({}, {}, join)
        rows = {name: [] for name in ("doc_id", "text_key", "words", "point", "minhash", "kept")}
        shape = table("compared", project.schemas)
        part = project.store.add(shape.arrow.empty_table())
        assert part.rows == 0 and set(rows) == set(shape.arrow.names)
        write_receipts(project, "describe", [{"signatures": part}])
        made.append(outcome(project, join))
    assert made[0] == made[1]


def test_rounds_need_files_that_all_nodes_see(make_project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project({}, {"engine": {"join": "rounds"}})
    monkeypatch.setattr(Project, "store", SimpleNamespace(root="s3://bucket"))
    monkeypatch.setattr(deduplicate, "engine", lambda *_: object())  # of another kind than the one for this machine
    with pytest.raises(ConfigError, match=r"engine\.join: rounds needs a folder build/store that all nodes see"):
        deduplicate._duplicates_on_disk(project, [], {}, [])
