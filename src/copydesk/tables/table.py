"""Tables: one JSON Schema each, seen as an Arrow schema, as ``datasets.Features`` and as documentation.

``schemas/*.schema.json`` (JSON Schema 2020-12) is the only place where a column is declared. The schema of a table
uses only what all of these can express: every column is required and described, no further column is allowed,
``["string", "null"]`` makes a column nullable, ``$ref`` points into ``$defs`` of the same file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from copydesk.core.json_schema import PACKAGED, load_schema
from copydesk.core.renamed_fields import ADVICE as RENAME
from copydesk.core.renamed_fields import old_names_in
from copydesk.core.schema_validator import Schema
from copydesk.errors import SchemaError

if TYPE_CHECKING:
    import datasets

#: The tables that follow from the seeds, in the order of the card; the first is the default configuration.
PUBLISHED = ("documents", "sentences", "raw", "edits")
#: The table that a dataset has only if there are labels in the repository.
LABELS = "labels"
#: The table that a dataset has only if publish.signatures is set.
SIGNATURES = "signatures"
OPTIONAL = (LABELS, SIGNATURES)
#: All published tables, in the order of the card.
TABLES = (*PUBLISHED, *OPTIONAL)

#: What a row of each of them is called in messages.
ROW_NOUNS = {
    "documents": "document",
    "sentences": "sentence",
    "raw": "raw text",
    "edits": "edit",
    LABELS: "label",
    SIGNATURES: "signature",
}

_INT32 = 2**31
#: Keywords that decide the columns.
_SHAPE = ("additionalProperties", "items", "properties", "required")


class Column(NamedTuple):
    """A column as the documentation shows it."""

    name: str
    type: str
    nullable: bool
    description: str


class Table:
    """A table and all that is derived from its schema.

    Parameters
    ----------
    name : str
        Name of the table; its schema is ``<folder>/<name>.schema.json``.
    folder : Path, optional
        Folder with the schemas; the packaged ones by default.
    columns : sequence of str, optional
        Only these columns of the schema, in this order: an intermediate table of a stage.

    Raises
    ------
    SchemaError
        If the schema is missing, or declares what cannot be a column.
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
        return [Column(f.name, _type_name(f.type), f.nullable, properties[f.name]["description"]) for f in self.arrow]

    def from_rows(self, rows: Iterable[dict[str, Any]]) -> pa.Table:
        """Make an Arrow table from rows, each with every column."""
        return self.conform(pa.Table.from_pylist(list(rows), schema=self.arrow))

    def conform(self, table: pa.Table) -> pa.Table:
        """Return the table with the columns and types of the schema, in its order.

        Raises
        ------
        SchemaError
            If a column is missing, unknown, of an unsuitable type, or has nulls that are not allowed.
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
            raise SchemaError(f"{where}: required must name every property, because a table has all its columns")
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
        """Merge a schema with the schemas it refers to; return it with the names of the definitions it is in."""
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
                raise SchemaError(
                    f"{self._where}{path}: $ref {reference} leads back to itself; a column cannot be recursive"
                )
            within, schema = (*within, name), self.schema["$defs"][name]

    def _both(self, keyword: str, first: Any, second: Any, path: str) -> Any:
        """Combine the values of a keyword that stands both in a schema and in its ``$ref``, since both apply."""
        if first == second or keyword not in ("type", "minimum", "maximum", *_SHAPE):
            return first
        match keyword:
            case "minimum":
                return max(first, second)
            case "maximum":
                return min(first, second)
            case "type":
                types = [[value] if isinstance(value, str) else value for value in (first, second)]
                return [name for name in types[0] if name in types[1]]
        raise SchemaError(
            f"{self._where}{path}: {keyword} is given beside $ref and in $defs, and both apply; keep one"
        )


@cache
def table(name: str, folder: Path = PACKAGED, columns: tuple[str, ...] = ()) -> Table:
    """Return a table by name; it is made once for each folder and choice of columns."""
    return Table(name, folder, columns)


def _projected(name: str, schema: Schema, columns: Sequence[str]) -> Schema:
    unknown = [column for column in columns if column not in schema.get("properties", {})]
    if unknown:
        renames = [f"{old} is now {new}" for old, new in old_names_in(name, schema).items()]
        advice = f" ({', '.join(renames)}; {RENAME})" if renames else ""
        raise SchemaError(f"{name}.schema.json: columns {unknown} are missing{advice}")
    return {**schema, "required": list(columns), "properties": {c: schema["properties"][c] for c in columns}}


def _type_name(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type_name(kind.value_type)}"
    if pa.types.is_struct(kind):
        return "{" + ", ".join(f"{f.name}: {_type_name(f.type)}" for f in kind) + "}"
    return str(kind)
