"""A hash of rows, and not of files: the same whoever wrote them, however they are cut, in any order of columns.

``docs/logical-hash.md`` says how it is computed, so that it can be checked without this module:

- It is a SHA-256 all the way down, so no other rows have the same hash, be it by accident or on purpose.
- What a shard adds to it is small and does not depend on the shards before: see :class:`Digests`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from itertools import groupby, pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import SchemaError

_BATCH = 2_000
#: Bytes of the rows that are encoded at a time: few enough to stay in the processor's cache.
_BATCH_BYTES = 1 << 22
Mask = npt.NDArray[np.bool_]

_WIDTH = 32  # bytes of a SHA-256
#: What stands before each value: its kind, then a number of 64 bits.
_HEAD = np.dtype([("kind", "u1"), ("number", "<i8")])


class Digests(NamedTuple):
    """What some rows that follow each other add to the hash of their table.

    The digests of all rows of a table are joined in order and cut into pieces: behind each digest whose first byte
    is 0, one in 256. Where a piece ends follows from the rows, so a shard can be hashed before its neighbours are
    known: ``first`` are the digests up to the first cut (all of them where there is none), ``pieces`` the hashes of
    the whole pieces behind it, ``last`` the digests behind the last cut.
    """

    rows: int = 0
    first: bytes = b""
    pieces: bytes = b""
    last: bytes = b""

    @classmethod
    def of(cls, table: pa.Table) -> Digests:
        """Digest the rows of a table.

        Raises
        ------
        SchemaError
            Naming a column of a type that has no logical hash.
        """
        batch = max(1, table.num_rows * _BATCH_BYTES // max(1, table.nbytes))
        joined = b"".join(digest for some in table.to_batches(batch) for digest in _row_digests(some))
        firsts = np.frombuffer(joined, np.uint8)[::_WIDTH]
        ends = ((np.flatnonzero(firsts == 0) + 1) * _WIDTH).tolist()
        if not ends:
            return cls(len(firsts), joined)
        pieces = (hashlib.sha256(joined[start:end]).digest() for start, end in pairwise(ends))
        return cls(len(firsts), joined[: ends[0]], b"".join(pieces), joined[ends[-1] :])

    def as_row(self) -> dict[str, Any]:
        """As a row of the table ``digests`` has it."""
        return {name: value.hex() if isinstance(value, bytes) else value for name, value in self._asdict().items()}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Digests:
        """Read what :meth:`as_row` wrote; further columns are passed over."""
        return cls(row["rows"], *(bytes.fromhex(row[name]) for name in ("first", "pieces", "last")))


def combined(shape: str, digests: Iterable[Digests]) -> str:
    """The logical hash of a table of a shape (see :func:`shape_of`), from what its parts add to it, in order."""
    whole = hashlib.sha256(f"{shape}\n".encode())
    held = b""
    for part in digests:
        held += part.first
        if held and not held[-_WIDTH]:
            whole.update(hashlib.sha256(held).digest())
            held = b""
        if part.pieces or part.last:
            whole.update(part.pieces)
            held = part.last
    if held:
        whole.update(hashlib.sha256(held).digest())
    return whole.hexdigest()


def of_splits(hashes: Mapping[str, str]) -> str:
    """The logical hash of a table, from those of its splits: of a line for each, ``split hash``, sorted by split."""
    return hashlib.sha256("".join(f"{split} {hashes[split]}\n" for split in sorted(hashes)).encode()).hexdigest()


def logical_hash(rows: Any) -> str:
    """Hash rows as ``manifest.json`` does, to check what a loader gave.

    Parameters
    ----------
    rows : table, dataset, or mapping of them by split
        A ``pyarrow.Table`` or ``pyarrow.dataset.Dataset``; a ``datasets.Dataset`` or ``IterableDataset``, which is
        read through. Of a mapping by split, such as a ``DatasetDict``, the hash is that of the whole table.

    Returns
    -------
    str
        As ``tables.NAME.splits.SPLIT.logical_sha256`` in ``manifest.json``; for a mapping as
        ``tables.NAME.logical_sha256``.

    Raises
    ------
    SchemaError
        If the rows have a column of a type that has no logical hash, or are nothing of the above.

    Examples
    --------
    >>> one = pa.table({"a": pa.array([1, 2], pa.int32()), "b": ["x", None]})
    >>> other = pa.table({"b": pa.array(["x", None], pa.large_string()), "a": pa.array([1, 2], pa.int64())})
    >>> logical_hash(one) == logical_hash(other)
    True
    """
    if isinstance(rows, Mapping):
        return of_splits({str(split): logical_hash(part) for split, part in rows.items()})
    features = getattr(rows, "features", None)
    schema = features.arrow_schema if features else getattr(rows, "schema", None)
    if hasattr(rows, "with_format"):
        try:
            return hash_of_tables(rows.with_format("arrow").iter(_BATCH), schema)
        except (pa.ArrowException, SchemaError):
            # Behind a filter or a map datasets makes a table of each row, whatever the others hold: null is a type.
            batches = rows.with_format(None).iter(_BATCH)
            return hash_of_tables((_table_of(batch, schema) for batch in batches), schema)
    if not hasattr(rows, "to_batches"):
        raise SchemaError(f"{type(rows).__name__}: expected a table of pyarrow or a dataset of datasets")
    return hash_of_tables((pa.Table.from_batches([batch]) for batch in rows.to_batches()), schema)


def _table_of(batch: dict[str, list[Any]], schema: pa.Schema | None) -> pa.Table:
    if schema is not None and set(batch) != set(schema.names):
        schema = None  # so that what is missing is named
    try:
        return pa.Table.from_pydict(batch, schema)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise SchemaError(f"the rows of a stream make no table: {error}") from None


def hash_of_tables(tables: Iterable[pa.Table], schema: pa.Schema | None = None) -> str:
    """The logical hash of tables that follow each other; ``schema`` says what there is when there are none."""
    kinds = None if schema is None else _kinds(schema)
    parts: list[Digests] = []
    for table in tables:
        found = _kinds(table.schema)
        kinds = _merged(found if kinds is None else kinds, found)
        for name in sorted({*found, *kinds}):
            if name not in found or _merged(found[name], kinds.get(name)) != kinds.get(name):
                raise SchemaError(
                    f"column {name}: behind row {sum(part.rows for part in parts)} {found.get(name, 'missing')}, "
                    f"before it {kinds.get(name, 'missing')}; give all rows the same columns"
                )
        parts.append(Digests.of(table))
    return combined(_spoken(kinds or {}), parts)


def shape_of(schema: pa.Schema) -> str:
    """Columns and their kinds in the words of JSON Schema, as JSON with sorted keys and no white space.

    >>> shape_of(pa.schema({"b": pa.int32(), "a": pa.list_(pa.string())}))
    '{"a":["string"],"b":"integer"}'
    """
    return _spoken(_kinds(schema))


def _spoken(kinds: dict[str, Any]) -> str:
    for name, kind in kinds.items():
        if "null" in _plain_kinds(kind):  # of no row is it known what the others would hold
            raise SchemaError(f"column {name}: null has no logical hash; {_EXPECTED}")
    return json.dumps(kinds, sort_keys=True, separators=(",", ":"))


def _plain_kinds(kind: Any) -> set[str]:
    inner = kind.values() if isinstance(kind, dict) else kind if isinstance(kind, list) else None
    return {kind} if inner is None else set().union(*map(_plain_kinds, inner))


def _kinds(fields: Iterable[pa.Field], where: str = "") -> dict[str, Any]:
    kinds: dict[str, Any] = {}
    for field in fields:
        if field.name in kinds:
            raise SchemaError(f"column {where}{field.name}: given twice; give each column a name of its own")
        kinds[field.name] = _kind(field.type, f"{where}{field.name}")
    return kinds


def _kind(kind: pa.DataType, where: str) -> Any:
    """The kind of a column's values, by the names of :data:`_KINDS`; a list of one is a list, a dict a struct."""
    if pa.types.is_dictionary(kind):
        return _kind(kind.value_type, where)
    if _is_list(kind):
        return [_kind(kind.value_type, f"{where}[]")]
    if pa.types.is_struct(kind):
        return _kinds(kind, f"{where}.")
    if pa.types.is_null(kind):
        return "null"
    for name, (_, test) in _KINDS.items():
        if test(kind):
            return name
    raise SchemaError(f"column {where}: {kind} has no logical hash; {_EXPECTED}")


