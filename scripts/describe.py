"""Describe: signals and provenance of each document, what it shares with benchmarks, whether it is kept.

build/ingest/shards.jsonl, build/ingest/passed_on.json, build/clean/shards.jsonl, build/split/shards.jsonl
→ build/describe/shards.jsonl (description, signatures, dropped)
"""

from copydesk.stages import describe
from copydesk.stages.runner import main

if __name__ == "__main__":
    main(describe.run)
