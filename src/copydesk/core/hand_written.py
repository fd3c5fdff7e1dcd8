"""Bounded reading of hand-written files: regular files of limited size, and YAML that JSON can express."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from copydesk.errors import ConfigError

#: Largest file of settings, and largest schema, in bytes.
SETTINGS_BYTES = 1 << 20
#: Largest file with one line per document, in bytes.
LINES_BYTES = 256 << 20
#: File with the splits that documents keep; it lies beside the folder of the seeds.
SPLIT_LIST = "splits.jsonl"
#: Folder with the labels of the repository; it lies beside the folder of the seeds.
LABEL_FOLDER = "labels"

_PLAIN = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null"))


class YamlError(ConfigError):
    """A YAML file is not valid, or holds a value that JSON cannot express.

    Attributes
    ----------
    line : int
        The line, from 1.
    keys : list
        The keys that lead to the value, as far as known.
    """

    def __init__(self, message: str, line: int, keys: Sequence[str | int] = ()) -> None:
        super().__init__(message)
        self.line = line
        self.keys = list(keys)


def bounded_text(path: Path, at_most: int = LINES_BYTES) -> str:
    """Read a hand-written text file; all line endings become line feeds.

    Raises
    ------
    ConfigError
        If it is not a regular file, lies outside the repository, is too large, is not UTF-8, or cannot be read.
    FileNotFoundError
        If it does not exist.
    """
    try:
        if path.is_symlink():
            _refuse_link_out(path)
        # Without O_NONBLOCK, opening a named pipe would wait for a writer.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise ConfigError(f"{path}: cannot be read: not a regular file")
            data = _read(handle, at_most + 1)
        finally:
            os.close(handle)
    except FileNotFoundError:
        if path.is_symlink():
            raise ConfigError(f"{path}: a link to a missing file") from None
        raise
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > at_most:
        raise ConfigError(f"{path}: more than {at_most:,} bytes, the largest size that is read")
    try:
        return data.decode().replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}") from None


def _read(handle: int, at_most: int) -> bytes:
    parts: list[bytes] = []
    remaining = at_most
    while remaining and (part := os.read(handle, min(remaining, 1 << 20))):
        parts.append(part)
        remaining -= len(part)
    return b"".join(parts)


def _refuse_link_out(path: Path) -> None:
    folder = path.parent.resolve()
    repository = next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)
    try:
        target = path.resolve()
    except RuntimeError:
        raise ConfigError(f"{path}: a link that leads to itself") from None
    if not target.is_relative_to(repository):
        raise ConfigError(f"{path}: a link out of the repository; put the file itself there")


def parse_yaml(text: str) -> Any:
    """Parse YAML that JSON can express: strings, numbers, booleans, null, lists, mappings with string keys.

    Aliases are refused, because a few of them can expand to any amount of text. Dates are refused, because YAML makes
    them from unquoted strings.

    Raises
    ------
    YamlError
        Naming the line and the field.

    >>> parse_yaml("name: 'x'\\nsizes: [1, 2.5]")
    {'name': 'x', 'sizes': [1, 2.5]}
    """
    loader = yaml.SafeLoader("")
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return None if node is None else _value(loader, node, [])
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(f"not YAML: {error.problem or error.context}", mark.line + 1 if mark else 1) from None
    except yaml.reader.ReaderError as error:
        character = error.character if isinstance(error.character, int) else ord(error.character[:1] or "\0")
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(f"not YAML: U+{character:04X} is not allowed in it", line) from None
    except RecursionError:
        raise YamlError("not YAML: nested too deeply", 1) from None
    finally:
        loader.dispose()


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "an alias (*name); write the value out", mark)
        return super().compose_node(parent, index)


def _value(loader: _Loader, node: yaml.Node, keys: list[str | int]) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
        return [_value(loader, item, [*keys, number]) for number, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
        mapping: dict[str, Any] = {}
        for name, value in node.value:
            if not isinstance(name, yaml.ScalarNode):
                raise YamlError("not YAML for settings: a list or mapping as key", name.start_mark.line + 1, keys)
            if name.tag != "tag:yaml.org,2002:str":
                message = f"the key {_short(name.value)} is not a string in YAML, but {_kind(name)}; quote it"
                raise YamlError(message, name.start_mark.line + 1, keys)
            _refuse_unpaired_surrogate(name, keys)
            if name.value in mapping:
                raise YamlError(f"not YAML: key {name.value!r} is given twice", name.start_mark.line + 1, keys)
            mapping[name.value] = _value(loader, value, [*keys, name.value])
        return mapping
    if not isinstance(node, yaml.ScalarNode):
        raise YamlError(f"not YAML for settings: a value {_kind(node)}", line, keys)
    if node.tag not in _PLAIN:
        raise YamlError(f"{_short(node.value)} is not a string in YAML, but {_kind(node)}; quote it", line, keys)
    _refuse_unpaired_surrogate(node, keys)
    try:
        value = loader.construct_object(node)
        if isinstance(value, float) and value - value != 0.0:
            raise ValueError("not a finite number")
    except (ValueError, LookupError):
        raise YamlError(
            f"{_short(node.value)} is not a JSON number; quote it if it is a string", line, keys
        ) from None
    return value


def _refuse_unpaired_surrogate(node: yaml.ScalarNode, keys: list[str | int]) -> None:
    try:
        node.value.encode()
    except UnicodeEncodeError:
        line = node.start_mark.line + 1
        raise YamlError("contains an unpaired surrogate", line, keys) from None


def _kind(node: yaml.Node) -> str:
    name = str(node.tag).rpartition(":")[2]
    named = {"timestamp": "a date", "int": "a number", "float": "a number", "bool": "yes or no", "null": "nothing"}
    return named.get(name, f"of type {_short(name)}")


def _short(text: str, limit: int = 60) -> str:
    return repr(text if len(text) <= limit else f"{text[:limit]}…")
