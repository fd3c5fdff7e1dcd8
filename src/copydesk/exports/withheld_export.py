"""Write a corpus without its texts: offsets, labels and hashes, and all else sealed with the raw texts.

Whoever holds the raw files makes of it the very same corpus (:mod:`copydesk.exports.hydration`); to all others it
shows no run of five words of any text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import yaml

from copydesk.core.atomic_files import replacing_folder, sha256_file, write_text
from copydesk.core.config import check_params
from copydesk.core.progress import track
from copydesk.dataset.manifest import PLUGINS
from copydesk.dataset.public_export import without_absent_references
from copydesk.errors import BuildError, ReleaseError
from copydesk.exports.output_folder import (
    README,
    STAGED,
    refuse_inside,
    refuse_others,
    replace_own_files,
    written_files,
)
from copydesk.exports.quoted_runs import QuotedRuns
from copydesk.exports.sealing import seal
from copydesk.exports.shard_groups import ShardGroup, read_shard, shard_groups
from copydesk.exports.withheld_columns import (
    ID_COLUMNS,
    PLAIN,
    SEALED,
    plain_part,
    sealed_values,
    strings_in,
)
from copydesk.exports.withheld_corpus import FORM, NAME
from copydesk.labels.export_labels import taken_down
from copydesk.project import Project
from copydesk.revisions.revision import Revision
from copydesk.tables.logical_hash import Digests, combined, shape_of
from copydesk.tables.parquet import write_parquet
from copydesk.tables.table import table

#: How the ids begin that stand for ids which quote a text, such as those of files named after a headline.
RENAMED = "withheld-"
#: Columns with which all that is written is compared. The path of a file is none: its id is named after it.
_SAYING = {"documents": ("text", "title", "byline", "source", "publisher", "url"), "raw": ("text",)}
#: Sections of the settings that say nothing of the dataset.
_OWN_SECTIONS = ("engine", PLUGINS)
_CARD = """
A corpus without its texts: offsets, labels, edits and hashes. `withheld.json` says what the whole corpus is.
With copydesk and the raw files it becomes whole: `copydesk hydrate THIS --raw FOLDER --out CORPUS`.
"""


class WithheldExport(NamedTuple):
    """The result: documents written, left out since they were taken down or have no raw text, under another id."""

    documents: int
    taken_down: int
    without_raw: int
    renamed: int


def export_withheld(revision: Revision, project: Project, out: Path, *, dry_run: bool = False) -> WithheldExport:
    """Write a corpus without its texts.

    Parameters
    ----------
    revision : Revision
    project : Project
        Its settings, if the revision is the working tree.
    out : Path
        A new or empty folder, or one with an earlier export, whose files are replaced; all others stay.
    dry_run : bool
        Whether only to count.

    Raises
    ------
    BuildError
        If the folder has files and no such export, or a file in the place of one to write; if no document is left,
        or a name or a setting quotes a text.
    ReleaseError
        If data of the revision are missing, or have other columns than this version of copydesk writes.
    """
    refuse_inside(out, project.corpus, project.seeds)
    written = written_files(out)
    taken = taken_down(revision)
    without_raw = {*revision.listing.get("withheld", ())} - taken
    groups = shard_groups(revision, taken | without_raw)
    if not groups:
        raise BuildError(f"{revision.name}: no document is left ({len(taken):,} were taken down)")
    settings = (
        project.params if revision.commit is None else check_params(revision.params, f"{revision.name}: params.yaml")
    )
    params = {name: value for name, value in settings.items() if name not in _OWN_SECTIONS}
    writer = _Writer(revision, groups, taken | without_raw)
    writer.rename_quoting(params)
    made = WithheldExport(len(writer.ids), len(taken), len(without_raw), len(writer.renamed))
    if dry_run:
        return made
    with replacing_folder(out / STAGED if written else out) as folder:
        described = {
            "form": FORM,
            "revision": revision.name,
            "commit": revision.commit,
            "params": params,
            PLUGINS: revision.listing.get(PLUGINS, {}),
            "documents": made.documents,
            "renamed": made.renamed,
            "tables": writer.write(folder),
        }
        write_text(folder / NAME, json.dumps(described, indent=2, ensure_ascii=False) + "\n")
        write_text(folder / README, _card(params, described["tables"]))
        new = [README, *(path for name in described["tables"].values() for path in name["files"])]
        if written:
            refuse_others(out, new, written)
    if written:
        replace_own_files(out, new, written)
    return made


class _Writer:
    """Writes the shards, and reckons the logical hashes of the whole corpus."""

    def __init__(self, revision: Revision, groups: list[ShardGroup], left_out: set[str]) -> None:
        self._revision, self._groups, self._left_out = revision, groups, left_out
        self.renamed: dict[str, str] = {}
        self.ids: set[str] = set()
        self._hashes: dict[str, str] = {}
        for group in groups:
            for rows in self._tables(group, "documents", ["doc_id", "raw_sha256"]):
                self._hashes.update(zip(rows["doc_id"].to_pylist(), rows["raw_sha256"].to_pylist(), strict=True))
        self.ids.update(self._hashes)

    def rename_quoting(self, params: Mapping[str, Any]) -> None:
        """Choose other ids for documents whose id quotes a text; refuse all else that does.

        Raises
        ------
        BuildError
            Naming the column or setting, and the string.
        """
        runs = QuotedRuns()
        for place, string in (*_settings(params), *self._strings()):
            runs.add(place, string)
        for text in self._withheld() if runs else ():
            runs.scan(text)
        if others := sorted(place for place in runs.quoting if place[0] != "doc_id"):
            place, string = others[0]
            raise BuildError(
                f"{self._revision.name}: {place}: {string[:80]!r} shares five words in a row with a text or "
                "its title, byline, source, publisher or address, and would be written; choose another name"
            )
        counts: dict[str, int] = {}
        for _, doc_id in sorted(runs.quoting):
            if doc_id in self._hashes:
                sha256 = self._hashes[doc_id]
                counts[sha256] = next(
                    n for n in count(counts.get(sha256, 0) + 1) if f"{RENAMED}{sha256}-{n}" not in self.ids
                )
                self.renamed[doc_id] = f"{RENAMED}{sha256}-{counts[sha256]}"

    def _strings(self) -> Iterator[tuple[str, str]]:
        """All strings that would be written, each with its column."""
        for group in self._groups:
            for name in group.files:
                for rows in self._tables(group, name, [*PLAIN[name]]):
                    for column in rows.column_names:
                        place = "doc_id" if column in ID_COLUMNS else f"{name}.{column}"
                        yield from ((place, string) for string in strings_in(rows[column]))

    def _withheld(self) -> Iterator[str]:
        """All clean and raw texts, and what is sealed and says something of one."""
        for group in self._groups:
            for name, columns in _SAYING.items():
                for rows in self._tables(group, name, ["doc_id", *columns]):
                    for column in columns:
                        strings = rows[column].unique().drop_null().to_pylist()
                        yield from (map(_path_of, strings) if column == "url" else strings)

    def write(self, folder: Path) -> dict[str, Any]:
        """Write all shards below a folder; return the tables with files, rows and logical hashes."""
        written = {name for group in self._groups for name in group.files}
        tables = [name for name in self._revision.listing["tables"] if name in written]  # in the order of the card
        listed: dict[str, Any] = {name: {"splits": {}, "files": {}} for name in tables}
        digests: dict[str, dict[str, list[Digests]]] = {}
        shards = track(self._groups, len(self._groups), "export", len(self._groups), "left", documents=lambda _: 0)
        for group in shards:
            for name, target, whole, part in self._parts(group):
                digests.setdefault(name, {}).setdefault(group.split, []).append(Digests.of(whole))
                path = folder / target
                path.parent.mkdir(parents=True, exist_ok=True)
                write_parquet(part, path)
                listed[name]["files"][target] = {"sha256": sha256_file(path), "rows": part.num_rows}
        for name, by_split in digests.items():
            shape = shape_of(table(name).arrow)
            listed[name]["splits"] = {
                split: {"rows": sum(part.rows for part in parts), "logical_sha256": combined(shape, parts)}
                for split, parts in by_split.items()
            }
        return listed

    def _parts(self, group: ShardGroup) -> Iterator[tuple[str, str, pa.Table, pa.Table]]:
        """For each file: table, path, the rows of the whole corpus, and those without text."""
        sealed: dict[str, dict[str, list[dict[str, Any]]]] = {}
        whole: dict[str, list[tuple[str, pa.Table]]] = {}
        for name, files in group.files.items():
            whole[name] = []
            for (_, target), rows in zip(files, self._tables(group, name), strict=True):
                whole[name].append((target, rows))
                for doc_id, values in sealed_values(name, rows):
                    sealed.setdefault(doc_id, {}).setdefault(name, []).append(values)
        texts = {
            doc_id: text
            for _, rows in whole.get("raw", [])
            for doc_id, text in zip(rows["doc_id"].to_pylist(), rows["text"].to_pylist(), strict=True)
        }
        for name, tables in whole.items():
            for target, rows in tables:
                part = self._without_ids(plain_part(name, rows))
                if name == "documents":
                    ids = rows["doc_id"].to_pylist()
                    blobs = [self._sealed(doc_id, sealed.get(doc_id, {}), texts) for doc_id in ids]
                    part = part.append_column(SEALED, pa.array(blobs, pa.binary()))
                yield name, target, rows, part

    def _sealed(self, doc_id: str, values: dict[str, Any], texts: Mapping[str, str]) -> bytes:
        if doc_id not in texts:
            raise ReleaseError(f"{self._revision.name}: {doc_id}: no raw text in the corpus; build again")
        more = {"doc_id": doc_id} if doc_id in self.renamed else {}
        return seal({"tables": values, **more}, texts[doc_id])

    def _without_ids(self, rows: pa.Table) -> pa.Table:
        """The rows with the ids that stand for those which quote a text."""
        if not self.renamed:
            return rows
        old, new = pa.array(list(self.renamed), pa.string()), pa.array(list(self.renamed.values()), pa.string())
        for column in (name for name in ID_COLUMNS if name in rows.column_names):
            ids = rows[column]
            changed = pc.coalesce(new.take(pc.index_in(ids, value_set=old).combine_chunks()), ids.combine_chunks())
            rows = rows.set_column(rows.column_names.index(column), column, changed)
        return rows

    def _tables(self, group: ShardGroup, name: str, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """The rows of a table in the files of a group, as a corpus of the chosen documents alone has them."""
        expected = table(name).arrow.names
        for path, _ in group.files.get(name, []):
            rows = read_shard(self._revision, path, columns)
            if missing := sorted({*(columns or expected)} - {*rows.column_names}):
                raise ReleaseError(
                    f"{self._revision.name}: {path}: no column {missing[0]}, which this version of copydesk expects; "
                    "build the corpus again with it"
                )
            if columns is None and (unknown := sorted({*rows.column_names} - {*expected})):
                raise ReleaseError(
                    f"{self._revision.name}: {path}: column {unknown[0]} is unknown to this version of copydesk"
                )
            if self._left_out:
                rows = rows.filter([doc_id not in self._left_out for doc_id in rows["doc_id"].to_pylist()])
                if name == "documents" and columns is None:
                    rows = without_absent_references(rows, pa.array(sorted(self.ids), pa.string()))
            yield rows


def _path_of(url: str) -> str:
    """An address without its host, which many documents share."""
    return url.partition("://")[2].partition("/")[2] or url


def _settings(value: Any, place: str = "params.yaml") -> Iterator[tuple[str, str]]:
    """The strings in settings, each with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield place, str(key)
            yield from _settings(inner, f"{place}: {key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _settings(inner, place)


def _card(params: Mapping[str, Any], tables: Mapping[str, Any]) -> str:
    """A card by which ``datasets`` loads the tables."""
    configs = [
        {
            "config_name": name,
            "data_files": [{"split": s, "path": f"data/{name}/{s}-*.parquet"} for s in listed["splits"]],
            **({"default": True} if name == "documents" else {}),
        }
        for name, listed in tables.items()
    ]
    front = {"pretty_name": params.get("corpus", {}).get("title", "a corpus"), "configs": configs}
    return f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---\n{_CARD}"
