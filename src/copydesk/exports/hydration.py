"""Make a corpus without texts whole again from the raw files: the very same rows, by their logical hashes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from copydesk.core.atomic_files import replacing_folder, sha256_file, write_text
from copydesk.core.json_schema import PACKAGED
from copydesk.core.progress import say, track
from copydesk.core.scratch import scratch
from copydesk.dataset.card_metadata import Config, DataFile
from copydesk.dataset.metrics import measure
from copydesk.dataset.public_export import without_absent_references
from copydesk.dataset.sidecar_files import described
from copydesk.errors import BuildError, SchemaError, ValidationError
from copydesk.exports.raw_folder import RawFolder
from copydesk.exports.sealing import unseal
from copydesk.exports.shard_groups import ShardGroup, shard_groups
from copydesk.exports.withheld_columns import DERIVED, ID_COLUMNS, PLAIN, SEALED
from copydesk.exports.withheld_corpus import WithheldCorpus
from copydesk.exports.withheld_export import RENAMED
from copydesk.tables.logical_hash import Digests, combined, shape_of
from copydesk.tables.parquet import read_parquet, write_parquet
from copydesk.tables.sentence_ids import sentence_ids
from copydesk.tables.table import TABLES, table

Row = dict[str, Any]
_NAMED = 5  # refused files in messages


class Hydrated(NamedTuple):
    """The result: documents made, whether anything was written, messages about files missing or other ones."""

    documents: int
    written: bool
    missing: list[str]
    other: list[str]


def hydrate_corpus(corpus: Path, raw: Path, out: Path, *, partial: bool = False) -> Hydrated:
    """Make a corpus whole.

    Parameters
    ----------
    corpus : Path
        What :func:`copydesk.exports.withheld_export.export_withheld` wrote.
    raw : Path
        Folder with the raw files.
    out : Path
        A new or empty folder.
    partial : bool
        Whether the documents that are there are made although others are missing.

    Raises
    ------
    ValidationError
        If the corpus is damaged, or the rows are not those of the original.
    BuildError
        If ``out`` has files, or there is no folder of raw files.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BuildError(f"{out}: exists and is not an empty folder; remove it, or choose another one")
    withheld = WithheldCorpus(corpus)
    with scratch("hydrate") as work:
        folder = RawFolder(raw, withheld.params, work)
        wanted = _hashes(withheld)
        documents = folder.find(wanted, {doc_id for doc_id in wanted if doc_id.startswith(RENAMED)})
        for refusal in folder.refusals[:_NAMED] if documents.missing else ():
            say(f"hydrate: {raw}/{refusal.path}: cannot be read: {refusal.reason}: {refusal.detail}")
        if documents.other or (documents.missing and not partial) or not documents.places:
            return Hydrated(len(documents.places), False, documents.missing, documents.other)
        with replacing_folder(out) as target:
            _Hydration(withheld, folder, documents.places, target).run()
    return Hydrated(len(documents.places), True, documents.missing, [])


def _hashes(withheld: WithheldCorpus) -> dict[str, str]:
    """SHA-256 of the bytes of each raw text, by id."""
    hashes: dict[str, str] = {}
    for path in withheld.shards("raw"):
        rows = withheld.read("raw", path, ["doc_id", "sha256"])
        hashes.update(zip(rows["doc_id"].to_pylist(), rows["sha256"].to_pylist(), strict=True))
    return hashes


class _Document(NamedTuple):
    """What is known of a document: its row of ``raw``, the sealed values by table, its clean text."""

    raw: Row
    sealed: dict[str, list[Row]]
    text: str


