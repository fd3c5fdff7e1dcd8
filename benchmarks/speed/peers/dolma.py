"""dolma: its taggers of the Gopher and C4 rules, which write attributes and repair nothing; its Bloom filter.

    python -P dolma.py tag|deduplicate FILE OUT

The filter finds exact copies only. Its identifier for languages is a model from the network. One process.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    task, given, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    documents = out / "documents"
    documents.mkdir(parents=True)
    command = [str(Path(sys.executable).parent / "dolma")]
    # It reads compressed files alone.
    with given.open("rb") as file, gzip.open(documents / "part.jsonl.gz", "wb", compresslevel=1) as packed:
        packed.writelines(file)
    config: dict[str, Any] = {"documents": [str(documents / "*")], "processes": 1}
    if task == "tag":
        config["taggers"] = ["gopher_v1", "c4_v2", "whitespace_tokenizer_v1"]
    else:
        config["dedupe"] = {
            "name": "exact",
            "documents": {"key": "$.text", "attribute_name": "duplicate"},
            "skip_empty": False,
        }
        config["bloom_filter"] = {
            "file": str(out / "bloom"),
            "read_only": False,
            "size_in_bytes": 0,
            "estimated_doc_count": 1_000_000,
            "desired_false_positive_rate": 0.0001,
        }
    path = out / "config.json"
    path.write_text(json.dumps(config))
    command += ["-c", str(path), "tag" if task == "tag" else "dedupe"]
    subprocess.run(command, check=True)
    found = {"documents": 0, "duplicates": 0}
    for path in out.glob(f"**/attributes/{'gopher_v1' if task == 'tag' else 'exact'}/*.gz"):
        with gzip.open(path, "rt", encoding="utf-8") as rows:
            for row in rows:
                found["documents"] += 1
                found["duplicates"] += bool(json.loads(row)["attributes"].get("duplicate"))
    if task == "tag":
        found = {"documents": found["documents"]}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
