"""datasketch: MinHash of five-word shingles and its index, as its users write it.

python -P datasketch.py deduplicate FILE OUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from datasketch import MinHash, MinHashLSH

COMPONENTS, THRESHOLD, WORDS = 128, 0.8, 5


def main() -> None:
    given, out = Path(sys.argv[2]), Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    index = MinHashLSH(threshold=THRESHOLD, num_perm=COMPONENTS)
    count = kept = 0
    with given.open(encoding="utf-8") as lines, (out / "kept.jsonl").open("w", encoding="utf-8") as file:
        for line in lines:
            row = json.loads(line)
            words = row["text"].lower().split()
            shingles = {" ".join(words[at : at + WORDS]).encode() for at in range(max(1, len(words) - WORDS + 1))}
            signature = MinHash(num_perm=COMPONENTS)
            signature.update_batch(list(shingles))
            count += 1
            if not index.query(signature):
                index.insert(row["id"], signature)
                file.write(line)
                kept += 1
    print(json.dumps({"documents": count, "duplicates": count - kept}))


if __name__ == "__main__":
    main()
