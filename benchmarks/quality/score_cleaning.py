"""Score the cleaner on the open part of the bench: defects put into real text, whose repair is known.

    python benchmarks/quality/score_cleaning.py

Prints recall for each class of defect, precision for each rule, and false edits in good text. A repair counts when
it is exactly the known one. ``open/*.jsonl`` holds texts under free licenses (each line names its source and
license); ``floors.json`` holds what a test does not let the figures fall below, and is only ever raised.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
Clean = Callable[[str], tuple[str, list[dict[str, Any]], list[dict[str, Any]]]]
Change = tuple[int, int, str]


class Scores(NamedTuple):
    """Shares by name, and counts: ``recall`` by class of defect, ``precision`` by rule."""

    recall: dict[str, float]
    precision: dict[str, float]
    flags: dict[str, float]
    overall_recall: float
    overall_precision: float
    false_edits_per_10k: float
    unfaithful: int


def load(name: str) -> list[dict[str, Any]]:
    """The documents of one file of the open bench."""
    lines = (FOLDER / "open" / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def normal(text: str, changes: Iterable[Change]) -> set[Change]:
    """Changes in one form: without common ends, and an insertion or deletion as far left as it can stand.

    (The normal form of sequence variants, Tan et al. 2015.)
    """
    found = set()
    for start, end, new in changes:
        old = text[start:end]
        while old and new and old[-1] == new[-1]:
            old, new, end = old[:-1], new[:-1], end - 1
        while old and new and old[0] == new[0]:
            old, new, start = old[1:], new[1:], start + 1
        while start and (old or new) and not (old and new) and text[start - 1] == (old or new)[-1]:
            last = text[start - 1]
            old, new = (last + old[:-1] if old else ""), (last + new[:-1] if new else "")
            start, end = start - 1, end - 1
        if old != new:
            found.add((start, end, new))
    return found


def matched(text: str, wanted: list[Change], made: list[Change]) -> tuple[set[int], set[int]]:
    """Numbers of the wanted and of the made changes that agree: alone in normal form, or together in effect."""
    right, good = set(), set()
    for gold, mine in _clusters(wanted, made):
        if not gold or not mine:
            continue
        start = min([wanted[i][0] for i in gold] + [made[j][0] for j in mine])
        end = max([wanted[i][1] for i in gold] + [made[j][1] for j in mine])
        effects = [
            _replaced(text, start, end, [changes[n] for n in numbers])
            for changes, numbers in ((wanted, gold), (made, mine))
        ]
        same = effects[0] == effects[1]
        forms = [[normal(text, [changes[n]]) for n in numbers] for changes, numbers in ((wanted, gold), (made, mine))]
        right |= {i for i, form in zip(gold, forms[0], strict=True) if same or form in forms[1]}
        good |= {j for j, form in zip(mine, forms[1], strict=True) if same or form in forms[0]}
    return right, good


def _clusters(wanted: list[Change], made: list[Change]) -> list[tuple[list[int], list[int]]]:
    """Changes of both lists that touch or overlap, together."""
    both = [(c[0], c[1], 0, n) for n, c in enumerate(wanted)] + [(c[0], c[1], 1, n) for n, c in enumerate(made)]
    clusters: list[tuple[list[int], list[int]]] = []
    reach = -1
    for start, end, which, number in sorted(both):
        if start > reach:
            clusters.append(([], []))
        clusters[-1][which].append(number)
        reach = max(reach, end)
    return clusters


def _replaced(text: str, start: int, end: int, changes: list[Change]) -> str:
    edits = [{"start": s - start, "end": e - start, "replacement": new} for s, e, new in changes]
    return applied(text[start:end], edits)


def score(clean: Clean, bench: list[dict[str, Any]], control: list[dict[str, Any]]) -> Scores:
    """Score a cleaner: ``clean(text)`` gives the text, the edits and the flags, in offsets of its input."""
    gold: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    made: Counter[str] = Counter()
    right: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    marks: Counter[str] = Counter()
    unfaithful = false = characters = 0
    for document in bench:
        text = document["dirty"]
        cleaned, edits, flags = clean(text)
        unfaithful += applied(text, edits) != cleaned
        wanted, mine = [_change(e) for e in document["edits"]], [_change(e) for e in edits]
        reached, correct = matched(text, wanted, mine)
        for number, edit in enumerate(document["edits"]):
            gold[edit["class"]] += 1
            hits[edit["class"]] += number in reached
        for number, edit in enumerate(edits):
            made[edit["rule"]] += 1
            right[edit["rule"]] += number in correct
        for flag in document["flags"]:
            marks[flag["class"]] += 1
            marked[flag["class"]] += any(f["start"] < flag["end"] and flag["start"] < f["end"] for f in flags)
    for document in control:
        cleaned, edits, _ = clean(document["dirty"])
        unfaithful += applied(document["dirty"], edits) != cleaned
        characters += len(document["dirty"])
        false += len(edits)
    return Scores(
        {name: hits[name] / count for name, count in sorted(gold.items())},
        {name: right[name] / count for name, count in sorted(made.items())},
        {name: marked[name] / count for name, count in sorted(marks.items())},
        hits.total() / max(1, gold.total()),
        right.total() / max(1, made.total()),
        1e4 * false / max(1, characters),
        unfaithful,
    )


def applied(text: str, edits: Iterable[dict[str, Any]]) -> str:
    """A text with edits applied."""
    parts, position = [], 0
    for edit in sorted(edits, key=lambda e: (e["start"], e["end"])):
        parts += [text[position : edit["start"]], edit["replacement"]]
        position = edit["end"]
    return "".join([*parts, text[position:]])


def _change(edit: dict[str, Any]) -> Change:
    return edit["start"], edit["end"], edit["replacement"]


def main() -> None:
    """Print the scores as a table."""
    from adapters import clean, clean_all

    for name, function in (("applied", clean), ("applied and suggested", clean_all)):
        scores = score(function, load("bench"), load("control"))
        print(f"{name}: recall {scores.overall_recall:.3f}, precision {scores.overall_precision:.3f}")
        print(f"  false edits per 10,000 characters of good text: {scores.false_edits_per_10k:.3f}")
        for title, shares in (("recall", scores.recall), ("precision", scores.precision), ("flags", scores.flags)):
            print(f"  {title}:")
            for key, share in shares.items():
                print(f"    {key:<28}{share:.3f}")


if __name__ == "__main__":
    main()
