"""Faults of a JSON Schema itself, each with its place in the schema."""

from __future__ import annotations

import json
import math
import re
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import jsonschema_rs

from copydesk.core.schema_validator import PATTERN_BYTES, clipped, fast_validator

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: Keywords whose value is a schema, a list of schemas, a mapping of names to schemas.
_ONE = frozenset(
    "additionalProperties contains contentSchema else if items not propertyNames then "
    "unevaluatedItems unevaluatedProperties".split()
)
_LIST = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_NAMED = frozenset(("$defs", "definitions", "dependentSchemas", "patternProperties", "properties"))

Keys = list[str | int]


class Fault(NamedTuple):
    """The place of a fault in a schema, and what is wrong there."""

    keys: Keys
    message: str

    @property
    def pointer(self) -> str:
        """The place as a JSON pointer; empty for the whole schema."""
        return "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in self.keys)


def faults(name: str, schema: Any) -> list[Fault]:
    """List the faults of a schema: another draft than 2020-12, unusable patterns, references that lead nowhere.

    A pattern must be valid both for the linear-time engine that matches it and for Python, because readers of the
    corpus may use another validator. A reference must point into the same file: nothing is fetched.

    Parameters
    ----------
    name : str
        Name of the schema. In ``params`` every setting needs a default.
    schema : any
        The parsed schema.

    Returns
    -------
    list of Fault
        Empty for a usable schema.
    """
    if not isinstance(schema, dict):
        return [Fault([], "not a JSON Schema: expected an object")]
    try:
        listed = list(_numbers(schema, [])) or list(_of_dialect(schema))
        parts = [] if listed else list(_subschemas(schema, []))
        listed += [fault for keys, part in parts for fault in (*_dialects(keys, part), *_patterns(keys, part))]
        listed += [] if listed else _references(schema, parts)
        if name == "params" and not listed:
            listed += _settings(schema, [])
    except RecursionError:
        return [Fault([], "not a JSON Schema: nested too deeply")]
    return listed


def _of_dialect(schema: dict[str, Any]) -> Iterator[Fault]:
    """Yield violations of the meta-schema."""
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
        draft = _quoted(schema["$schema"])
        yield Fault(
            [*keys, "$schema"], f"found {draft}, expected {_quoted(_DIALECT)}: other drafts mean other things"
        )


def _subschemas(schema: Any, keys: Keys) -> Iterator[tuple[Keys, dict[str, Any]]]:
    """Yield the schema and all its subschemas, each with its place."""
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
        if problem := _pattern_problem(pattern):
            yield Fault(place, f"pattern {_quoted(pattern)} {problem}")


def _pattern_problem(pattern: str) -> str:
    """Return why a pattern cannot be used; empty if it can."""
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
        return f"is not valid in Python ({python}), which other validators may use; write a portable pattern"
    if python:
        return f"is not a pattern ({python}); correct it"
    if not linear:
        return (
            "cannot be matched in linear time: no look-around, no back-reference, no \\A or \\Z, "
            "at most 1 MB when compiled; write it without"
        )
    return ""


def _references(schema: dict[str, Any], parts: list[tuple[Keys, dict[str, Any]]]) -> list[Fault]:
    """List references that lead nowhere, or else the fault that makes the whole schema unusable."""
    targets = [
        (keys, keyword, part[keyword])
        for keys, part in parts
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef")
        if keyword in part
    ]
    # The validator compiles a definition only if something refers to it.
    reached = [{"$ref": f"#{_escaped(keys)}"} for keys, _, _ in targets]
    fault = _unusable({**schema, "allOf": [*schema.get("allOf", []), *reached]} if reached else schema)
    if fault is None:
        return []
    broken = []
    for keys, keyword, target in targets:
        alone: dict[str, Any] = {"$ref": target, **{key: schema[key] for key in ("$defs", "$id") if key in schema}}
        if not target.startswith("#"):
            problem = _unusable(alone) and "leads out of this file, and nothing is fetched; move it into $defs"
        else:
            problem = _unusable({**schema, "allOf": [{"$ref": target}]}) and "leads to no usable schema"
        if problem:
            broken.append(Fault([*keys, keyword], f"{keyword} {_quoted(target)} {problem}"))
    return broken or [fault]


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
    """Yield numbers too large for a float, which Python reads as infinite."""
    if isinstance(value, float) and not math.isfinite(value):
        yield Fault(keys, "not a JSON Schema: the number is too large")
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _numbers(inner, [*keys, key])


def _settings(schema: dict[str, Any], keys: Keys) -> Iterator[Fault]:
    """Yield settings without a default, which is needed where params.yaml does not set them."""
    properties = schema.get("properties", {})
    for name, setting in properties.items():
        place = [*keys, "properties", name]
        if not isinstance(setting, dict) or "default" not in setting:
            yield Fault(place, "a setting needs a default")
        elif isinstance(setting.get("properties"), dict):
            yield from _settings(setting, place)
