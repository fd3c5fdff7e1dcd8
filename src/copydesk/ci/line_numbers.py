"""On which line of a YAML or JSON file something stands."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import yaml


def line_of(text: str, keys: Sequence[str | int]) -> int:
    """The line, from 1, of what keys lead to in YAML or JSON; of the last of them that is there, 1 in a broken text.

    An entry of a list is found by its number, or by its ``config_name`` as in a dataset card.

    >>> line_of("shards:\\n  target: 5\\n", ["shards", "target"])
    2
    """
    node = _composed(text)
    line = 1
    for key in keys:
        found = _child(node, key)
        if found is None:
            break
        line, node = found
    return line


@lru_cache(maxsize=1)  # the findings of one file are asked for together
def _composed(text: str) -> yaml.Node | None:
    try:
        # Only composed: nothing is made of tags. JSON is close enough to YAML for this.
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _child(node: yaml.Node | None, key: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return name.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode):
        named = (value for value in node.value if _named(value) == key)
        value = next(named, None) if isinstance(key, str) else next(iter(node.value[key : key + 1]), None)
        return None if value is None else (value.start_mark.line + 1, value)
    return None


def _named(node: yaml.Node) -> str | None:
    named = _child(node, "config_name") if isinstance(node, yaml.MappingNode) else None
    return str(named[1].value) if named else None
