"""The reference implementation of JSON Schema, against which verdicts are compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from copydesk.core.schema_validator import Schema, is_date, is_moment

_KNOWN = Draft202012Validator.FORMAT_CHECKER.checkers


def _is_uri(value: object) -> bool:
    return bool(_KNOWN["uri"][0](value)) and not (isinstance(value, str) and value.endswith("\n"))


def _pattern(validator: Any, wanted: str, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    # In Python alone a dollar sign also stands before a line feed at the end.
    if isinstance(instance, str) and not re.search(re.sub(r"(?<!\\)\$$", r"\\Z", wanted), instance):
        yield ValidationError(f"{instance!r} does not match {wanted!r}")


_Validator = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]
_FORMATS = FormatChecker()
_FORMATS.checkers = {**_KNOWN, "date": (is_date, ()), "date-time": (is_moment, ()), "uri": (_is_uri, ())}


def refuses(schema: Schema, instance: Any) -> bool:
    """Whether the reference refuses an instance, with the formats that are ours."""
    return not _Validator(schema, format_checker=_FORMATS).is_valid(instance)
