"""Seeds of which a reader could take quadratic time or unpack without end: a few of those that ``make hostile`` tries."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from support import ROOT

HOSTILE = ROOT / "benchmarks" / "hostile"


@pytest.fixture
def readers() -> Iterator[ModuleType]:
    sys.path.insert(0, str(HOSTILE))
    yield importlib.import_module("readers")
    sys.path.remove(str(HOSTILE))


@pytest.mark.parametrize(
    "case",
    ["csv header", "csv header-long", "warc chunks", "warc empty-members", "gz members-behind", "html attributes"],
)
@pytest.mark.slow
def test_the_time_of_a_reader_grows_as_the_file_does(readers: ModuleType, tmp_path: Path, case: str) -> None:
    ending, make = readers.CASES[case]
    seconds = []
    for count in (300, 1200, 1200):
        path = tmp_path / f"seeds-{len(seconds)}" / f"a{ending}"
        path.parent.mkdir()
        path.write_bytes(make(count))
        start = time.process_time()
        readers.read(path, tmp_path / f"build-{len(seconds)}")
        seconds.append(time.process_time() - start)
    assert min(seconds[1:]) < 8 * max(seconds[0], 0.05)
