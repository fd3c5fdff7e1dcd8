"""Texts, hashes and edits of the documents of a revision, read for some documents at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.label_lines import LabelLine, LineProblem
from copydesk.core.ledger import Ledger, in_force
from copydesk.differences.row_differences import THREADS, ChangedShards, Row
from copydesk.errors import ReleaseError
from copydesk.labels.carried_spans import DocumentVersion
from copydesk.releases.release_tags import release_versions, tag_of
from copydesk.revisions.lost_takedowns import ledger_at, present_ledger
from copydesk.revisions.revision import Revision, open_revision
from copydesk.text import ComposedEdit


class StringColumn:
    """A column of strings; a value becomes an object of Python only when it is asked for, and the last one stays."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        self._array = column.combine_chunks()
        self._row, self._value = -1, ""

    def __getitem__(self, row: int) -> str:
        if row != self._row:
            self._row, self._value = row, self._array[row].as_py()
        return self._value


class DocumentHashes:
    """The documents of a revision: id, hashes of the clean text and of the file, length of the clean text."""

    def __init__(self, revision: Revision) -> None:
        columns = ["doc_id", "text_sha256", "raw_sha256", "characters"]
        with ThreadPoolExecutor(THREADS) as threads:
            shards = list(threads.map(lambda shard: revision.read(shard, columns), revision.shards("documents")))
        if not shards:
            raise ReleaseError(f"{revision.name}: no documents; expected a revision with a corpus")
        self.rows = pa.concat_tables(shards)
        self.doc_ids = StringColumn(self.rows["doc_id"])
        self.text_sha256 = StringColumn(self.rows["text_sha256"])
        self.raw_sha256 = StringColumn(self.rows["raw_sha256"])
        self.lengths: list[int] = self.rows["characters"].to_pylist()

    def problem(self, line: LabelLine, row: int, revision: str, released: ReleasedTexts) -> LineProblem | None:
        """What is wrong with a label on the document in a row, -1 for none: unknown, of another text, outside."""
        label = line.label
        if row < 0:
            found = f"no document {label['doc_id']!r} in {revision}; expected the id of one"
            return LineProblem(line.line, "doc_id", found)
        sha256 = self.text_sha256[row]
        if label["text_sha256"] != sha256:
            origin = released.origin(label["doc_id"], label["text_sha256"])
            found = f"found {label['text_sha256']}, expected {sha256}, that of the text in {revision}; {origin}"
            return LineProblem(line.line, "text_sha256", found)
        if label["end"] > self.lengths[row]:
            found = f"[{label['start']}, {label['end']}) leaves the text of {self.lengths[row]:,} characters"
            return LineProblem(line.line, "end", found)
        return None

    def find(self, doc_ids: list[str]) -> list[int]:
        """The rows of documents, -1 for one that is not there."""
        return [self._rows_by_id.get(doc_id, -1) for doc_id in doc_ids]

    @cached_property
    def _rows_by_id(self) -> dict[str, int]:
        return {doc_id: row for row, doc_id in enumerate(self.rows["doc_id"].to_pylist())}


class TakenDown:
    """Documents whose takedown is in force: as the working tree says, or a revision if it does not name the document.

    Parameters
    ----------
    revisions : Revision
        Of one repository; the newest last.

    Attributes
    ----------
    doc_ids : frozenset of str
        By the ledger, or since the build of the last revision found the same text in them.
    """

    def __init__(self, *revisions: Revision) -> None:
        lines: Ledger = {}
        for revision in revisions:
            lines |= ledger_at(revision.root, revision.commit) if revision.commit else {}
        ledger = in_force({**lines, **present_ledger(revisions[0].root)})
        dropped = revisions[-1].listing.get("dropped", ())
        self.doc_ids = frozenset([*ledger, *(row["doc_id"] for row in dropped if row["reason"] == "takedown")])
        self._hashes = sorted(
            {row["raw_sha256"] for row in ledger.values() if isinstance(row.get("raw_sha256"), str)}
        )

    def among(self, documents: pa.Table) -> npt.NDArray[np.bool_]:
        """Which documents of a table were taken down: by id, or by the bytes of the file."""
        by_id = pc.is_in(documents["doc_id"], value_set=pa.array(sorted(self.doc_ids), pa.string()))
        by_bytes = pc.is_in(documents["raw_sha256"], value_set=pa.array(self._hashes, pa.string()))
        taken: npt.NDArray[np.bool_] = pc.or_(by_id, by_bytes).to_numpy()
        return taken


