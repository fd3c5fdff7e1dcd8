"""Signatures of releases of other corpora, which ``copydesk signatures`` fetched into the folder of seeds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.core.atomic_files import leads_out
from copydesk.description.duplicates.minhash import COMPONENTS
from copydesk.errors import BuildError
from copydesk.readers.seed_files import signature_files
from copydesk.store.pinned_libraries import PINNED
from copydesk.tables.parquet import DAMAGED
from copydesk.tables.table import SIGNATURES, table

METADATA = b"copydesk"
_ROWS = 10_000


def other_signatures(
    seeds: Path, releases: Sequence[str], *, normalise: bool
) -> Iterator[tuple[str, Iterator[pa.Table]]]:
    """Yield each release with its signatures, in parts of 10,000 rows of the schema ``signatures``.

    Parameters
    ----------
    seeds : Path
        The folder of seeds.
    releases : sequence of str
        The setting ``deduplicate.against``.
    normalise : bool
        The setting ``deduplicate.normalise``.

    Raises
    ------
    BuildError
        If the signatures of a release are missing, damaged, or cannot be compared with those of this corpus.
    """
    paths = {about["release"]: (path, about) for path, about in _files(seeds)} if releases else {}
    for release in releases:
        if release not in paths:
            raise BuildError(
                f"params.yaml: deduplicate.against: the signatures of {release} are not in {seeds}; run copydesk "
                "signatures, and commit what it writes (or dvc add it)"
            )
        path, about = paths[release]
        expected = {"rensa": PINNED["rensa"], "normalise": normalise}
        for name, value in expected.items():
            if about.get(name) != value:
                raise BuildError(f"{path}: made with {name} {about.get(name)}, expected {value}; fetch it again")
        yield release, _parts(path)


def compared(rows: pa.Table) -> pa.Table:
    """Signatures of other documents as rows of the schema ``compared``: all are kept, none has a size or a split."""
    count = rows.num_rows
    columns = {
        **{name: rows[name] for name in ("doc_id", "text_key", "minhash")},
        **{"words": pa.repeat(0, count), "point": pa.repeat(0.0, count), "kept": pa.repeat(True, count)},
    }
    return table("compared").conform(pa.table(columns)).combine_chunks()


def _files(seeds: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in (seeds / name for name in signature_files(seeds)):
        if leads_out(path, seeds.parent):  # its bytes are in no hash, so a change of them would go unnoticed
            raise BuildError(f"{path}: a link that leads out of the project; copy the file instead")
        try:
            yield path, dict(json.loads((pq.read_schema(path).metadata or {})[METADATA]))
        except (*DAMAGED, KeyError, ValueError, TypeError) as error:
            raise BuildError(f"{path}: no signatures ({error}); remove it, or run copydesk signatures") from None


def _parts(path: Path) -> Iterator[pa.Table]:
    shape = table(SIGNATURES)
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS, columns=shape.arrow.names):
                part = shape.conform(pa.Table.from_batches([batch]))
                lengths = set(pc.list_value_length(part["minhash"]).unique().to_pylist())
                if not lengths <= {0, COMPONENTS}:
                    found = ", ".join(map(str, sorted(lengths)))
                    raise BuildError(f"{path}: signatures of {found} numbers, expected {COMPONENTS} or none")
                yield part
    except DAMAGED as error:
        raise BuildError(f"{path}: damaged ({error}); run copydesk signatures") from None
