import sys

import litdata
from rows import tell

corpus = sys.argv[1]
read = {}
for name in ("documents", "sentences"):
    litdata.index_parquet_dataset(f"{corpus}/data/{name}")
    loader = litdata.streaming.item_loader.ParquetLoader()
    read[name] = [*litdata.StreamingDataset(f"{corpus}/data/{name}", item_loader=loader)]
tell(
    ((row["doc_id"], row["text"], row["split"]) for row in read["documents"]),
    ((row["doc_id"], row["text"], row["start"], row["end"], row["split"]) for row in read["sentences"]),
)