class _Hydration:
    def __init__(self, withheld: WithheldCorpus, folder: RawFolder, places: Mapping[str, int], target: Path) -> None:
        self._withheld, self._folder, self._places, self._target = withheld, folder, places, target
        self._names: dict[str, str] = {}
        self._absent = _hashes(withheld).keys() - places.keys()

    def run(self) -> None:
        """Write all files; compare the rows with the original, if all documents are there."""
        groups = shard_groups(self._withheld, self._absent)
        self._names = self._real_names(groups)
        names = [name for name in self._withheld.rows if name in TABLES]  # in the order of the card
        files: dict[str, list[DataFile]] = {name: [] for name in names}
        digests: dict[str, dict[str, list[Digests]]] = {name: {} for name in names}
        shards = track(groups, len(groups), "hydrate", len(groups), "left")
        for group in shards:
            for name, target, rows in self._tables(group):
                path = self._target / target
                path.parent.mkdir(parents=True, exist_ok=True)
                write_parquet(rows, path)
                files[name].append(DataFile.of(path, target, group.split, sha256_file(path)))
                digests[name].setdefault(group.split, []).append(Digests.of(rows))
        logical = {
            name: {split: combined(shape_of(table(name).arrow), parts) for split, parts in by_split.items()}
            for name, by_split in digests.items()
            if by_split
        }
        if not self._absent:
            self._compare(logical)
        configs = [Config(table(name), files[name], logical[name]) for name in logical]
        written = {name: (read_parquet(self._target / file.path) for file in files.get(name, ())) for name in TABLES}
        metrics = measure(written)
        withheld = self._withheld
        others = described(withheld.params, configs, metrics, PACKAGED, dropped=[], plugins=withheld.plugins)
        for name, content in others.items():
            write_text(self._target / name, content)

    def _compare(self, logical: Mapping[str, Mapping[str, str]]) -> None:
        for name, splits in self._withheld.rows.items():
            for split, (_, expected) in splits.items():
                found = logical.get(name, {}).get(split, "no rows")
                if found != expected:
                    raise ValidationError(
                        f"{self._withheld.name}: table {name}, split {split}: made rows with the logical hash "
                        f"{found}, expected {expected}; the corpus is damaged, or another version of copydesk wrote "
                        "it"
                    )

    def _real_names(self, groups: list[ShardGroup]) -> dict[str, str]:
        """The ids that are sealed since they quote a text, by those that stand for them."""
        names: dict[str, str] = {}
        if not any(doc_id.startswith(RENAMED) for doc_id in self._places):
            return names
        for group in groups:
            sealed = self._sealed(group, lambda doc_id: doc_id.startswith(RENAMED))
            for doc_id, (_, values) in sealed.items():
                name = values.get("doc_id") if isinstance(values, dict) else None
                if isinstance(name, str):  # else it is the id that the document has
                    names[doc_id] = name
        return names

    def _sealed(self, group: ShardGroup, chosen: Callable[[str], bool]) -> dict[str, tuple[Row, Any]]:
        """The raw row and the opened values of some documents of a group."""
        blobs: dict[str, bytes] = {}
        for path, _ in group.files["documents"]:
            rows = self._withheld.read("documents", path, ["doc_id", SEALED])
            pairs = zip(rows["doc_id"].to_pylist(), rows[SEALED].to_pylist(), strict=True)
            blobs.update((doc_id, blob) for doc_id, blob in pairs if doc_id in self._places and chosen(doc_id))
        opened: dict[str, tuple[Row, Any]] = {}
        for doc_id, row in self._folder.read({doc_id: self._places[doc_id] for doc_id in blobs}):
            try:
                opened[doc_id] = row, unseal(blobs[doc_id], row["text"])
            except (ValidationError, ValueError) as error:
                raise ValidationError(
                    f"{row['where']}: document {doc_id}: {error}; the corpus is damaged, or the file has another "
                    "ending than it had and is read in another way"
                ) from None
        return opened

    def _tables(self, group: ShardGroup) -> Iterator[tuple[str, str, pa.Table]]:
        """The rows of a group: table, path, rows."""
        opened = self._sealed(group, lambda _: True)
        plain = {name: self._plain(group, name) for name in group.files}
        edits = _by_document(row for _, rows in plain.get("edits", []) for row in rows)
        counts = Counter((row["doc_id"], name) for name, files in plain.items() for _, rows in files for row in rows)
        documents: dict[str, _Document] = {}
        for doc_id, (raw, values) in opened.items():
            where = f"{self._withheld.name}: {doc_id}"
            sealed = _sealed_tables(values, where)
            for name in TABLES:
                count, expected = counts[doc_id, name], len(sealed.get(name, ()))
                if count != expected:
                    raise ValidationError(
                        f"{where}: {name}: {count:,} rows, and sealed values of {expected:,}; the corpus is damaged"
                    )
            own = edits.get(doc_id, [])
            _complete_edits(own, sealed.get("edits", []), raw["text"])
            documents[doc_id] = _Document(raw, sealed, _clean_text(own, raw["text"], where))
        for name, tables in plain.items():
            numbers = dict.fromkeys(documents, 0)  # the next of the sealed values of each document
            for target, rows in tables:
                try:
                    made = [self._row(name, row, documents[row["doc_id"]], numbers) for row in rows]
                    if name == "sentences":
                        _name_sentences(made)
                    whole = _conformed(name, made)
                except (SchemaError, pa.ArrowException, LookupError, TypeError, ValueError, AttributeError) as error:
                    if isinstance(error, ValidationError):
                        raise
                    found = f"{type(error).__name__}: {error}"
                    raise ValidationError(
                        f"{self._withheld.name}: {name}: {found}; the corpus is damaged, or another version of "
                        "copydesk wrote it"
                    ) from None
                if name == "documents" and self._absent:
                    present = {self._names.get(doc_id, doc_id) for doc_id in self._places}
                    whole = without_absent_references(whole, pa.array(sorted(present), pa.string()))
                yield name, target, whole

    def _plain(self, group: ShardGroup, name: str) -> list[tuple[str, list[Row]]]:
        """The plain rows of a table of a group that are about documents that are there, by path to write."""
        tables = ((target, self._withheld.read(name, path).to_pylist()) for path, target in group.files[name])
        return [(target, [row for row in rows if row["doc_id"] in self._places]) for target, rows in tables]

    def _row(self, name: str, row: Row, document: _Document, numbers: dict[str, int]) -> Row:
        """A row of the whole corpus."""
        doc_id = row["doc_id"]
        where = f"{self._withheld.name}: {name}: {doc_id}"
        values = document.sealed.get(name, [])
        number = numbers[doc_id]
        numbers[doc_id] += 1
        if name != "edits" and number < len(values):  # edits are complete
            row.update(values[number])
        match name:
            case "documents":
                found = hashlib.sha256(document.text.encode()).hexdigest()
                if found != row["text_sha256"]:
                    raise ValidationError(
                        f"{where}: text_sha256: made a text with SHA-256 {found}, expected {row['text_sha256']}; the "
                        "corpus is damaged, or another version of copydesk wrote it"
                    )
                del row[SEALED]
                row["text"] = document.text
            case "raw":
                row["text"] = document.raw["text"]
            case "sentences":
                row["text"] = document.text[row["start"] : row["end"]]
        for column in ID_COLUMNS:
            if column in row:
                row[column] = self._names.get(row[column], row[column])
        return row


