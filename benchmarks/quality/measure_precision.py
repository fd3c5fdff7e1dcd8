"""Measure the precision of each rule by language and kind of text, on edits whose truth is known.

    python benchmarks/quality/measure_precision.py            # prints the table
    python benchmarks/quality/measure_precision.py --write    # writes precision.json, and the table into the docs

Measured are the open bench and the open treebanks of ``open/sentences``, damaged at known places (``damaged.py``).
The web reviews among these are left out, since their authors' own slips are not marked; in the others what the rules
change before the damage is not counted. A test holds the figures, from which the confidence of edits is taken.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from damaged import damaged
from score_cleaning import FOLDER, load, matched
from score_sentences import OPEN
from score_sentences import load as load_treebanks

from copydesk.cleaning.apply import clean_text
from copydesk.cleaning.measured_precision import FEWEST, PRECISION_FILE, upper_bound
from copydesk.cleaning.plan import plan

DOCS = FOLDER.parents[1] / "docs" / "cleaning.md"
_BEGIN, _END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
_APPLIED = plan({"apply": ["safe", "probable"], "rules": {}})
_ALL = plan({"apply": ["safe", "probable", "suggest"], "rules": {}})
_UNMARKED = "ewt_dev/"

#: Of a rule, by language and kind: right edits, and all edits.
Measured = dict[str, dict[str, dict[str, tuple[int, int]]]]


def documents() -> Iterator[dict[str, Any]]:
    """The labelled documents: ``dirty``, and the ``edits`` that repair it."""
    yield from load("bench")
    yield from load("control")
    for document in load_treebanks(OPEN / "dev.jsonl.xz"):
        if not document["id"].startswith(_UNMARKED):
            yield from damaged({**document, "text": clean_text(document["text"], _APPLIED).edited.text})


def measure(labelled: Iterable[Mapping[str, Any]]) -> Measured:
    """Right edits and all edits, by rule, language and kind of the block that they stand in.

    An edit is right if it is one of those that repair the document; it counts for each rule that had a hand in it.
    """
    made, right = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    for document in labelled:
        text = document["dirty"]
        wanted = [(e["start"], e["end"], e["replacement"]) for e in document["edits"]]
        edited = clean_text(text, _ALL).edited
        blocks = _ALL.blocks(edited.text)
        good = matched(text, wanted, [(e.raw_start, e.raw_end, e.after) for e in edited.edits])[1]
        for number, edit in enumerate(edited.edits):
            block = blocks.at(edit.start)
            for rule in edit.rules:
                made[rule, block.language or "und", block.kind] += 1
                right[rule, block.language or "und", block.kind] += number in good
    measured: Measured = defaultdict(lambda: defaultdict(dict))
    for (rule, language, kind), count in sorted(made.items()):
        measured[rule][language][kind] = right[rule, language, kind], count
    return {rule: dict(languages) for rule, languages in measured.items()}


def as_json(measured: Measured) -> str:
    """The file from which the rules take it: a line for each language of a rule."""
    text = json.dumps(measured, indent=1)
    return re.sub(r"\[\s+(\d+),\s+(\d+)\s+\]", r"[\1, \2]", text) + "\n"


def as_markdown(measured: Measured) -> str:
    """The table of the documentation: prose, since of other kinds too few edits are labelled."""
    languages = sorted({name for of in measured.values() for name, kinds in of.items() if _enough(kinds)})
    rows = [("rule", *languages), ("---", *("---" for _ in languages))]
    for rule, of in measured.items():
        if any(map(_enough, of.values())):
            rows.append((f"`{rule}`", *(_cell(of.get(name, {})) for name in languages)))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _enough(kinds: Mapping[str, tuple[int, int]]) -> bool:
    return kinds.get("prose", (0, 0))[1] >= FEWEST


def _cell(kinds: Mapping[str, tuple[int, int]]) -> str:
    right, count = kinds.get("prose", (0, 0))
    return f"{right / count:.3f} ({count:,})" if count >= FEWEST else "not measured"


def with_table(page: str, table: str) -> str:
    """The page of the documentation with this table."""
    before, _, rest = page.partition(_BEGIN)
    return f"{before}{_BEGIN}{table}{_END}{rest.partition(_END)[2]}"


def main() -> None:
    """Print the table, with the bound that decides; with --write also write the files."""
    measured = measure(documents())
    for rule, of in measured.items():
        for language, kinds in of.items():
            for kind, (right, count) in kinds.items():
                bound = upper_bound(right, count)
                print(f"{rule:<24}{language:<6}{kind:<12}{right:>6} of {count:<6}{right / count:.3f} < {bound:.3f}")
    if "--write" in sys.argv[1:]:
        PRECISION_FILE.write_text(as_json(measured), "utf-8")
        DOCS.write_text(with_table(DOCS.read_text("utf-8"), as_markdown(measured)), "utf-8")


if __name__ == "__main__":
    main()
