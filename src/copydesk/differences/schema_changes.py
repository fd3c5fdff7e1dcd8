"""How the schemas of two revisions differ, and whether that breaks those who read the tables.

A change is *breaking* when a program that reads the old tables by the names of their columns may fail on the new
ones, or confuse two columns: a table, a column or a field of a column that was removed or renamed; another
type (an integer whose bounds no longer fit 32 bits has another type); nulls allowed where there were none, since
readers take values for granted; a column that is no longer required.

Everything else is *compatible*: a table or column that was added, at any position; a description; nulls that are
no longer allowed; a constraint that was loosened, tightened or changed in a way that cannot be ordered (two patterns,
two formats). A loosened constraint lets in values that were not there before, which matters to
readers of an ``enum``: each is listed with the word loosened, tightened or changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from copydesk.core.renamed_fields import COLUMNS
from copydesk.core.schema_validator import Schema
from copydesk.tables.table import OPTIONAL, PUBLISHED

#: Keywords whose larger value is the stricter one, and those whose smaller value is.
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_OTHER = ("enum", "const", "pattern", "format", "anyOf", "oneOf", "allOf", "not", "uniqueItems", "multipleOf")
_BREAKING = frozenset(
    ("table removed", "column removed", "column renamed", "type changed", "null allowed", "no longer required")
)


class SchemaChange(NamedTuple):
    """A difference between two schemas.

    ``column`` is a path such as ``flags[].kind``, empty for the table itself; ``old`` and ``new`` are the values, or
    None; ``breaking`` says whether readers of the old table may fail on the new one.
    """

    table: str
    column: str
    what: str
    old: Any
    new: Any
    breaking: bool

    def __str__(self) -> str:
        """The change in one line, with the old and the new value."""
        with_values = {"column renamed", "type changed"}
        values = (
            f" ({self.old} -> {self.new})" if self.what in with_values or self.what.startswith("constraint") else ""
        )
        return f"{self.table}{'.' if self.column else ''}{self.column}: {self.what}{values}"


def published_changes(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[SchemaChange]:
    """The changes for readers of the dataset: those of its tables, not of settings or hand-written files.

    Empty if one of the revisions has no schemas of its own. Schemas of optional tables count only if both
    have them: a repository has these schemas also where the dataset lacks the tables.
    """
    names = (*PUBLISHED, *sorted({*OPTIONAL} & old.keys() & new.keys()))
    published = [{name: schemas[name] for name in names if name in schemas} for schemas in (old, new)]
    return schema_changes(*published) if all(published) else []


def schema_changes(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[SchemaChange]:
    """List the changes of schemas, which are given by table, in order of tables and columns."""
    changes: list[SchemaChange] = []
    for name in sorted({*old, *new}):
        if name not in new:
            changes.append(_change(name, "", "table removed", name, None))
        elif name not in old:
            changes.append(_change(name, "", "table added", None, name))
        else:
            changes += _table_changes(name, old[name], new[name])
    return changes


def _change(table: str, column: str, what: str, old: Any, new: Any) -> SchemaChange:
    return SchemaChange(table, column, what, old, new, what in _BREAKING)


def _table_changes(table: str, old: Schema, new: Schema) -> Iterator[SchemaChange]:
    before, after = _columns(old), _columns(new)
    if old.get("description") != new.get("description"):
        yield _change(table, "", "description changed", old.get("description"), new.get("description"))
    renamed = {**_renamed(before, after), **(_renamed_by_copydesk(before, after) if table == "documents" else {})}
    for path, node in before.items():
        if path in renamed:
            yield _change(table, path, "column renamed", path, renamed[path])
            yield from _column_changes(table, renamed[path], node, after[renamed[path]])
        elif path not in after:
            yield _change(table, path, "column removed", _type(node), None)
        else:
            yield from _column_changes(table, path, node, after[path])
    for path, node in after.items():
        if path not in before and path not in renamed.values():
            yield _change(table, path, "column added", None, _type(node))


def _columns(schema: Schema) -> dict[str, Schema]:
    """Every column, and every field of a column, by path; references are resolved."""
    return dict(_walk(schema, schema, ""))


def _walk(schema: Schema, node: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    required = node.get("required", ())
    for name, given in node.get("properties", {}).items():
        prop = {**_resolved(schema, given), "x-required": name in required}
        where = f"{path}.{name}" if path else name
        yield where, prop
        while "items" in prop:
            prop, where = _resolved(schema, prop["items"]), f"{where}[]"
            if "properties" not in prop:
                yield where, {**prop, "x-required": True}
        yield from _walk(schema, prop, where)


def _resolved(schema: Schema, node: Schema) -> Schema:
    reference = node.get("$ref")
    if reference is None:
        return node
    # Resolved once: no reference in the schema of a table leads to another reference.
    named = schema.get("$defs", {}).get(str(reference).removeprefix("#/$defs/"), {})
    return {**named, **{key: value for key, value in node.items() if key != "$ref"}}


def _renamed(before: dict[str, Schema], after: dict[str, Schema]) -> dict[str, str]:
    """New names by old names: a column was removed, and one with the same definition and description was added."""
    gone = [path for path in before if path not in after]
    come = [path for path in after if path not in before]
    pairs: dict[str, str] = {}
    for path in gone:
        same = [other for other in come if after[other] == before[path] and _parent(other) == _parent(path)]
        twins = [other for other in gone if before[other] == before[path]]
        if len(same) == len(twins) == 1 and before[path].get("description"):
            pairs[path] = same[0]
    return pairs


def _renamed_by_copydesk(before: dict[str, Schema], after: dict[str, Schema]) -> dict[str, str]:
    """Columns that copydesk itself renamed, however they are described."""
    gone, come = before.keys() - after.keys(), after.keys() - before.keys()
    return {old: new for old, new in COLUMNS.items() if old in gone and new in come}


def _parent(path: str) -> str:
    return path.rpartition(".")[0]


def _column_changes(table: str, path: str, old: Schema, new: Schema) -> Iterator[SchemaChange]:
    if _type(old) != _type(new):
        yield _change(table, path, "type changed", _type(old), _type(new))
    if _nullable(old) != _nullable(new):
        word = "null allowed" if _nullable(new) else "null forbidden"
        yield _change(table, path, word, _nullable(old), _nullable(new))
    if old["x-required"] != new["x-required"]:
        word = "required" if new["x-required"] else "no longer required"
        yield _change(table, path, word, old["x-required"], new["x-required"])
    for keyword in (*_LOWER, *_UPPER, *_OTHER):
        before, after = old.get(keyword), new.get(keyword)
        if keyword in ("enum", "anyOf"):
            # Whether null is allowed is compared above.
            before, after = _without_null(before), _without_null(after)
        if before != after:
            yield _change(table, path, f"constraint {_moved(keyword, before, after)}: {keyword}", before, after)
    if old.get("description") != new.get("description"):
        yield _change(table, path, "description changed", old.get("description"), new.get("description"))


def _moved(keyword: str, old: Any, new: Any) -> str:
    """Whether a constraint was loosened, tightened, or changed in a way that cannot be ordered."""
    if new is None or old is None:
        return "loosened" if new is None else "tightened"
    if keyword in _LOWER:
        return "loosened" if new < old else "tightened"
    if keyword in _UPPER:
        return "loosened" if new > old else "tightened"
    if keyword == "enum":
        gone, come = [v for v in old if v not in new], [v for v in new if v not in old]
        return "changed" if bool(gone) == bool(come) else "tightened" if gone else "loosened"
    return "changed"


def _without_null(values: Any) -> Any:
    return values and [value for value in values if value is not None and value != {"type": "null"}]


def _types(node: Schema) -> list[str]:
    kinds = node.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _nullable(node: Schema) -> bool:
    return "null" in _types(node)


def _type(node: Schema) -> str:
    """The type of the column that follows from a schema, in the words of ``copydesk.tables.table``."""
    kinds = [kind for kind in _types(node) if kind != "null"]
    if kinds == ["integer"]:
        low, high = node.get("minimum", -(2**63)), node.get("maximum", 2**63 - 1)
        return "int32" if low >= -(2**31) and high < 2**31 else "int64"
    return " or ".join(sorted(kinds)) or "any"
