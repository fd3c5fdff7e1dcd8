"""params.yaml and the other hand-written files, checked against their schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from copydesk.errors import ConfigError
from copydesk.json_schema import PACKAGED, Schema, bulk_violations, load_json, load_schema

Params = dict[str, Any]

_MAX_BYTES = 256 << 20


class _UniqueKeyLoader(yaml.SafeLoader):
    """Safe YAML in which a key given twice is an error: PyYAML would let the last one win."""


def _unique_mapping(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    mapping: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in mapping:
            raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is given twice", key_node.start_mark)
        mapping[key] = loader.construct_object(value_node, deep=True)
    return mapping


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def load_params(path: Path | None, schemas: Path = PACKAGED) -> Params:
    """Read params.yaml, check it against ``params.schema.json`` and fill in the defaults given there.

    Parameters
    ----------
    path : Path or None
        The file; None, or a file that is not there, stands for the defaults.
    schemas : Path
        Folder with the schemas.

    Raises
    ------
    ConfigError
        Naming the file, the field, what was found and what was expected.
    """
    given: Any = {}
    if path is not None and path.exists():
        try:
            given = yaml_without_doubles(bounded_text(path))
        except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
            raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    return check_params({} if given is None else given, str(path), schemas)


def check_params(given: Any, where: str = "params", schemas: Path = PACKAGED) -> Params:
    """Check settings against ``params.schema.json`` and fill in the defaults given there."""
    schema = load_schema("params", schemas)
    found = [violation for _, violation in bulk_violations(schema, [given])]
    if found:
        lines = "".join(f"\n  {v.field or '(top)'}: {v.message}" for v in found)
        raise ConfigError(f"{where}: does not obey params.schema.json:{lines}")
    return {
        name: _with_defaults(prop, given.get(name, prop["default"])) for name, prop in schema["properties"].items()
    }


def _with_defaults(schema: Schema, given: Any) -> Any:
    """A setting; of a section every key."""
    if "properties" not in schema:
        return given
    return {
        name: _with_defaults(prop, given.get(name, prop["default"])) for name, prop in schema["properties"].items()
    }


def load_json_lines(
    path: Path, schema_name: str, key: str | tuple[str, ...], schemas: Path = PACKAGED
) -> dict[Any, dict[str, Any]]:
    """Read a hand-written JSONL file into a mapping by ``key``, one field or several; no file is an empty one.

    Raises
    ------
    ConfigError
        Naming the file, the line, the field, what was found and what was expected; or the line that gives a
        key again.
    """
    if not path.exists():
        return {}
    parsed = [
        (f"{path}:{number}", load_json(line, f"{path}:{number}"))
        for number, line in enumerate(bounded_text(path).split("\n"), start=1)
        if line.strip()
    ]
    schema = load_schema(schema_name, schemas)
    problems = [
        f"{parsed[number][0]}: {v.field or '(line)'}: {v.message}"
        for number, v in bulk_violations(schema, (row for _, row in parsed))
    ]
    if problems:
        raise ConfigError("\n".join(problems))
    rows: dict[Any, dict[str, Any]] = {}
    for where, row in parsed:
        name = row[key] if isinstance(key, str) else tuple(row.get(each) for each in key)
        if name in rows:
            raise ConfigError(f"{where}: {key} {name!r} is given twice; keep one line")
        rows[name] = row
    return rows


def yaml_without_doubles(text: str) -> Any:
    """Parse YAML; errors as of PyYAML, and for a key given twice."""
    return yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader


def bounded_text(path: Path) -> str:
    """Read a hand-written file.

    Raises
    ------
    ConfigError
        If it is too large, or not UTF-8.
    """
    size = path.stat().st_size
    if size > _MAX_BYTES:
        raise ConfigError(f"{path}: {size:,} bytes, at most {_MAX_BYTES:,} are read")
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}") from None
