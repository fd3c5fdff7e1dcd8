"""Seed files that contain a document as one of their records: find the records, and write the file without them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from copydesk.core.hand_written import parse_yaml
from copydesk.core.plural import plural
from copydesk.core.scratch import scratch
from copydesk.errors import ConfigError
from copydesk.readers import READERS, record_readers, split_name
from copydesk.readers.record_cache import rows_of
from copydesk.revisions.git_history import file_versions
from copydesk.store.last_build import LISTING

_LINES = {".jsonl", ".ndjson"}


class DeliveredRecords(NamedTuple):
    """What identifies a document among the records of a file.

    Attributes
    ----------
    ids : frozenset of str
        Ids of the document and of its copies.
    hashes : frozenset of str
        SHA-256 of every text that was delivered as the document.
    ingest : dict
        The settings for reading records.
    build : Path or None
        Folder of the project for work in progress.
    plugins : bool
        Whether a plug-in may have read files of the project, now or at any time in the past.
    """

    ids: frozenset[str]
    hashes: frozenset[str]
    ingest: dict[str, Any]
    build: Path | None = None
    plugins: bool = False

    def with_ids(self, ids: Collection[str]) -> DeliveredRecords:
        """The same, with additional ids."""
        return self._replace(ids=self.ids | frozenset(ids))

    def numbers(self, path: str, data: bytes) -> list[int]:
        """Numbers of the records of a file that are the document; empty if the file has no records."""
        name = PurePosixPath(path).name
        if split_name(name)[1] not in record_readers():
            return []
        with scratch("delivery", self.build) as folder:
            file = folder / name
            file.write_bytes(data)
            return [
                row["number"]
                for row in rows_of(file, self.ingest)
                if row["reason"] is None and (row["doc_id"] in self.ids or row["sha256"] in self.hashes)
            ]

    def not_searched(self, paths: Iterable[str]) -> Iterator[str]:
        """A message for each file name ending that no reader in force reads, so that a plug-in must have read it."""
        if not self.plugins:
            return
        paths_by_ending: dict[str, list[str]] = {}
        for path in paths:
            name = PurePosixPath(path).name
            ending = split_name(name)[1]
            if name == LISTING:  # of finished shards: hashes
                continue
            if not name.startswith(".") and ending not in READERS and ending not in record_readers():
                paths_by_ending.setdefault(ending, []).append(path)
        for ending, unread in sorted(paths_by_ending.items()):
            yield (
                f"{min(unread)}: {plural(len(unread), 'file')} ending in {ending or 'nothing'} not searched: only a "
                "plug-in can read this format, and only --purge (also with --dry-run) imports those that params.yaml "
                "names; if none of them reads it any more, look into the file yourself"
            )

    def file_without(self, path: str, data: bytes) -> bytes | None:
        """Return a file without the document; a file that does not contain it is returned unchanged.

        In JSON Lines an empty line takes its place, so that other records keep their numbers. Returns None if the
        file must be removed as a whole: it has another format, or nothing would remain of it.
        """
        numbers = self.numbers(path, data)
        if not numbers:
            return data
        if split_name(PurePosixPath(path).name)[1] not in _LINES:
            return None
        lines = data.split(b"\n")
        for number in numbers:
            lines[number - 1] = b""
        return b"\n".join(lines) if any(line.strip() for line in lines) else None


def plugins_ever_named(root: Path) -> bool:
    """Whether any version of params.yaml, in the working tree or in history, names a plug-in."""
    working_tree = root / "params.yaml"
    texts = [*file_versions(root, "params.yaml"), working_tree.read_bytes() if working_tree.is_file() else b""]
    return any(_names_plugins(text.decode("utf-8", "replace")) for text in texts)


def _names_plugins(params: str) -> bool:
    try:
        settings = parse_yaml(params)
    except ConfigError:
        return "plugins" in params
    return isinstance(settings, dict) and bool(settings.get("plugins"))
