"""Ingest: files become rows of raw text, or are refused.

seeds → build/ingest/shards.jsonl (raw, provenance), reports/quarantine.jsonl
"""

from copydesk.stages import ingest
from copydesk.stages.runner import main

if __name__ == "__main__":
    main(ingest.run)
