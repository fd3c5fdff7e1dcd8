"""How fast the cleaner is, on one core: good text, damaged text, and text made to be slow.

    python benchmarks/speed/cleaning.py

Prints megabytes of UTF-8 a second of CPU time, and for hostile text of two sizes the ratio of the times a byte
costs, which stays near 1 where cleaning is linear.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pyarrow as pa

from copydesk.cleaning.apply import clean_column, clean_text
from copydesk.cleaning.plan import plan
from copydesk.core.config import check_params

OPEN = Path(__file__).parents[1] / "quality" / "open"
BATCH = 1000
RUNS = 3  # the median counts
UNITS = [
    "a",
    "A",
    " ",
    "&amp;",
    '"',
    "“",
    "”",
    "\n",
    "\nSource: x",
    "aBcd",
    "aBcde ",
    ",A",
    "**",
    " **",
    "T he ",
    "\u200b",
    "Ã©",
    "ab.Cd",
]


def texts(name: str, size: int) -> list[str]:
    """Texts of one file of the open bench, over and over, up to a size in bytes."""
    lines = (OPEN / f"{name}.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    documents = [row["dirty"] for row in rows]
    if name == "control":
        # The plain ones: the others are traps for rules. Two make an article of about 3,500 characters.
        documents = [row["dirty"] for row in rows if row["kind"] == "control:plain"]
        documents = ["\n".join(documents[at : at + 2]) for at in range(0, len(documents), 2)]
    total = sum(len(d.encode()) for d in documents)
    return documents * max(1, size // total)


def main() -> None:
    """Print the table."""
    how = plan(check_params({})["clean"])
    # Loads the libraries and word lists that rules use, once, before anything is timed.
    clean_column(pa.array(texts("bench", 1)[:100]), how)
    for name, title in (("control", "good text"), ("bench", "damaged text")):
        column = texts(name, 8_000_000)
        size = sum(len(text.encode()) for text in column)
        times = []
        for _ in range(RUNS):
            start = time.process_time()
            for at in range(0, len(column), BATCH):
                clean_column(pa.array(column[at : at + BATCH]), how)
            times.append(time.process_time() - start)
        spent = sorted(times)[RUNS // 2]
        print(f"{title:<14}{size / spent / 1e6:8.1f} MB/s  ({len(column)} documents, {size / 1e6:.1f} MB)")
    for unit in UNITS:
        spent_per_byte = []
        for size in (1_000_000, 10_000_000):
            text = unit * (size // len(unit.encode()))
            start = time.process_time()
            clean_text(text, how)
            spent_per_byte.append((time.process_time() - start) / size)
        ratio = spent_per_byte[1] / spent_per_byte[0]
        print(
            f"10 MB of {unit!r:<14}{1e-6 / spent_per_byte[1]:8.1f} MB/s  (a byte costs {ratio:.2f} times as at 1 MB)"
        )


if __name__ == "__main__":
    main()
