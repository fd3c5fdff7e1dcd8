"""A DataLoader with two workers over a stream, and a collate function that leaves nested columns as lists."""

import sys

from datasets import load_dataset
from rows import tell
from torch.utils.data import DataLoader, default_collate

corpus = sys.argv[1]


def collate(rows):
    """Tensors of columns of numbers without nulls; everything else as lists."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return {
        name: default_collate(values) if all(isinstance(value, int | float) for value in values) else values
        for name, values in columns.items()
    }


def batches(name):
    for split, rows in load_dataset(corpus, name, streaming=True).items():
        for batch in DataLoader(rows, batch_size=16, num_workers=2 if split == "train" else 0, collate_fn=collate):
            columns = (batch[column] for column in wanted[name])
            yield from zip(*(c if isinstance(c, list) else c.tolist() for c in columns), strict=True)


wanted = {"documents": ("doc_id", "text", "split"), "sentences": ("doc_id", "text", "start", "end", "split")}
tell(batches("documents"), batches("sentences"))
