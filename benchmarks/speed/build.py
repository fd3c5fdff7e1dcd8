"""Our own build at any size: CPU by stage, time, memory of all processes, and how fast what it made is read.

    python benchmarks/speed/build.py [--documents 10000] [--mix clean,defects,real,pages] [--workers 1,2]

Each build is a process that calls ``copydesk.build``, with the final validation. A million documents take an hour of
CPU and some 20 GB of disk below ``build/``. Results are added to ``results/scale.json``, each in place of an older
one of the same size, mix and number of workers; ``page.py`` makes ``docs/performance.md`` of it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from corpus import MADE
from runs import RESULTS, SCRATCH, machine, made, run, save


def main() -> None:
    """Build, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", default="10000", help="sizes, with commas between")
    parser.add_argument("--mix", default=",".join(MADE), help="mixes, with commas between")
    parser.add_argument("--workers", default="1,2", help="numbers of processes, with commas between")
    given = parser.parse_args()
    for count in map(int, given.documents.split(",")):
        for mix in given.mix.split(","):
            for workers in map(int, given.workers.split(",")):
                row = _measured(count, mix, workers)
                each = 1e3 * row["cpu"] / count
                stages = ", ".join(f"{name} {1e3 * cpu / count:.3f}" for name, cpu in row["found"]["stages"].items())
                print(
                    f"{count:,} {mix}, {workers} workers: {each:.3f} ms of CPU a document ({stages}), "
                    f"{row['wall']:.1f} s, {row['peak'] / 1e6:.0f} MB; {row['reading']}",
                    flush=True,
                )
                _keep(row)


def _measured(count: int, mix: str, workers: int) -> dict[str, Any]:
    corpus = made(count, mix, files=True)
    out = SCRATCH / f"built-{mix}-{count}-{workers}"
    try:
        measured = run("copydesk", "build", corpus, str(workers), keep=out)
        command = [sys.executable, str(Path(__file__).with_name("reading.py")), str(out / "corpus")]
        read = subprocess.run(command, capture_output=True, text=True, check=True)
    finally:
        shutil.rmtree(out, ignore_errors=True)
    return {
        "documents": count,
        "mix": mix,
        "workers": workers,
        "bytes": corpus.bytes,
        "planted": corpus.planted,
        "reading": json.loads(read.stdout.splitlines()[-1]),
        "machine": machine(),
        **measured,
    }


def _keep(row: dict[str, Any]) -> None:
    path = RESULTS / "scale.json"
    rows = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []
    rows = [old for old in rows if _same(old) != _same(row)]
    save("scale", {"rows": sorted([*rows, row], key=_same)})


def _same(row: dict[str, Any]) -> tuple[str, int, int]:
    return row["mix"], row["documents"], row["workers"]


if __name__ == "__main__":
    main()
