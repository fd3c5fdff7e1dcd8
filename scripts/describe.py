"""Describe: signals and provenance of each document, what it shares with benchmarks, whether it is kept.

build/ingest.jsonl, build/benchmarks.jsonl, build/clean.jsonl, build/split.jsonl
→ build/describe.jsonl (description, signatures, dropped)
"""

from copydesk.stages import describe
from copydesk.stages.runner import main

if __name__ == "__main__":
    main(describe.run)
