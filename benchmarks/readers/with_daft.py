import sys

import daft
from rows import tell

corpus = sys.argv[1]
documents = daft.read_parquet(f"{corpus}/data/documents/*.parquet").select("doc_id", "text", "split")
sentences = daft.read_parquet(f"{corpus}/data/sentences/*.parquet").select("doc_id", "text", "start", "end", "split")
tell((row.values() for row in documents.to_pylist()), (row.values() for row in sentences.to_pylist()))
