"""The logical hash of a table: a hash of its rows that does not depend on files, shards or the order of columns.

``docs/logical-hash.md`` specifies it, so that it can be checked without this module:

- Every step is a SHA-256, so different rows have different hashes, by accident or on purpose.
- The contribution of a shard is small and does not depend on the shards before it: see :class:`Digests`.
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
#: Bytes of rows to encode at a time, few enough for the processor's cache.
_BATCH_BYTES = 1 << 22
Mask = npt.NDArray[np.bool_]

_WIDTH = 32  # bytes of a SHA-256
#: The head before each value: its kind, then a 64-bit number.
_HEAD = np.dtype([("kind", "u1"), ("number", "<i8")])


class Digests(NamedTuple):
    """The contribution of consecutive rows to the hash of their table.

    The digests of all rows of a table are joined in order and cut into pieces, after each digest whose first byte is
    0, which is one in 256. The cuts follow from the rows, so a shard can be hashed before its neighbours: ``first``
    has the digests up to the first cut (all of them without a cut), ``pieces`` the hashes of the whole pieces after
    it, ``last`` the digests after the last cut.
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
            If a column has a type without a logical hash.
        """
        batch = max(1, table.num_rows * _BATCH_BYTES // max(1, table.nbytes))
        joined = b"".join(digest for rows in table.to_batches(batch) for digest in _row_digests(rows))
        firsts = np.frombuffer(joined, np.uint8)[::_WIDTH]
        ends = ((np.flatnonzero(firsts == 0) + 1) * _WIDTH).tolist()
        if not ends:
            return cls(len(firsts), joined)
        pieces = (hashlib.sha256(joined[start:end]).digest() for start, end in pairwise(ends))
        return cls(len(firsts), joined[: ends[0]], b"".join(pieces), joined[ends[-1] :])

    def as_row(self) -> dict[str, Any]:
        """Return a row of the table ``digests``."""
        return {name: value.hex() if isinstance(value, bytes) else value for name, value in self._asdict().items()}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Digests:
        """Make digests from a row of :meth:`as_row`; further columns are ignored."""
        return cls(row["rows"], *(bytes.fromhex(row[name]) for name in ("first", "pieces", "last")))


def combined(shape: str, digests: Iterable[Digests]) -> str:
    """Return the logical hash of a table from its shape (see :func:`shape_of`) and its parts, in order."""
    whole = hashlib.sha256(f"{shape}\n".encode())
    pending = b""  # digests since the last cut
    for part in digests:
        pending += part.first
        if pending and not pending[-_WIDTH]:
            whole.update(hashlib.sha256(pending).digest())
            pending = b""
        if part.pieces or part.last:
            whole.update(part.pieces)
            pending = part.last
    if pending:
        whole.update(hashlib.sha256(pending).digest())
    return whole.hexdigest()


def of_splits(hashes: Mapping[str, str]) -> str:
    """Return the logical hash of a table from its splits': the hash of lines ``split hash``, sorted by split."""
    return hashlib.sha256("".join(f"{split} {hashes[split]}\n" for split in sorted(hashes)).encode()).hexdigest()


