"""Package: finished shards become the dataset: Parquet files, card, manifest, figures.

build/*/shards.jsonl → corpus, reports/metrics.json, reports/plots
"""

from copydesk.stages import package
from copydesk.stages.runner import main

if __name__ == "__main__":
    main(package.run)
