"""Write the rows of a revision as training shards, and go on where a killed export stopped.

A shard is written under another name and then renamed; then a line about it is added to a journal. After the last
one the manifest ``export.json`` takes the journal's place. Since shards are cut by their rows alone, an export that
goes on writes the same bytes as one that was never stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from itertools import count, groupby
from pathlib import Path
from typing import Any, NamedTuple

from copydesk.core.atomic_files import json_text, locked, replacing, sha256_file, write_text
from copydesk.core.config import Params
from copydesk.core.progress import track
from copydesk.errors import BuildError, InputError, ReleaseError
from copydesk.exports.chosen_documents import ChosenDocuments, choose_documents
from copydesk.exports.mosaic_shards import ListedShard
from copydesk.exports.output_folder import refuse_inside
from copydesk.exports.row_stream import RowStream, splits_of
from copydesk.exports.shard_formats import OF_DOCUMENTS, FormatName, ShardFormat, columns_of, shard_format
from copydesk.exports.shard_record import (
    INDEX,
    JOURNAL,
    LOCK,
    MANIFEST,
    ShardRecord,
    WrittenShard,
    intact_shards,
    own_files,
    read_record,
    refuse_overwriting,
    remove_temporary,
    shard_name,
    start_journal,
)
from copydesk.revisions.revision import Revision
from copydesk.tables.table import PUBLISHED, table

#: Version of the form of shards and manifest.
_FORM = 2
#: Offsets within a shard of MDS are 32-bit numbers.
LEAST_BYTES, MOST_BYTES = 1 << 10, 1 << 31
_ID_COLUMNS = {"documents": "doc_id", "sentences": "sentence_id"}


class ExportPlan(NamedTuple):
    """What is exported: the format, the table, the split or all, the largest size of a shard in bytes."""

    format: FormatName
    table: str = "documents"
    split: str | None = None
    shard_bytes: int = 1 << 26
    include_restricted: bool = False


class ExportedShards(NamedTuple):
    """The result: the documents chosen, the rows, the shards, and how many of those an earlier run had written."""

    chosen: ChosenDocuments
    rows: int
    shards: int
    kept: int


def export_shards(
    revision: Revision, params: Params, out: Path, plan: ExportPlan, *, dry_run: bool = False, replace: bool = False
) -> ExportedShards:
    """Write training shards, complete with a manifest of them.

    Parameters
    ----------
    revision : Revision
    params : Params
        The settings of today, which say what may be published.
    out : Path
        A new or empty folder, or one with an export, which goes on if it is the same one.
    plan : ExportPlan
    dry_run : bool
        Whether only to count.
    replace : bool
        Whether another export in the folder is replaced.

    Raises
    ------
    InputError
        If the plan is impossible.
    BuildError
        If no document may be exported, or the folder has other files or another export.
    ReleaseError
        If data of the revision are missing or damaged.
    """
    _refuse_impossible(plan)
    refuse_inside(out, revision.root / "corpus", revision.root / "seeds")
    chosen = choose_documents(revision, params, include_restricted=plan.include_restricted)
    if not chosen.documents:
        raise BuildError(
            f"{revision.name}: none of its documents may be exported ({chosen.restricted:,} may not be published, "
            f"{chosen.taken_down:,} taken down); name their licenses in params.yaml, publish.allow, or use "
            "--include-restricted for use at home"
        )
    names = [plan.split] if plan.split else sorted(splits_of(revision, plan.table))
    columns = columns_of(plan.format)
    streams = [RowStream(revision, plan.table, name, chosen.left_out, columns) for name in names]
    streams = [stream for stream in streams if stream.shards]
    if not streams:
        found = f"no rows of {plan.table} in {plan.split or 'any split'}"
        raise ReleaseError(f"{revision.name}: {found}; choose another table or split")
    if dry_run:
        return ExportedShards(chosen, sum(s.count(shard) for s in streams for shard in s.shards), 0, 0)
    required = _required(plan.table)
    made = shard_format(plan.format, streams[0].schema, required, plan.shard_bytes)
    identity = _identity(revision, plan, chosen)
    _earlier(out, identity, replace=replace)  # before anything is written
    out.mkdir(parents=True, exist_ok=True)
    busy = f"{out}: another export is being written there; wait until it ends, then run this again"
    with locked(out / LOCK, busy):
        known = _known_shards(out, identity, plan, made, names, replace=replace)
        shards = _Writer(out, made, plan, known).write(streams)
        (out / MANIFEST).unlink(missing_ok=True)
        for split, of_split in groupby(shards, lambda shard: shard.split):
            index = made.index([ListedShard(s.name, s.bytes, s.rows, s.sha256) for s in of_split])
            if index is not None:
                write_text(out / split / INDEX, index.decode())
        write_text(out / MANIFEST, _manifest(revision, plan, chosen, identity, shards))
        (out / JOURNAL).unlink()
    return ExportedShards(chosen, sum(shard.rows for shard in shards), len(shards), len(known))


def _refuse_impossible(plan: ExportPlan) -> None:
    if plan.table != "documents" and plan.format in OF_DOCUMENTS:
        raise InputError(
            f"--table {plan.table}: {plan.format} holds whole documents with their sentences; leave out --table"
        )
    if not LEAST_BYTES <= plan.shard_bytes <= MOST_BYTES:
        raise InputError(f"--shard-bytes {plan.shard_bytes}: expected {LEAST_BYTES:,} to {MOST_BYTES:,}")


def _required(name: str) -> frozenset[str]:
    """The columns of a table that have no nulls."""
    return frozenset(field.name for field in table(name).arrow if not field.nullable) | {"split"}


def _identity(revision: Revision, plan: ExportPlan, chosen: ChosenDocuments) -> str:
    """Hash of all that decides the bytes of an export."""
    files = {name: revision.shards(name) for name in PUBLISHED if name in ("documents", plan.table)}
    decisive = [_FORM, plan._asdict(), files, sorted(chosen.left_out)]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def _earlier(out: Path, identity: str, *, replace: bool) -> ShardRecord | None:
    """What an earlier run wrote.

    Raises
    ------
    BuildError
        If the folder has other files, or another export that is not to be replaced.
    """
    record = read_record(out)
    if record is not None and record.identity != identity and not replace:
        raise BuildError(
            f"{out}: has another export (other rows, settings or documents; see {record.name}); choose another "
            "folder, or replace it with --replace"
        )
    return record


def _known_shards(
    out: Path, identity: str, plan: ExportPlan, made: ShardFormat, splits: Sequence[str], *, replace: bool
) -> list[WrittenShard]:
    """Start the journal; return the shards that an earlier run of the same export wrote, if their bytes are right.

    Another export goes file by file; its record goes when the new journal is there, so there always is one.
    """
    record = _earlier(out, identity, replace=replace)
    remove_temporary(out)
    known: list[WrittenShard] = []
    if record is not None and record.identity == identity:
        known = intact_shards(out, record.shards)
    elif record is not None:
        own = own_files(out, record)
        refuse_overwriting(out, own, [f"shard-*.{made.ending}", *([INDEX] if plan.format == "mds" else [])], splits)
        for path in own:
            path.unlink()
    start_journal(out, identity, plan.format, known)
    if record is not None and record.identity != identity:
        (out / MANIFEST).unlink(missing_ok=True)
    return known


class _Writer:
    """Writes the shards of all splits behind those that are known."""

    def __init__(self, out: Path, made: ShardFormat, plan: ExportPlan, known: Sequence[WrittenShard]) -> None:
        self.shards: list[WrittenShard] = []
        self._out, self._made, self._plan = out, made, plan
        self._known = known

    def write(self, streams: Sequence[RowStream]) -> list[WrittenShard]:
        """Write the shards of some splits; return all of them in order."""
        files = sum(len(stream.shards) for stream in streams)
        work = (rows for stream in streams for rows in self._of_split(stream))
        for _ in track(work, files, "export", files, "left", documents=lambda rows: rows, noun="source file"):
            pass
        return self.shards

    def _of_split(self, stream: RowStream) -> Iterator[int]:
        """Write the shards of a split; yield the number of rows of each file of the revision when it was read."""
        known = [shard for shard in self._known if shard.split == stream.split]
        self.shards += known
        skip = number = sum(shard.rows for shard in known)
        names = (shard_name(place, self._made.ending) for place in count(len(known)))
        pending: list[Any] = []
        ids: list[str] = []
        size = empty = self._made.overhead
        for source in stream.shards:
            rows = stream.count(source) if skip else 0
            if skip and skip >= rows:
                skip -= rows
                yield 0
                continue
            read = 0
            for row in stream.rows(source, skip):
                encoded = self._made.encode(row, number)
                added = self._made.size(encoded)
                if pending and size + added > self._plan.shard_bytes:
                    self._add(stream.split, next(names), pending, ids)
                    pending, ids, size = [], [], empty
                pending.append(encoded)
                ids.append(row.get(_ID_COLUMNS[self._plan.table], row["doc_id"]))
                size += added
                number += 1
                read += 1
            skip = 0
            yield read
        if pending:
            self._add(stream.split, next(names), pending, ids)

    def _add(self, split: str, name: str, encoded: list[Any], ids: list[str]) -> None:
        """Write a shard, then the line about it in the journal."""
        path = self._out / split / name
        with replacing(path) as file:
            for part in self._made.pack(encoded):
                file.write(part)
        shard = WrittenShard(split, name, sha256_file(path), path.stat().st_size, len(ids), ids[0], ids[-1])
        with (self._out / JOURNAL).open("ab") as journal:
            journal.write(json.dumps(shard._asdict(), ensure_ascii=False).encode() + b"\n")
            journal.flush()
            os.fsync(journal.fileno())
        self.shards.append(shard)


def _manifest(
    revision: Revision, plan: ExportPlan, chosen: ChosenDocuments, identity: str, shards: Sequence[WrittenShard]
) -> str:
    """Render export.json: where the rows come from, what was chosen, and each shard with its first and last id."""
    splits = {
        split: {"rows": sum(s.rows for s in of_split), "shards": [s._asdict() for s in of_split]}
        for split, of_split in ((key, list(group)) for key, group in groupby(shards, lambda shard: shard.split))
    }
    return json_text(
        {
            "form": _FORM,
            "identity": identity,
            **plan._asdict(),
            "revision": revision.name,
            "commit": revision.commit,
            "version": revision.listing.get("version"),
            "content_sha256": revision.listing["tables"].get(plan.table, {}).get("content_sha256"),
            "documents": chosen.documents,
            "left_out": {"restricted": chosen.restricted, "taken_down": chosen.taken_down},
            "splits": splits,
        }
    )
