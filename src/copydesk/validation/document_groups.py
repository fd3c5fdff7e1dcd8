"""Group data files that cover the same documents, so that each group can be validated independently."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.core.atomic_files import write_json
from copydesk.core.findings import Report
from copydesk.dataset.card_metadata import DataFile
from copydesk.tables.parquet import DAMAGED, as_loaded, read_parquet
from copydesk.tables.table import OPTIONAL, TABLES, table
from copydesk.validation.document_checks import check_references
from copydesk.validation.fast_document_check import surely_fit
from copydesk.validation.fast_schema_check import surely_valid
from copydesk.validation.file_checks import Files
from copydesk.validation.logical_hash_check import digests_of
from copydesk.validation.record_checks import check_records


class Unit(NamedTuple):
    """A part of a dataset: its folder, the schemas, the files by table, and ids whose raw text is withheld."""

    corpus: Path
    schemas: Path
    files: Files
    withheld: frozenset[str]

    def lies_in(self, hashes: frozenset[str]) -> bool:
        """Whether a set has the hashes of all files of the unit."""
        return all(shard.sha256 in hashes for shards in self.files.values() for shard in shards)


def held_before(base: dict[str, Any], schemas: dict[str, str], withheld: frozenset[str]) -> frozenset[str]:
    """Hashes of the files of another dataset; none if its schemas or its withheld raw texts are others."""
    if base.get("schemas") != schemas or set(base.get("withheld", ())) != withheld:
        return frozenset()
    files = (file for listed in base.get("tables", {}).values() for file in listed.get("files", {}).values())
    return frozenset(file["sha256"] for file in files)


class Memory:
    """What is known of the files of the last valid dataset by their hashes: it follows from their bytes.

    Parameters
    ----------
    path : Path, optional
        The file of this cache; it may be deleted at any time.
    checks : str
        The hash of all that decides whether a file's footer is right; with another one every footer is read again.

    Attributes
    ----------
    units : dict
        The hashes of the files of each unit, by table and by that of its first file of documents.
    footers : dict
        Rows and uncompressed bytes of each file, by table and hash: a file of one table is no file of another.
    """

    def __init__(self, path: Path | None, checks: str = "") -> None:
        self._path, self._checks = path, checks
        self.units: dict[str, dict[str, list[str]]] = {}
        self.footers: dict[str, dict[str, tuple[int, int]]] = {}
        try:
            cached = json.loads(path.read_text("utf-8")) if path else {"units": [], "checks": None}
            units = {
                p["documents"][0]: {name: [*map(str, hashes)] for name, hashes in p.items()} for p in cached["units"]
            }
            if cached["checks"] == checks:
                self.footers = {
                    name: {sha256: (int(rows), int(size)) for sha256, (rows, size) in files.items()}
                    for name, files in cached["footers"].items()
                }
            self.units = units
        except (OSError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
            self.units, self.footers = {}, {}  # everything is read again

    def keep(self, parts: list[Files]) -> None:
        """Replace the cache by the files of a dataset."""
        if self._path:
            units = [{n: [s.sha256 for s in shards] for n, shards in p.items()} for p in parts]
            footers: dict[str, dict[str, tuple[int, int]]] = {}
            for name, shards in (listed for part in parts for listed in part.items()):
                footers.setdefault(name, {}).update({f.sha256: (f.rows, f.num_bytes) for f in shards})
            write_json(self._path, {"checks": self._checks, "units": units, "footers": footers})


def units_of(
    corpus: Path, schemas: Path, files: Files, withheld: frozenset[str], memory: Memory | None = None
) -> list[Unit]:
    """Divide a dataset into units, mostly one shard of each table; one unit if the tables differ in their order."""
    try:
        parts = list(_parts(corpus, files, memory.units if memory else {}))
    except (*DAMAGED, TypeError, LookupError):
        return [Unit(corpus, schemas, files, withheld)]
    if memory:
        memory.keep(parts)
    return [Unit(corpus, schemas, part, withheld) for part in parts]


def check_unit(unit: Unit) -> tuple[Report, list[dict[str, Any]]]:
    """Check the rows of a unit against their schemas, and its tables against each other; digest its rows.

    The fast paths check whole columns first. If they cannot prove validity, the rows are checked one by one, which
    yields the findings.
    """
    report = Report()
    if not _has_its_columns(unit):
        return report, []  # reported once for the file; its rows cannot be read
    parts = _read(unit)
    tables = parts and {n: pa.concat_tables(part) for n, part in parts.items()}
    _check(unit, tables, report)
    if not report.ok or parts is None:
        return report, []
    shards = ((name, *pair) for name, files in unit.files.items() for pair in zip(files, parts[name], strict=True))
    return report, [digests_of(shard, name, rows) for name, shard, rows in shards]


def _check(unit: Unit, tables: dict[str, pa.Table] | None, report: Report) -> None:
    if tables is not None and all(surely_valid(table(n, unit.schemas).schema, t) for n, t in tables.items()):
        report.checked.update({name: rows.num_rows for name, rows in tables.items() if name in unit.files})
        splits = {name: _splits_of(unit.files.get(name, ())) for name in tables}
        is_withheld = pc.is_in(tables["documents"]["doc_id"], value_set=pa.array(sorted(unit.withheld), pa.string()))
        if not pc.any(is_withheld).as_py() and surely_fit(tables, splits):
            return
    else:
        check_records(unit.corpus, unit.files, unit.schemas, report)
    # The other checks rely on valid rows; for invalid ones they would only repeat the findings.
    if report.ok:
        check_references(unit.corpus, unit.files, unit.withheld, report)


def _splits_of(shards: Iterable[DataFile]) -> pa.Array:
    """The split of each row of some files, by their names."""
    parts = [pa.repeat(pa.scalar(shard.split), shard.rows) for shard in shards]
    return pa.concat_arrays(parts) if parts else pa.array([], pa.string())


def _parts(corpus: Path, files: Files, units: dict[str, dict[str, list[str]]]) -> Iterator[Files]:
    waiting = {name: deque(shards) for name, shards in files.items()}
    documents = waiting.get("documents", deque())
    placed = {sha256 for unit in units.values() for hashes in unit.values() for sha256 in hashes}
    while documents:
        hashes = units.get(documents[0].sha256, {})
        same = hashes and all(_begins(waiting.get(name, deque()), expected) for name, expected in hashes.items())
        # A table that the unit lacked, such as labels, may have a file for it now.
        more = any(files and n not in hashes and files[0].sha256 not in placed for n, files in waiting.items())
        if same and not more:
            part = {name: [waiting[name].popleft() for _ in hashes[name]] for name in files if name in hashes}
        else:
            part = _part(corpus, waiting)
        if not documents:  # rows without a document are reported with the last unit
            for name, shards in waiting.items():
                if shards:
                    part.setdefault(name, []).extend(shards)
        yield part


def _begins(shards: deque[Any], hashes: list[str]) -> bool:
    return [shard.sha256 for shard in islice(shards, len(hashes))] == hashes


def _part(corpus: Path, waiting: dict[str, deque[Any]]) -> Files:
    """Take the next unit from the remaining files: files of documents, and files with rows of these documents."""
    documents = waiting["documents"]
    part: Files = {"documents": [documents.popleft()]}
    ids = set(_ids(corpus, part["documents"][0].path).to_pylist())
    open_ended = True
    while open_ended:
        open_ended = False
        for name, shards in waiting.items():
            while name != "documents" and shards and (ends := _ends(corpus, shards[0].path))[0] in ids:
                part.setdefault(name, []).append(shards.popleft())
                open_ended |= ends[1] not in ids
        if open_ended and documents:
            part["documents"].append(documents.popleft())
            ids.update(_ids(corpus, part["documents"][-1].path).to_pylist())
    return part


def _ids(corpus: Path, path: str) -> pa.ChunkedArray:
    return read_parquet(corpus / path, ["doc_id"])["doc_id"]


def _ends(corpus: Path, path: str) -> tuple[str | None, str | None]:
    """The document of the first row of a file, and that of the last; only their row groups are read."""
    with pq.ParquetFile(corpus / path) as file:
        filled = [n for n in range(file.num_row_groups) if file.metadata.row_group(n).num_rows]
        groups = [file.read_row_group(n, ["doc_id"], use_threads=False) for n in (filled[0], filled[-1])]
    return groups[0]["doc_id"][0].as_py(), groups[1]["doc_id"][-1].as_py()


def _has_its_columns(unit: Unit) -> bool:
    """Whether the files have the columns of their tables, with the right types. Forbidden nulls are found later."""
    try:
        return all(
            _bare(pq.read_schema(unit.corpus / shard.path)) == _bare(table(name, unit.schemas).arrow)
            for name, shards in unit.files.items()
            for shard in shards
        )
    except DAMAGED:
        return False


def _bare(schema: pa.Schema) -> list[tuple[str, str]]:
    return sorted((field.name, str(field.type).replace(" not null", "")) for field in schema)


def _read(unit: Unit) -> dict[str, list[pa.Table]] | None:
    """The rows of every file of a unit, by table; None if a file cannot be read, or does not have its schema."""
    tables = {}
    for name in (name for name in TABLES if name not in OPTIONAL or name in unit.files):
        shape = as_loaded(table(name, unit.schemas).arrow)
        try:
            parts = [read_parquet(unit.corpus / shard.path) for shard in unit.files.get(name, ())]
        except DAMAGED:
            return None
        if any(as_loaded(part.schema) != shape for part in parts):
            return None
        if any(part.num_rows != shard.rows for part, shard in zip(parts, unit.files.get(name, ()), strict=True)):
            return None
        # The files of older versions declare most columns as not null.
        tables[name] = [part.cast(shape) for part in parts] or [shape.empty_table()]
    return tables
