"""Compare edits that are chosen when a dataset is loaded with builds that have these settings.

    python benchmarks/quality/choose_edits.py [--documents 700] [--texts FILE ...] [--subsets 0]

Builds a corpus of the open bench and controls and of made documents with defects (``benchmarks/speed/corpus.py``), or
of the texts of JSON lines (``dirty`` or ``text``). For each rule that made an edit, and for the safe rules alone, it
builds the corpus again with these settings and compares: text, its hash, and whether the sentences are the same too.
With ``--subsets`` also that many sets of two to eight rules, by chance. Exits with 1 if a text differs.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as pads

import copydesk
from copydesk.errors import InputError
from copydesk.text.chosen_rows import choose
from copydesk.text.edit_choice import SAFE, EditChoice

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "speed"))
SEED = 20261130


def texts_of(count: int, files: list[Path]) -> list[str]:
    """The texts of JSON lines, then made ones until there are enough."""
    texts = []
    for path in files:
        rows = map(json.loads, path.read_text("utf-8").rstrip("\n").split("\n"))
        texts += [row.get("dirty") or row["text"] for row in rows]
    from corpus import document  # the speed benchmarks are a folder of scripts

    number = 0
    while len(texts) < count:
        made = document(number, "defects")
        texts += [made.text] if made.defects and made.kind == "new" else []
        number += 1
    return texts[:count]


def built(folder: Path, name: str, clean: dict[str, Any]) -> Path:
    """The corpus, built with the settings of cleaning."""
    params = {"clean": clean, "engine": {"workers": 1}}
    return copydesk.build(folder / "seeds", folder / name, params=params, work=folder / "work").corpus


def rows_of(corpus: Path, table: str, columns: list[str]) -> list[dict[str, Any]]:
    """Rows of a table of a dataset."""
    rows: list[dict[str, Any]] = pads.dataset(corpus / "data" / table).to_table(columns=columns).to_pylist()
    return rows


class Comparison:
    """A corpus, and how the edits that are chosen from it compare with builds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        corpus = built(folder, "corpus", {})
        self.documents = rows_of(corpus, "documents", ["doc_id", "text", "sentences"])
        self.edits: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in pads.dataset(corpus / "data" / "edits").to_table(filter=pc.field("applied")).to_pylist():
            self.edits[row["doc_id"]].append(row)
        self.rules = sorted({rule for rows in self.edits.values() for row in rows for rule in row["rules"]})
        self.with_otherwise = sum(any(row["otherwise"] for row in rows) for rows in self.edits.values())

    def compare(self, choice: EditChoice, clean: dict[str, Any]) -> tuple[int, int]:
        """Build, compare, print a line; return how many documents differ and how many choices were refused."""
        rebuilt = built(self.folder, "other", clean)
        expected = {row["doc_id"]: row for row in rows_of(rebuilt, "documents", ["doc_id", "text", "sentences"])}
        differing, refused, changed, same_sentences = [], [], 0, 0
        for row in self.documents:
            try:
                chosen = choose(row, self.edits[row["doc_id"]], choice)
            except InputError as error:
                refused.append(str(error))
                continue
            other = expected[row["doc_id"]]
            changed += other["text"] != row["text"]
            spans = [(span["start"], span["end"]) for span in other["sentences"]]
            same_sentences += spans == chosen.sentences
            if chosen.edited.text != other["text"]:
                differing.append(row["doc_id"])
        name = SAFE if choice.kind == SAFE else " ".join(choice.names)
        print(
            f"{name:60} changes {changed:4}, equal {len(self.documents) - len(differing) - len(refused):4} of "
            f"{len(self.documents)}, refused {len(refused)}, same sentences {same_sentences}",
            *differing[:3],
            *refused[:1],
            flush=True,
        )
        return len(differing), len(refused)


def main() -> int:
    """Compare and say how many documents differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=700)
    opened = [HERE / "open" / name for name in ("bench.jsonl", "control.jsonl")]
    parser.add_argument("--texts", type=Path, nargs="*", default=opened)
    parser.add_argument("--subsets", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "seeds").mkdir()
        for number, text in enumerate(texts_of(given.documents, given.texts)):
            (folder / "seeds" / f"{number:05}.txt").write_bytes(text.encode())
        comparison = Comparison(folder)
        rules = [rule for rule in comparison.rules if not rule.startswith("html-")]
        print(f"{len(rules)} rules; in {comparison.with_otherwise} documents a later rule does something else")
        choices = [(EditChoice("without", frozenset({rule})), {"rules": {rule: "off"}}) for rule in rules]
        choices.append((EditChoice(SAFE), {"apply": ["safe"]}))
        draw = random.Random(SEED)
        for _ in range(given.subsets):
            chosen = draw.sample(rules, min(len(rules), draw.choice((2, 2, 3, 5, 8))))
            choices.append((EditChoice("without", frozenset(chosen)), {"rules": dict.fromkeys(chosen, "off")}))
        results = [comparison.compare(choice, clean) for choice, clean in choices]
    differing, refused = (sum(counts) for counts in zip(*results, strict=True))
    total = len(results) * len(comparison.documents)
    print(f"{len(results)} choices, {total:,} texts: {differing} differ, {refused} refused")
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
