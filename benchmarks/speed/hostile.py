"""How long seeds that are made to fill a memory take, and how much memory: each in a process of its own.

    python benchmarks/speed/hostile.py

Ten million lines of one letter, as records and as a text; a document of 1 GB, as a text and as a record; what unpacks
to 10 GB. They are made below build/hostile/, where they take 1.5 GB, and removed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "hostile"
BLOCK = 1 << 24


def repeated(unit: bytes, count: int) -> Iterator[bytes]:
    """So many units, some at a time."""
    many = max(1, BLOCK // len(unit))
    for start in range(0, count, many):
        yield unit * min(many, count - start)


def make(case: str, path: Path) -> None:
    """Write the seed of a case."""
    if case == "records":
        parts = repeated(b'{"text": "x"}\n', 10_000_000)
    elif case == "lines":
        parts = repeated(b"a\n", 10_000_000)
    elif case == "bomb":
        with gzip.open(path, "wb", 1) as file:
            for part in repeated(b"\n" * 1000, 10_000_000):
                file.write(part)
        return
    else:
        whole = repeated(b"A word. ", 1 << 27)
        parts = chain([b'{"text": "'], whole, [b'"}\n{"text": "The next."}\n']) if case == "record" else whole
    with path.open("wb") as file:
        file.writelines(parts)


CASES = {
    "records": ("records.jsonl", "ten million records of one letter"),
    "lines": ("lines.txt", "a text of ten million lines (with ingest.max_bytes at 64 MB)"),
    "text": ("text.txt", "a text of 1 GB"),
    "record": ("record.jsonl", "a record of 1 GB, and one behind it"),
    "bomb": ("bomb.jsonl.gz", "10 GB of line feeds in 40 MB"),
}


def read(folder: Path) -> dict[str, float]:
    """Read a folder of seeds, clean and split what is a text; what that took."""
    from copydesk.cleaning.apply import clean_text
    from copydesk.cleaning.plan import plan
    from copydesk.core.config import check_params
    from copydesk.core.json_schema import PACKAGED
    from copydesk.readers.document_listing import list_in_file
    from copydesk.readers.plain_text import read_text
    from copydesk.readers.seed_files import list_seeds
    from copydesk.sentences import split

    params = check_params({"ingest": {"max_bytes": 1 << (26 if folder.name == "lines" else 24)}})
    start = time.monotonic()
    seeds, refused = list_seeds(folder, params["ingest"]["max_bytes"])
    made = folder.with_name("made")
    listing, more = list_in_file(folder, seeds, made, params["ingest"], PACKAGED, folder.with_name("listed"))
    sentences = 0
    for seed in seeds.to_pylist():
        if seed["doc_id"] is not None:  # one document, not a file of records
            text = read_text((folder / seed["path"]).read_bytes(), ["utf-8"]).text
            sentences += len(split(clean_text(text, plan(params["clean"])).edited.text))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    reasons = sorted({refusal.reason for refusal in (*refused, *more)})
    seconds = round(time.monotonic() - start, 1)
    return {"seconds": seconds, "MB": round(peak), "documents": len(listing.sizes), "refused": ", ".join(reasons)} | (
        {"sentences": sentences} if sentences else {}
    )


def main() -> None:
    """Measure each case; print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--case", choices=CASES, action="append", help="one of them; all if none is given")
    given = parser.parse_args()
    if given.read:
        print(json.dumps(read(given.read)))
        return
    print("| seed | seconds | peak, MB | documents | refused |\n|---|---|---|---|---|")
    for case in given.case or CASES:
        name, what = CASES[case]
        folder = FOLDER / case
        folder.mkdir(parents=True, exist_ok=True)
        try:
            make(case, folder / name)
            command = [sys.executable, __file__, "--read", str(folder)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
            told = json.loads(done.stdout) if done.returncode == 0 else {"refused": f"ended with {done.returncode}"}
        finally:
            shutil.rmtree(FOLDER, ignore_errors=True)
        row = [what, *(f"{told[k]:,}" if k in told else "" for k in ("seconds", "MB", "documents")), told["refused"]]
        print("|", " | ".join(row), "|", flush=True)


if __name__ == "__main__":
    main()
