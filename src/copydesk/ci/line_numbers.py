"""Find the line of a value in a YAML or JSON file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import yaml


def line_of(text: str, keys: Sequence[str | int]) -> int:
    """Line (from 1) of the value at a path of keys; the deepest existing key counts, and a broken text gives 1.

    A list entry is addressed by its index, or by its ``config_name`` as in a dataset card.

    >>> line_of("shards:\\n  target: 5\\n", ["shards", "target"])
    2
    """
    node = _composed(text)
    line = 1
    for key in keys:
        child = _child(node, key)
        if child is None:
            break
        line, node = child
    return line


@lru_cache(maxsize=1)  # findings come file by file
def _composed(text: str) -> yaml.Node | None:
    try:
        # Composing constructs no objects from tags. JSON is close enough to YAML for this.
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _child(node: yaml.Node | None, key: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return name.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode):
        configs = (value for value in node.value if _config_name(value) == key)
        value = next(configs, None) if isinstance(key, str) else next(iter(node.value[key : key + 1]), None)
        return None if value is None else (value.start_mark.line + 1, value)
    return None


def _config_name(node: yaml.Node) -> str | None:
    child = _child(node, "config_name") if isinstance(node, yaml.MappingNode) else None
    return str(child[1].value) if child else None