_EXPECTED = "expected strings, numbers, booleans, lists, structs"


def _merged(first: Any, second: Any) -> Any:
    """The kind of two parts of a column; null stands for any, and what does not fit is left as the first has it."""
    if first == "null":
        return second
    if isinstance(first, list) and isinstance(second, list):
        return [_merged(first[0], second[0])]
    if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys():
        return {name: _merged(kind, second[name]) for name, kind in first.items()}
    return first


def _is_string(kind: pa.DataType) -> bool:
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def _is_list(kind: pa.DataType) -> bool:
    types = pa.types
    tests = (
        types.is_list,
        types.is_large_list,
        types.is_fixed_size_list,
        types.is_list_view,
        types.is_large_list_view,
    )
    return any(test(kind) for test in tests)


def _is_boolean(kind: pa.DataType) -> bool:
    return bool(pa.types.is_boolean(kind) or kind == pa.bool8())


#: Kinds of values: the letter that stands before them, and the types that hold them.
_KINDS = {
    "string": ("s", _is_string),
    "integer": ("i", pa.types.is_integer),
    "number": ("f", pa.types.is_floating),
    "boolean": ("b", _is_boolean),
}


class _Heads(NamedTuple):
    """For each value its kind and its number, as they stand before it; ``missing`` says which are null, if any."""

    kind: str
    missing: Mask | None
    numbers: npt.NDArray[Any]


