"""JSON Schemas of ``schemas/`` and what departs from them; without Arrow, so that it is there at once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from copydesk.errors import ConfigError, SchemaError

PACKAGED = Path(__file__).parent / "schemas"

Schema = dict[str, Any]


class Violation(NamedTuple):
    """Where an instance departs from its schema, and how."""

    field: str
    message: str


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
    """Parse JSON and refuse what is ambiguous: a key given twice, NaN, Infinity, half a surrogate pair.

    Raises
    ------
    ConfigError
        Naming ``where`` and what was found.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            twice = sorted(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
            raise ConfigError(f"{where}: keys given twice: {', '.join(twice)}")
        return made

    def number(constant: str) -> None:
        raise ConfigError(f"{where}: {constant} is not JSON")

    try:
        value = json.loads(text, object_pairs_hook=unique, parse_constant=number)
        if "\\ud" in text.lower():  # half a character can be escaped, and nothing can be done with it
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{where}: holds half a surrogate pair, which is no character") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: not JSON: {error}") from None
    return value


def violations(schema: Schema, instance: Any) -> list[Violation]:
    """Everything in which an instance departs from a schema, by the reference implementation, in order."""
    # Only where something is wrong: its formats take two seconds to import.
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    found = (
        Violation(dotted(error.absolute_path), shortened(error.message)) for error in validator.iter_errors(instance)
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


def dotted(path: Iterable[str | int]) -> str:
    """A place in an instance, as messages name it: ``spans[3].start``."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


def shortened(message: str, limit: int = 300) -> str:
    """A message that may quote much of what was found, without its middle."""
    return message if len(message) <= limit else f"{message[: limit - 60]} … {message[-50:]}"
