"""The cache of records: each file of records is read once, into a Parquet file from which shards read their texts.

The Parquet file has one row per record, in order. The index columns (id, size, hash, ...) are read for all records;
they decide where shards are cut and which are cached. The text columns are read per shard, in small row groups. A
cache file is named after the path of the file of records, stores its metadata in the file system, and may be deleted
at any time: the file of records is then read again.
"""

from __future__ import annotations

import hashlib
import json
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.core.atomic_files import replacing
from copydesk.core.json_schema import PACKAGED, bulk_violations, load_schema, schema_path
from copydesk.core.plugins import deciding, failed_at
from copydesk.core.progress import say
from copydesk.core.renamed_fields import refuse_old_names, warn_of_old_names
from copydesk.core.schema_validator import clipped
from copydesk.errors import BuildError, UnreadableError
from copydesk.readers import COMPRESSED, CONTAINERS, FIELD, SINGLE, record_readers, split_name
from copydesk.readers.base import TRUNCATED, Record, RecordOptions, RecordReader, shown
from copydesk.readers.decompression import unpacked
from copydesk.readers.field_names import USUAL_NAMES, PassedOver, nested_value
from copydesk.readers.hash_cache import SETTLED
from copydesk.readers.html_pages import meant, read_html
from copydesk.readers.plain_text import RawText, newline_style, read_text, refuse_blank_and_binary
from copydesk.readers.seed_files import Refusal, Seed, Stamp, refused_id
from copydesk.readers.stated import stated_of
from copydesk.store.fingerprint import fingerprint
from copydesk.store.pinned_libraries import UNPINNED_FOR_RECORDS, installed_version

#: The index columns, read for all records. ``page`` is true for a web page, ``flag`` is a flag to set at the end of
#: the text, ``rights`` is in JSON the time of a response and what its header says of rights. A row with a reason is a
#: refusal of a record, or of a field that the record is kept without.
INDEX = pa.schema(
    [
        ("number", pa.int64()),
        ("doc_id", pa.string()),
        ("size", pa.int64()),
        ("sha256", pa.string()),
        ("stated", pa.string()),
        ("page", pa.bool_()),
        ("flag", pa.string()),
        ("rights", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
    ]
)
_TEXTS = pa.schema([("text", pa.string()), ("encoding", pa.string()), ("bom", pa.bool_()), ("newline", pa.string())])
_SCHEMA = pa.schema([*INDEX, *_TEXTS])
# Groups of 500 records would make the footer of ten million 30 MB, which each shard reads.
_GROUP_ROWS = 4000
_GROUP_BYTES = 8 << 20
_BATCH = 256
_LISTED = 12  # passed-over fields to name in the message
_EXACT = 2**53  # below this, a float represents exactly one whole number


class Container(NamedTuple):
    """A file of records that was read, and its cache file."""

    path: str
    rows: Path

    def index_batches(self) -> Iterator[pa.Table]:
        """The index of all records, with the column ``row`` for the row of the cache file, some at a time."""
        row = 0
        with pq.ParquetFile(self.rows) as file:
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group, INDEX.names, use_threads=False).replace_schema_metadata(None)
                numbers = pa.array(range(row, row + rows.num_rows), pa.int64())
                yield rows.append_column("row", numbers)
                row += rows.num_rows

    def refusals(self, index: pa.Table) -> list[Refusal]:
        """The records, or fields of records, that were refused in a part of the index."""
        bad = index.filter(pc.is_valid(index["reason"])).select(["number", "reason", "detail"])
        return [_refusal(self.path, **row) for row in bad.to_pylist()]


