import sys

import mlcroissant
from rows import tell

corpus = sys.argv[1]
dataset = mlcroissant.Dataset(jsonld=f"{corpus}/croissant.json")
names = {
    name: [f"{name}/{column}" for column in columns]
    for name, columns in (
        ("documents", ("doc_id", "text", "file_split")),
        ("sentences", ("doc_id", "text", "start", "end", "file_split")),
    )
}


def rows(name):
    for record in dataset.records(name):
        yield [value.decode() if isinstance(value, bytes) else value for value in map(record.get, names[name])]


tell(rows("documents"), rows("sentences"))