def logical_hash(rows: Any) -> str:
    """Return the logical hash of loaded rows, to compare with ``manifest.json``.

    Parameters
    ----------
    rows : table, dataset, or mapping of them by split
        A ``pyarrow.Table`` or ``pyarrow.dataset.Dataset``; a ``datasets.Dataset`` or ``IterableDataset``, which is
        read to its end; a mapping by split, such as a ``DatasetDict``, for the hash of the whole table.

    Returns
    -------
    str
        Equal to ``tables.NAME.splits.SPLIT.logical_sha256`` in ``manifest.json``, or for a mapping to
        ``tables.NAME.logical_sha256``.

    Raises
    ------
    SchemaError
        If a column has a type without a logical hash, or ``rows`` is none of the above.

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
            # After a filter or a map, datasets infers the types of each row alone, so a missing value has type null.
            batches = rows.with_format(None).iter(_BATCH)
            return hash_of_tables((_table_of(batch, schema) for batch in batches), schema)
    if not hasattr(rows, "to_batches"):
        raise SchemaError(f"{type(rows).__name__}: expected a table of pyarrow or a dataset of datasets")
    return hash_of_tables((pa.Table.from_batches([batch]) for batch in rows.to_batches()), schema)


def _table_of(batch: dict[str, list[Any]], schema: pa.Schema | None) -> pa.Table:
    if schema is not None and set(batch) != set(schema.names):
        schema = None  # hash_of_tables then names the missing column
    try:
        return pa.Table.from_pydict(batch, schema)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise SchemaError(f"the rows of a stream do not form a table: {error}") from None


def hash_of_tables(tables: Iterable[pa.Table], schema: pa.Schema | None = None) -> str:
    """Return the logical hash of consecutive tables. ``schema`` gives the columns if there is no table.

    Raises
    ------
    SchemaError
        If the tables have different columns, or a column has a type without a logical hash.
    """
    kinds = None if schema is None else _kinds(schema)
    parts: list[Digests] = []
    for table in tables:
        table_kinds = _kinds(table.schema)
        kinds = _merged(table_kinds if kinds is None else kinds, table_kinds)
        for name in sorted({*table_kinds, *kinds}):
            if name not in table_kinds or _merged(table_kinds[name], kinds.get(name)) != kinds.get(name):
                raise SchemaError(
                    f"column {name}: after row {sum(part.rows for part in parts)} "
                    f"{table_kinds.get(name, 'missing')}, before it {kinds.get(name, 'missing')}; "
                    "give all rows the same columns"
                )
        parts.append(Digests.of(table))
    return combined(_as_json(kinds or {}), parts)


def shape_of(schema: pa.Schema) -> str:
    """Return the columns and their kinds, named as in JSON Schema, as JSON with sorted keys and no white space.

    >>> shape_of(pa.schema({"b": pa.int32(), "a": pa.list_(pa.string())}))
    '{"a":["string"],"b":"integer"}'
    """
    return _as_json(_kinds(schema))


def _as_json(kinds: dict[str, Any]) -> str:
    for name, kind in kinds.items():
        if "null" in _plain_kinds(kind):  # a column without any value has no type
            raise SchemaError(f"column {name}: null has no logical hash; {_EXPECTED}")
    return json.dumps(kinds, sort_keys=True, separators=(",", ":"))


def _plain_kinds(kind: Any) -> set[str]:
    inner = kind.values() if isinstance(kind, dict) else kind if isinstance(kind, list) else None
    return {kind} if inner is None else set().union(*map(_plain_kinds, inner))


def _kinds(fields: Iterable[pa.Field], where: str = "") -> dict[str, Any]:
    kinds: dict[str, Any] = {}
    for field in fields:
        if field.name in kinds:
            raise SchemaError(f"column {where}{field.name}: given twice; give each column its own name")
        kinds[field.name] = _kind(field.type, f"{where}{field.name}")
    return kinds


def _kind(kind: pa.DataType, where: str) -> Any:
    """Return the kind of a column: a name of :data:`_KINDS`, ``[kind]`` for a list, a dict of kinds for a struct."""
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
    """Merge the kinds of two parts of a column. Null fits any kind; if the kinds differ, return the first."""
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
    return bool(pa.types.is_boolean(kind) or _is_bool8(kind))


def _is_bool8(kind: pa.DataType) -> bool:
    """Whether it is Arrow's extension type of that name, which old versions of pyarrow do not know."""
    return getattr(kind, "extension_name", None) == "arrow.bool8"


#: Kinds of values: the letter in the head of a value, and the test for Arrow types of the kind.
_KINDS = {
    "string": ("s", _is_string),
    "integer": ("i", pa.types.is_integer),
    "number": ("f", pa.types.is_floating),
    "boolean": ("b", _is_boolean),
}


class _Heads(NamedTuple):
    """The heads of a column's values, shape (n,): their kind and their numbers. ``missing`` marks the nulls."""

    kind: str
    missing: Mask | None
    numbers: npt.NDArray[Any]


#: Parts of an encoding, which are joined row by row.
_Piece: TypeAlias = _Heads | pa.Array


def _row_digests(batch: pa.RecordBatch) -> list[bytes]:
    """Return the SHA-256 of each row: of the encodings of its values, in the order of the columns' names."""
    if not batch.num_columns:
        raise SchemaError("no columns: rows without values have no logical hash")
    _kinds(batch.schema)  # raises for a column that cannot be encoded
    offsets, data = _buffers(
        _joined([p for name in sorted(batch.schema.names) for p in _encoded(batch.column(name))])
    )
    content, places = data.to_pybytes(), offsets.tolist()
    sha256 = hashlib.sha256
    return [sha256(content[start:end]).digest() for start, end in pairwise(places)]


def _encoded(column: pa.Array) -> list[_Piece]:  # noqa: PLR0911  (one case a kind of type)
    """Encode each value of a column, as pieces to join without nulls. Different values get different encodings."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _encoded(column.dictionary_decode())
    if _is_bool8(kind):
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
        numbers[np.isnan(numbers)] = np.nan  # one bit pattern for all NaNs
        return _Heads("f", missing, numbers.view(np.int64))
    try:
        numbers = _filled(column.cast(pa.int64()), 0).to_numpy()
    except pa.ArrowInvalid as error:
        raise SchemaError(f"an integer has no logical hash: {error}") from None
    return _Heads("b" if pa.types.is_boolean(column.type) else "i", missing, numbers)


def _filled(column: pa.Array, value: Any) -> pa.Array:
    return pc.fill_null(column, value) if column.null_count else column


def _joined(pieces: list[_Piece]) -> pa.Array:
    """Join pieces row by row. Consecutive heads are laid out together, so that every byte is copied only once."""
    parts: list[pa.Array] = []
    for are_heads, group in groupby(pieces, lambda piece: isinstance(piece, _Heads)):
        consecutive = list(group)
        parts += [_laid_out(consecutive)] if are_heads else consecutive
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
    """Return offsets and bytes of binary values."""
    _, offsets, data = values.buffers()
    first = values.offset
    return np.frombuffer(offsets, np.int64)[first : first + len(values) + 1], data or pa.py_buffer(b"")
