"""How fast the splitter is, on one core: batches, single documents, text made to be slow, and syntok beside it.

    python benchmarks/speed/sentences.py [--peers FOLDER]

Prints megabytes of UTF-8 a second of CPU time (the first run, with nothing remembered, and the median of the next),
for hostile text of 1 and 10 MB the seconds and the ratio of the times a byte costs, which stays near 1 where
splitting is linear, and the most memory used.
"""

from __future__ import annotations

import argparse
import importlib
import resource
import site
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pyarrow as pa

QUALITY = Path(__file__).parents[1] / "quality"
sys.path.insert(0, str(QUALITY))

from score_sentences import load  # noqa: E402  (the quality benchmarks are a folder of scripts)

from copydesk.sentences import split, split_column  # noqa: E402

RUNS = 5
BATCH = 64
HOSTILE = ("a. ", ".", "\"(“)”'", "U.S. ", "a", "A ", "; A", ". ", "– A ", "• ", "w.W", 'A. (b " c ', "\n", "a.\n")


def seconds(run: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    begun = time.process_time()
    run()
    return time.process_time() - begun


def speed(title: str, size: int, run: Callable[[], object]) -> float:
    """Print and return megabytes a second."""
    first, *others = (size / 1e6 / seconds(run) for _ in range(RUNS))
    median = statistics.median(others)
    print(f"{title:32}{first:8.1f} first{median:8.1f} MB/s")
    return median


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="folder into which other libraries were installed")
    given = parser.parse_args()
    documents = load(QUALITY / "open" / "sentences" / "dev.jsonl.xz")
    texts = [d["text"] for d in documents if d["id"].startswith(("gum", "pud"))]
    size = sum(len(text.encode()) for text in texts)
    split("A first call. It loads the weights.")
    batches = [pa.array(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)]
    speed("batches, as Arrow columns", size, lambda: [split_column(b, ["en"] * len(b)) for b in batches])
    ours = speed("single documents", size, lambda: [split(text) for text in texts])
    if given.peers:
        site.addsitedir(str(given.peers))
        library = importlib.import_module("syntok.segmenter")
        theirs = speed("syntok, single documents", size, lambda: [_consume(library.process(text)) for text in texts])
        print(f"copydesk / syntok: {ours / theirs:.1f}")
    print(f"\n{'hostile text':16}{'1 MB, s':>10}{'10 MB, s':>10}{'ratio of a byte':>18}")
    for unit in HOSTILE:
        small, large = (seconds(partial(split, unit * (size // len(unit)))) for size in (1_000_000, 10_000_000))
        print(f"{unit!r:16}{small:10.2f}{large:10.2f}{large / 10 / max(small, 1e-9):18.2f}")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _consume(paragraphs: Iterable[Iterable[object]]) -> None:
    for paragraph in paragraphs:
        list(paragraph)


if __name__ == "__main__":
    main()