def read_container(
    folder: Path, seed: Seed, cache: Path, ingest: dict[str, Any], schemas: Path = PACKAGED
) -> Container:
    """Read a file of records, or its cache if the file is unchanged.

    Parameters
    ----------
    folder : Path
        Folder of the seeds.
    seed : Seed
        The file.
    cache : Path
        Folder of the cache files.
    ingest : dict
        The settings: ``fields``, ``encodings``, ``max_bytes``.
    schemas : Path
        Folder with the schemas; ``source`` decides which metadata are valid.

    Raises
    ------
    BuildError
        If the file changes while it is read.
    """
    rows = cache / f"{hashlib.sha256(seed.path.encode()).hexdigest()[:32]}.parquet"
    read_as = _key(folder, seed, ingest, schemas)
    if _key_of(rows) != read_as:
        settled = max(seed.stamp.modified, seed.stamp.changed) < time.time_ns() - SETTLED
        names = NamesInFile(Counter(), PassedOver(options_of(seed.path, ingest).fields))
        _write(_checked(rows_of(folder / seed.path, ingest, names), schemas), rows, read_as if settled else "")
        warn_of_old_names(folder / seed.path, names.old, "record", "the old name is still read")
        _say_passed_over(folder / seed.path, list(names.passed_over))
        status = (folder / seed.path).stat()
        if Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino) != seed.stamp:
            rows.unlink()
            raise BuildError(f"{folder / seed.path}: changed while it was being read; build again")
    return Container(seed.path, rows)


def _refusal(path: str, number: int, reason: str, detail: str) -> Refusal:
    """The refusal of a record; that of the file if it is one compressed text or page."""
    if not number or split_name(path.rpartition("/")[2])[1] in SINGLE:
        return Refusal(path, reason, detail.removeprefix(f"record {number}: "))
    return Refusal(f"{path}#{number}", reason, detail)


def remove_outdated(cache: Path, current_files: Iterable[Path]) -> None:
    """Remove the cache files of files of records that no longer exist; the others are given."""
    current = {path.name for path in current_files}
    for path in cache.glob("*.parquet") if cache.is_dir() else ():
        if path.name not in current:
            path.unlink()


def texts_of(rows: Path, places: Sequence[int]) -> Iterator[RawText]:
    """Yield the texts in some rows of a cache file, given in ascending order. Other row groups are not read."""
    file = pq.ParquetFile(rows)
    first = 0
    remaining = list(reversed(places))
    for number in range(file.num_row_groups):
        count = file.metadata.row_group(number).num_rows
        in_group = []
        while remaining and remaining[-1] < first + count:
            in_group.append(remaining.pop() - first)
        if in_group:
            group = file.read_row_group(number, columns=_TEXTS.names, use_threads=False)
            for row in group.take(in_group).select(_TEXTS.names).to_pylist():
                yield RawText(**row)
        first += count


def _write(records: Iterable[dict[str, Any]], rows: Path, read_as: str) -> None:
    schema = _SCHEMA.with_metadata({"read_as": read_as})
    with replacing(rows) as file, pq.ParquetWriter(file, schema, compression="zstd", store_schema=True) as writer:
        group: list[dict[str, Any]] = []
        weight = 0
        for row in records:
            group.append(row)
            weight += (row["size"] or 0) + len(row["stated"] or "")
            if len(group) >= _GROUP_ROWS or weight > _GROUP_BYTES:
                writer.write_table(pa.Table.from_pylist(group, schema))
                group, weight = [], 0
        writer.write_table(pa.Table.from_pylist(group, schema))


class NamesInFile(NamedTuple):
    """Names of fields in a file: old ones, with the number of records that have them, and those that are not read."""

    old: Counter[str]
    passed_over: PassedOver


def _say_passed_over(path: Path, names: list[str]) -> None:
    """Name the fields of a file that were not read; said once, because the file is read once."""
    if names:
        listed = ", ".join(clipped(name, 60) for name in names[:_LISTED])
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        say(f"ingest: {path}: fields that are not read: {listed}{more}; params.yaml: ingest.fields may name them")


def options_of(path: str, ingest: dict[str, Any]) -> RecordOptions:
    """Return the options for reading a file of records."""
    fields = ingest["fields"]
    stem = unicodedata.normalize("NFC", split_name(path.rpartition("/")[2])[0])
    metadata = {field: fields[field] for field in USUAL_NAMES if fields.get(field)}
    return RecordOptions(stem, fields["id"], fields["text"], ingest["max_bytes"], metadata)


