"""What the dataset consists of: ``MANIFEST.sha256`` for ``sha256sum --check``, ``manifest.json`` for programs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from copydesk.errors import ConfigError, ValidationError
from copydesk.publishing.card import Config
from copydesk.tables import load_json

NAME = "MANIFEST.sha256"
LISTING = "manifest.json"


def tables_listed(configs: Iterable[Config]) -> dict[str, Any]:
    """The tables of a dataset with their rows and files."""
    return {
        config.name: {
            "rows": config.rows,
            "content_sha256": config.digest,
            "files": {f.path: {"sha256": f.sha256, "size": f.size, "rows": f.rows} for f in config.files},
        }
        for config in configs
    }


def manifest_json(
    settings: dict[str, Any], configs: Iterable[Config], dropped: list[dict[str, Any]], withheld: Iterable[str] = ()
) -> str:
    """Version, tables with their files, and what is not there.

    ``dropped`` are documents that were left out, each with the reason and the values; ``withheld`` the ids of those
    whose raw text and edits a public dataset leaves out.
    """
    whole = {
        "version": settings["version"],
        "tables": tables_listed(configs),
        "dropped": dropped,
        "withheld": list(withheld),
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def read_listing(corpus: Path) -> dict[str, Any]:
    """The parsed ``manifest.json`` of a dataset.

    Raises
    ------
    ValidationError
        If it is missing, or not what :func:`manifest_json` writes.
    """
    path = corpus / LISTING
    try:
        listing = load_json(path.read_text("utf-8"), str(path))
        ids = [row["doc_id"] for row in listing["dropped"]], list(listing["withheld"])
        known = isinstance(listing["tables"], dict) and all(isinstance(i, str) for part in ids for i in part)
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ConfigError) as error:
        raise ValidationError(f"{path}: cannot be read ({error!r}); run the stage package") from None
    if not known:
        raise ValidationError(f"{path}: expected tables, dropped and withheld; run the stage package")
    return dict(listing)


def manifest_text(others: Mapping[str, str], configs: Iterable[Config]) -> str:
    """The hashes of the data files and of others, given by path with their content; sorted by path."""
    hashes = {path: hashlib.sha256(content.encode()).hexdigest() for path, content in others.items()}
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
