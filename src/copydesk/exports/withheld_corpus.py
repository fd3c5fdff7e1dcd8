"""A corpus without its texts, as somebody received it: nothing in it is trusted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.core.atomic_files import is_file_of
from copydesk.core.config import Params, check_params
from copydesk.core.hand_written import bounded_text
from copydesk.core.json_schema import load_json
from copydesk.dataset.rows_by_split import split_of
from copydesk.errors import BuildError, ConfigError, UnreadableError, ValidationError
from copydesk.exports.shard_groups import read_shard
from copydesk.exports.withheld_columns import SEALED, plain_schema
from copydesk.readers.parquet_footer import refuse_lies
from copydesk.tables.table import TABLES

NAME = "withheld.json"
FORM = 1
_PATH = re.compile(rf"data/({'|'.join(TABLES)})/(train|validation|test)-\d{{5,}}-of-\d{{5,}}\.parquet")
_SHA256 = re.compile("[0-9a-f]{64}")


class WithheldCorpus:
    """The files that :func:`copydesk.exports.withheld_export.export_withheld` wrote.

    Attributes
    ----------
    name : str
        The folder, for messages.
    params : Params
        The settings that the corpus was made with.
    plugins : dict
        Hashes of the plug-ins that it was made with.
    rows : dict
        By table and split, the rows of the whole corpus and their logical hash.

    Raises
    ------
    ValidationError
        If the folder is no such corpus.
    """

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._folder = folder
        self._verified: set[str] = set()
        path = folder / NAME
        try:
            listed = load_json(bounded_text(path), str(path))
            if listed["form"] != FORM:
                found = f"form {listed['form']!r}, expected {FORM}; another version of copydesk wrote it"
                raise ValidationError(f"{path}: {found}")
            self.params: Params = check_params(listed["params"], str(path))
            self.plugins = {str(name): str(sha256) for name, sha256 in listed["plugins"].items()}
            self._files = {name: _files_of(name, table["files"]) for name, table in listed["tables"].items()}
            for name, files in self._files.items():
                if unhashed := [path for path in files if split_of(path) not in listed["tables"][name]["splits"]]:
                    raise ValidationError(f"{path}: {unhashed[0]}: expected a logical hash of the rows of its split")
            self.rows: dict[str, dict[str, Any]] = {
                name: {
                    split: (int(part["rows"]), str(part["logical_sha256"])) for split, part in table["splits"].items()
                }
                for name, table in listed["tables"].items()
            }
        except FileNotFoundError:
            raise ValidationError(f"{path}: no such file; expected a folder of export --withhold-text") from None
        except (OSError, UnicodeDecodeError, ConfigError, KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, ValidationError):
                raise
            raise ValidationError(f"{path}: not what export --withhold-text writes ({error})") from None

    def shards(self, table: str) -> dict[str, str]:
        """Hashes of the files of a table by path, in order."""
        return self._files.get(table, {})

    def locate(self, shard: str) -> Path:
        """A file whose hash was compared, and whose footer announces no more than text unpacks to.

        Raises
        ------
        ValidationError
            If it is missing, has other bytes, or would fill the memory.
        """
        path = self._folder / shard
        if shard in self._verified:
            return path
        table, sha256 = next((name, files[shard]) for name, files in self._files.items() if shard in files)
        if not is_file_of(path, sha256):
            raise ValidationError(
                f"{path}: missing, a link, or other bytes than {NAME} lists; fetch the corpus again"
            )
        try:
            with path.open("rb") as file:
                refuse_lies(file, plain_schema(table).names)
        except UnreadableError as error:
            raise ValidationError(f"{path}: cannot be read as Parquet: {error.detail}") from None
        self._verified.add(shard)
        return path

    def read(self, table: str, path: str, columns: list[str] | None = None) -> pa.Table:
        """Read a file of a table.

        Raises
        ------
        ValidationError
            If it is missing or damaged, or has other columns than such a corpus.
        """
        rows = read_shard(self, path, columns)
        expected = plain_schema(table)
        wanted = [expected.field(column) for column in columns or expected.names]
        found = dict(zip(rows.schema.names, rows.schema.types, strict=True))
        for field in wanted:
            if found.pop(field.name, None) != field.type:
                raise ValidationError(f"{self._folder / path}: column {field.name}: expected {field.type}")
        if found:
            raise ValidationError(f"{self._folder / path}: column {min(found)}: expected no such column")
        if missing := [name for name in ("doc_id", SEALED) if name in rows.column_names and rows[name].null_count]:
            raise ValidationError(f"{self._folder / path}: column {missing[0]}: expected no null")
        return rows


def listed_paths(folder: Path) -> list[str]:
    """Paths of the files that such a corpus lists, also if some are missing or damaged.

    Raises
    ------
    BuildError
        If its listing is not what ``export --withhold-text`` writes.
    """
    path = folder / NAME
    try:
        listed = load_json(bounded_text(path), str(path))
        if listed["form"] != FORM:
            raise ValueError(f"form {listed['form']!r}, expected {FORM}")
        return [file for name, table in listed["tables"].items() for file in _files_of(name, table["files"])]
    except (OSError, UnicodeDecodeError, ConfigError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BuildError(
            f"{path}: not what export --withhold-text writes ({error}); choose a new or empty folder"
        ) from None


def _files_of(table: str, files: dict[str, Any]) -> dict[str, str]:
    for path, file in files.items():
        match = _PATH.fullmatch(path)
        if match is None or match[1] != table or not _SHA256.fullmatch(file["sha256"]):
            raise ValueError(f"{path!r}: expected data/{table}/SPLIT-NUMBER-of-NUMBER.parquet and a SHA-256")
    return {path: files[path]["sha256"] for path in sorted(files)}
