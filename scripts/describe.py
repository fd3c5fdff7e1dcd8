"""Describe: counts, signals and provenance of each document.

build/ingest.jsonl, build/clean.jsonl → build/describe.jsonl (description, signatures)
"""

from copydesk.stages import describe
from copydesk.stages.shardwise import main

if __name__ == "__main__":
    main(describe.run)
