"""How fast duplicates are found, on one core: keys and signatures of texts, groups of many signatures.

    python benchmarks/speed/duplicates.py [--peers FOLDER]

Prints the CPU time that a document of 3.5 kB takes (the median of some runs), and the CPU seconds and the most memory
that grouping takes, in a process of its own for each size. Of the documents 5 % repeat another and 10 % resemble one;
those of the last rows are made to be slow. datasketch gets the same words.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import resource
import site
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

QUALITY = Path(__file__).parents[1] / "quality"
sys.path.insert(0, str(QUALITY))

from score_sentences import load  # noqa: E402  (the quality benchmarks are a folder of scripts)

from copydesk.description.duplicates import BAND_COMPONENTS, near_groups  # noqa: E402
from copydesk.description.signatures import COMPONENTS, WORDS, minhash, normalised, text_keys  # noqa: E402

RUNS = 5
BATCH = 1000
DOCUMENT = 3500  # bytes
SIZES = (100_000, 1_000_000)
HOSTILE = (50_000, 200_000)
Given = tuple[pa.Array, pa.Array, np.ndarray, np.ndarray]  # ids, keys, signatures, sizes


def seconds(run: Callable[[], object]) -> float:
    """CPU seconds of one call, the median of some."""
    times = []
    for _ in range(RUNS + 1):
        begun = time.process_time()
        run()
        times.append(time.process_time() - begun)
    return statistics.median(times[1:])


def documents() -> list[str]:
    """English text of the open bench, cut into documents."""
    rows = load(QUALITY / "open" / "sentences" / "dev.jsonl.xz")
    text = "\n".join(d["text"] for d in rows if d["id"].startswith(("gum", "pud"))).encode()
    return [text[at : at + DOCUMENT].decode(errors="ignore") for at in range(0, len(text), DOCUMENT)] * 4


def synthetic(count: int) -> Given:
    """Ids, keys, signatures and sizes: 85 % new, 5 % that repeat, 10 % that share 90 % of their components."""
    random = np.random.default_rng(1)
    new = count * 85 // 100
    signatures = np.empty((count, COMPONENTS), dtype=np.uint32)
    for at in range(0, new, BATCH):
        rows = min(BATCH, new - at)
        signatures[at : at + rows] = random.integers(0, 2**32, (rows, COMPONENTS), dtype=np.uint32)
    model = np.concatenate([np.arange(new), random.integers(0, new, count - new)])
    near = new + count * 5 // 100
    for at in range(new, count, BATCH):
        part = signatures[model[at : at + BATCH]]
        changed = random.random(part.shape) < (0.1 if at >= near else 0)
        part[changed] = random.integers(0, 2**32, changed.sum(), dtype=np.uint32)
        signatures[at : at + BATCH] = part
    key_of = np.concatenate([model[:near], np.arange(near, count)])
    ids, keys = (
        pc.utf8_lpad(pa.array(numbers).cast(pa.string()), length, "0")
        for numbers, length in ((random.permutation(count), 32), (key_of, 64))
    )
    return ids, keys, signatures, random.integers(100, 800, count)


def one_bucket(count: int) -> Given:
    """Documents that all share their first band: the worst for whoever compares each with each."""
    ids, keys, signatures, sizes = synthetic(count)
    signatures[:, :BAND_COMPONENTS] = 0
    return ids, keys, signatures, sizes


def equal(count: int) -> Given:
    """Documents that differ in what signatures do not see: one bucket in each band."""
    ids, _, signatures, sizes = synthetic(count)
    signatures[:] = signatures[0]
    return ids, ids, signatures, sizes


def grouping(make: Callable[[int], Given], count: int) -> str:
    """Group synthetic signatures."""
    given = make(count)
    pa.default_memory_pool().release_unused()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun = time.process_time()
    groups = near_groups(*given)
    spent = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    repeats = count - groups.duplicate_of.null_count
    return f"{spent:8.1f} s  {before:6.0f} MB before, {peak:6.0f} MB at most  {repeats / count:6.1%} repeat another"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="folder into which other libraries were installed")
    given = parser.parse_args()
    texts = documents()
    batches = [pa.array(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)]
    plain = [normalised(batch) for batch in batches]
    steps: dict[str, Callable[[], object]] = {
        "normalise": lambda: [normalised(batch) for batch in batches],
        "key": lambda: [text_keys(batch) for batch in plain],
        "signature": lambda: [minhash(batch) for batch in plain],
    }
    spent = {name: seconds(run) / len(texts) * 1e3 for name, run in steps.items()}
    for name, each in {**spent, "all three": sum(spent.values())}.items():
        print(f"{name:28}{each:8.3f} ms of CPU a document of {DOCUMENT / 1000} kB")
    if given.peers:
        site.addsitedir(str(given.peers))
        theirs = seconds(lambda: datasketch(plain)) / len(texts) * 1e3
        ratio = theirs / spent["signature"]
        print(f"{'datasketch, signature':28}{theirs:8.3f} ms of CPU, {ratio:.0f} times ours")
    print()
    for make, sizes in ((synthetic, SIZES), (one_bucket, HOSTILE), (equal, HOSTILE)):
        for size in sizes:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(f"{make.__name__:12}{size:10,}{pool.apply(grouping, (make, size))}", flush=True)


def datasketch(batches: list[pa.Array]) -> None:
    """Signatures of the same shingles by datasketch, as its users write it."""
    library = importlib.import_module("datasketch")
    for text in (text for batch in batches for text in batch.to_pylist()):
        words = text.split()
        shingles = {" ".join(words[at : at + WORDS]).encode() for at in range(max(1, len(words) - WORDS + 1))}
        signature = library.MinHash(num_perm=COMPONENTS)
        signature.update_batch(shingles)


if __name__ == "__main__":
    main()
