"""Digests of what a dataset is built from: seeds, labels, splits, settings, schemas and plug-ins.

A digest of a folder is the SHA-256 of the lines that ``sha256sum`` writes for its files, sorted by path, with paths
relative to the project. So anybody can compute it again without copydesk.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from copydesk.core.atomic_files import leads_out, sha256_file
from copydesk.core.hand_written import LABEL_FOLDER, SPLIT_LIST
from copydesk.project import Project
from copydesk.readers.seed_files import walk

SETTINGS = "params.yaml"
SCHEMAS = "schemas"
#: The inputs that are files or folders of the repository, by path.
INPUTS = ("seeds", LABEL_FOLDER, SPLIT_LIST, SETTINGS, SCHEMAS)
PLUGIN = "plugin "


class Input(NamedTuple):
    """The digest of an input, and how many files it has; for a single file the digest is that of its bytes."""

    sha256: str
    files: int


def build_inputs(root: Path) -> dict[str, Input]:
    """The inputs of a build by path, and each plug-in under ``plugin NAME``; what does not exist is left out.

    Files that no build reads are left out too: those whose name begins with a dot, links out of the folder, and what
    is no regular file.
    """
    inputs = {}
    for name in INPUTS:
        path = root / name
        if path.is_dir():
            inputs[name] = _folder(root, name)
        elif path.is_file():
            inputs[name] = Input(sha256_file(path), 1)
    for plugin in Project.open(root).plugins:
        inputs[f"{PLUGIN}{plugin.name}"] = Input(plugin.sha256, len(plugin.files))
    return inputs


def _folder(root: Path, name: str) -> Input:
    digest, count = hashlib.sha256(), 0
    for path in sorted(_files(root / name)):
        digest.update(_line(sha256_file(root / name / os.fsdecode(path)), f"{name}/".encode() + path))
        count += 1
    return Input(digest.hexdigest(), count)


def _line(sha256: str, path: bytes) -> bytes:
    """A line of ``sha256sum``: a path with a line end or a backslash is marked and spelled out, so lines stay lines.

    >>> _line("12ab", b"seeds/a.txt"), _line("12ab", b"seeds/a\\nb")
    (b'12ab  seeds/a.txt\\n', b'\\\\12ab  seeds/a\\\\nb\\n')
    """
    escaped = path.replace(b"\\", rb"\\").replace(b"\n", rb"\n").replace(b"\r", rb"\r")
    mark = b"\\" if escaped != path else b""
    return mark + sha256.encode() + b"  " + escaped + b"\n"


def _files(folder: Path) -> Iterator[bytes]:
    """Paths of the regular files in a folder, relative to it."""
    for path, entry in walk(folder):
        if isinstance(entry, OSError):
            raise entry
        if entry.is_file() and not (entry.is_symlink() and leads_out(Path(entry.path), folder)):
            yield os.fsencode(path)
