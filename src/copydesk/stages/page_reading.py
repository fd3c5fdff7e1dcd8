"""Find the articles of web pages, each page once: it costs a hundred times as much as all other work on a document.

What is made of a page follows from its text alone. So pages of the last build are used again wherever they now are,
and new ones are read by all workers, in small groups, before the shards that contain them are made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.progress import track
from copydesk.engines.interface import Engine
from copydesk.errors import StoreError, UnreadableError
from copydesk.readers.listed_texts import read_listed
from copydesk.readers.seed_files import Refusal
from copydesk.store.open_backend import Root
from copydesk.store.shard_store import Part, Store
from copydesk.tables.table import Table

#: Pages that one task reads.
_GROUP = 8


class PageTask(NamedTuple):
    """Some pages to read: the store and the table for what is made of them, and where they are."""

    store: Root
    table: Table
    folder: Path
    records: Path
    encodings: Sequence[str]
    listed: pa.Table


class KnownPages:
    """What was made of pages; the rows are read from the store when asked for.

    Parameters
    ----------
    store : Root
    parts : mapping of str to Part
        The part of the store with each page's row, by the hash of the page's bytes.
    """

    def __init__(self, store: Root, parts: Mapping[str, Part]) -> None:
        self._store, self._parts = store, parts

    def __contains__(self, sha256: str) -> bool:
        return sha256 in self._parts

    def of(self, hashes: Iterable[str]) -> KnownPages:
        """Only the pages with some hashes."""
        return KnownPages(self._store, {sha256: self._parts[sha256] for sha256 in hashes if sha256 in self._parts})

    def joined(self, parts: Mapping[str, Part]) -> KnownPages:
        """These pages and others, with their parts as for this class."""
        return KnownPages(self._store, {**self._parts, **parts})

    def rows(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The rows of the pages, by the hash of the bytes and the encoding."""
        store, hashes = Store(self._store), pa.array(list(self._parts), pa.string())
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for part in sorted(set(self._parts.values())):
            pages = store.read(part)
            for row in pages.filter(pc.is_in(pages["sha256"], value_set=hashes)).to_pylist():
                rows[row["sha256"], row["encoding"]] = row
        return rows


def known_pages(store: Store, shards: Iterable[Mapping[str, Part]]) -> KnownPages:
    """The pages in the output of some shards of an earlier build, as far as it is still in the store."""
    parts: dict[str, Part] = {}
    for made in shards:
        for part in (made[name] for name in ("pages", "unread_pages") if made[name].rows):
            with suppress(StoreError):  # deleted or damaged, so the pages are read again
                hashes = store.read(part, ["sha256"])["sha256"].drop_null()
                parts |= dict.fromkeys(hashes.to_pylist(), part)
    return KnownPages(store.root, parts)


def read_new_pages(runner: Engine, task: PageTask, known: KnownPages) -> KnownPages:
    """Read those of the pages of a task that are not known, with all workers; return all that are known now.

    Parameters
    ----------
    runner : Engine
    task : PageTask
        ``listed`` has all pages, as rows of ``document_listing.LISTED``.
    known : KnownPages
    """
    first: dict[str, int] = {}
    for place, sha256 in enumerate(task.listed["sha256"].to_pylist()):
        if sha256 is not None and sha256 not in known:
            first.setdefault(sha256, place)
    places = list(first.values())
    groups = [places[start : start + _GROUP] for start in range(0, len(places), _GROUP)]
    if not groups:
        return known
    # Taken, not sliced: a slice would be sent to other processes with the whole table.
    tasks = (task._replace(listed=task.listed.take(group).combine_chunks()) for group in groups)
    read = track(runner.run(_read_group, tasks), len(groups), "ingest", len(groups), noun="page group")
    hashes = list(first)
    made = ((hashes[n * _GROUP : (n + 1) * _GROUP], part) for n, part in enumerate(read))
    return known.joined({sha256: part for group, part in made for sha256 in group})


def _read_group(task: PageTask) -> Part:
    documents = read_listed(task.folder, task.records, task.listed.to_pylist(), task.encodings)
    rows = [page_row(seed, raw) for seed, raw in documents if not isinstance(raw, Refusal)]
    return Store(task.store).add(task.table.from_rows(rows).combine_chunks())


def page_row(seed: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Read a page: its row of the table ``pages``, with the reason if no article was found in it.

    Parameters
    ----------
    seed, raw : mapping
        The page as it is listed, and its row of ``raw``.
    """
    from copydesk.webpages.page_edits import read_page  # imports lxml, which only web pages need

    row = {
        **{name: raw[name] for name in ("doc_id", "sha256", "encoding")},
        "flag": seed["flag"],
        **{"edits": [], "missing": [], "stated": "{}", "kinds": [], "rights": [], "reason": None, "detail": None},
    }
    try:
        page = read_page(raw["text"])
    except UnreadableError as error:
        return {**row, "reason": error.reason, "detail": error.detail}
    return {
        **row,
        "edits": [edit._asdict() for edit in page.edits],
        "missing": [{"start": start, "end": end} for start, end in page.missing],
        "stated": json.dumps(page.stated, ensure_ascii=False, sort_keys=True),
        "kinds": [kind._asdict() for kind in page.kinds],
        "rights": [statement._asdict() for statement in page.rights],
    }