def rows_of(path: Path, ingest: dict[str, Any], names: NamesInFile | None = None) -> Iterator[dict[str, Any]]:
    """Read a file of records; yield a row for each record, with its text or the reason of its refusal.

    ``names``, if given, collects the names of fields.
    """
    ending = split_name(path.name)[1]
    options = options_of(path.name, ingest)
    names = names or NamesInFile(Counter(), PassedOver(options.fields))
    compression = COMPRESSED.get(f".{ending.rpartition('.')[2]}")
    number = 0
    try:
        with unpacked(path, compression) as file:
            read = record_readers()[ending]
            own = read is CONTAINERS.get(ending)
            for record in read(file, options) if own else _by_plugin(read, file, options):
                number = record.number
                yield from _rows(record, options, ingest["encodings"], names)
        if not number:
            yield _refused(0, "bad-container", "no record; expected at least one")
    except UnreadableError as error:
        yield _refused(0, error.reason, error.detail)
    except OSError as error:
        yield _refused(0, "unreadable", f"{error.strerror or error}; make the file readable")


def _by_plugin(read: RecordReader, file: BinaryIO, options: RecordOptions) -> Iterator[Record]:
    """Yield the records of a plug-in's reader; an error of any kind refuses the file from that record on."""
    number = 0
    try:
        for record in read(file, options):
            if not isinstance(record, Record) or type(record.number) is not int or record.number <= number:
                raise TypeError(f"expected a Record, counted from 1 and upwards; found {shown(record)}")
            number = record.number
            yield record
    except (UnreadableError, OSError, MemoryError):
        raise
    except Exception as error:
        what = f"{failed_at(error)} failed: {type(error).__name__}: {clipped(str(error))}"
        detail = f"after record {number}: {what}; mend the file or the plug-in"
        raise UnreadableError("bad-container", detail) from None


def _rows(
    record: Record, options: RecordOptions, encodings: Sequence[str], names: NamesInFile
) -> Iterator[dict[str, Any]]:
    """Yield the row of a record, and a row for each field that it loses."""
    number = record.number
    if record.problem is not None or record.fields is None:
        reason, detail = record.problem or ("bad-record", "no fields")
        yield _refused(number, reason, f"record {number}: {detail}")
        return
    try:
        doc_id = _id(record, options)
        raw, data = _raw(record, options, encodings)
    except UnreadableError as error:
        yield _refused(number, error.reason, f"record {number}: {error.detail}")
        return
    stated = stated_of(record.fields, options.text, options.metadata)
    names.old.update(stated.old_names)
    names.passed_over.add(record.passed_over or record.fields)
    sha256 = hashlib.sha256(data).hexdigest()
    index: dict[str, Any] = {"number": number, "doc_id": doc_id, "size": len(data), "sha256": sha256}
    index |= {"stated": _as_json(stated.values), "page": record.page, "flag": TRUNCATED if record.cut else None}
    if record.rights or record.captured:
        index["rights"] = json.dumps([record.captured, record.rights], ensure_ascii=False)
    yield {**dict.fromkeys(_SCHEMA.names), **index, **raw._asdict()}
    for name, problem in {**record.unread, **stated.unread}.items():
        yield _without(number, name, problem)


def _as_json(stated: dict[str, Any]) -> str | None:
    return json.dumps(stated, ensure_ascii=False, sort_keys=True) if stated else None


def _without(number: int, name: str, problem: str) -> dict[str, Any]:
    return _refused(number, FIELD, f"record {number}: {name}: {problem}; the record is kept without it")


def _id(record: Record, options: RecordOptions) -> str:
    assert record.fields is not None
    value = nested_value(record.fields, options.id)
    if value is None:
        value = f"{options.stem}-{record.number}"
    if isinstance(value, float | Decimal) and -_EXACT < value < _EXACT and value == int(value):
        value = int(value)  # pandas writes integers as floats if some are missing, and DuckDB if they are large
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnreadableError("bad-name", f"{options.id} is {shown(value)}, expected a string or a whole number")
    doc_id = unicodedata.normalize("NFC", str(value))
    if problem := refused_id(doc_id):
        raise UnreadableError("bad-name", f"{options.id} is {shown(value)}: {problem}")
    return doc_id


