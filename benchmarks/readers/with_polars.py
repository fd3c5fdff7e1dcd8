import sys

import polars
from rows import tell

corpus = sys.argv[1]
documents = polars.scan_parquet(f"{corpus}/data/documents/*.parquet").select("doc_id", "text", "split").collect()
sentences = polars.scan_parquet(f"{corpus}/data/sentences/*.parquet").select(
    "doc_id", "text", "start", "end", "split"
)
tell(documents.iter_rows(), sentences.collect().iter_rows())
