"""What others read of training shards, by the libraries that the formats are made for: make export-readers.

The libraries are no dependencies of copydesk, so a process of its own runs each of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from copydesk.project import Project
from support import ROOT

READERS = Path(os.environ.get("EXPORT_READERS") or ROOT / "build" / "export-readers")
#: MosaicML Streaming imports all of this at its start, and uses none of it to read local files.
ABSENT = """
import importlib.abc, importlib.machinery, sys, types
class Absent(types.ModuleType):
    __path__ = []
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return type(name, (), {})
class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    names = "azure boto3 botocore google matplotlib oci paramiko torch torchvision transformers".split()
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.names: return importlib.machinery.ModuleSpec(name, self, is_package=True)
    def create_module(self, spec): return Absent(spec.name)
    def exec_module(self, module): pass
sys.meta_path.append(Finder())
"""


def run(code: str, *arguments: str) -> Any:
    """What code prints as JSON, run where the libraries are."""
    environment = {**os.environ, "PYTHONPATH": str(READERS), "PYTHONHASHSEED": "random"}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def needs(library: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not (READERS / library).is_dir(), reason=f"{library} is not in {READERS.name}")


def exported(corpus: Project, out: Path, shards: str, *more: str, size: int = 20_000) -> Path:
    """Export as the command does, where the libraries are."""
    code = (
        "import os, sys; out = os.dup(1); os.dup2(2, 1)\n"
        "from copydesk.cli import app; app(sys.argv[1:], standalone_mode=False); os.write(out, b'1')"
    )
    options = ["--root", str(corpus.corpus.parent), "--format", shards, "--shard-bytes", str(size)]
    assert run(code, "export", str(out), *options, *more) == 1
    return out


def rows_of(corpus: Project, table: str, split: str) -> list[dict[str, Any]]:
    paths = sorted((corpus.corpus / "data" / table).glob(f"{split}-*.parquet"))
    rows = [{**row, "split": split} for path in paths for row in pq.read_table(path).to_pylist()]
    return [row for row in rows if row["doc_id"] != "closed"]


@needs("webdataset")
@pytest.mark.parametrize("table", ["documents", "sentences"])
def test_webdataset(corpus: Project, tmp_path: Path, table: str) -> None:
    out = exported(corpus, tmp_path / "out", "webdataset", "--table", table)
    code = """
import glob, json, sys, webdataset
rows = webdataset.WebDataset(sorted(glob.glob(sys.argv[1] + "/train/*.tar")), shardshuffle=False).decode()
print(json.dumps([{**row["json"], "text": row["txt"]} for row in rows]))
"""
    assert run(code, str(out)) == rows_of(corpus, table, "train")


@needs("streaming")
@pytest.mark.parametrize("table", ["documents", "sentences"])
def test_mosaic_streaming(corpus: Project, tmp_path: Path, table: str) -> None:
    """Its reader reads the rows, at random as well; its writer writes the same bytes."""
    out = exported(corpus, tmp_path / "out", "mds", "--table", table)
    code = """
import json, sys
from streaming import LocalDataset, MDSWriter
out, again = sys.argv[1:]
rows = {split: LocalDataset(out, split) for split in ("train", "validation")}
print(json.dumps({split: [row for row in of_split] for split, of_split in rows.items()}, default=lambda value: value.item()))
for split, of_split in rows.items():
    config = json.load(open(f"{out}/{split}/index.json"))["shards"][0]
    columns = dict(zip(config["column_names"], config["column_encodings"]))
    with MDSWriter(columns=columns, out=f"{again}/{split}", hashes=["sha256"], size_limit=config["size_limit"]) as writer:
        for number in range(len(of_split)):
            row = of_split[number]
            writer.write({name: value.item() if hasattr(value, "item") else value for name, value in row.items()})
"""
    read = run(ABSENT + code, str(out), str(tmp_path / "again"))
    assert read == {split: rows_of(corpus, table, split) for split in ("train", "validation")}
    for path in (tmp_path / "again").glob("*/*.mds"):
        number = path.name.split(".")[1]
        assert path.read_bytes() == (out / path.parent.name / f"shard-{number}.mds").read_bytes()
    for path in out.glob("*/index.json"):
        theirs = json.loads((tmp_path / "again" / path.parent.name / "index.json").read_text())
        ours = json.loads(path.read_text().replace('"shard-', '"shard.'))
        assert ours == theirs
    assert len([*tmp_path.glob("again/*/*.mds")]) == len([*out.glob("*/*.mds")]) > 2


@needs("conllu")
def test_conllu(corpus: Project, tmp_path: Path) -> None:
    out = exported(corpus, tmp_path / "out", "conllu")
    code = """
import conllu, glob, json, sys
sentences = [s for path in sorted(glob.glob(sys.argv[1] + "/train/*.conllu")) for s in conllu.parse(open(path, newline="\\n").read())]
print(json.dumps([
    [s.metadata["sent_id"], s.metadata["text"], "".join(
        word["form"] + ("" if (word["misc"] or {}).get("SpaceAfter") == "No" else " ") for word in s)]
    for s in sentences
]))
"""
    read = run(code, str(out))
    expected = rows_of(corpus, "sentences", "train")
    assert [sent_id for sent_id, _, _ in read] == [row["sentence_id"] for row in expected]
    for (_, text, words), row in zip(read, expected, strict=True):
        assert text.split() == words.split() == row["text"].split()


@needs("spacy")
def test_docbin(corpus: Project, tmp_path: Path) -> None:
    out, again = (exported(corpus, tmp_path / name, "docbin", size=8_000) for name in ("out", "again"))
    code = """
import glob, json, spacy, sys
from spacy.tokens import DocBin
vocab = spacy.blank("xx").vocab
docs = [d for path in sorted(glob.glob(sys.argv[1] + "/train/*.spacy")) for d in DocBin().from_disk(path).get_docs(vocab)]
print(json.dumps([[dict(d.user_data), d.text, [s.text for s in d.sents]] for d in docs]))
"""
    read = run(code, str(out))
    expected = rows_of(corpus, "documents", "train")
    ids: dict[str, list[str]] = {}
    for row in rows_of(corpus, "sentences", "train"):
        ids.setdefault(row["doc_id"], []).append(row["sentence_id"])
    for (known, text, sentences), row in zip(read, expected, strict=True):
        assert text == row["text"] and known["split"] == "train"
        assert (known["doc_id"], known["text_sha256"]) == (row["doc_id"], row["text_sha256"])
        assert known["sentence_ids"] == ids[row["doc_id"]]
        spans = [text[span["start"] : span["end"]].split() for span in row["sentences"]]
        assert [sentence.split() for sentence in sentences] == spans
    shards = {path.name: path.read_bytes() for path in out.glob("train/*")}
    assert shards == {path.name: path.read_bytes() for path in again.glob("train/*")} and len(shards) > 1
