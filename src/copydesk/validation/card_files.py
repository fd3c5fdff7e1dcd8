"""Check that ``load_dataset`` would read the files of a release's manifest, and no other files.

The card decides which files ``datasets`` opens, with which settings, and which columns contain names of more files to
open. The manifest has the hash of the card, but need not list the files that the card names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from copydesk.errors import ReleaseError
from copydesk.validation.file_checks import CARD_KEYS, STEERING

_DATA = re.compile(r"data/(\w+)/(\w+)-\d{5}-of-\d{5}\.parquet", re.ASCII)
#: Types of columns that are read as they are. Values of others, such as images, name files that are opened.
_PLAIN = re.compile(r"(?:large_)?string|bool|null|u?int\d+|float\d+|date\d+|timestamp\[[^]]*\]")
_NESTED = frozenset({"name", "dtype", "list", "sequence", "struct"})


def config_entry(folder: Path, table: str, where: str) -> dict[str, Any]:
    """What the card of a release says of the configuration of a table, after :func:`refuse_other_files`."""
    entries = _entries(_card(folder, where), "configs", where)
    return next(entry for entry in entries if entry["config_name"] == table)


def refuse_other_files(folder: Path, names: Iterable[str], where: str) -> None:
    """Refuse a release whose card names other files than its manifest, or uses other patterns.

    Parameters
    ----------
    folder : Path
        The release's folder.
    names : iterable of str
        The files in its manifest.
    where : str
        The release, for the message.

    Raises
    ------
    ReleaseError
        Naming the entry of the card.
    """
    splits: dict[str, set[str]] = {}
    for name in names:
        match = _DATA.fullmatch(name)
        if match:
            splits.setdefault(match[1], set()).add(match[2])
        elif name.startswith("data/") or STEERING.search(name):
            raise ReleaseError(f"{where}: {name}: no file of a release; expected data/TABLE/SPLIT-*.parquet")
    if find_spec("huggingface_hub") is None:
        return  # nothing here could load by the card; it is checked again where something can
    card = _card(folder, where)
    expected = {
        table: [{"split": split, "path": f"data/{table}/{split}-*.parquet"} for split in sorted(named)]
        for table, named in splits.items()
    }
    actual = {entry["config_name"]: _by_split(entry.get("data_files")) for entry in _entries(card, "configs", where)}
    for table in sorted(expected.keys() | actual.keys(), key=str):
        if actual.get(table) != expected.get(table):
            raise ReleaseError(
                f"{where}: README.md: configs: {table!r} names the files {actual.get(table)!r}, expected "
                f"{expected.get(table)!r}, which are those of the manifest; do not load it"
            )
    for entry in _entries(card, "configs", where):
        if unknown := sorted(str(key) for key in entry.keys() - CARD_KEYS):
            raise ReleaseError(f"{where}: README.md: configs: unknown settings {', '.join(unknown)}; do not load it")
    features = {entry["config_name"]: entry.get("features") for entry in _entries(card, "dataset_info", where)}
    for table in sorted(expected):
        if not isinstance(features.get(table), list) or not _plain(features[table]):
            raise ReleaseError(
                f"{where}: README.md: dataset_info: the features of {table!r} are missing or not plain; expected "
                "text, numbers and lists of them; do not load it"
            )


def _card(folder: Path, where: str) -> dict[str, Any]:
    """The front matter, read as ``datasets`` reads it."""
    from huggingface_hub import DatasetCard

    try:
        card: dict[str, Any] = DatasetCard.load(folder / "README.md").data.to_dict()
    except Exception as error:  # of the file, of YAML, or of the library
        raise ReleaseError(f"{where}: README.md: no card that datasets can read ({error}); do not load it") from None
    return card


def _entries(card: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    entries = card.get(key)
    entries = [entries] if isinstance(entries, dict) else entries
    if not isinstance(entries, list) or not all(isinstance(e, dict) and "config_name" in e for e in entries):
        raise ReleaseError(f"{where}: README.md: {key}: expected a list of entries with config_name")
    names = [entry["config_name"] for entry in entries]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise ReleaseError(f"{where}: README.md: {key}: expected each config_name once, found {names}")
    return entries


def _by_split(files: Any) -> Any:
    try:
        return sorted(files, key=lambda file: file["split"])
    except (TypeError, LookupError):
        return files


def _plain(feature: Any) -> bool:
    if isinstance(feature, str):
        return _PLAIN.fullmatch(feature) is not None
    if isinstance(feature, list):
        return all(isinstance(part, dict) and _plain(part) for part in feature)
    return isinstance(feature, dict) and all(
        key in _NESTED and (key == "name" or _plain(part)) for key, part in feature.items()
    )
