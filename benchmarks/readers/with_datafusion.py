import sys

import datafusion
from rows import tell

corpus = sys.argv[1]
context = datafusion.SessionContext()
for name in ("documents", "sentences"):
    context.register_parquet(name, f"{corpus}/data/{name}/")
documents = context.sql("SELECT doc_id, text, split FROM documents").to_pylist()
sentences = context.sql('SELECT doc_id, text, start, "end", split FROM sentences').to_pylist()
tell((row.values() for row in documents), (row.values() for row in sentences))
