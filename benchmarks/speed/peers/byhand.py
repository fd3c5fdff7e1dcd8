"""What one would write by hand: ``datasets.map`` with ftfy, a splitter and a hash, duplicates out, ``to_parquet``.

    python -P byhand.py pysbd|regex FILE OUT

No near duplicates, no signals, no language, no edits. One process.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ftfy
from datasets import load_dataset

SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s)|$)", re.DOTALL)
SPACES = re.compile(r"[^\S\n]+")


def by_pysbd(text: str) -> list[tuple[int, int]]:
    import pysbd

    global _segmenter  # noqa: PLW0603 - made once, as one would
    _segmenter = _segmenter or pysbd.Segmenter(language="en", clean=False, char_span=True)
    return [(span.start, span.end) for span in _segmenter.segment(text)]


def by_regex(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in SENTENCE.finditer(text)]


_segmenter: Any = None
SPLITTERS: dict[str, Callable[[str], list[tuple[int, int]]]] = {"pysbd": by_pysbd, "regex": by_regex}


def main() -> None:
    split, given, out = SPLITTERS[sys.argv[1]], sys.argv[2], Path(sys.argv[3])

    def prepare(row: dict[str, Any]) -> dict[str, Any]:
        text = SPACES.sub(" ", ftfy.fix_text(row["text"])).strip()
        spans = split(text)
        return {
            "text": text,
            "start": [start for start, _ in spans],
            "end": [end for _, end in spans],
            "words": len(text.split()),
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        }

    rows = load_dataset("json", data_files=given, split="train", cache_dir=str(out / "cache"))
    mapped = rows.map(prepare)
    seen: set[str] = set()

    def new(sha256: str) -> bool:
        if sha256 in seen:
            return False
        seen.add(sha256)
        return True

    kept = mapped.filter(new, input_columns="sha256")
    kept.to_parquet(str(out / "data.parquet"))
    print(json.dumps({"documents": len(rows), "duplicates": len(rows) - len(kept)}))


if __name__ == "__main__":
    main()
