"""Duplicates are those of the whole corpus, though only what is compared is ever brought together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from copydesk.description.duplicates.clusters import near_groups
from copydesk.description.duplicates.minhash import COMPONENTS, WORDLESS
from copydesk.project import Project
from copydesk.stages import deduplicate
from copydesk.stages.runner import read_receipts, write_receipts
from copydesk.tables.table import table

SHARDS = (40, 1, 70, 30, 59)


def described(project: Project, near: bool = True) -> pa.Table:
    """Write what the stage reads: copies, near copies, texts without words, documents that are not kept."""
    rng = np.random.default_rng(3)
    count = sum(SHARDS)
    model = rng.integers(0, 60, count)
    signatures = rng.integers(0, 2**32, (60, COMPONENTS), dtype=np.uint32)[model]
    changed = rng.random(signatures.shape) < rng.choice((0.0, 0.1, 0.3), (count, 1))
    signatures[changed] = rng.integers(0, 2**32, changed.sum(), dtype=np.uint32)
    signatures[rng.random(count) < 0.05] = WORDLESS
    lists = pa.array(signatures.astype(np.int64).tolist() if near else [[]] * count)
    rows = {
        "doc_id": [f"d{n:03}" for n in rng.permutation(count)],
        "text_key": [hashlib.sha256(signature.tobytes()).hexdigest() for signature in signatures],
        "minhash": lists,
        "words": rng.integers(0, 900, count),
        "point": rng.random(count),
        "kept": rng.random(count) < 0.9,
    }
    whole = table("compared", project.schemas).conform(pa.table(rows))
    ends = np.cumsum(SHARDS).tolist()
    shards = [whole.slice(end - size, size) for end, size in zip(ends, SHARDS, strict=True)]
    write_receipts(project, "describe", [{"signatures": project.store.add(shard)} for shard in shards])
    return whole


@pytest.mark.parametrize("near", [True, False])
def test_groups_are_those_of_all_signatures_in_one_matrix(make_project: Callable[..., Project], near: bool) -> None:
    project = make_project({})
    whole = described(project, near)
    deduplicate.run(project)
    receipts = read_receipts(project, "deduplicate")
    assert [shard["duplicates"].rows for shard in receipts] == list(SHARDS)
    found = pa.concat_tables([project.store.read(shard["duplicates"]) for shard in receipts])
    assert found["doc_id"].equals(whole["doc_id"])

    kept = whole.filter(whole["kept"])
    matrix = np.full((len(kept), COMPONENTS), WORDLESS, dtype=np.uint32)
    if near:
        matrix[:] = kept["minhash"].to_pylist()
    ids, keys = kept["doc_id"].combine_chunks(), kept["text_key"].combine_chunks()
    expected = near_groups(ids, keys, matrix, kept["words"].to_numpy())._asdict()
    assert found.filter(whole["kept"]).select(list(expected)).to_pydict() == {
        name: column.to_pylist() for name, column in expected.items()
    }
    kinds = set(found["duplicate_kind"].to_pylist())
    assert kinds == ({None, "exact", "near"} if near else {None, "exact"})
    out = found.filter(pc.invert(whole["kept"]))
    assert set(out["split"].to_pylist()) == {"train"}
    assert out["duplicate_group"].null_count == len(out) > 0
    assert not list(project.build.glob("*tmp*"))
