"""How fast duplicates are found, on one core: keys and signatures of texts, groups of many signatures.

    python benchmarks/speed/duplicates.py [--peers FOLDER]
    python benchmarks/speed/duplicates.py --documents 8000000 [--join rounds]
    python benchmarks/speed/duplicates.py --keys 20000000

Prints the CPU time that a document of 3.5 kB takes (the median of some runs), and the CPU seconds and the most memory
that grouping takes, in a process of its own for each size. Of the documents 5 % repeat another and 10 % resemble one;
those of the last rows are made to be slow. datasketch gets the same words.

With --documents the whole stage is measured instead: shards with so many signatures are written to a temporary folder
(1,200 bytes of disk a document), and the stage groups them, as --join says. With --keys the same is done by rounds,
and the documents are drawn again wherever they would be read, so that they take no disk; the outcome is not kept. The
rounds and the most temporary files are printed. About 12 % of the documents are in groups: some repeat another or
resemble it, some are chains of 50, and one group of up to 100,000 resemble each other by ways of up to 17 steps.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import multiprocessing
import re
import resource
import site
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

QUALITY = Path(__file__).parents[1] / "quality"
sys.path.insert(0, str(QUALITY))

from score_sentences import load  # noqa: E402  (the quality benchmarks are a folder of scripts)

from copydesk.core.config import check_params  # noqa: E402
from copydesk.core.json_schema import PACKAGED  # noqa: E402
from copydesk.description.duplicates import decided_groups, disk_join  # noqa: E402
from copydesk.description.duplicates.clusters import BAND_COMPONENTS, near_groups  # noqa: E402
from copydesk.description.duplicates.minhash import COMPONENTS, WORDS, minhash, normalised, text_keys  # noqa: E402
from copydesk.description.duplicates.partitions import LARGEST  # noqa: E402
from copydesk.description.duplicates.stored_signatures import ShardColumns, SignatureTask  # noqa: E402
from copydesk.engines import local  # noqa: E402
from copydesk.project import Project  # noqa: E402
from copydesk.stages import deduplicate, disk_deduplication  # noqa: E402
from copydesk.stages.runner import write_receipts  # noqa: E402
from copydesk.store.shard_store import Part  # noqa: E402
from copydesk.tables.table import table  # noqa: E402

RUNS = 5
BATCH = 1000
SHARD = 4000  # the largest that the settings allow
CHAIN = 50
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


def mixed(numbers: np.ndarray) -> np.ndarray:
    """Numbers of 64 bits that look random and follow from numbers (SplitMix64)."""
    found = (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    found = (found ^ found >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ found >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return found ^ found >> np.uint64(31)


def planted(numbers: np.ndarray, count: int, *, near: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Of some of ``count`` documents, numbers that are equal where keys are, and with ``near`` their signatures."""
    random = np.random.default_rng(int(numbers[0]))
    tree = min(count // 50, 100_000)
    chained = count // 100 // CHAIN * CHAIN
    copies = count * 65 // 1000
    new = count - copies - chained - tree
    model = np.where(numbers < new, numbers, new - 1 - mixed(numbers).astype(np.int64) % copies)  # of copies
    key_of = np.where(numbers < new + copies // 2, model, numbers)
    if not near:
        return key_of, np.zeros((0, COMPONENTS), dtype=np.uint32)
    signatures = random.integers(0, 2**32, (len(numbers), COMPONENTS), dtype=np.uint32)
    # What others repeat, and these, follow from their numbers.
    known = np.flatnonzero(numbers >= new - copies)
    numbers, columns = numbers[known], np.arange(COMPONENTS)
    seeds = np.repeat(model[known, None], COMPONENTS, axis=1)
    changed = (numbers >= new + copies // 2) & (numbers < new + copies)
    seeds[changed[:, None] & (random.random(seeds.shape) < 0.1)] += random.integers(count, count * 2)
    # Of a chain, each document differs from the one before it in 13 components.
    chain, place = np.divmod(numbers - new - copies, CHAIN)
    in_chain = (numbers >= new + copies) & (numbers < new + copies + chained)
    versions = (place[:, None] * 13 + columns * 37 % COMPONENTS) // COMPONENTS
    seeds[in_chain] = (count * 4 + chain[:, None] * CHAIN + versions)[in_chain]
    # Of a tree, each differs from the one above it in about a tenth.
    nodes = np.flatnonzero(numbers >= new + copies + chained)
    above = np.repeat(numbers[nodes, None] - (new + copies + chained), COMPONENTS, axis=1)
    for _ in range(tree.bit_length()):
        kept = (above > 0) & (mixed(above * COMPONENTS + columns) % np.uint64(10) > 0)
        above[kept] = (above[kept] - 1) // 2
    seeds[nodes] = count * 6 + above
    signatures[known] = mixed(seeds * COMPONENTS + columns).astype(np.uint32)
    return key_of, signatures


def numbers_of(start: int, end: int, count: int) -> np.ndarray:
    """The numbers of the documents of a shard: a permutation, so that copies are anywhere."""
    return (np.arange(start, end) * 7_368_787 + 11) % count


def ids_of(numbers: np.ndarray) -> list[str]:
    """Ids of 32 characters."""
    return [f"{n:032}" for n in mixed(numbers).tolist()]


def shard(task: tuple[Project, int, int, int]) -> Part:
    """Write a shard of ``count`` documents as the stage describe does."""
    project, start, end, count = task
    numbers = numbers_of(start, end, count)
    key_of, signatures = planted(numbers, count)
    random = np.random.default_rng(start)
    shape = table("compared", project.schemas)
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * COMPONENTS
    rows = {
        "doc_id": ids_of(numbers),
        "text_key": [hashlib.sha256(n.tobytes()).hexdigest() for n in key_of],
        "minhash": pa.ListArray.from_arrays(offsets, pa.array(signatures.ravel().astype(np.int64))),
        "words": random.integers(100, 800, len(numbers)),
        "point": random.random(len(numbers)),
        "kept": np.ones(len(numbers), dtype=bool),
    }
    return project.store.add(shape.conform(pa.table(rows)))


def stored(project: Project, count: int) -> None:
    """Write the shards of ``planted``."""
    tasks = [(project, start, min(start + BATCH, count), count) for start in range(0, count, BATCH)]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        write_receipts(project, "describe", ({"signatures": part} for part in pool.imap(shard, tasks, 16)))


class DrawnStore:
    """In place of the store: shards are drawn, and what is written is not kept."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, part: Part, columns: list[str], *, again: bool = False) -> pa.Table:
        """The columns that the stage reads of a shard, to write its tables."""
        shard = drawn_columns(SignatureTask(self.root, part), again=again)
        return pa.table({"doc_id": shard.ids, "point": shard.points, "kept": shard.kept}).select(columns)

    def add(self, rows: pa.Table) -> Part:
        """Write nothing."""
        return Part(rows.num_rows, "")


def drawn_columns(task: SignatureTask, *, again: bool = False) -> ShardColumns:
    """See ``read_columns``; a part names the first document of a shard and their number."""
    start, count = map(int, task.part.sha256.split())
    numbers = numbers_of(start, start + task.part.rows, count)
    key_of, _ = planted(numbers, count, near=False)
    random = np.random.default_rng(start)
    words, points = random.integers(100, 800, len(numbers)), random.random(len(numbers))
    kept = np.ones(len(numbers), dtype=bool)
    return ShardColumns(kept, pa.array(ids_of(numbers)), drawn_keys(key_of), words, points)


def drawn_keys(key_of: np.ndarray) -> pa.Array:
    """Keys of 16 bytes."""
    halves = np.stack([mixed(key_of), mixed(key_of + 2**40)], axis=1)
    return pa.Array.from_buffers(pa.binary(16), len(key_of), [None, pa.py_buffer(halves.tobytes())])


def drawn_keys_and_signatures(task: SignatureTask) -> tuple[pa.Array, np.ndarray]:
    """See ``read_keys_and_signatures``."""
    start, count = map(int, task.part.sha256.split())
    key_of, signatures = planted(numbers_of(start, start + task.part.rows, count), count)
    return drawn_keys(key_of), signatures


def drawn_signatures(task: SignatureTask) -> np.ndarray:
    """See ``kept_signatures``."""
    return drawn_keys_and_signatures(task)[1]


class Drawn:
    """A step that draws what it would read."""

    def __init__(self, step: Callable[[object], object]) -> None:
        self.step = step

    def __call__(self, task: object) -> object:
        """Run the step in whatever process this is."""
        disk_join.read_columns = decided_groups.read_columns = drawn_columns
        disk_join.read_keys_and_signatures, disk_join.kept_signatures = drawn_keys_and_signatures, drawn_signatures
        disk_deduplication.Store = DrawnStore
        return self.step(task)


class Drawing(local.Local):
    """The engine of this machine, for such steps."""

    def map(self, function: Callable[[object], object], tasks: Iterable[object]) -> Iterator[tuple[int, object]]:
        """See ``Engine.map``."""
        return super().map(Drawn(function), tasks)


def drawn(folder: Path, count: int) -> str:
    """Join so many documents by rounds."""
    parts = [Part(min(SHARD, count - start), f"{start} {count}") for start in range(0, count, SHARD)]
    project = Project(*[folder] * 4, schemas=PACKAGED, params=check_params({}))

    def run() -> None:
        ranges = disk_join.ranges_of(parts, deduplicate._RANGE)
        join = disk_join.DiskJoin(Drawing({"workers": 2}), folder, folder, ranges, LARGEST)
        join.group()
        rounds = disk_deduplication.Deal(project.params["splits"], (), project.schemas)
        _, counts = disk_deduplication.deduplicated(join, rounds, any_given=False)
        print(f"{counts}, {join.grouped:,} in groups", flush=True)

    return measured(run, folder)


def watch(folder: Path, most: list[int], stop: threading.Event) -> None:
    """Keep the most that files below a folder take on disk."""
    while not stop.wait(2):
        used = 0
        for path in folder.rglob("*"):
            with contextlib.suppress(OSError):
                used += path.stat().st_blocks * 512
        most[0] = max(most[0], used)


def stage(project: Project) -> str:
    """Run the stage on what ``stored`` wrote."""
    return measured(lambda: deduplicate.run(project), project.build / "scratch")


def measured(run: Callable[[], None], scratch: Path) -> str:
    """What a run takes, in this process and others."""
    most, stop, rounds = [0], threading.Event(), []
    counted = disk_join.components
    disk_join.components = lambda *given: (rounds.append(counted(*given)), rounds[-1])[1]
    threading.Thread(target=watch, args=(scratch, most, stop), daemon=True).start()
    begun = time.perf_counter()
    run()
    wall = time.perf_counter() - begun
    stop.set()
    local._pool.close()  # so that the memory of its processes is told
    (own, _), (theirs, each) = (
        (used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024
    text = f"{own + theirs:8.1f} s of CPU, {wall:6.1f} s, {peak:6.0f} MB at most, {each:4.0f} MB in another process"
    by_rounds = (f", {found.rounds} rounds, {most[0] / 1e9:.1f} GB of temporary files at most" for found in rounds)
    return "".join([text, *by_rounds])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="folder into which other libraries were installed")
    parser.add_argument("--documents", type=int, help="measure the stage on so many documents, and nothing else")
    parser.add_argument("--join", choices=("memory", "rounds"), default="memory", help="the setting engine.join")
    parser.add_argument("--keys", type=int, help="measure the join by rounds of so many documents that are drawn")
    given = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    if given.documents:
        with (
            tempfile.TemporaryDirectory(prefix="copydesk-duplicates-") as folder,
            ProcessPoolExecutor(1, spawn) as one,
        ):
            root = Path(folder)
            places = (root / name for name in ("seeds", "corpus", "reports", "build"))
            project = Project(*places, schemas=PACKAGED, params=check_params({"engine": {"join": given.join}}))
            with ProcessPoolExecutor(1, spawn) as other:
                other.submit(stored, project, given.documents).result()
            print(f"{given.documents:,} documents: {one.submit(stage, project).result()}")
        return
    if given.keys:
        with (
            tempfile.TemporaryDirectory(prefix="copydesk-duplicates-") as folder,
            ProcessPoolExecutor(1, spawn) as one,
        ):
            print(f"{given.keys:,} documents: {one.submit(drawn, Path(folder), given.keys).result()}")
        return
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
            with spawn.Pool(1) as pool:
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
