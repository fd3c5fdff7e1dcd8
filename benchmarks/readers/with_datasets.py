"""Mapped, streamed, and another version in the same folder, with the cache of the first."""

import shutil
import sys

from datasets import load_dataset
from rows import tell

corpus, _, other = sys.argv[1:]


def rows(name, columns, **how):
    for split, of_split in load_dataset(corpus, name, **how).items():
        for row in of_split:
            assert row["split"] == str(split)
            yield [row[column] for column in columns]


wanted = {"documents": ("doc_id", "text", "split"), "sentences": ("doc_id", "text", "start", "end", "split")}
mapped = {name: [*rows(name, columns)] for name, columns in wanted.items()}
streamed = {name: [*rows(name, columns, streaming=True)] for name, columns in wanted.items()}
assert streamed == mapped
assert all(load_dataset(corpus, name).keys() == {"train", "validation", "test"} for name in ("raw", "edits"))
shutil.rmtree(corpus)
shutil.copytree(other, corpus)
again = [row for split in load_dataset(corpus, "documents").values() for row in split["doc_id"]]
tell(mapped["documents"], mapped["sentences"], **{"documents of the other version": len(again)})
sys.stdout.flush()
