"""The record of training shards in their folder: a manifest, or the journal of an export that was not finished."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from copydesk.core.atomic_files import is_file_of, leads_out, write_json_lines
from copydesk.core.json_schema import load_json
from copydesk.description.splits import SPLITS
from copydesk.errors import BuildError, ConfigError

MANIFEST = "export.json"
JOURNAL = "export.part.jsonl"
LOCK = ".export.lock"
INDEX = "index.json"
_SHARD = re.compile(r"shard-\d{5,}\.(jsonl|mds|tar|conllu|spacy)")
#: A file that was to become the manifest or the journal, and one that was to become any file of an export.
_RECORD = r"export\.json|export\.part\.jsonl"
_UNFINISHED_RECORD = re.compile(rf"\.({_RECORD})\.[0-9a-f]+\.tmp")
_UNFINISHED = re.compile(rf"\.({_RECORD}|index\.json|{_SHARD.pattern})\.[0-9a-f]+\.tmp")


class WrittenShard(NamedTuple):
    """A shard: its split and name, hash, bytes, rows, and the ids of its first and last row."""

    split: str
    name: str
    sha256: str
    bytes: int
    rows: int
    first_id: str
    last_id: str

    @property
    def path(self) -> str:
        """Its path in the export."""
        return f"{self.split}/{self.name}"


class ShardRecord(NamedTuple):
    """What an earlier run wrote: the name of the record, the identity and format of the export, its shards."""

    name: str
    identity: str
    format: str
    shards: list[WrittenShard]


def shard_name(number: int, ending: str) -> str:
    """The name of a shard, by its number in the split."""
    return f"shard-{number:05d}.{ending}"


def read_record(out: Path) -> ShardRecord | None:
    """What an earlier run wrote into a folder; None if the folder is new or empty.

    Raises
    ------
    BuildError
        If the folder has other files and no record, or one that no export wrote.
    """
    name = next((name for name in (MANIFEST, JOURNAL) if (out / name).exists()), None)
    if name is not None:
        return _read(out, name)
    names = sorted(path.name for path in out.iterdir()) if out.exists() else []
    if others := [name for name in names if name != LOCK and not _UNFINISHED_RECORD.fullmatch(name)]:
        raise BuildError(
            f"{out}: has {others[0]!r} and no {MANIFEST}, so no export wrote it; choose a new or empty folder"
        )
    return None


def _read(out: Path, name: str) -> ShardRecord:
    path = out / name
    try:
        if name == MANIFEST:
            manifest = load_json(path.read_text("utf-8"), str(path))
            rows = [row for of_split in manifest["splits"].values() for row in of_split["shards"]]
            return ShardRecord(name, str(manifest["identity"]), str(manifest["format"]), [*map(_shard, rows)])
        first, *rest = path.read_text("utf-8").split("\n")
        begun = load_json(first, str(path))
        # The last line has no end if the process was killed while it wrote it.
        shards = [_shard(load_json(line, str(path))) for line in rest[:-1]]
        return ShardRecord(name, str(begun["identity"]), str(begun.get("format")), shards)
    except (ConfigError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise BuildError(f"{path}: not what an export writes ({error}); choose a new or empty folder") from None


def _shard(row: dict[str, Any]) -> WrittenShard:
    shard = WrittenShard(**row)
    for field, value in shard._asdict().items():
        counted = field in {"bytes", "rows"}
        if not (type(value) is int and value >= 0 if counted else isinstance(value, str)):
            raise TypeError(f"{field}: found {value!r:.80}, expected {'a count' if counted else 'a string'}")
    if shard.split not in SPLITS or not _SHARD.fullmatch(shard.name):
        raise TypeError(f"found {shard.path!r:.80}, expected SPLIT/shard-NUMBER")
    return shard


def start_journal(out: Path, identity: str, shards: str, known: Sequence[WrittenShard]) -> None:
    """Write the journal of an export in a format, of which some shards are known."""
    begun = {"identity": identity, "format": shards}
    write_json_lines(out / JOURNAL, [begun, *(shard._asdict() for shard in known)])


def remove_temporary(out: Path) -> None:
    """Remove the temporary files of killed exports."""
    for folder in (out, *(out / split for split in SPLITS)):
        if not leads_out(folder, out):
            for path in folder.glob(".*.tmp"):
                if _UNFINISHED.fullmatch(path.name):
                    path.unlink()


def own_files(out: Path, record: ShardRecord) -> list[Path]:
    """The files beside the record that the export wrote.

    A killed export may have written shards that its journal does not have yet.

    Raises
    ------
    BuildError
        If the folder of a split is a link to another place.
    """
    paths = {out / shard.path for shard in record.shards}
    splits = {shard.split for shard in record.shards}
    if record.name == JOURNAL:
        paths |= {path for split in SPLITS for path in (out / split).glob("shard-*.*") if _SHARD.fullmatch(path.name)}
    if record.format == "mds":
        paths |= {out / split / INDEX for split in splits}
    for folder in {path.parent for path in paths}:
        if leads_out(folder, out):
            raise BuildError(f"{folder}: leads out of {out} by a link; remove the link, or choose another folder")
    return sorted(path for path in paths if path.exists())


def refuse_overwriting(out: Path, own: Sequence[Path], names: Sequence[str], splits: Sequence[str]) -> None:
    """Refuse to write to a path at which there is a file that no export wrote.

    Raises
    ------
    BuildError
        Naming the first such file.
    """
    for split in splits:
        for pattern in names:
            if others := sorted({*(out / split).glob(pattern)} - {*own}):
                raise BuildError(f"{others[0]}: no export wrote this file; move it away, or choose another folder")


def intact_shards(out: Path, listed: Sequence[WrittenShard]) -> list[WrittenShard]:
    """The shards up to the first one of each split that is missing or has other bytes."""
    intact: list[WrittenShard] = []
    for split, of_split in groupby(listed, lambda shard: shard.split):
        for number, shard in enumerate(of_split):
            expected = shard.name.startswith(shard_name(number, ""))
            if not expected or leads_out(out / split, out) or not is_file_of(out / shard.path, shard.sha256):
                break
            intact.append(shard)
    return intact
