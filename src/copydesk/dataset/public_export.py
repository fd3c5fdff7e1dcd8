"""Export the public part of a dataset: documents under allowed licenses, without the personal data masked in them.

A document with masked personal data keeps its clean text and sentences; its raw text and edits, which contain the
masked data, are omitted and listed as withheld in ``manifest.json``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.core.atomic_files import copy_hashed, replacing_folder, sha256_file, write_text
from copydesk.core.config import Params
from copydesk.dataset.card_metadata import Config, DataFile
from copydesk.dataset.manifest import LISTING, PLUGINS, read_listing
from copydesk.dataset.metrics import Metrics, measure
from copydesk.dataset.rows_by_split import split_of
from copydesk.dataset.sidecar_files import described
from copydesk.errors import BuildError
from copydesk.tables.licenses import license_counts
from copydesk.tables.logical_hash import Digests, combined, shape_of
from copydesk.tables.parquet import read_parquet, write_parquet
from copydesk.tables.table import TABLES, table
from copydesk.text.masked_text import MASKS

#: Columns of ``documents`` that name other documents.
REFERENCES = ("duplicate_of", "duplicate_group")
_SECRET = frozenset({"raw", "edits"})


class Export(NamedTuple):
    """The result of an export.

    Attributes
    ----------
    documents, left_out : int
        How many documents it holds, and how many it does not.
    withheld : list of str
        Ids of the documents whose raw text and edits it does not hold.
    licenses, licenses_left_out : str
        How many of the documents in it, and of those left out, have which license.
    """

    documents: int
    left_out: int
    withheld: list[str]
    licenses: str
    licenses_left_out: str


def export(
    corpus: Path,
    out: Path,
    params: Params,
    schemas: Path,
    *,
    taken_down: Collection[str] = (),
    dry_run: bool = False,
) -> Export:
    """Write the public part of a dataset into another folder, complete with card, Croissant and manifests.

    Parameters
    ----------
    corpus : Path
        A dataset, as the stage package makes it.
    out : Path
        Folder to write; what is there is replaced once the new one is complete.
    params : Params
        The settings that the dataset was made with.
    schemas : Path
        Folder with the schemas.
    taken_down : collection of str
        Ids of documents that the dataset still has and that were taken down since it was built.
    dry_run : bool
        Whether only to say what would be written.

    Raises
    ------
    BuildError
        If no document may be public; if ``out`` has a git repository, which would be lost; or if ``out`` is, holds
        or lies in the dataset.
    """
    corpus, out = corpus.resolve(), out.resolve()
    if out == corpus or out in corpus.parents or corpus in out.parents:
        raise BuildError(f"{out}: expected a folder apart from {corpus}")
    if (out / ".git").exists():
        raise BuildError(f"{out}: has a git repository, which an export would remove; export elsewhere and copy")
    if out.exists() and not (out / LISTING).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise BuildError(f"{out}: holds something else than an export, which would be removed; choose another folder")
    listing = read_listing(corpus)
    files = {name: sorted(listing["tables"].get(name, {"files": {}})["files"]) for name in TABLES}
    total = sum(pq.read_metadata(corpus / path).num_rows for path in files["documents"])
    columns = ["license", "public"]
    rights = pa.concat_tables(pq.read_table(corpus / path, columns=columns) for path in files["documents"])
    licenses, left_out = (
        license_counts(rights.filter(mask)["license"]) for mask in (rights["public"], pc.invert(rights["public"]))
    )
    public = _ids(corpus, files["documents"], "public") - {*taken_down}
    if not public:
        raise BuildError(
            f"{corpus}: none of {total} documents may be public ({left_out}); name their licenses in params.yaml, "
            "publish.allow, or see publish.respect"
        )
    withheld = sorted(_masked(corpus, files["edits"]) & public)
    made = Export(len(public), total - len(public), withheld, licenses, left_out)
    if dry_run:
        return made
    kept = {name: public - set(withheld) if name in _SECRET else public for name in TABLES}
    with replacing_folder(out) as folder:
        write_part(corpus, folder, params, schemas, kept, [], withheld)
    return made


def write_part(  # noqa: PLR0917  (all of them decide what is written)
    corpus: Path,
    folder: Path,
    params: Params,
    schemas: Path,
    kept: Mapping[str, Collection[str]],
    dropped: list[dict[str, Any]],
    withheld: Iterable[str] = (),
) -> Metrics:
    """Write the rows of some documents of a dataset as a dataset of its own, and return the figures about it.

    Files of which every row is kept are copied byte for byte; references to documents that are left out are cleared.

    Parameters
    ----------
    corpus : Path
        A dataset, as the stage package makes it.
    folder : Path
        An empty folder.
    params : Params
        The settings that the dataset states.
    schemas : Path
        Folder with the schemas of the dataset.
    kept : mapping
        For each table, the ids of the documents whose rows stay.
    dropped, withheld
        As for ``manifest_json``.
    """
    listing = read_listing(corpus)
    listed, plugins = listing["tables"], listing.get(PLUGINS, {})
    configs, tables = [], {}
    for name in TABLES:
        ids = pa.array(sorted(kept.get(name, ())), pa.string())
        paths = sorted(listed.get(name, {"files": {}})["files"])
        data_files, digests = _lay_out(corpus, folder, name, paths, ids)
        tables[name] = (pq.read_table(folder / f.path) for f in data_files)
        if data_files:
            shape = table(name, schemas)
            logical = {split: combined(shape_of(shape.arrow), parts) for split, parts in digests.items()}
            configs.append(Config(shape, data_files, logical))
    metrics = measure(tables, dropped)
    files = described(params, configs, metrics, schemas, dropped=dropped, withheld=withheld, plugins=plugins)
    for name, content in files.items():
        write_text(folder / name, content)
    return metrics


def _ids(corpus: Path, paths: list[str], column: str) -> set[str]:
    """Ids of the documents of which a column is true."""
    ids: set[str] = set()
    for path in paths:
        rows = pq.read_table(corpus / path, columns=["doc_id", column])
        ids.update(rows.filter(rows[column])["doc_id"].to_pylist())
    return ids


def _masked(corpus: Path, paths: list[str]) -> set[str]:
    """Ids of the documents in which something was masked."""
    ids: set[str] = set()
    for path in paths:
        rows = pq.read_table(corpus / path, columns=["doc_id", "rules", "applied"])
        rows = rows.filter(rows["applied"])
        names = rows["rules"].combine_chunks()
        parents = pc.list_parent_indices(names).filter(pc.starts_with(pc.list_flatten(names), MASKS))
        ids.update(rows["doc_id"].take(parents).to_pylist())
    return ids


def _lay_out(
    corpus: Path, folder: Path, name: str, paths: list[str], ids: pa.Array
) -> tuple[list[DataFile], dict[str, list[Digests]]]:
    """Write the rows of some documents to files numbered as by the stage package; digest each split."""
    by_split: dict[str, list[str]] = {}
    for path in paths:
        owners = pq.read_table(corpus / path, columns=["doc_id"])["doc_id"]
        if pc.any(pc.is_in(owners, value_set=ids)).as_py():
            by_split.setdefault(split_of(path), []).append(path)
    files = []
    digests: dict[str, list[Digests]] = {}
    for split, split_paths in by_split.items():
        for number, path in enumerate(split_paths):
            target = folder / "data" / name / f"{split}-{number:05d}-of-{len(split_paths):05d}.parquet"
            target.parent.mkdir(parents=True, exist_ok=True)
            rows = read_parquet(corpus / path)
            some = rows.filter(pc.is_in(rows["doc_id"], value_set=ids))
            some = without_absent_references(some, ids) if name == "documents" else some
            if some.equals(rows):
                copy_hashed(corpus / path, target)
            else:
                write_parquet(some, target)
            digests.setdefault(split, []).append(Digests.of(some))
            files.append(DataFile.of(target, f"data/{name}/{target.name}", split, sha256_file(target)))
    return files, digests


def without_absent_references(documents: pa.Table, ids: pa.Array) -> pa.Table:
    """Documents without references to documents that are not exported; older releases lack some of the columns."""
    named = [name for name in REFERENCES if name in documents.column_names]
    present = {name: pc.is_in(documents[name], value_set=ids) for name in named}
    owners = {**{name: name for name in named}, "duplicate_kind": "duplicate_of"}
    for column, owner in owners.items():
        if column not in documents.column_names or owner not in present:
            continue
        field = documents.schema.field(column)
        values = pc.if_else(present[owner], documents[column], pa.scalar(None, field.type))
        documents = documents.set_column(documents.column_names.index(column), field, values)
    return documents
