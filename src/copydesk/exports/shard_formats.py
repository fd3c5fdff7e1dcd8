"""The formats of training shards: how a row is encoded, and what a shard of encoded rows is."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, Protocol

import pyarrow as pa

from copydesk.exports.mosaic_shards import ListedShard, MosaicShards
from copydesk.labels.annotated_text import TextRecord
from copydesk.labels.conllu import conllu_document
from copydesk.labels.spacy_docs import DocBinWriter
from copydesk.tables.sentence_ids import sentence_ids

FormatName = Literal["jsonl", "mds", "webdataset", "conllu", "docbin"]
Row = dict[str, Any]
#: Formats of whole documents, in which the sentences are marked.
OF_DOCUMENTS: tuple[FormatName, ...] = ("conllu", "docbin")


class ShardFormat(Protocol):
    """A format of shards."""

    @property
    def ending(self) -> str:
        """Ending of the names of the files."""

    @property
    def overhead(self) -> int:
        """Bytes of a shard without rows."""

    def encode(self, row: Row, number: int) -> Any:
        """Encode a row, given its number in the split from 0."""

    def size(self, encoded: Any) -> int:
        """The bytes that an encoded row adds to its shard."""

    def pack(self, encoded: Sequence[Any]) -> Iterator[bytes]:
        """The bytes of a shard."""

    def index(self, shards: Sequence[ListedShard]) -> bytes | None:
        """The file index.json of a split, None if the format has none."""


class _Joined:
    """A format whose shards are encoded rows, one after another."""

    overhead = 0

    def size(self, encoded: bytes) -> int:
        return len(encoded)

    def pack(self, encoded: Sequence[bytes]) -> Iterator[bytes]:
        yield from encoded

    def index(self, shards: Sequence[ListedShard]) -> bytes | None:
        return None


class JsonLinesShards(_Joined):
    """JSON Lines: an object a row, with all columns in the order of the table."""

    ending = "jsonl"

    def encode(self, row: Row, number: int) -> bytes:
        """Encode a row as a line."""
        return json.dumps(row, ensure_ascii=False).encode() + b"\n"


class TarShards(_Joined):
    """Tar files for webdataset: of each row ``NUMBER.txt`` with the text and ``NUMBER.json`` with all other columns.

    The number is that of the row in its split. An id would not do as a name: it may hold a dot, at which webdataset
    divides names, or lead to another folder.
    """

    ending = "tar"
    overhead = 2 * tarfile.BLOCKSIZE

    def encode(self, row: Row, number: int) -> bytes:
        """Encode a row as two members of a tar file."""
        others = {name: value for name, value in row.items() if name != "text"}
        parts = ("txt", row["text"].encode()), ("json", json.dumps(others, ensure_ascii=False).encode())
        return b"".join(_member(f"{number:09d}.{ending}", data) for ending, data in parts)

    def pack(self, encoded: Sequence[bytes]) -> Iterator[bytes]:
        """The members, and the two empty blocks at the end of a tar file."""
        yield from encoded
        yield bytes(self.overhead)


def _member(name: str, data: bytes) -> bytes:
    """A member of a tar file, with the same header on every machine."""
    info = tarfile.TarInfo(name)  # time, user and group are 0
    info.size = len(data)
    return info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % tarfile.BLOCKSIZE)


#: What is known of a document in the formats that hold whole documents.
_TEXT_COLUMNS = ("doc_id", "text", "text_sha256", "sentences", "split")


class ConlluShards(_Joined):
    """CoNLL-U: words and sentences; a sentence is called by its id in the table ``sentences``."""

    ending = "conllu"

    def encode(self, row: Row, number: int) -> bytes:
        """Encode a document."""
        record, ids = _record_of(row)
        return conllu_document(record, ids, split=row["split"]).encode()


class SizedRecord(NamedTuple):
    """A document for a DocBin; its size is that of its text, since only a whole DocBin has one."""

    record: TextRecord
    sentence_ids: list[str]
    split: str
    size: int


class DocBinShards:
    """DocBin of spaCy: words, sentence starts, and ids as user data."""

    ending = "spacy"
    overhead = 0

    def __init__(self) -> None:
        DocBinWriter()  # raises an error if spaCy is not installed

    def encode(self, row: Row, number: int) -> SizedRecord:
        """Prepare a document; it becomes a ``Doc`` when its shard is written."""
        record, ids = _record_of(row)
        return SizedRecord(record, ids, row["split"], len(row["text"].encode()))

    def size(self, encoded: SizedRecord) -> int:
        """The bytes of its text."""
        return encoded.size

    def pack(self, encoded: Sequence[SizedRecord]) -> Iterator[bytes]:
        """The DocBin of some documents."""
        writer = DocBinWriter()
        for sized in encoded:
            writer.add(sized.record, sentence_ids=sized.sentence_ids, split=sized.split)
        yield writer.to_bytes()

    def index(self, shards: Sequence[ListedShard]) -> bytes | None:
        """None: spaCy needs no index."""
        return None


def _record_of(row: Row) -> tuple[TextRecord, list[str]]:
    spans = [(span["start"], span["end"]) for span in row["sentences"]]
    texts = [row["text"][start:end] for start, end in spans]
    record = TextRecord("", row["doc_id"], row["text_sha256"], row["text"], 0, spans, [])
    return record, sentence_ids([row["doc_id"]] * len(texts), texts)


_MAKERS: dict[FormatName, Callable[[], ShardFormat]] = {
    "jsonl": JsonLinesShards,
    "webdataset": TarShards,
    "conllu": ConlluShards,
    "docbin": DocBinShards,
}


def columns_of(name: FormatName) -> tuple[str, ...] | None:
    """The columns that a format needs, None for all."""
    return _TEXT_COLUMNS if name in OF_DOCUMENTS else None


def shard_format(name: FormatName, schema: pa.Schema, required: frozenset[str], shard_bytes: int) -> ShardFormat:
    """A format by its name.

    Parameters
    ----------
    name : str
    schema : pa.Schema
        The columns of the rows.
    required : frozenset of str
        The columns without null.
    shard_bytes : int
        Largest size of a shard.

    Raises
    ------
    BuildError
        If it needs a library that is not installed.
    """
    return MosaicShards(schema, required, shard_bytes) if name == "mds" else _MAKERS[name]()
