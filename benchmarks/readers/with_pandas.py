import sys

import pandas
from rows import tell

corpus = sys.argv[1]
documents = pandas.read_parquet(f"{corpus}/data/documents", columns=["doc_id", "text", "split"])
sentences = pandas.read_parquet(f"{corpus}/data/sentences", columns=["doc_id", "text", "start", "end", "split"])
tell(documents.itertuples(index=False), sentences.itertuples(index=False))
