"""Learn the weights of :mod:`copydesk.cleaning.split_probability`, or score them.

    python benchmarks/quality/train_glued_words.py PAGES.jsonl              # prints the weights
    python benchmarks/quality/train_glued_words.py PAGES.jsonl --score      # precision and recall of the present ones

A line of PAGES is a page: ``{"dirty", "clean"}``, where ``dirty`` is its text with each text node stripped of white
space, and ``clean`` the text as it is read; ``glued_pages.py`` makes them of translated manuals, and from its pages
come the present weights. The texts as they are read are learnt from too, so that one without damage is left alone.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from copydesk.cleaning import split_probability
from copydesk.cleaning.glued_odds import odds_of_splits
from copydesk.cleaning.rules import glued_words
from copydesk.cleaning.split_probability import Evidence
from copydesk.cleaning.word_splitting import Split
from copydesk.language.blocks import WORDS, find_blocks
from copydesk.language.vocabularies import LANGUAGES, vocabulary

#: Strength of the prior that a weight is 0.
_PRIOR = 1.0
_ROUNDS = 50


def gaps(text: str) -> set[int]:
    """Where white space stands, by the number of other characters before it."""
    places, number = set(), 0
    for character in text:
        if character.isspace():
            places.add(number)
        else:
            number += 1
    return places


def candidates(dirty: str, clean: str) -> Iterator[tuple[str, Split, Evidence, bool]]:
    """Tokens of a text that can be cut: language, cut, evidence of the document, and whether every cut is right."""
    wanted, blocks = gaps(clean), find_blocks(dirty)
    for block in blocks.blocks:
        language = block.language or ""
        if language not in LANGUAGES or language == "en" or block.kind not in WORDS:
            continue
        passage = dirty[block.start : block.end]
        odds = odds_of_splits(passage, language)
        for start, token in glued_words._places(dirty, odds, block):
            split, evidence = odds[token]
            if glued_words._is_protected(dirty, start, start + len(token)):
                continue
            at = sum(not character.isspace() for character in dirty[:start])
            ends = np.cumsum([len(part) for part in split.parts[:-1]]) + at
            yield language, split, evidence, wanted.issuperset(ends.tolist())


def main() -> None:
    """Learn, or score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path)
    parser.add_argument("--score", action="store_true")
    args = parser.parse_args()
    pages = [json.loads(line) for line in args.pages.read_text("utf-8").splitlines()]
    found = [one for page in pages for one in candidates(page["dirty"], page["clean"])]
    if args.score:
        right = np.array([is_right for *_, is_right in found])
        chances = np.array([split_probability.probability(s, o, vocabulary(name)) for name, s, o, _ in found])
        for least in (0.95, 0.9, 0.85, 0.8, 0.5):
            made = chances >= least
            share = right[made].mean()
            print(f"{least:4}: {made.sum():6,} cut, {share:.3f} right, {right[made].sum():6,} of {right.sum():,}")
        return
    found += [one for page in pages for one in candidates(page["clean"], page["clean"])]
    rows = [dict(split_probability.features_of_split(s, o, vocabulary(name))) for name, s, o, _ in found]
    names = list(dict.fromkeys(name for row in rows for name in row))
    labels = np.array([is_right for *_, is_right in found], float)
    weights = learnt(np.array([[row.get(name, 0.0) for name in names] for row in rows]), labels)
    print(json.dumps({name: round(100 * weight) for name, weight in zip(names, weights, strict=True)}, indent=4))


def learnt(rows: np.ndarray, labels: np.ndarray) -> list[float]:
    """The weights of a logistic regression, by Newton's method."""
    weights = np.zeros(rows.shape[1])
    for _ in range(_ROUNDS):
        chances = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (chances - labels) + _PRIOR * weights
        curve = (rows.T * (chances * (1 - chances))) @ rows + _PRIOR * np.eye(len(weights))
        step = np.linalg.solve(curve, slope)
        weights -= step
        if math.isclose(abs(step).max(), 0.0, abs_tol=1e-6):
            break
    return weights.tolist()


if __name__ == "__main__":
    main()
