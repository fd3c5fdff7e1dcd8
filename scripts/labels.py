"""Labels: the labels that the repository keeps, placed in today's clean texts, and a report of those that broke.

labels/*.jsonl, build/clean/shards.jsonl → build/labels/shards.jsonl (labels), reports/labels.jsonl
"""

from copydesk.stages import labels
from copydesk.stages.runner import main

if __name__ == "__main__":
    main(labels.run)
