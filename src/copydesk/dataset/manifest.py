"""Files of the dataset and their hashes: ``MANIFEST.sha256`` for ``sha256sum``, ``manifest.json`` for programs."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from copydesk.core.atomic_files import sha256_file
from copydesk.core.config import Params
from copydesk.core.json_schema import load_json, schema_path
from copydesk.dataset.card_metadata import Config
from copydesk.errors import ConfigError, ValidationError
from copydesk.store.pinned_libraries import PINNED, PINNED_FOR_PAGES, installed_version
from copydesk.tables.logical_hash import of_splits
from copydesk.tables.table import OPTIONAL, PUBLISHED

NAME = "MANIFEST.sha256"
SIGNATURE = f"{NAME}.sig"
LISTING = "manifest.json"
#: How a release was made, see ``copydesk.proofs``. It lies beside the dataset and is no part of it.
STATEMENT = "provenance.intoto.json"
STATEMENT_SIGNATURE = f"{STATEMENT}.sig"
_BUNDLE = ".sigstore.json"
#: Files of a release that its manifest does not list: they are about the manifest.
PROOFS = (STATEMENT, STATEMENT_SIGNATURE, SIGNATURE, f"{STATEMENT}{_BUNDLE}", f"{NAME}{_BUNDLE}")
_PAGE_RULE = "html-"  # how the names of the rules for web pages begin
PLUGINS = "plugins"
#: Sections of params.yaml that are not listed: how the dataset presents itself, how the work is run, and plug-ins,
#: which are listed with their hashes.
_SILENT = ("corpus", "engine", PLUGINS)
_LOGICAL = "logical_sha256"


def bundle_of(name: str) -> str:
    """The name of the file with the Sigstore bundle of a file."""
    return f"{name}{_BUNDLE}"


def tables_listed(configs: Iterable[Config]) -> dict[str, Any]:
    """The tables of a dataset with their rows, splits, hashes and files."""
    return {
        config.name: {
            "rows": config.rows,
            _LOGICAL: of_splits(config.logical),
            "content_sha256": config.digest,
            "splits": {
                split: {"rows": rows, _LOGICAL: config.logical.get(split)} for split, rows in config.splits.items()
            },
            "files": {f.path: {"sha256": f.sha256, "size": f.size, "rows": f.rows} for f in config.files},
        }
        for config in configs
    }


def manifest_json(
    params: Params,
    configs: Iterable[Config],
    schemas: Path,
    dropped: list[dict[str, Any]],
    *,
    withheld: Iterable[str] = (),
    rules: Iterable[str] = (),
    plugins: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Render manifest.json: version, tables and files, schemas, settings, libraries, dropped and withheld documents.

    ``dropped`` lists dropped documents with the reason and the values; ``withheld`` the ids of documents whose raw
    text and edits a public dataset omits; ``rules`` the rules that made edits in the dataset; ``plugins`` the hash of
    the code of each plug-in, by module.
    """
    tables = tables_listed(configs)
    whole = {
        "version": params["corpus"]["version"],
        "commit": params["corpus"]["commit"],
        "date": params["corpus"]["date"],
        "tables": tables,
        "schemas": schemas_listed(schemas, tables),
        "params": {name: value for name, value in sorted(params.items()) if name not in _SILENT},
        "libraries": libraries_of(rules),
        **({PLUGINS: dict(plugins)} if plugins else {}),
        "dropped": dropped,
        "withheld": list(withheld),
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def libraries_of(rules: Iterable[str]) -> dict[str, str | None]:
    """Versions of the libraries that decided bytes of a dataset; those for web pages only if their rules edited."""
    has_pages = any(rule.startswith(_PAGE_RULE) for rule in rules)
    # Those for pages as they are pinned: they need not be installed where a part of a dataset is exported.
    return {name: installed_version(name) for name in PINNED} | (PINNED_FOR_PAGES if has_pages else {})


def without_logical(tables: dict[str, Any]) -> dict[str, Any]:
    """The listing of the tables without their logical hashes."""
    return {
        name: {
            **{key: value for key, value in listed.items() if key != _LOGICAL},
            "splits": {split: {**entry, _LOGICAL: None} for split, entry in listed["splits"].items()},
        }
        for name, listed in tables.items()
    }


def schemas_listed(schemas: Path, tables: Iterable[str] = ()) -> dict[str, str]:
    """SHA-256 of the schema of each published table, by table; of an optional one only if it is among ``tables``."""
    names = (*PUBLISHED, *(name for name in tables if name in OPTIONAL))
    return {name: sha256_file(schema_path(name, schemas)) for name in names}


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
        hashes = [*listing["schemas"].values(), *(entry[_LOGICAL] for entry in _splits_of(listing["tables"]))]
        known = all(isinstance(text, str) for part in (*ids, hashes) for text in part)
    except (OSError, UnicodeDecodeError, KeyError, TypeError, AttributeError, ConfigError) as error:
        raise ValidationError(f"{path}: cannot be read ({error!r}); run the stage package") from None
    if not known:
        raise ValidationError(f"{path}: expected ids and hashes to be strings; run the stage package")
    return dict(listing)


def _splits_of(tables: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for listed in tables.values() for entry in listed["splits"].values()]


def manifest_text(others: Mapping[str, str], configs: Iterable[Config]) -> str:
    """Render MANIFEST.sha256: data files and other files, given by path with their content; sorted by path."""
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
        lines = [line.removesuffix("\n") for line in io.StringIO(path.read_text("utf-8"))]
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
