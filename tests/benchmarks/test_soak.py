"""A short soak: random changes, a release and the way back to it at one corpus, against a plain model."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import ROOT

SOAK = ROOT / "benchmarks" / "soak"
STEPS = "edit release copy take_down come_back killed_build dirty_release correct go_back add move remove"


@pytest.fixture(autouse=True)
def scripts() -> Iterator[None]:
    sys.path.insert(0, str(SOAK))
    yield
    sys.path.remove(str(SOAK))
    for name in [path.stem for path in SOAK.glob("*.py")]:  # plug-ins of other tests have such names
        sys.modules.pop(name, None)


@pytest.mark.slow
def test_nothing_that_was_released_is_lost_or_changed(tmp_path: Path) -> None:
    done = importlib.import_module("soak").soak(tmp_path, STEPS.split(), 7, verify=6, load=6)
    assert (done["steps"], done["releases"], done["taken_down"]) == (12, 1, 1)
    assert (done["verified"], done["loaded"], done["built_from_nothing"]) == (3, 3, 1)
    assert done["objects_hashed"] >= 11 * 2 * 5  # after each step, in cache and remote: four tables and their list


def test_a_soak_tells_what_was_lost(tmp_path: Path) -> None:
    checks = importlib.import_module("checks")
    model = importlib.import_module("model")
    seeds = model.Seeds({"a.txt": b"One. ", "z/b.txt": "\ufeffOne. ".encode(), "c.txt": b"Two."}, {"d": "Three."})
    rows = model.rows_of(seeds, [])
    assert [row.first_copy for row in rows.values()] == ["a", "a", None, None]
    found = [{"doc_id": i, **row._asdict()} for i, row in rows.items()]
    assert checks.raw_problems(found, rows) == []
    assert checks.raw_problems(found[1:], rows) == [f"a: found None, expected {rows['a'][:3]}"]
    assert checks.raw_problems([*found, found[0]], rows) == ["a document stands there twice"]
    after = model.rows_of(seeds, [model.Banned("d", "", "One. ")])
    assert (list(after), model.level(rows, after), model.level(after, rows)) == (["c"], "major", "minor")
    assert model.level(rows, rows) is None
    assert [model.version_after(v, "minor") for v in (None, "1.2.3")] == ["1.0.0", "1.3.0"]
