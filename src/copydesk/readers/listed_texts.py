"""Read the raw texts of listed documents: from their files, or from the cache of their records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from copydesk.core.atomic_files import read_whole
from copydesk.errors import BuildError, UnreadableError
from copydesk.readers import READERS, split_name
from copydesk.readers.plain_text import RawText, to_bytes
from copydesk.readers.record_cache import texts_of
from copydesk.readers.seed_files import Refusal


def read_listed(
    folder: Path, records: Path, listed: Iterable[dict[str, Any]], encodings: Sequence[str]
) -> Iterator[tuple[dict[str, Any], dict[str, Any] | Refusal]]:
    """Yield each listed document with its row of the table ``raw``, or with the reason of its refusal.

    Parameters
    ----------
    folder, records : Path
        The folder of the seeds, and that of the cached records.
    listed : iterable of dict
        Rows of ``document_listing.LISTED``; those of one file of records in the order of the records.
    encodings : sequence of str
        The setting ``ingest.encodings``.

    Raises
    ------
    BuildError
        If a file has changed since it was listed.
    """
    for name, seeds in groupby(listed, key=itemgetter("rows")):
        if name is None:
            for seed in seeds:
                yield seed, _read_file(f"{folder}/{seed['path']}", seed, encodings)
            continue
        group = list(seeds)
        for seed, raw in zip(group, texts_of(records / name, [seed["row"] for seed in group]), strict=True):
            data = to_bytes(raw)
            _same(seed, data, records / name)
            yield seed, _row(seed, raw, len(data))


def _read_file(path: str, seed: dict[str, Any], encodings: Sequence[str]) -> dict[str, Any] | Refusal:
    try:
        data = read_whole(path)
    except OSError as error:
        return Refusal(seed["path"], "unreadable", f"{error.strerror}; make the file readable")
    _same(seed, data, path)
    try:
        raw = READERS[split_name(seed["path"])[1]].read(data, encodings)
    except UnreadableError as error:
        return Refusal(seed["path"], error.reason, error.detail)
    return _row(seed, raw, len(data))


def _same(seed: dict[str, Any], data: bytes, path: Path | str) -> None:
    if hashlib.sha256(data).hexdigest() != seed["sha256"]:
        raise BuildError(f"{path}: changed while it was being read; build again")


def _row(seed: dict[str, Any], raw: RawText, size: int) -> dict[str, Any]:
    return {**{name: seed[name] for name in ("doc_id", "path", "sha256")}, "size": size, **raw._asdict()}
