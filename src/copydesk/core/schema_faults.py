"""What is wrong with a JSON Schema before a value is compared with it: each fault with its place."""

from __future__ import annotations

import json
import math
import re
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import jsonschema_rs

from copydesk.core.json_schema import PATTERN_BYTES, clipped, fast_validator

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: Keywords with a schema, a list of schemas, schemas by name.
_ONE = frozenset(
    "additionalProperties contains contentSchema else if items not propertyNames then "
    "unevaluatedItems unevaluatedProperties".split()
)
_LIST = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_NAMED = frozenset(("$defs", "definitions", "dependentSchemas", "patternProperties", "properties"))

Keys = list[str | int]


class Fault(NamedTuple):
    """Where a schema cannot be obeyed, and why."""

    keys: Keys
    message: str

    @property
    def pointer(self) -> str:
        """The place as a JSON pointer; empty for the whole."""
        return "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in self.keys)


def faults(name: str, schema: Any) -> list[Fault]:
    """What is wrong with a schema: not of draft 2020-12, patterns not understood, references that lead nowhere.

    A pattern must be understood by the linear engine that matches it, and by Python too: whoever reads the
    corpus may check it with another validator. A reference leads to a place of the same file: nothing is fetched.

    Parameters
    ----------
    name : str
        Its name; of ``params`` every setting needs a default.
    schema : any
        The schema as parsed.
    """
    if not isinstance(schema, dict):
        return [Fault([], "not a JSON Schema: expected an object")]
    try:
        found = list(_numbers(schema, [])) or list(_of_dialect(schema))
        parts = [] if found else list(_subschemas(schema, []))
        found += [fault for keys, part in parts for fault in (*_dialects(keys, part), *_patterns(keys, part))]
        found += [] if found else _references(schema, parts)
        if name == "params" and not found:
            found += _settings(schema, [])
    except RecursionError:
        return [Fault([], "not a JSON Schema: nested too deeply")]
    return found


def _of_dialect(schema: dict[str, Any]) -> Iterator[Fault]:
    """Faults by the meta-schema."""
    if faulty := list(_dialects([], schema)):
        yield from faulty
        return
    try:
        jsonschema_rs.meta.validate(schema)
    except jsonschema_rs.ValidationError as error:
        yield Fault(list(error.instance_path), f"not a JSON Schema: {clipped(error.message)}")
    except ValueError as error:
        yield Fault([], f"not a JSON Schema: {clipped(str(error))}")


def _dialects(keys: Keys, schema: dict[str, Any]) -> Iterator[Fault]:
    if "$schema" in schema and str(schema["$schema"]).rstrip("#") != _DIALECT:
        found = _quoted(schema["$schema"])
        yield Fault(
            [*keys, "$schema"], f"found {found}, expected {_quoted(_DIALECT)}: other drafts mean other things"
        )


def _subschemas(schema: Any, keys: Keys) -> Iterator[tuple[Keys, dict[str, Any]]]:
    """The schema and all within it, each with its place."""
    if not isinstance(schema, dict):
        return
    yield keys, schema
    for keyword, value in schema.items():
        if keyword in _ONE:
            yield from _subschemas(value, [*keys, keyword])
        elif keyword in _LIST and isinstance(value, list):
            for number, part in enumerate(value):
                yield from _subschemas(part, [*keys, keyword, number])
        elif keyword in _NAMED and isinstance(value, dict):
            for inner, part in value.items():
                yield from _subschemas(part, [*keys, keyword, inner])


def _patterns(keys: Keys, schema: dict[str, Any]) -> Iterator[Fault]:
    patterns = [([*keys, "pattern"], schema["pattern"])] if "pattern" in schema else []
    patterns += [([*keys, "patternProperties", key], key) for key in schema.get("patternProperties", ())]
    for place, pattern in patterns:
        if why := _not_understood(pattern):
            yield Fault(place, f"pattern {_quoted(pattern)} {why}")


def _not_understood(pattern: str) -> str:
    """Why a pattern cannot be used, empty if it can."""
    linear, python = True, ""
    options = jsonschema_rs.RegexOptions(size_limit=PATTERN_BYTES)
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options)
    except ValueError:
        linear = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        python = clipped(str(error), 100)
    if python and linear:
        return f"is not understood by Python ({python}): others could not check it; write it so that all can"
    if python:
        return f"is not a pattern ({python}); correct it"
    if not linear:
        return (
            "cannot be matched in linear time: no look-around, no reference back to a group, no \\A or \\Z, "
            "nothing that grows beyond 1 MB; write it without"
        )
    return ""


def _references(schema: dict[str, Any], parts: list[tuple[Keys, dict[str, Any]]]) -> list[Fault]:
    """References that lead nowhere; where only the whole cannot be used, that."""
    targets = [
        (keys, keyword, part[keyword])
        for keys, part in parts
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef")
        if keyword in part
    ]
    # What nothing refers to is looked at only if something does.
    reached = [{"$ref": f"#{_escaped(keys)}"} for keys, _, _ in targets]
    fault = _unusable({**schema, "allOf": [*schema.get("allOf", []), *reached]} if reached else schema)
    if fault is None:
        return []
    found = []
    for keys, keyword, target in targets:
        there: dict[str, Any] = {"$ref": target, **{key: schema[key] for key in ("$defs", "$id") if key in schema}}
        if not target.startswith("#"):
            why = _unusable(there) and "leads out of this file, and nothing is fetched or read; write it into $defs"
        else:
            why = _unusable({**schema, "allOf": [{"$ref": target}]}) and "leads to nothing that can be used"
        if why:
            found.append(Fault([*keys, keyword], f"{keyword} {_quoted(target)} {why}"))
    return found or [fault]


def _escaped(keys: Keys) -> str:
    from urllib.parse import quote

    return quote(Fault(keys, "").pointer)


def _quoted(value: Any) -> str:
    return clipped(json.dumps(value, ensure_ascii=False), 150)


def _unusable(schema: dict[str, Any]) -> Fault | None:
    try:
        fast_validator(schema)
    except jsonschema_rs.ValidationError as error:
        return Fault(list(error.instance_path), f"not a JSON Schema: {clipped(error.message)}")
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        return Fault([], f"not a JSON Schema: {clipped(str(error))}")
    return None


def _numbers(value: Any, keys: Keys) -> Iterator[Fault]:
    """Numbers beyond what a float holds: Python reads them as infinite."""
    if isinstance(value, float) and not math.isfinite(value):
        yield Fault(keys, "not a JSON Schema: the number is too large")
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _numbers(inner, [*keys, key])


def _settings(schema: dict[str, Any], keys: Keys) -> Iterator[Fault]:
    """Settings without a default, which has to be there where params.yaml says nothing."""
    properties = schema.get("properties", {})
    for name, setting in properties.items():
        place = [*keys, "properties", name]
        if not isinstance(setting, dict) or "default" not in setting:
            yield Fault(place, "a setting needs a default")
        elif isinstance(setting.get("properties"), dict):
            yield from _settings(setting, place)