class DocumentTexts:
    """Reads documents of a revision from the shards that hold them."""

    def __init__(self, revision: Revision) -> None:
        self.revision = revision
        self._ids: dict[str, dict[str, pa.Array]] = {}

    def versions(self, doc_ids: Collection[str], with_raw: Collection[str]) -> dict[str, DocumentVersion]:
        """Clean texts and applied edits of documents, of some of them also the raw text."""
        texts = self.rows("documents", doc_ids, ("text",))
        raw = self.rows("raw", with_raw, ("text",))
        edits = self.rows("edits", doc_ids, (*ComposedEdit._fields, "applied"))
        return {
            doc_id: DocumentVersion(
                rows[0]["text"],
                [_edit(row) for row in edits.get(doc_id, ()) if row["applied"]],
                raw[doc_id][0]["text"] if doc_id in raw else None,
            )
            for doc_id, rows in texts.items()
        }

    def rows(self, table: str, doc_ids: Collection[str], columns: Collection[str]) -> dict[str, list[Row]]:
        """Rows of a table by document, with these columns and ``doc_id``."""
        wanted = pa.array(sorted(doc_ids), pa.string())
        shards = [shard for shard, ids in self._ids_by_shard(table).items() if pc.any(pc.is_in(ids, wanted)).as_py()]
        by_document: dict[str, list[Row]] = defaultdict(list)
        some = ChangedShards(self.revision, shards).some(doc_ids, ("doc_id", *columns))
        for row in some.to_pylist() if some is not None else ():
            by_document[row["doc_id"]].append(row)
        return by_document

    def _ids_by_shard(self, table: str) -> dict[str, pa.Array]:
        if table not in self._ids:
            shards = list(self.revision.shards(table))
            with ThreadPoolExecutor(THREADS) as threads:
                columns = list(threads.map(lambda shard: self.revision.read(shard, ["doc_id"])["doc_id"], shards))
            self._ids[table] = {shard: ids.unique() for shard, ids in zip(shards, columns, strict=True)}
        return self._ids[table]


def _edit(row: Row) -> ComposedEdit:
    values = {name: row[name] for name in ComposedEdit._fields}
    return ComposedEdit(**{**values, "rules": tuple(row["rules"])})


class ReleasedTexts:
    """Finds the release that has a text, for a label that was made on another one than was said."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def origin(self, doc_id: str, text_sha256: str) -> str:
        """Words for a message: which release has this text of the document."""
        tag = self.tag(doc_id, text_sha256)
        return f"it is the text of {tag}" if tag else "it is the text of no known release"

    def tag(self, doc_id: str, text_sha256: str) -> str | None:
        """The newest release that has this text of the document; None if there is none."""
        return self._tags.get((doc_id, text_sha256))

    @cached_property
    def _tags(self) -> dict[tuple[str, str], str]:
        """The newest release with each text of each document; releases that cannot be read are passed over."""
        tags: dict[tuple[str, str], str] = {}
        for version in release_versions(self._root):
            with suppress(ReleaseError):
                rows = DocumentHashes(open_revision(self._root, tag_of(version))).rows
                keys = zip(rows["doc_id"].to_pylist(), rows["text_sha256"].to_pylist(), strict=True)
                tags.update(dict.fromkeys(keys, tag_of(version)))
        return tags
