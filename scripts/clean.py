"""Clean: raw text becomes clean text, with every edit on record.

build/ingest/shards.jsonl → build/clean/shards.jsonl (text, edits)
"""

from copydesk.stages import clean
from copydesk.stages.runner import main

if __name__ == "__main__":
    main(clean.run)