def _raw(record: Record, options: RecordOptions, encodings: Sequence[str]) -> tuple[RawText, bytes]:
    assert record.fields is not None
    text = nested_value(record.fields, options.text)
    if text is None:
        raise UnreadableError("bad-record", f"no {options.text}; expected one, or its name in params: ingest.fields")
    if not isinstance(text, str | bytes):
        raise UnreadableError("bad-record", f"{options.text} is {shown(text)}, expected a string")
    try:
        data = text if isinstance(text, bytes) else text.encode()
    except UnicodeEncodeError as error:
        detail = f"an unpaired surrogate, or bytes that are not UTF-8, at character {error.start} of {options.text}"
        raise UnreadableError("undecodable", f"{detail}; convert the file") from None
    if len(data) > options.max_bytes:
        limit = f"more than the {options.max_bytes:,} bytes that params.yaml allows (ingest.max_bytes)"
        raise UnreadableError("too-large", f"{limit}; split the document")
    if record.page:
        return read_html(data, encodings, record.charset), data
    if isinstance(text, bytes):
        return read_text(data, [*meant(record.charset), *encodings]), data
    refuse_blank_and_binary(text, len(data))
    return RawText(text, "utf-8", False, newline_style(text)), data


def _checked(rows: Iterator[dict[str, Any]], schemas: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows without metadata that violate the schema of sources.jsonl."""
    schema = load_schema("source", schemas)
    refuse_old_names("source", schema, schema_path("source", schemas))
    declared = schema.get("properties", {})
    batch: list[dict[str, Any]] = []
    for row in rows:
        # A project's own schema may be older than a field that records state.
        batch.append(row if "language" in declared else _without_language(row))
        if len(batch) >= _BATCH or (row["size"] or 0) > _GROUP_BYTES // _BATCH:
            yield from _obeying(batch, schema)
            batch = []
    yield from _obeying(batch, schema)


def _obeying(batch: list[dict[str, Any]], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    wrong: dict[int, dict[str, str]] = {}
    for place, violation in bulk_violations(schema, map(_source, batch)):
        wrong.setdefault(place, {}).setdefault(violation.field, violation.message)
    for place, row in enumerate(batch):
        problems = wrong.get(place, {})
        stated = json.loads(row["stated"] or "{}")
        valid = row | {"stated": _as_json({name: value for name, value in stated.items() if name not in problems})}
        number = row["number"]
        if remaining := [*bulk_violations(schema, [_source(valid)])] if problems else []:
            field, message = remaining[0][1]
            yield _refused(number, "bad-record", f"record {number}: {field}: {message}; correct or rename the field")
            continue
        yield valid if problems else row
        for name, message in problems.items():
            yield _without(number, name, message)


def _without_language(row: dict[str, Any]) -> dict[str, Any]:
    stated = json.loads(row["stated"] or "{}")
    return row | {"stated": _as_json({name: value for name, value in stated.items() if name != "language"})}


def _source(row: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata of a record as a row of sources.jsonl."""
    return {"doc_id": row["doc_id"] or "x", **json.loads(row["stated"] or "{}")}


def _refused(number: int, reason: str, detail: str) -> dict[str, Any]:
    # The detail may quote surrogates, for example from a header in another encoding.
    encodable = detail.encode("utf-8", "backslashreplace").decode()
    return {**dict.fromkeys(_SCHEMA.names), "number": number, "reason": reason, "detail": encodable}


def _key(folder: Path, seed: Seed, ingest: dict[str, Any], schemas: Path) -> str:
    """Return everything that decides the rows: metadata of the file, settings, schema, code, libraries."""
    settings = [ingest[name] for name in ("fields", "encodings", "max_bytes")]
    libraries = [installed_version(name) for name in UNPINNED_FOR_RECORDS]
    code = fingerprint(
        __name__, [schema_path("source", schemas)], [settings, libraries], deciding("reader")
    ).everything
    return json.dumps([str(folder.resolve()), seed.path, seed.stamp, code])


def _key_of(rows: Path) -> str | None:
    try:
        metadata = pq.read_metadata(rows).metadata or {}
        return str(metadata.get(b"read_as", b"").decode())
    except (OSError, pa.ArrowException, UnicodeDecodeError):
        return None  # an unreadable cache file is rewritten