def _conformed(name: str, rows: list[Row]) -> pa.Table:
    expected = table(name).arrow.names
    if rows and (unknown := {*rows[0]} ^ {*expected}):
        raise SchemaError(f"column {min(unknown)}: expected in the sealed values and in the table, or in none")
    return table(name).from_rows(rows)


def _by_document(rows: Iterator[Row]) -> dict[str, list[Row]]:
    by_document: dict[str, list[Row]] = {}
    for row in rows:
        by_document.setdefault(row["doc_id"], []).append(row)
    return by_document


def _sealed_tables(values: Any, where: str) -> dict[str, list[Row]]:
    """The sealed values of the rows about a document, by table."""
    advice = "the corpus is damaged, or another version of copydesk wrote it"
    sealed = values.get("tables") if isinstance(values, dict) else None
    if not isinstance(sealed, dict):
        raise ValidationError(f"{where}: sealed values without tables; {advice}")
    for name, rows in sealed.items():
        if name not in TABLES or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValidationError(f"{where}: sealed values of {name!r}: expected rows of a table; {advice}")
        open_columns = {*PLAIN[name], *DERIVED.get(name, ())} - {"after"}
        if both := sorted({column for row in rows for column in row} & open_columns):
            raise ValidationError(f"{where}: sealed values of {name!r}: expected no column {both[0]}; {advice}")
    return sealed


def _complete_edits(edits: list[Row], sealed: list[Row], raw: str) -> None:
    """Give edits the texts that were withheld."""
    for edit, values in zip(edits, sealed, strict=True):
        after = edit["after"] if edit["after"] is not None else values.get("after")
        edit.update(values, after=after, before=raw[edit["raw_start"] : edit["raw_end"]])


def _clean_text(edits: list[Row], raw: str, where: str) -> str:
    """Apply the edits that were applied."""
    pieces: list[str] = []
    position = 0
    for edit in (edit for edit in edits if edit["applied"]):
        if not position <= edit["raw_start"] <= edit["raw_end"] <= len(raw) or not isinstance(edit["after"], str):
            raise ValidationError(
                f"{where}: edit {edit['index']}: overlaps another, leaves the raw text or has no text; the corpus is "
                "damaged"
            )
        pieces += (raw[position : edit["raw_start"]], edit["after"])
        position = edit["raw_end"]
    return "".join((*pieces, raw[position:]))


def _name_sentences(sentences: list[Row]) -> None:
    names = sentence_ids([row["doc_id"] for row in sentences], [row["text"] for row in sentences])
    for row, name in zip(sentences, names, strict=True):
        row["sentence_id"] = name
