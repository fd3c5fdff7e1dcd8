import sys

import ray
from rows import tell

corpus = sys.argv[1]
ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
documents = ray.data.read_parquet(f"{corpus}/data/documents", columns=["doc_id", "text", "split"]).take_all()
sentences = ray.data.read_parquet(f"{corpus}/data/sentences", columns=["doc_id", "text", "start", "end", "split"])
tell(
    ((row["doc_id"], row["text"], row["split"]) for row in documents),
    ((row["doc_id"], row["text"], row["start"], row["end"], row["split"]) for row in sentences.take_all()),
)
