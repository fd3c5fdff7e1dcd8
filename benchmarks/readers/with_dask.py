import sys

import dask.dataframe
from rows import tell

corpus = sys.argv[1]
documents = dask.dataframe.read_parquet(f"{corpus}/data/documents", columns=["doc_id", "text", "split"])
sentences = dask.dataframe.read_parquet(
    f"{corpus}/data/sentences", columns=["doc_id", "text", "start", "end", "split"]
)
tell(documents.compute().itertuples(index=False), sentences.compute().itertuples(index=False))
