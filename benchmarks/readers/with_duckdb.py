import sys

import duckdb
from rows import tell

corpus = sys.argv[1]
documents = duckdb.sql(f"SELECT doc_id, text, split FROM '{corpus}/data/documents/*.parquet'").fetchall()
sentences = duckdb.sql(f"SELECT doc_id, text, start, \"end\", split FROM '{corpus}/data/sentences/*.parquet'")
tell(documents, sentences.fetchall())
