"""Near duplicates: signatures, pairs, groups, and how many pairs of known similarity are found."""

from __future__ import annotations

import json
import lzma
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from itertools import combinations
from typing import NamedTuple

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from copydesk.description.duplicates.clusters import BAND_COMPONENTS, BANDS, THRESHOLD, Links, near_groups, near_pairs
from copydesk.description.duplicates.minhash import (
    COMPONENTS,
    WORDLESS,
    Signatures,
    minhash,
    normalised,
    normalised_by_regex,
    shingles,
    text_keys,
)
from copydesk.description.signals.tokens import hash_tokens, tokenize
from support import ROOT, hard_texts

#: The first and last components of signatures, as recorded: a release of the library that tells others must not
#: mix with what was built before.
GOLDEN = {
    "one": [4280065062, 3738276086, 3307324290, 3698883101, 3664244588, 3719210540],
    "one two three four five six": [3274340539, 3511991886, 4060764837, 4009637729, 3322202948, 3578180937],
    "the war began in the spring and it did not end before the winter of the next year": [
        3396436875,
        3239623374,
        3359249582,
        143599110,
        2584594457,
        2540407056,
    ],
}


FEWER = settings(max_examples=settings().max_examples // 4)  # of what takes long


def column(texts: Sequence[str]) -> pa.Array:
    return pa.array(texts, pa.string())


def signatures_of(*texts: str) -> Signatures:
    return minhash(normalised(column(texts)))


def groups_of(
    texts: Sequence[str], ids: Sequence[str] | None = None, signatures: Signatures | None = None
) -> dict[str, tuple[str | None, str | None, str | None]]:
    """What each document repeats, its group and why, by id."""
    ids = ids or [f"d{n}" for n in range(len(texts))]
    plain = normalised(column(texts))
    sizes = np.array([len(text.split()) for text in texts], dtype=np.int64)
    found = near_groups(column(ids), text_keys(plain), minhash(plain) if signatures is None else signatures, sizes)
    return dict(zip(ids, zip(*(c.to_pylist() for c in found), strict=True), strict=True))


def shingle_set(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return {tuple(words[at : at + 5]) for at in range(max(1, len(words) - 4))} if words else set()


def jaccard(one: str, other: str) -> float:
    a, b = shingle_set(one), shingle_set(other)
    return len(a & b) / len(a | b)


# What is compared


@given(st.lists(hard_texts, max_size=5), st.integers(0, 5))
def test_texts_are_normalised_as_by_regular_expression(texts: list[str], start: int) -> None:
    given = column(texts).slice(start)  # a part of a larger column
    assert normalised(given).equals(normalised_by_regex(given))


def test_each_character_is_normalised_as_by_regular_expression() -> None:
    points = [point for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    texts = column(["".join(f"A{chr(p)}b" for p in points[at : at + 50]) for at in range(0, len(points), 50)])
    assert normalised(texts).equals(normalised_by_regex(texts))
    alone = column([chr(point) for point in range(0x3000)])
    assert normalised(alone).equals(normalised_by_regex(alone))


# Signatures


@pytest.mark.parametrize("text", GOLDEN)
def test_signatures_are_those_that_were_recorded(text: str) -> None:
    row = signatures_of(text)[0].tolist()
    assert [*row[:3], *row[-3:]] == GOLDEN[text]


@pytest.mark.parametrize("setting", [{"RENSA_FORCE_KERNEL": "scalar"}, {"RAYON_NUM_THREADS": "1"}])
def test_signatures_are_the_same_on_any_processor(setting: dict[str, str]) -> None:
    code = (
        "import pyarrow as pa; from copydesk.description.duplicates.minhash import minhash;"
        "print(minhash(pa.array([' '.join(map(str, range(n))) for n in range(300)])).tobytes().hex())"
    )
    run = subprocess.run([sys.executable, "-c", code], env={**os.environ, **setting}, capture_output=True, check=True)
    here = minhash(pa.array([" ".join(map(str, range(n))) for n in range(300)]))
    assert bytes.fromhex(run.stdout.decode()) == here.tobytes()


@given(st.lists(hard_texts, max_size=8))
@FEWER
def test_a_signature_depends_on_the_text_alone(texts: list[str]) -> None:
    together = signatures_of(*texts)
    assert together.shape == (len(texts), COMPONENTS)
    assert together.dtype == np.uint32
    for text, row in zip(texts, together, strict=True):
        assert (signatures_of(text)[0] == row).all()


@given(st.lists(st.text("ab ", max_size=40), max_size=5))
def test_there_are_as_many_shingles_as_sets_of_them_have(texts: list[str]) -> None:
    tokens = tokenize(column(texts))
    hashes, starts = shingles(hash_tokens(tokens), tokens.bounds)
    known: dict[tuple[str, ...], int] = {}
    for text, start, end in zip(texts, starts, starts[1:], strict=False):
        words = text.split()
        told = [tuple(words[at : at + 5]) for at in range(max(1, len(words) - 4))] if words else []
        assert len(told) == end - start
        for shingle, number in zip(told, hashes[start:end].tolist(), strict=True):
            assert known.setdefault(shingle, number) == number
    assert len(set(known.values())) == len(known)


def test_repeated_shingles_do_not_count() -> None:
    once = "a b c d e a b c d"
    assert (signatures_of(once + " e")[0] == signatures_of(once + " e a b c d e a b c d e")[0]).all()


def test_texts_without_words_have_no_signature() -> None:
    assert (signatures_of("", " \n")[:] == WORDLESS).all()
    assert (signatures_of("!", "a", "…") != WORDLESS).any(axis=1).all()
    assert signatures_of().shape == (0, COMPONENTS)


# Groups


def test_texts_without_words_are_similar_to_none() -> None:
    found = groups_of(["", " ", "\n", "a", "!", "?"])
    assert set(found.values()) == {(None, None, None)}
    assert groups_of([]) == {}


def test_equal_texts_are_exact_duplicates_whatever_they_are() -> None:
    found = groups_of(["", "", " ", "Word", "word!", "a b c d e f", "other"])
    assert found == {
        "d0": (None, "d0", None),
        "d1": ("d0", "d0", "exact"),
        "d2": (None, None, None),
        "d3": (None, "d3", None),
        "d4": ("d3", "d3", "exact"),
        "d5": (None, None, None),
        "d6": (None, None, None),
    }


def test_the_largest_is_kept_and_of_equals_the_smallest_id() -> None:
    words = [f"w{n}" for n in range(200)]
    longer, shorter = " ".join(words), " ".join(words[:195])
    found = groups_of([shorter, longer, longer, shorter], ids=["a", "c", "b", "d"])
    assert found == {
        "a": ("b", "b", "near"),
        "b": (None, "b", None),
        "c": ("b", "b", "exact"),
        "d": ("b", "b", "near"),
    }


def test_documents_that_may_be_in_no_group_are_in_none() -> None:
    """No key of theirs is that of another; once the first one had the key of the last."""
    ids = column(["a", "b", "c"])
    for outside in range(3):
        among = np.arange(3) != outside
        found = near_groups(ids, ids, signatures_of("", "", ""), np.zeros(3, dtype=np.int64), among=among)
        assert found.duplicate_group.to_pylist() == [None] * 3


def test_a_chain_of_similar_documents_is_one_group() -> None:
    words = [f"w{n}" for n in range(500)]
    texts = [" ".join(words[at : at + 200]) for at in range(0, 300, 3)]
    assert jaccard(texts[0], texts[-1]) == 0
    assert len({group for _, group, _ in groups_of(texts).values()}) == 1


small_signatures = st.lists(st.lists(st.integers(0, 2), min_size=BANDS, max_size=BANDS), min_size=1, max_size=16).map(
    lambda rows: np.repeat(np.array(rows, dtype=np.uint32), BAND_COMPONENTS, axis=1)
)


def padded(signatures: Signatures) -> Signatures:
    """With the components that stand in no band."""
    return np.pad(signatures, ((0, 0), (0, COMPONENTS - BANDS * BAND_COMPONENTS)))


@given(small_signatures.map(padded), st.randoms(use_true_random=False), st.sampled_from([0.3, 0.5, THRESHOLD]))
@FEWER
def test_groups_are_those_of_comparing_each_with_each(
    signatures: Signatures, rng: random.Random, threshold: float
) -> None:
    count = len(signatures)
    order = rng.sample(range(count), count)
    ids, keys = column([f"{n:02}" for n in order]), column([str(n) for n in order])
    found = near_groups(ids, keys, signatures[order], np.zeros(count, dtype=np.int64), threshold)
    links = Links(count)
    for one, other in combinations(range(count), 2):
        equal = signatures[one] == signatures[other]
        banded = equal[: BANDS * BAND_COMPONENTS].reshape(BANDS, BAND_COMPONENTS).all(axis=1).any()
        if banded and equal.mean() >= threshold:
            links.join(np.array([one]), np.array([other]))
    kept = links.roots(np.arange(count))[order]
    told = [None if f"{k:02}" == own else f"{k:02}" for k, own in zip(kept, ids.to_pylist(), strict=True)]
    assert found.duplicate_of.to_pylist() == told


@given(st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=60))
def test_links_are_those_of_joining_one_by_one(pairs: list[tuple[int, int]]) -> None:
    sets = [{n} for n in range(30)]
    for one, other in pairs:
        whole = sets[one] | sets[other]
        for member in whole:
            sets[member] = whole
    links = Links(30)
    at = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    links.join(at[:, 0], at[:, 1])
    assert links.roots(np.arange(30)).tolist() == [min(s) for s in sets]


@given(st.randoms(use_true_random=False))
@FEWER
def test_large_buckets_give_the_same_groups_in_any_order(rng: random.Random) -> None:
    rows = np.random.default_rng(1).integers(0, 2, (120, COMPONENTS), dtype=np.uint32)
    rows[:, :60] = 7  # all in one bucket, by eight bands
    order = rng.sample(range(120), 120)

    def told(order: Sequence[int]) -> dict[str | None, str | None]:
        ids = column([f"{n:03}" for n in order])
        found = near_groups(ids, ids, rows[order], np.zeros(120, dtype=np.int64))
        return dict(zip(ids.to_pylist(), found.duplicate_group.to_pylist(), strict=True))

    assert told(order) == told(range(120))


def test_a_bucket_of_very_many_is_no_square() -> None:
    count = 20_000
    rows = np.random.default_rng(1).integers(0, 2**32, (count, COMPONENTS), dtype=np.uint32)
    rows[:, :BAND_COMPONENTS] = 7
    rows[: count // 2] = rows[0]
    ids = column([f"{n:06}" for n in range(count)])
    found = near_groups(ids, ids, rows, np.zeros(count, dtype=np.int64))
    assert found.duplicate_of.to_pylist() == [None, *["000000"] * (count // 2 - 1), *[None] * (count // 2)]


# Quality


class Corpus(NamedTuple):
    """Documents and planted copies of them."""

    ids: list[str]
    texts: list[str]  # normalised
    family: list[int]  # the document each was made of


@cache
def corpus() -> Corpus:
    rng = random.Random(1)
    path = ROOT / "benchmarks" / "quality" / "open" / "sentences" / "dev.jsonl.xz"
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    sentences = [r["text"][a:b] for r in rows if not r["id"].startswith("zh") for a, b in r["spans"]]
    vocabulary = sorted({word for s in sentences for word in s.split()})
    texts, family = [], []
    while sentences:
        length, document = rng.choice((100, 200, 400, 800)), []
        while sentences and sum(len(s.split()) for s in document) < length:
            document.append(sentences.pop())
        copies = [edited(rng, document, vocabulary) for _ in range(8)]
        texts += [" ".join(document), *copies]
        family += [len(family) // 9] * 9
    plain = normalised(column(texts)).to_pylist()
    order = rng.sample(range(len(plain)), len(plain))
    return Corpus([f"{n:05}" for n in range(len(plain))], [plain[n] for n in order], [family[n] for n in order])


def edited(rng: random.Random, sentences: list[str], vocabulary: list[str]) -> str:
    """A near copy: words replaced, deleted and inserted, sentences moved."""
    sentences = sentences.copy()
    for _ in range(rng.choice((0, 0, 1, 2))):
        sentences.insert(rng.randrange(len(sentences)), sentences.pop(rng.randrange(len(sentences))))
    rate = rng.choice((0, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1))
    kinds = rng.choice(("replace", "delete", "insert", "all"))
    words = []
    for word in " ".join(sentences).split():
        kind = (
            None if rng.random() >= rate else rng.choice(("replace", "delete", "insert")) if kinds == "all" else kinds
        )
        if kind in {None, "insert"}:
            words.append(word)
        if kind in {"replace", "insert"}:
            words.append(rng.choice(vocabulary))
    return " ".join(words)


@cache
def planted() -> list[tuple[int, int, float]]:
    """Pairs of one family and their true Jaccard indices."""
    _, texts, family = corpus()
    sets = [shingle_set(text) for text in texts]
    members: dict[int, list[int]] = {}
    for n, number in enumerate(family):
        members.setdefault(number, []).append(n)
    return [
        (a, b, len(sets[a] & sets[b]) / len(sets[a] | sets[b]))
        for each in members.values()
        for a, b in combinations(each, 2)
    ]


@cache
def signatures() -> Signatures:
    return minhash(column(corpus().texts))


def test_estimates_are_those_of_the_theory() -> None:
    a, b, true = (np.array(x) for x in zip(*planted(), strict=True))
    error = (signatures()[a] == signatures()[b]).mean(axis=1) - true
    expected = np.sqrt(true * (1 - true) / COMPONENTS)
    assert abs(error.mean()) < 0.003
    assert np.sqrt((error**2).mean()) < 1.1 * np.sqrt((expected**2).mean())


def test_near_duplicates_are_found() -> None:
    ids, texts, _ = corpus()
    groups = [group for _, group, _ in groups_of(texts, ids, signatures()).values()]
    near = [(a, b) for a, b, true in planted() if true >= 0.85]
    assert len(near) > 1000
    found = [groups[a] is not None and groups[a] == groups[b] for a, b in near]
    assert np.mean(found) >= 0.97


def test_each_pair_is_found_without_the_help_of_others() -> None:
    a, b = np.array([(a, b) for a, b, true in planted() if 0.85 <= true < 0.9]).T
    equal = signatures()[a] == signatures()[b]
    bands = equal[:, : BANDS * BAND_COMPONENTS].reshape(-1, BANDS, BAND_COMPONENTS)
    found = bands.all(axis=2).any(axis=1) & (equal.mean(axis=1) >= THRESHOLD)
    assert len(found) > 500
    assert found.mean() >= 0.97


def test_what_differs_is_not_joined() -> None:
    ids, texts, _ = corpus()
    ones, others = near_pairs(column(ids), text_keys(column(texts)), signatures())
    text = dict(zip(ids, texts, strict=True))
    true = [jaccard(text[a], text[b]) for a, b in zip(ones.to_pylist(), others.to_pylist(), strict=True)]
    assert len(true) > 1000
    assert min(true) >= 0.6
    # Nor would be, had the others not been linked by other pairs.
    apart = np.array([(a, b) for a, b, true in planted() if true < 0.6])
    agreement = (signatures()[apart[:, 0]] == signatures()[apart[:, 1]]).mean(axis=1)
    assert len(apart) > 1000
    assert agreement.max() < THRESHOLD


def test_the_order_of_a_corpus_does_not_matter() -> None:
    ids, texts, _ = corpus()
    order = random.Random(2).sample(range(len(ids)), len(ids))
    again = groups_of([texts[n] for n in order], [ids[n] for n in order], signatures()[order])
    assert again == groups_of(texts, ids, signatures())


def test_near_duplicates_are_found_in_scripts_without_spaces() -> None:
    random.seed(5)
    letters = [chr(random.randrange(0x4E00, 0x9000)) for _ in range(650)]
    text = "".join(f"{letter}{'，' if at % 17 == 16 else ''}" for at, letter in enumerate(letters))
    changed = "".join("変" if at in (100, 300, 500) else letter for at, letter in enumerate(text))
    other = "".join(chr(random.randrange(0x4E00, 0x9000)) for _ in range(650))
    assert groups_of([text, changed, other]) == {
        "d0": (None, "d0", None),
        "d1": ("d0", "d0", "near"),
        "d2": (None, None, None),
    }
