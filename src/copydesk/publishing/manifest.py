"""MANIFEST.sha256: the hash of every file of the dataset, as ``sha256sum --check`` reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from copydesk.errors import ValidationError
from copydesk.publishing.card import Config

NAME = "MANIFEST.sha256"


def manifest_text(card: str, configs: Iterable[Config]) -> str:
    """The manifest of a card and its files, sorted by path."""
    hashes = {"README.md": hashlib.sha256(card.encode()).hexdigest()}
    hashes |= {file.path: file.sha256 for config in configs for file in config.files}
    return "".join(f"{hashes[path]}  {path}\n" for path in sorted(hashes))


def read_manifest(corpus: Path) -> dict[str, str]:
    """SHA-256 by path relative to the dataset's folder.

    Raises
    ------
    ValidationError
        If the manifest is missing, or a line is not a hash and a path below the folder.
    """
    path = corpus / NAME
    try:
        lines = path.read_text("utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise ValidationError(f"{path}: cannot be read ({error}); run the stage package") from None
    hashes = {}
    for number, line in enumerate(lines, start=1):
        digest, gap, name = line.partition("  ")
        parts = Path(name).parts
        if len(digest) != 64 or not gap or not parts or ".." in parts or Path(name).is_absolute():
            raise ValidationError(f"{path}:{number}: expected a SHA-256, two spaces and a path, found {line!r}")
        hashes[name] = digest
    return hashes