#: What encodings are made of: bytes that are joined row by row.
_Piece: TypeAlias = _Heads | pa.Array


def _row_digests(batch: pa.RecordBatch) -> list[bytes]:
    """SHA-256 of each row: of its values' encodings, joined in the order of the columns' names."""
    if not batch.num_columns:
        raise SchemaError("no columns: rows without values have no logical hash")
    _kinds(batch.schema)  # names a column that cannot be encoded
    offsets, data = _buffers(
        _joined([p for name in sorted(batch.schema.names) for p in _encoded(batch.column(name))])
    )
    content, places = data.to_pybytes(), offsets.tolist()
    sha256 = hashlib.sha256
    return [sha256(content[start:end]).digest() for start, end in pairwise(places)]


def _encoded(column: pa.Array) -> list[_Piece]:  # noqa: PLR0911  (one case a kind of type)
    """Encode each value of a column, as pieces to be joined; nothing is null in them, and no two values are alike."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _encoded(column.dictionary_decode())
    if kind == pa.bool8():
        return _encoded(column.storage.cast(pa.bool_()))
    if pa.types.is_null(kind):
        return [_Heads("n", None, np.zeros(len(column), np.int64))]
    missing = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
    if _is_string(kind):
        content = _filled(column.cast(pa.large_string()), "").cast(pa.large_binary())
        return [_Heads("s", missing, np.diff(_buffers(content)[0])), content]
    if _is_list(kind):
        lengths = _filled(pc.list_value_length(column), 0).to_numpy().astype(np.int64)
        ends = np.concatenate(([0], np.cumsum(lengths)))
        offsets, data = _buffers(_joined(_encoded(pc.list_flatten(column))))
        return [_Heads("l", missing, lengths), _binary(offsets[ends], data)]
    if pa.types.is_struct(kind):
        parts = {field.name: part for field, part in zip(kind, column.flatten(), strict=True)}
        head = _Heads("o", missing, np.full(len(column), len(parts)))
        fields = [piece for name in sorted(parts) for piece in _encoded(parts[name])]
        if missing is None:
            return [head, *fields]
        return [head, pc.if_else(pa.array(~missing), _joined(fields), pa.scalar(b"", pa.large_binary()))]
    return [_encoded_numbers(column, missing)]


def _encoded_numbers(column: pa.Array, missing: Mask | None) -> _Heads:
    if pa.types.is_floating(column.type):
        numbers = _filled(column.cast(pa.float64()), 0.0).to_numpy().copy()
        numbers[np.isnan(numbers)] = np.nan  # of the many NaNs one
        return _Heads("f", missing, numbers.view(np.int64))
    try:
        numbers = _filled(column.cast(pa.int64()), 0).to_numpy()
    except pa.ArrowInvalid as error:
        raise SchemaError(f"an integer has no logical hash: {error}") from None
    return _Heads("b" if pa.types.is_boolean(column.type) else "i", missing, numbers)


def _filled(column: pa.Array, value: Any) -> pa.Array:
    return pc.fill_null(column, value) if column.null_count else column


def _joined(pieces: list[_Piece]) -> pa.Array:
    """Join pieces row by row. Every byte is copied once, so heads that follow each other are laid out together."""
    parts: list[pa.Array] = []
    for are_heads, group in groupby(pieces, lambda piece: isinstance(piece, _Heads)):
        some = list(group)
        parts += [_laid_out(some)] if are_heads else some
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, pa.scalar(b"", pa.large_binary()))


def _laid_out(heads: list[_Heads]) -> pa.Array:
    rows = len(heads[0].numbers)
    block = np.empty((rows, len(heads)), _HEAD)
    for place, (kind, missing, numbers) in enumerate(heads):
        block["kind"][:, place] = ord(kind) if missing is None else np.where(missing, ord("n"), ord(kind))
        block["number"][:, place] = numbers if missing is None else np.where(missing, 0, numbers)
    width = len(heads) * _HEAD.itemsize
    return _binary(np.arange(rows + 1, dtype=np.int64) * width, pa.py_buffer(block))


def _binary(offsets: npt.NDArray[np.int64], data: pa.Buffer) -> pa.Array:
    return pa.Array.from_buffers(pa.large_binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), data])


def _buffers(values: pa.Array) -> tuple[npt.NDArray[np.int64], pa.Buffer]:
    """Offsets and bytes of binary values."""
    _, offsets, data = values.buffers()
    first = values.offset
    return np.frombuffer(offsets, np.int64)[first : first + len(values) + 1], data or pa.py_buffer(b"")
