#!/usr/bin/env bash
# Package: pyarrow 26.0.1 (its match_substring_regex runs RE2).
#
# Expected: RE2 matches in one pass, in time linear in the text, whatever the
# pattern. So to find the texts in which any of eight patterns occurs, one
# alternation of the eight should cost about as much as one of them, and at
# most as much as eight searches one after another.
#
# Seen: if one of the eight has long bounded repetitions ([^.!?\n]{240} or
# [^.!?\s]{80}), the alternation costs several times as much as all eight
# searches together, though each pattern alone is quick, the bounded one too.
# Without that one the alternation is as quick as expected. (Its automaton
# must count up to each bound beside the states of all other patterns; beyond
# a budget of memory RE2 falls back to a slower way.)
#
# Output seen (milliseconds; they differ from machine to machine, the ratio
# hardly does):
#   eight searches one after another    25.3
#   one search for the alternation     186.0
#   the alternation without the bounded pattern  2.0
#   ratio 7.3
#
# Why it matters: who screens a column of texts for many patterns joins them
# to save passes, and may lose most of the time to one of them.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1

env/bin/python - <<'PY'
import random
import time

import pyarrow as pa
import pyarrow.compute as pc

print("pyarrow", pa.__version__)
draw = random.Random(1)
letters = "etaoinshrdlu"
words = ["".join(draw.choice(letters) for _ in range(draw.randint(2, 9))) for _ in range(3000)]
sentences = lambda: ". ".join(" ".join(draw.choice(words) for _ in range(12)) for _ in range(40))  # noqa: E731
texts = pa.array([sentences() for _ in range(300)])
plain = ["[0-9]{4}-[0-9]{2}", "https?://", "[A-Z]{3,}[a-z]", r"\(c\) [0-9]", "tel: ?[0-9]", "  +", "[?!]{3}"]
bounded = r"[^.!?\n]{240}|[^.!?\s]{80}"


def milliseconds(pattern: str) -> float:
    best = float("inf")
    for _ in range(5):
        begun = time.process_time()
        pc.match_substring_regex(texts, pattern)
        best = min(best, time.process_time() - begun)
    return 1000 * best


def joined(patterns: list[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)


apart = sum(milliseconds(pattern) for pattern in [*plain, bounded])
together, without = milliseconds(joined([*plain, bounded])), milliseconds(joined(plain))
print(f"eight searches one after another   {apart:6.1f}")
print(f"one search for the alternation     {together:6.1f}")
print(f"the alternation without the bounded pattern {without:6.1f}")
print(f"ratio {together / apart:.1f}")
if together < 2 * apart:
    raise SystemExit("behaviour changed: the alternation no longer costs more than its patterns apart")
if without > apart:
    raise SystemExit("behaviour changed: the alternation of the plain patterns is slow, too")
PY
