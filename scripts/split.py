"""Split: clean text becomes sentences, with their place in the clean and in the raw text.

build/clean/shards.jsonl → build/split/shards.jsonl (sentences, spans)
"""

from copydesk.stages import split
from copydesk.stages.runner import main

if __name__ == "__main__":
    main(split.run)
