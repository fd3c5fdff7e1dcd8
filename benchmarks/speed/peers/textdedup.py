"""text-dedup: its MinHash command on JSON lines, one process, 128 components, five-word shingles, threshold 0.8.

python -P textdedup.py deduplicate FILE OUT
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

OPTIONS = {
    "--path": "json",
    "--split": "train",
    "--column": "text",
    "--num_proc": "1",
    "--num_perm": "128",
    "--ngram": "5",
    "--threshold": "0.8",
}


def main() -> None:
    given, out = Path(sys.argv[2]), Path(sys.argv[3])
    options = {
        **OPTIONS,
        "--data_files": str(given),
        "--cache_dir": str(out / "cache"),
        "--output": str(out / "kept"),
    }
    arguments = [part for option in options.items() for part in option]
    subprocess.run([sys.executable, "-m", "text_dedup.minhash", *arguments], check=True)
    from datasets import load_from_disk

    count = sum(1 for _ in given.open("rb"))
    print(json.dumps({"documents": count, "duplicates": count - len(load_from_disk(str(out / "kept")))}))


if __name__ == "__main__":
    main()
