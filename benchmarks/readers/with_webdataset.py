import sys
from pathlib import Path

import pyarrow.dataset
import webdataset
from rows import tell

corpus, folder = sys.argv[1], Path(sys.argv[2])
wanted = {"documents": ["doc_id", "text", "split"], "sentences": ["doc_id", "text", "start", "end", "split"]}
read = {}
for name, columns in wanted.items():
    with webdataset.TarWriter(str(folder / f"{name}.tar")) as out:
        for number, row in enumerate(pyarrow.dataset.dataset(f"{corpus}/data/{name}").to_table(columns).to_pylist()):
            out.write({"__key__": f"{number:09d}", "json": row})
    samples = webdataset.WebDataset(str(folder / f"{name}.tar"), shardshuffle=False).decode()
    read[name] = [sample["json"].values() for sample in samples]
tell(read["documents"], read["sentences"])
