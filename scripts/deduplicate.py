"""Deduplicate: which documents repeat which, over the whole corpus.

build/describe/shards.jsonl → build/deduplicate/shards.jsonl (duplicates)
"""

from copydesk.stages import deduplicate
from copydesk.stages.runner import main

if __name__ == "__main__":
    main(deduplicate.run)
