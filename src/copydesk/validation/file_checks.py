"""Check files against the manifest, data files against the schemas, and the card against the data files."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from copydesk.core.atomic_files import leads_out, sha256_file
from copydesk.core.findings import Report
from copydesk.core.json_schema import load_json
from copydesk.core.plural import plural
from copydesk.core.renamed_fields import COLUMNS
from copydesk.dataset.card_metadata import Config, DataFile, dataset_info
from copydesk.dataset.croissant import NAME as CROISSANT
from copydesk.dataset.croissant import structure
from copydesk.dataset.manifest import (
    LISTING,
    PROOFS,
    read_listing,
    read_manifest,
    schemas_listed,
    tables_listed,
    without_logical,
)
from copydesk.dataset.manifest import NAME as MANIFEST
from copydesk.errors import ConfigError, CopydeskError, UnreadableError
from copydesk.readers.parquet_footer import refuse_lies
from copydesk.tables.parquet import DAMAGED, as_loaded
from copydesk.tables.table import TABLES, table

Files = dict[str, list[DataFile]]

_TOGETHER = 4  # files that are hashed at a time
_SHOWN = 200  # characters of a value in a message
_NAME = re.compile(r"data/([a-z]+)/([a-z]+)-(\d{5})-of-(\d{5})\.parquet")
#: Files in the folder that are not part of the dataset.
_FOREIGN = frozenset({MANIFEST, *PROOFS, ".gitignore"})
#: Keys allowed in the card's ``configs``; others could make datasets read other files or fewer rows.
CARD_KEYS = frozenset({"config_name", "data_files", "default", "description", "version"})
#: Files that ``datasets`` reads in addition to the card, or instead of it.
STEERING = re.compile(r"(?:^|/)(?:\.[^/]*|dataset_infos?\.json|[^/]*\.py)$")
_LINK = "a link that leads out of the folder, which is not followed; replace it by the file"
_READ = (MANIFEST, LISTING, CROISSANT, "README.md")


def check_files(
    corpus: Path,
    schemas: Path,
    report: Report,
    footers: Mapping[str, Mapping[str, tuple[int, int]]] = MappingProxyType({}),
    hashes: Mapping[str, str] | None = None,
) -> Files:
    """Check manifest, names, schemas and card; return the files that can be read, by table, in order.

    ``footers`` has rows and uncompressed bytes of files whose footers held these checks before, by table and hash;
    ``hashes`` are those of ``check_manifest``, if it was called before.
    """
    hashes = check_manifest(corpus, report) if hashes is None else hashes
    if hashes is None:
        return {}
    for path in filter(STEERING.search, hashes):
        report.add("names", path, "datasets would read it instead of the card; remove it")
    files: Files = {name: [] for name in TABLES}
    for path in sorted(p for p in hashes if p.startswith("data/") and (corpus / p).is_file()):
        match = _NAME.fullmatch(path)
        if match is None or match[1] not in files:
            report.add("names", path, f"expected data/<{'|'.join(TABLES)}>/<split>-00000-of-00001.parquet")
            continue
        if known := footers.get(match[1], {}).get(hashes[path]):
            size = (corpus / path).stat().st_size
            files[match[1]].append(DataFile(path, match[2], hashes[path], size, *known))
            continue
        try:
            with (corpus / path).open("rb") as plain:
                refuse_lies(plain, table(match[1], schemas).arrow.names)
            with pq.ParquetFile(corpus / path) as file:
                _check_schema(file, path, table(match[1], schemas).arrow, report)
                files[match[1]].append(DataFile.of(corpus / path, path, match[2], hashes[path], file.metadata))
        except UnreadableError as error:
            report.add("files", path, f"not a readable Parquet file: {error.detail}")
        except DAMAGED as error:
            report.add("files", path, f"not a readable Parquet file: {error}")
    readable = {name: shards for name, shards in files.items() if shards}
    _check_numbering(readable, report)
    for name in ("documents", "raw"):
        if name not in readable:
            report.add("files", f"data/{name}", "no files; expected at least one")
    configs = [Config(table(name, schemas), shards) for name, shards in readable.items()]
    _check_card(corpus, configs, report)
    _check_listing(corpus, configs, schemas, report)
    _check_croissant(corpus, configs, report)
    report.checked["files"] = sum(map(len, readable.values()))
    return readable


def check_manifest(corpus: Path, report: Report) -> dict[str, str] | None:
    """Compare the folder with its manifest; return the hashes of its files, None if a link leads out of it."""
    if linked := [name for name in _READ if leads_out(corpus / name, corpus)]:
        report.add("manifest", linked[0], _LINK)
        return None
    try:
        claimed = read_manifest(corpus)
    except CopydeskError as error:
        report.add("manifest", MANIFEST, str(error))
        claimed = {}
    present = set()
    for file in corpus.rglob("*"):
        name = file.relative_to(corpus).as_posix()
        if file.is_symlink() and leads_out(file, corpus):
            report.add("manifest", name, _LINK)
        elif file.is_file() and name not in _FOREIGN:
            present.add(name)
    paths = sorted(present)
    with ThreadPoolExecutor(_TOGETHER) as threads:
        actual = dict(zip(paths, threads.map(sha256_file, (corpus / path for path in paths)), strict=True))
    for path in sorted(claimed.keys() | present):
        if path not in present:
            report.add("manifest", path, "missing; the manifest lists it")
        elif path not in claimed:
            report.add("manifest", path, "not in the manifest; remove it or package again")
        elif actual[path] != claimed[path]:
            report.add("manifest", path, f"bytes changed: SHA-256 {actual[path]}, expected {claimed[path]}")
    return actual


def _check_schema(file: pq.ParquetFile, path: str, expected: pa.Schema, report: Report) -> None:
    schema = file.schema_arrow
    loaded = as_loaded(schema)
    if schema.metadata:
        keys = sorted(key.decode("utf-8", "replace") for key in schema.metadata)
        report.add("schema", path, f"carries metadata {keys}, expected none: older readers fail on it")
    for field in as_loaded(expected):
        index = schema.get_field_index(field.name)
        if index < 0:
            # load_dataset would fill the column with None, without a message.
            old = next((old for old, new in COLUMNS.items() if new == field.name and old in schema.names), None)
            message = f"has its old name {old}; build the dataset again: dvc repro" if old else "column is missing"
            report.add("schema", path, message, field=field.name)
        elif not loaded.field(index).equals(field):
            report.add("schema", path, f"found {loaded.field(index)}, expected {field}", field=field.name)
    for name in schema.names:
        if name not in expected.names and COLUMNS.get(name) not in expected.names:
            report.add("schema", path, "column is not in the schema", field=name)
    if not file.metadata.num_rows:
        report.add("schema", path, "no rows; a file without rows makes the dataset unloadable")


def _check_numbering(files: Files, report: Report) -> None:
    for name, shards in files.items():
        splits = defaultdict(list)
        for shard in shards:
            match = _NAME.fullmatch(shard.path)
            if match:
                splits[match[2]].append((int(match[3]), int(match[4])))
        for split, numbers in splits.items():
            expected = [(number, len(numbers)) for number in range(len(numbers))]
            if sorted(numbers) != expected:
                report.add("names", f"data/{name}/{split}-*", f"numbered {sorted(numbers)}, expected {expected}")


def _check_card(corpus: Path, configs: list[Config], report: Report) -> None:
    matter = _front_matter(corpus / "README.md", report)
    if matter is None:
        return
    entries = _by_name(matter, "configs", configs, report)
    infos = _by_name(matter, "dataset_info", configs, report)
    for config in configs:
        entry, info = entries.get(config.name), infos.get(config.name)
        if entry is not None:
            expected = {
                "description": f"content sha256:{config.digest}",
                "data_files": [
                    {"split": split, "path": f"data/{config.name}/{split}-*.parquet"}
                    for split in dict.fromkeys(f.split for f in config.files)
                ],
            }
            _compare(f"configs.{config.name}", entry, expected, report)
            for key in sorted(map(str, entry.keys() - CARD_KEYS)):
                report.add("card", "README.md", "an unknown setting; remove it", field=f"configs.{config.name}.{key}")
            if not re.fullmatch(r"\d+\.\d+\.\d+", str(entry.get("version"))):
                report.add("card", "README.md", "expected a version x.y.z", field=f"configs.{config.name}.version")
        if info is not None:
            _compare(f"dataset_info.{config.name}", info, dataset_info(config), report)


def _check_listing(corpus: Path, configs: list[Config], schemas: Path, report: Report) -> None:
    """Compare manifest.json with the files and the schemas; its logical hashes are for :func:`check_rows`."""
    try:
        listing = read_listing(corpus)
    except CopydeskError as error:
        report.add("manifest", LISTING, str(error))
        return
    _compare("tables", without_logical(listing["tables"]), without_logical(tables_listed(configs)), report, LISTING)
    for name, digest in schemas_listed(schemas, (config.name for config in configs)).items():
        made_with = listing["schemas"].get(name)
        if made_with != digest:
            message = (
                f"made with the schema of SHA-256 {made_with}, this is {digest}; build again, or choose the schemas"
            )
            report.add("manifest", LISTING, message, field=f"schemas.{name}")
    if listing["dropped"]:
        report.checked["dropped"] = len(listing["dropped"])


def _check_croissant(corpus: Path, configs: list[Config], report: Report) -> None:
    """Compare files, fields and context of croissant.json with what the folder and the schemas say."""
    try:
        described = load_json((corpus / CROISSANT).read_text("utf-8"), CROISSANT)
        listed = {e["@id"]: e["sha256"] for e in described["distribution"] if e["@type"] == "cr:FileObject"}
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ConfigError) as error:
        report.add("card", CROISSANT, f"cannot be read ({error!r}); run the stage package")
        return
    files = {file.path: file.sha256 for config in configs for file in config.files}
    for path in sorted(listed.keys() | files.keys()):
        if listed.get(path) != files.get(path):
            message = f"lists SHA-256 {listed.get(path)} for {path}, found {files.get(path)}; run the stage package"
            report.add("card", CROISSANT, message, field="distribution")
    if listed != files:
        return
    for key, expected in structure(configs).items():
        if described.get(key) != expected:
            place, found, wanted = _first_difference(described.get(key), expected, key)
            report.add("card", CROISSANT, f"found {found}, expected {wanted}; run the stage package", field=place)
    if _has_key([value for key, value in described.items() if key != "@context"], "@context"):
        report.add("card", CROISSANT, "a second @context, which a reader might fetch; remove it", field="@context")


def _first_difference(found: Any, expected: Any, place: str) -> tuple[str, str, str]:
    """The first place at which two values of JSON differ, and what stands there in each."""
    while True:
        if isinstance(found, dict) and isinstance(expected, dict):
            keys = sorted(found.keys() | expected.keys())
            key = next(key for key in keys if key not in found or key not in expected or found[key] != expected[key])
            found, expected = found.get(key), expected.get(key)
        elif isinstance(found, list) and isinstance(expected, list):
            if len(found) != len(expected):
                return place, plural(len(found), "entry", "entries"), str(len(expected))
            key = next(n for n, value in enumerate(found) if value != expected[n])
            found, expected = found[key], expected[key]
        else:
            return place, repr(found)[:_SHOWN], repr(expected)[:_SHOWN]
        place = f"{place}.{key}"


def _has_key(values: list[Any], key: str) -> bool:
    while values:
        value = values.pop()
        if isinstance(value, dict):
            if key in value:
                return True
            values += value.values()
        elif isinstance(value, list):
            values += value
    return False


def _front_matter(path: Path, report: Report) -> dict[str, Any] | None:
    try:
        _, block, _ = path.read_text("utf-8").split("---\n", 2)
        matter = yaml.safe_load(block)
        if isinstance(matter, dict):
            return matter
        report.add("card", "README.md", "front matter is not a mapping")
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        report.add("card", "README.md", f"no readable front matter: {error}")
    return None


def _by_name(matter: dict[str, Any], key: str, configs: list[Config], report: Report) -> dict[str, dict[str, Any]]:
    entries = matter.get(key)
    if not isinstance(entries, list) or not all(isinstance(e, dict) and "config_name" in e for e in entries):
        report.add("card", "README.md", "expected a list of entries with config_name", field=key)
        return {}
    names = [entry["config_name"] for entry in entries]
    expected = [config.name for config in configs]
    if names != expected:
        report.add("card", "README.md", f"lists {names}, the files are those of {expected}", field=key)
    return {entry["config_name"]: entry for entry in entries}


def _compare(
    field: str, entry: dict[str, Any], expected: dict[str, Any], report: Report, file: str = "README.md"
) -> None:
    check, name = ("card", "the card") if file == "README.md" else ("manifest", "the manifest")
    for key, value in expected.items():
        if entry.get(key) != value:
            message = f"{name} says {entry.get(key)!r}, the files say {value!r}"
            report.add(check, file, message[:500], field=f"{field}.{key}")
