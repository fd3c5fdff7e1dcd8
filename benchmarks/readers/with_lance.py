import sys
from pathlib import Path

import lance
import pyarrow.dataset
from rows import tell

corpus, folder = sys.argv[1], Path(sys.argv[2])
read = {}
for name in ("documents", "sentences"):
    written = lance.write_dataset(pyarrow.dataset.dataset(f"{corpus}/data/{name}").to_table(), str(folder / name))
    read[name] = written.to_table()
    assert read[name].equals(pyarrow.dataset.dataset(f"{corpus}/data/{name}").to_table())
documents = read["documents"].select(["doc_id", "text", "split"]).to_pylist()
sentences = read["sentences"].select(["doc_id", "text", "start", "end", "split"]).to_pylist()
tell((row.values() for row in documents), (row.values() for row in sentences))
