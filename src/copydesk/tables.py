"""A table is one JSON Schema, seen as an Arrow schema, as ``datasets.Features`` and as documentation.

``schemas/*.schema.json`` (JSON Schema 2020-12) is the only place where a column is declared. A schema of a table
is kept to what all of those can say: every column is required and described, no further column is allowed,
``["string", "null"]`` makes a column nullable, ``$ref`` points into ``$defs`` of the same file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from copydesk.errors import ConfigError, SchemaError

if TYPE_CHECKING:
    import datasets

PACKAGED = Path(__file__).parent / "schemas"
#: The tables that are published, in the order in which the card lists them; the first is the default.
PUBLISHED = ("documents", "sentences", "raw", "edits")

Schema = dict[str, Any]

_INT32 = 2**31


class Column(NamedTuple):
    """A column as a reader of the documentation sees it."""

    name: str
    type: str
    nullable: bool
    description: str


class Violation(NamedTuple):
    """Where an instance departs from its schema, and how."""

    field: str
    message: str


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
            self.schema = _projected(self.schema, columns)
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

    def _fields(self, schema: Schema, path: str) -> list[pa.Field]:
        where = f"{self._where}{path}"
        properties = schema.get("properties", {})
        if "object" not in schema.get("type", ()) or schema.get("additionalProperties") is not False:
            raise SchemaError(f"{where}: expected an object with additionalProperties: false")
        if sorted(schema.get("required", ())) != sorted(properties):
            raise SchemaError(f"{where}: required must name every property: a column is always there")
        return [self._field(name, prop, f"{path}.{name}") for name, prop in properties.items()]

    def _field(self, name: str, schema: Schema, path: str) -> pa.Field:
        schema = self._resolved(schema, path)
        if not schema.get("description"):
            raise SchemaError(f"{self._where}{path}: a description is missing")
        types = [schema["type"]] if isinstance(schema.get("type"), str) else list(schema.get("type", ()))
        kinds = [t for t in types if t != "null"]
        if len(kinds) != 1:
            raise SchemaError(f"{self._where}{path}: type is {types}, expected one type, or one and null")
        return pa.field(name, self._type(kinds[0], schema, path), nullable="null" in types)

    def _type(self, kind: str, schema: Schema, path: str) -> pa.DataType:
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
                items = {"description": "item", **schema.get("items", {})}
                return pa.list_(self._field("element", items, f"{path}[]"))
            case "object":
                return pa.struct(self._fields(schema, path))
        raise SchemaError(f"{self._where}{path}: type {kind} has no column type")

    def _resolved(self, schema: Schema, path: str) -> Schema:
        reference = schema.get("$ref")
        if reference is None:
            return schema
        name = reference.removeprefix("#/$defs/")
        if name not in self.schema.get("$defs", {}):
            raise SchemaError(f"{self._where}{path}: $ref {reference} is not in $defs of this file")
        return {**self.schema["$defs"][name], **{k: v for k, v in schema.items() if k != "$ref"}}


@cache
def table(name: str, folder: Path = PACKAGED, columns: tuple[str, ...] = ()) -> Table:
    """Return the table of that name (made once for each folder and choice of columns)."""
    return Table(name, folder, columns)


def _projected(schema: Schema, columns: Sequence[str]) -> Schema:
    unknown = [name for name in columns if name not in schema["properties"]]
    if unknown:
        raise SchemaError(f"{schema['title']}.schema.json: columns {unknown} are missing")
    return {**schema, "required": list(columns), "properties": {c: schema["properties"][c] for c in columns}}


def schema_path(name: str, folder: Path = PACKAGED) -> Path:
    """Path of the schema of that name."""
    return folder / f"{name}.schema.json"


@cache
def load_schema(name: str, folder: Path = PACKAGED) -> Schema:
    """Read a schema and check it against the 2020-12 meta-schema."""
    import jsonschema_rs

    path = schema_path(name, folder)
    try:
        schema: Schema = load_json(path.read_text("utf-8"), str(path))
        jsonschema_rs.meta.validate(schema)
    except FileNotFoundError:
        raise SchemaError(f"{path}: no such schema") from None
    except (ConfigError, jsonschema_rs.ValidationError) as error:
        raise SchemaError(f"{path}: not a JSON Schema: {error}") from None
    return schema


def load_json(text: str, where: str) -> Any:
    """Parse JSON and refuse what is ambiguous: a key given twice, NaN, Infinity.

    Raises
    ------
    ConfigError
        Naming ``where`` and what was found.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice = sorted(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        if twice:
            raise ConfigError(f"{where}: keys given twice: {', '.join(twice)}")
        return dict(pairs)

    def number(constant: str) -> None:
        raise ConfigError(f"{where}: {constant} is not JSON")

    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=number)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: not JSON: {error}") from None


def violations(schema: Schema, instance: Any) -> list[Violation]:
    """Everything in which an instance departs from a schema, by the reference implementation, in order."""
    # Only where something is wrong: its formats take two seconds to import.
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    found = (
        Violation(_dotted(error.absolute_path), _shortened(error.message))
        for error in validator.iter_errors(instance)
    )
    return sorted(found)


def bulk_violations(schema: Schema, rows: Iterable[Any]) -> Iterator[tuple[int, Violation]]:
    """Row number and violation, for rows that a fast validator refuses; messages are the reference's."""
    import jsonschema_rs

    fast = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    for number, row in enumerate(rows):
        if not fast.is_valid(row):
            found = violations(schema, row)
            for violation in found or [Violation("", "refused by jsonschema-rs, accepted by jsonschema")]:
                yield number, violation


def _dotted(path: Iterable[str | int]) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


def _shortened(message: str, limit: int = 300) -> str:
    return message if len(message) <= limit else f"{message[: limit - 60]} … {message[-50:]}"


def _spoken(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_spoken(kind.value_type)}"
    if pa.types.is_struct(kind):
        return "{" + ", ".join(f"{f.name}: {_spoken(f.type)}" for f in kind) + "}"
    return str(kind)
