"""JSON Schemas of ``schemas/`` and what departs from them; without Arrow, so that it is there at once."""

from __future__ import annotations

import datetime
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from copydesk.errors import ConfigError, SchemaError

if TYPE_CHECKING:
    import jsonschema_rs

PACKAGED = Path(__file__).parent / "schemas"

Schema = dict[str, Any]


class Violation(NamedTuple):
    """Where an instance departs from its schema, and how."""

    field: str
    message: str


_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(
    r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII | re.IGNORECASE
)


def is_date(value: object) -> bool:
    """Whether a value, if it is a string, is a date that programs can read: ``full-date`` of RFC 3339.

    >>> is_date("2026-02-28"), is_date("-026-02-28"), is_date("0000-02-28")
    (True, False, False)
    """
    if not isinstance(value, str):
        return True
    try:
        return bool(_DATE.fullmatch(value) and datetime.date.fromisoformat(value))
    except ValueError:
        return False


def is_moment(value: object) -> bool:
    """Whether a value, if it is a string, is a date and a time that programs can read, so without a leap second.

    >>> is_moment("2026-02-28T12:00:00Z"), is_moment("2026-02-28T12:00:60Z")
    (True, False)
    """
    return not isinstance(value, str) or bool(
        is_date(value[:10]) and value[10:11] in ("T", "t") and _TIME.fullmatch(value, 11)
    )


#: Formats that both validators leave to us: each would accept what the other refuses.
_FORMATS = {"date": is_date, "date-time": is_moment}


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
    validator = _reference()(schema, format_checker=_reference_formats())
    found = (
        Violation(dotted(error.absolute_path), shortened(error.message)) for error in validator.iter_errors(instance)
    )
    return sorted(found)


def bulk_violations(schema: Schema, rows: Iterable[Any]) -> Iterator[tuple[int, Violation]]:
    """Row number and violation, for rows that a fast validator refuses; messages are the reference's."""
    fast = fast_validator(schema)
    for number, row in enumerate(rows):
        if not fast.is_valid(row):
            found = violations(schema, row)
            for violation in found or [Violation("", "refused by jsonschema-rs, accepted by jsonschema")]:
                yield number, violation


def fast_validator(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    """The fast validator of a schema, which checks formats too."""
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True, formats=_FORMATS)


@cache
def _reference() -> Any:
    # Only where something is wrong: its formats take two seconds to import.
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

    def pattern(validator: Any, wanted: str, instance: Any, schema: Schema) -> Iterator[ValidationError]:
        # In Python alone a dollar sign also stands before a line feed at the end.
        if isinstance(instance, str) and not re.search(re.sub(r"(?<!\\)\$$", r"\\Z", wanted), instance):
            yield ValidationError(f"{instance!r} does not match {wanted!r}")

    return extend(Draft202012Validator, {"pattern": pattern})  # type: ignore[no-untyped-call]


@cache
def _reference_formats() -> Any:
    from jsonschema import Draft202012Validator, FormatChecker

    formats = FormatChecker()
    known = Draft202012Validator.FORMAT_CHECKER.checkers
    is_uri = known["uri"][0]
    ours = {**_FORMATS, "uri": lambda value: is_uri(value) and not (isinstance(value, str) and value.endswith("\n"))}
    formats.checkers = {**known, **{name: (check, ()) for name, check in ours.items()}}
    return formats


def dotted(path: Iterable[str | int]) -> str:
    """A place in an instance, as messages name it: ``spans[3].start``."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


def shortened(message: str, limit: int = 300) -> str:
    """A message that may quote much of what was found, without its middle."""
    return message if len(message) <= limit else f"{message[: limit - 60]} … {message[-50:]}"
