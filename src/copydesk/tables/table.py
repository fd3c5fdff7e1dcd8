"""A table is one JSON Schema, seen as an Arrow schema, as ``datasets.Features`` and as documentation.

``schemas/*.schema.json`` (JSON Schema 2020-12) is the only place where a column is declared. A schema of a table
is kept to what all of those can say: every column is required and described, no further column is allowed,
``["string", "null"]`` makes a column nullable, ``$ref`` points into ``$defs`` of the same file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from copydesk.core.json_schema import (
    PACKAGED,
    Schema,
    load_schema,
)
from copydesk.core.renamed_fields import ADVICE as RENAME
from copydesk.core.renamed_fields import old_names_in
from copydesk.errors import SchemaError

if TYPE_CHECKING:
    import datasets

#: The tables that are published, in the order in which the card lists them; the first is the default.
PUBLISHED = ("documents", "sentences", "raw", "edits")

#: What a row of each of them is called in messages.
ROW_NOUNS = {"documents": "document", "sentences": "sentence", "raw": "raw text", "edits": "edit"}

_INT32 = 2**31
#: Keywords that say which columns there are.
_SHAPE = ("additionalProperties", "items", "properties", "required")


class Column(NamedTuple):
    """A column as a reader of the documentation sees it."""

    name: str
    type: str
    nullable: bool
    description: str


class Table:
    """A table and everything that follows from its schema.

    Parameters
    ----------
    name : str
        Name of the table; its schema is ``<folder>/<name>.schema.json``.
    folder : Path, optional
        Folder with the schemas; the packaged ones by default.
    columns : sequence of str, optional
        Only these columns of the schema, in this order: a part of the table that a stage makes on the way.

    Raises
    ------
    SchemaError
        If the schema is missing or says something that a column cannot say.
    """

    def __init__(self, name: str, folder: Path = PACKAGED, columns: Sequence[str] = ()) -> None:
        self.name = name
        self.schema = load_schema(name, folder)
        if columns:
            self.schema = _projected(name, self.schema, columns)
        self._where = f"{name}.schema.json"
        self.arrow = pa.schema(self._fields(self.schema, ""))

    @property
    def features(self) -> datasets.Features:
        """The table's columns as ``datasets.Features``."""
        from datasets import Features

        return Features.from_arrow_schema(self.arrow)

    @property
    def columns(self) -> list[Column]:
        """The table's columns with their types and descriptions."""
        properties = self.schema["properties"]
        return [Column(f.name, _spoken(f.type), f.nullable, properties[f.name]["description"]) for f in self.arrow]

    def from_rows(self, rows: Iterable[dict[str, Any]]) -> pa.Table:
        """Make an Arrow table of rows; every row names every column."""
        return self.conform(pa.Table.from_pylist(list(rows), schema=self.arrow))

    def conform(self, table: pa.Table) -> pa.Table:
        """Return the table in the schema's order and types, or say what is in the way.

        Raises
        ------
        SchemaError
            If a column is missing, unknown, of a type that does not fit, or null where none may be.
        """
        missing = [name for name in self.arrow.names if name not in table.column_names]
        unknown = [name for name in table.column_names if name not in self.arrow.names]
        if missing or unknown:
            raise SchemaError(f"{self._where}: missing columns {missing}, unknown columns {unknown}")
        for field in self.arrow:
            if not field.nullable and (nulls := table[field.name].null_count):
                raise SchemaError(f"{self._where}: column {field.name}: {nulls} nulls, none allowed")
        try:
            return table.select(self.arrow.names).replace_schema_metadata(None).cast(self.arrow)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
            raise SchemaError(f"{self._where}: {error}") from None

    def _fields(self, schema: Schema, path: str, within: tuple[str, ...] = ()) -> list[pa.Field]:
        where = f"{self._where}{path}"
        properties = schema.get("properties", {})
        if "object" not in schema.get("type", ()) or schema.get("additionalProperties") is not False:
            raise SchemaError(f"{where}: expected an object with additionalProperties: false")
        if sorted(schema.get("required", ())) != sorted(properties):
            raise SchemaError(f"{where}: required must name every property: a column is always there")
        return [self._field(name, prop, f"{path}.{name}", within) for name, prop in properties.items()]

    def _field(self, name: str, schema: Any, path: str, within: tuple[str, ...]) -> pa.Field:
        schema, within = self._resolved(schema, path, within)
        if not schema.get("description"):
            raise SchemaError(f"{self._where}{path}: a description is missing")
        types = [schema["type"]] if isinstance(schema.get("type"), str) else list(schema.get("type", ()))
        kinds = [t for t in types if t != "null"]
        if len(kinds) != 1:
            raise SchemaError(f"{self._where}{path}: type is {types}, expected one type, or one and null")
        return pa.field(name, self._type(kinds[0], schema, path, within), nullable="null" in types)

    def _type(self, kind: str, schema: Schema, path: str, within: tuple[str, ...]) -> pa.DataType:
        match kind:
            case "string":
                return pa.string()
            case "boolean":
                return pa.bool_()
            case "number":
                return pa.float64()
            case "integer":
                low, high = schema.get("minimum", -(2**63)), schema.get("maximum", 2**63 - 1)
                return pa.int32() if low >= -_INT32 and high < _INT32 else pa.int64()
            case "array":
                items = schema.get("items", {})
                items = {"description": "item", **items} if isinstance(items, dict) else items
                return pa.list_(self._field("element", items, f"{path}[]", within))
            case "object":
                return pa.struct(self._fields(schema, path, within))
        raise SchemaError(f"{self._where}{path}: type {kind} has no column type")

    def _resolved(self, schema: Any, path: str, within: tuple[str, ...]) -> tuple[Schema, tuple[str, ...]]:
        """What a schema and those it refers to say together, and the definitions that it stands in."""
        merged: Schema = {}
        while True:
            if not isinstance(schema, dict):
                raise SchemaError(f"{self._where}{path}: found {schema}, expected a schema with a type")
            for keyword, value in schema.items():
                merged[keyword] = self._both(keyword, merged.get(keyword, value), value, path)
            reference = schema.get("$ref")
            if reference is None:
                return merged, within
            name = reference.removeprefix("#/$defs/")
            if name == reference or name not in self.schema.get("$defs", {}):
                raise SchemaError(f"{self._where}{path}: $ref {reference} is not in $defs of this file")
            if name in within:
                raise SchemaError(f"{self._where}{path}: $ref {reference} leads back to itself; a column has an end")
            within, schema = (*within, name), self.schema["$defs"][name]

    def _both(self, keyword: str, first: Any, second: Any, path: str) -> Any:
        """What a keyword says where a schema and its ``$ref`` both have it: both hold."""
        if first == second or keyword not in ("type", "minimum", "maximum", *_SHAPE):
            return first
        match keyword:
            case "minimum":
                return max(first, second)
            case "maximum":
                return min(first, second)
            case "type":
                types = [[each] if isinstance(each, str) else each for each in (first, second)]
                return [each for each in types[0] if each in types[1]]
        raise SchemaError(f"{self._where}{path}: {keyword} stands beside $ref and in $defs, and both hold; keep one")


@cache
def table(name: str, folder: Path = PACKAGED, columns: tuple[str, ...] = ()) -> Table:
    """Return the table of that name (made once for each folder and choice of columns)."""
    return Table(name, folder, columns)


def _projected(name: str, schema: Schema, columns: Sequence[str]) -> Schema:
    unknown = [column for column in columns if column not in schema.get("properties", {})]
    if unknown:
        renames = [f"{old} is now {new}" for old, new in old_names_in(name, schema).items()]
        advice = f" ({', '.join(renames)}; {RENAME})" if renames else ""
        raise SchemaError(f"{name}.schema.json: columns {unknown} are missing{advice}")
    return {**schema, "required": list(columns), "properties": {c: schema["properties"][c] for c in columns}}


def _spoken(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_spoken(kind.value_type)}"
    if pa.types.is_struct(kind):
        return "{" + ", ".join(f"{f.name}: {_spoken(f.type)}" for f in kind) + "}"
    return str(kind)
