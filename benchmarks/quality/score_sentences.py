"""Score sentence splitters on hand-segmented text: ours, and beside it the libraries that are installed.

    python benchmarks/quality/score_sentences.py [--data FILE_OR_FOLDER] [--peers FOLDER] [--glue]

Prints for each treebank
    F1  boundaries inside a line (line ends are given by the text)
    T   the same without boundaries that carry no mark, such as a heading that runs into the text
    S   sentences found exactly, start and end
and the speed in MB/s of UTF-8 of one process, scoring left out. ``--glue`` deletes the space at a tenth of the
boundaries first ("the war.Russia"). ``make sentences`` installs the libraries into a folder of their own.
"""

from __future__ import annotations

import argparse
import json
import lzma
import site
import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import adapters

OPEN = Path(__file__).parent / "open" / "sentences"
CLOSERS = "\"'”’»)]*"
FINAL = ".?!…。！？"
Document = dict[str, Any]
Span = tuple[int, int]


class Scores(NamedTuple):
    """Shares between 0 and 1, as above, and MB of UTF-8 a second."""

    f1: float
    marked: float
    exact: float
    speed: float


def load(path: Path) -> list[Document]:
    """Documents of a file, ``.jsonl`` or ``.jsonl.xz``, or of all such files of a folder."""
    paths = sorted(path.glob("*.jsonl*")) if path.is_dir() else [path]
    documents = []
    for each in paths:
        read = lzma.open if each.suffix == ".xz" else open
        with read(each, "rt", encoding="utf8") as lines:
            documents += [{"set": each.name.partition(".")[0], **json.loads(line)} for line in lines]
    return documents


def trimmed(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Spans without the white space around them."""
    for start, end in spans:
        piece = text[start:end].strip()
        if piece:
            start += len(text[start:end]) - len(text[start:end].lstrip())
            yield start, start + len(piece)


def glued(document: Document) -> Document:
    """The same document without the space at about a tenth of its boundaries."""
    text, spans = document["text"], list(trimmed(document["text"], document["spans"]))
    gone = [
        end
        for (_, end), (following, _) in pairwise(spans)
        if text[end:following] == " "
        and text[end - 1] in ".?!"
        and text[end - 2].islower()
        and text[following].isupper()
        and zlib.crc32(f"{document['id']}:{end}".encode()) % 10 == 0
    ]
    kept = "".join(
        text[start:end] for start, end in zip([0, *(at + 1 for at in gone)], [*gone, len(text)], strict=True)
    )
    moved = [(start - sum(at < start for at in gone), end - sum(at < end for at in gone)) for start, end in spans]
    return {**document, "text": kept, "spans": moved}


def score(documents: Iterable[Document], split: adapters.Split) -> Scores:
    """Score a splitter on documents of one treebank."""
    right = extra = missed = missed_marked = exact = gold_sentences = found_sentences = size = 0
    seconds = 0.0
    for document in documents:
        text = document["text"]
        begun = time.perf_counter()
        spans = split(text, document["lang"])
        seconds += time.perf_counter() - begun
        size += len(text.encode())
        gold, found = set(trimmed(text, document["spans"])), set(trimmed(text, spans))
        exact += len(gold & found)
        gold_sentences, found_sentences = gold_sentences + len(gold), found_sentences + len(found)
        given = set(_line_ends(text))
        gold_ends, found_ends = {end for _, end in gold} - given, {end for _, end in found} - given
        right += len(gold_ends & found_ends)
        extra += len(found_ends - gold_ends)
        missed += len(gold_ends - found_ends)
        missed_marked += sum(_has_mark(text, end) for end in gold_ends - found_ends)
    return Scores(
        2 * right / max(1, 2 * right + extra + missed),
        2 * right / max(1, 2 * right + extra + missed_marked),
        2 * exact / max(1, gold_sentences + found_sentences),
        size / 1e6 / seconds if seconds else 0.0,
    )


def _line_ends(text: str) -> Iterator[int]:
    position = 0
    for line in text.split("\n"):
        yield position + len(line.rstrip())
        position += len(line) + 1


def _has_mark(text: str, end: int) -> bool:
    before = text[:end].rstrip(CLOSERS)
    return before[-1:] in tuple(FINAL)


def main() -> None:
    """Print a table for each measure, a row for each splitter."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=OPEN / "dev.jsonl.xz", help="documents (default: the open ones)")
    parser.add_argument("--peers", type=Path, help="folder into which other libraries were installed")
    parser.add_argument("--glue", action="store_true", help="delete the space at a tenth of the boundaries")
    given = parser.parse_args()
    if given.peers:
        site.addsitedir(str(given.peers))
    sets = defaultdict(list)
    for document in load(given.data):
        name = document["set"] if document["set"] != "dev" else document["id"].partition("/")[0]
        sets[name].append(glued(document) if given.glue else document)
    splitters = adapters.splitters([each["text"] for each in load(OPEN / "train.jsonl.xz") if each["lang"] == "en"])
    results = {name: {each: score(sets[each], split) for each in sets} for name, split in splitters.items()}
    for place, title in enumerate(("F1", "T", "S", "MB/s")):
        print(f"\n{title:20}", *(f"{name:>11}" for name in sets))
        for name, of in results.items():
            scale = 100 if place < 3 else 1
            print(f"{name:20}", *(f"{scale * of[each][place]:11.2f}" for each in sets))


if __name__ == "__main__":
    sys.exit(main())
