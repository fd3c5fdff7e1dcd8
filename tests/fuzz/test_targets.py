"""The targets of the fuzzer hold on what they begin with, on what once broke them, and on a little more."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from fuzz.inputs import inputs
from fuzz.run import NAMES, found
from fuzz.seeds import seeds_of
from fuzz.targets import TARGETS

SLOW = {"compressed": 5, "validator": 10, "cell": 10, "page": 15, "outputs": 15, "definition": 20, "cleaner": 25}
FOUND = [(name, path) for name in NAMES for path in found(name)]


def test_each_target_can_be_named() -> None:
    assert list(TARGETS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_target_holds_on_its_seeds(name: str) -> None:
    seeds = seeds_of(name)
    for data in seeds[:: max(1, len(seeds) // SLOW.get(name, 1000))]:
        TARGETS[name](data)


@pytest.mark.parametrize(("name", "path"), FOUND, ids=[f"{name}-{path.stem}" for name, path in FOUND])
def test_what_once_broke_a_target_does_no_more(name: str, path: Path) -> None:
    TARGETS[name](path.read_bytes())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_a_target_holds_on_inputs_like_them(name: str) -> None:
    settings(max_examples=SLOW.get(name, 60))(given(inputs(name))(TARGETS[name]))()
