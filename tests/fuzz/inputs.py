"""Inputs for a target as hypothesis makes them: hard texts, bytes, and seeds of which something is another."""

from __future__ import annotations

import hypothesis.strategies as st

from fuzz.seeds import seeds_of, words
from support import hard_texts


@st.composite
def _changed(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A seed in which some stretches are replaced by others, words, or nothing."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from((0, 1, 2, 4, 30))))
        new = draw(st.binary(max_size=8) | st.sampled_from(words()) | hard_texts.map(str.encode))
        data = data[:start] + new + data[end:]
    return data


def inputs(target: str) -> st.SearchStrategy[bytes]:
    """A strategy for a target's inputs."""
    seeds = seeds_of(target)
    return st.sampled_from(seeds) | _changed(seeds) | hard_texts.map(str.encode) | st.binary(max_size=60)
