"""Load the JSON Schemas of ``schemas/`` and list violations of them. It does not import Arrow, to start fast."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from copydesk.core.hand_written import SETTINGS_BYTES, bounded_text
from copydesk.core.schema_validator import Schema, clipped, dotted, fast_validator
from copydesk.errors import ConfigError, SchemaError

if TYPE_CHECKING:
    import jsonschema_rs

PACKAGED = Path(__file__).parents[1] / "schemas"


class Violation(NamedTuple):
    """The field of an instance that violates its schema, and how."""

    field: str
    message: str


def schema_path(name: str, folder: Path = PACKAGED) -> Path:
    """Return the path of a schema."""
    return folder / f"{name}.schema.json"


@cache
def load_schema(name: str, folder: Path = PACKAGED) -> Schema:
    """Read a schema and check it (see :func:`copydesk.core.schema_faults.faults`).

    Raises
    ------
    SchemaError
        If it is missing or faulty; the message names the file and the place in it, as a JSON pointer.
    """
    from copydesk.core.schema_faults import faults

    path = schema_path(name, folder)
    try:
        schema: Schema = load_json(bounded_text(path, SETTINGS_BYTES), str(path))
    except FileNotFoundError:
        raise SchemaError(f"{path}: no such schema") from None
    except ConfigError as error:
        raise SchemaError(str(error)) from None
    for fault in faults(name, schema):
        raise SchemaError(f"{path}: #{fault.pointer}: {fault.message}")
    return schema


def load_json(text: str, where: str) -> Any:
    """Parse JSON, and refuse duplicate keys, NaN, Infinity and unpaired surrogates.

    Raises
    ------
    ConfigError
        If the text is refused; the message begins with ``where`` and says what was found.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping = dict(pairs)
        if len(mapping) < len(pairs):
            twice = sorted(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
            raise ConfigError(f"{where}: keys given twice: {', '.join(twice)}")
        return mapping

    def number(constant: str) -> None:
        raise ConfigError(f"{where}: {constant} is not JSON")

    try:
        value = json.loads(text, object_pairs_hook=unique, parse_constant=number)
        if "\\ud" in text.lower():  # an escaped surrogate without its pair cannot be encoded
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{where}: contains an unpaired surrogate") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: not JSON: {error}") from None
    return value


def violations(schema: Schema, instance: Any) -> list[Violation]:
    """Return all violations of a schema by an instance, sorted."""
    return [violation for _, violation in bulk_violations(schema, [instance])]


def bulk_violations(schema: Schema, rows: Iterable[Any]) -> Iterator[tuple[int, Violation]]:
    """Yield the number of a row and a violation, for every violation in every row."""
    validator = fast_validator(schema)
    examples = examples_of(schema)
    for number, row in enumerate(rows):
        for violation in _row_violations(validator, row, examples):
            yield number, violation


def examples_of(schema: Schema) -> dict[str, Any]:
    """Return the first example of each property that has some."""
    properties = schema.get("properties", {})
    parts = {name: part for name, part in properties.items() if isinstance(part, dict)}
    return {name: part["examples"][0] for name, part in parts.items() if part.get("examples")}


def _row_violations(
    validator: jsonschema_rs.Draft202012Validator, row: Any, examples: Mapping[str, Any]
) -> list[Violation]:
    try:
        if validator.is_valid(row):
            return []
        errors = {
            Violation(field := dotted(e.instance_path), clipped(_worded(e, examples.get(field))))
            for e in validator.iter_errors(row)
        }
    except ValueError as error:  # for a value that JSON does not have
        errors = {Violation("", clipped(str(error)))}
    numbers = dict(_not_json(row, ""))
    return sorted({Violation(*place) for place in numbers.items()} | {e for e in errors if e.field not in numbers})


def _not_json(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield places of numbers that JSON does not have; the validator would call them null."""
    if isinstance(value, float) and not math.isfinite(value):
        yield place.lstrip("."), f"{value} is not a JSON number"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _not_json(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _not_json(inner, f"{place}[{number}]")


def with_example(error: jsonschema_rs.ValidationError, example: Any) -> str | None:
    """Word the violation of a pattern or a format with an example of the property, if it has one."""
    if example is None or error.kind.name not in {"pattern", "format", "anyOf"}:
        return None
    return f"{error.instance!r} is not what is expected; write it like {example}"


def _worded(error: jsonschema_rs.ValidationError, example: Any = None) -> str:
    """Word an error of the validator, with values as Python writes them, and an example instead of a pattern."""
    if message := with_example(error, example):
        return message
    if error.kind.name == "propertyNames":
        return _worded(error.kind.as_dict()["error"])
    words = _WORDS.get(error.kind.name)
    return words(error.instance, *error.kind.as_dict().values()) if words else error.message


_WORDS: dict[str, Callable[..., str]] = {
    "type": lambda value, types: f"{value!r} is not of type {', '.join(map(repr, types))}",
    "required": lambda _, name: f"{name!r} is a required property",
    "enum": lambda value, options: f"{value!r} is not one of {options!r}",
    "const": lambda _, expected: f"{expected!r} was expected",
    "format": lambda value, name: f"{value!r} is not a {name!r}",
    "pattern": lambda value, pattern: f"{value!r} does not match {pattern!r}",
    "minLength": lambda value, least: f"{value!r} {'should be non-empty' if least == 1 else 'is too short'}",
    "maxLength": lambda value, _: f"{value!r} is too long",
    "minItems": lambda value, least: f"{value!r} {'should be non-empty' if least == 1 else 'is too short'}",
    "maxItems": lambda value, _: f"{value!r} is too long",
    "anyOf": lambda value, _: f"{value!r} is not valid under any of the given schemas",
}
