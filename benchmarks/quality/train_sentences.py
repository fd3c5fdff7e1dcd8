"""Learn the weights of the sentence model from hand-segmented text: the same input gives the same bytes.

    python benchmarks/quality/train_sentences.py [--data FILE] [--output FILE]

FILE holds a document a line: {"id", "lang", "text", "spans": [[start, end], ...]}. The weights that are shipped come
from open/sentences/train.jsonl.xz: the training parts of the Universal Dependencies treebanks EWT and GUM, of GUM
the genres whose texts are under free licenses, without news; and the parts ``dev`` of 15 treebanks in 13 other
languages, most of them news, from which only full stops are learnt, as treebanks differ in what other marks end.
Sentences are joined with spaces, paragraphs with line feeds.

A logistic regression with an L2 penalty (Hastie, Tibshirani and Friedman 2009, section 4.4), by Nesterov's
accelerated gradient: nothing random, nothing that depends on the number of processors.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from score_sentences import load, trimmed

from copydesk.sentences.candidates import candidates
from copydesk.sentences.lexicon import lexicon
from copydesk.sentences.model import WEIGHTS, features

TRAIN = Path(__file__).parent / "open" / "sentences" / "train.jsonl.xz"
PENALTY = 10.0
STEPS = 3_000
SMALLEST = 0.02  # logits; lighter features are left out
HEADER = """\
# Weights of the sentence model, in hundredths of a logit; made by benchmarks/quality/train_sentences.py, not by hand.
# Learnt from UD English EWT (CC BY-SA 4.0), the free genres of GUM (CC BY, CC BY-SA), and full stops of 15 other
# Universal Dependencies treebanks (CC BY-SA 4.0); see NOTICE.
"""


def main() -> int:
    """Train and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=TRAIN, help="documents (default: the open ones)")
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="default: into the package")
    given = parser.parse_args()
    ends: Counter[tuple[str, ...]] = Counter()  # contexts by their features: those that end a sentence, and all
    seen: Counter[tuple[str, ...]] = Counter()
    for document in load(given.data):
        gold = {end for _, end in trimmed(document["text"], document["spans"])}
        for place, context in candidates(document["text"], lexicon(document["lang"])):
            if context is not None and (document["lang"] == "en" or (context.mark, context.closed) == (".", "")):
                names = tuple(features(context))
                seen[names] += 1
                ends[names] += place in gold
    weights = learn(ends, seen)
    lines = [f"{name}\t{weight}\n" for name, weight in sorted(weights.items())]
    given.output.write_text(HEADER + "".join(lines), encoding="utf8")
    print(f"{sum(seen.values()):,} candidates, {len(seen):,} contexts, {len(weights):,} weights: {given.output}")
    return 0


def learn(ends: Counter[tuple[str, ...]], seen: Counter[tuple[str, ...]]) -> dict[str, int]:
    """Weights, in hundredths of a logit, from how often each set of features was seen and ended a sentence."""
    rows = sorted(seen)
    names = sorted({name for row in rows for name in row})
    number = {name: place for place, name in enumerate(names)}
    columns = np.array([[number[name] for name in row] for row in rows])
    count = np.array([seen[row] for row in rows], dtype=float)
    positive = np.array([ends[row] for row in rows], dtype=float)
    # A bound of the curvature: the largest row sum of X'DX/4, as every row of X has the same number of ones.
    reach = np.bincount(columns.ravel(), np.repeat(count, columns.shape[1]))
    rate = 1 / (0.25 * columns.shape[1] * reach.max() + PENALTY)
    weights = ahead = np.zeros(len(names))
    momentum = 1.0
    for _ in range(STEPS):
        expected = count / (1 + np.exp(-ahead[columns].sum(axis=1)))
        slope = np.bincount(columns.ravel(), np.repeat(expected - positive, columns.shape[1]))
        new = ahead - rate * (slope + PENALTY * ahead)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / following * (new - weights)
        weights, momentum = new, following
    return {
        name: round(100 * weight)
        for name, weight in zip(names, weights.tolist(), strict=True)
        if abs(weight) >= SMALLEST
    }


if __name__ == "__main__":
    sys.exit(main())
