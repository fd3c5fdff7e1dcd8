"""Whether readers take time in proportion to what they read, and memory that does not grow with it.

    python benchmarks/hostile/readers.py [--case NAME]...

Each case of cases.py is read in two sizes, the second four times the first, in a process of its own for each. CPU
time may grow eightfold, which tells a linear reader (4) from a quadratic one (16). Memory may grow by 48 MB where a
file holds records, of which each has a row of about 500 bytes; where it is one document, by 80 bytes for each of its
own, since a document is read whole. Exits with 1 if a case takes more.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from cases import CASES

SMALL, TIMES = 500, 4
_MOST_RATIO, _NOISE = 8.0, 0.05  # seconds under which a ratio says nothing
_MOST_MEGABYTES, _MOST_TIMES = 48, 80


class Measured(NamedTuple):
    """What the two sizes of a case took: bytes, CPU seconds, peaks above the start in MB; documents and refusals."""

    sizes: tuple[int, int]
    seconds: tuple[float, float]
    megabytes: tuple[float, float]
    documents: int
    refused: str

    @property
    def ratio(self) -> float:
        """How often the CPU seconds of the smaller file go into those of the larger, 0 where these are few."""
        return self.seconds[1] / max(self.seconds[0], _NOISE / 4) if self.seconds[1] > _NOISE else 0.0

    @property
    def growth(self) -> float:
        """How many megabytes more the larger file takes."""
        return max(0.0, self.megabytes[1] - self.megabytes[0])

    def holds(self, ending: str) -> bool:
        """Whether time is linear and memory flat."""
        more = (self.sizes[1] - self.sizes[0]) / 1e6
        whole = ending.startswith((".html", ".txt")) or self.documents <= 1
        return self.ratio <= _MOST_RATIO and self.growth <= _MOST_MEGABYTES + (_MOST_TIMES * more if whole else 0)


def read(path: Path, scratch: Path) -> tuple[int, str]:
    """Read a folder with one seed as ingest does; how many documents there are, and why others are none."""
    from copydesk.core.config import check_params
    from copydesk.errors import UnreadableError
    from copydesk.readers import READERS
    from copydesk.readers.document_listing import list_documents
    from copydesk.readers.seed_files import list_seeds
    from copydesk.webpages.page_edits import read_page

    limits = check_params({})["ingest"]
    seeds, refused = list_seeds(path.parent, limits["max_bytes"])
    listed, more = list_documents(path.parent, seeds, scratch, limits)
    documents = listed.num_rows
    reasons = {refusal.reason for refusal in (*refused, *more)}
    for row in listed.to_pylist() if path.suffix in READERS else ():
        try:
            raw = READERS[path.suffix].read(path.read_bytes(), limits["encodings"])
            if row["page"]:
                read_page(raw.text)
        except UnreadableError as error:
            documents -= 1
            reasons.add(error.reason)
    return documents, ", ".join(sorted(reasons))


def _make(name: str, count: int, path: Path) -> None:
    path.write_bytes(CASES[name][1](count))


def _measure(path: Path, scratch: Path, results: Any) -> None:
    small = path.parent.with_name("start") / "a.html"
    for warm, folder in ((small, "warm"), (path, "made")):
        start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        outcome = read(warm, scratch / folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    results.put((time.process_time() - start, (peak - before) / 1024, *outcome))


def measure(name: str, small: int = SMALL) -> Measured:
    """Read a case in both sizes."""
    # A process that has loaded everything, and of which each measured one is a copy: its peak is its own.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["cases", "copydesk.webpages", "copydesk.readers.document_listing", "copydesk.readers.archives.warc"]
    )
    taken, sizes = [], []
    for count in (small, small * TIMES):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            path = folder / "seeds" / f"a{CASES[name][0]}"
            for inside in ("seeds", "start"):
                (folder / inside).mkdir()
            _start_page(folder / "start")
            results = context.SimpleQueue()
            for target, args in ((_make, (name, count, path)), (_measure, (path, folder / "build", results))):
                process = context.Process(target=target, args=args)
                process.start()
                process.join()
                if process.exitcode:
                    raise RuntimeError(f"{name}: {target.__name__} ended with {process.exitcode}")
            taken.append(results.get())
            sizes.append(path.stat().st_size)
    (first, second), (documents, refused) = taken, taken[1][2:]
    return Measured((sizes[0], sizes[1]), (first[0], second[0]), (first[1], second[1]), int(documents), str(refused))


def _start_page(folder: Path) -> None:
    (folder / "a.html").write_bytes(CASES["html paragraphs"][1](2))
    (folder / "b.jsonl").write_bytes(CASES["jsonl plain"][1](1))
    (folder / "c.parquet").write_bytes(CASES["parquet plain"][1](1))
    (folder / "d.warc").write_bytes(CASES["warc plain"][1](1))


def main() -> int:
    """Measure cases, print a row for each and the worst of all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--case", choices=CASES, action="append", help="one of them; all if none is given")
    given = parser.parse_args()
    print("| case | MB | CPU s | ratio | peak, MB | documents | refused |\n|---|---|---|---|---|---|---|")
    all_measured = {}
    for name in given.case or CASES:
        all_measured[name] = measured = measure(name)
        columns = (
            " / ".join(f"{size / 1e6:.2f}" for size in measured.sizes),
            " / ".join(f"{second:.2f}" for second in measured.seconds),
            f"{measured.ratio:.1f}",
            " / ".join(f"{megabyte:.0f}" for megabyte in measured.megabytes),
            f"{measured.documents:,}",
            measured.refused,
        )
        verdict = "" if measured.holds(CASES[name][0]) else " **too much**"
        print("|", " | ".join((name + verdict, *columns)), "|", flush=True)
    slowest = max(all_measured, key=lambda name: all_measured[name].ratio)
    largest = max(all_measured, key=lambda name: all_measured[name].growth)
    print(
        f"\n{len(all_measured)} cases, {TIMES} times the bytes: worst ratio of CPU time "
        f"{all_measured[slowest].ratio:.1f} ({slowest}), "
        f"most memory more {all_measured[largest].growth:.0f} MB ({largest})"
    )
    return int(not all(measured.holds(CASES[name][0]) for name, measured in all_measured.items()))


if __name__ == "__main__":
    sys.exit(main())
