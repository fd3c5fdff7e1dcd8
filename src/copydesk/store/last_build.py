"""The last build of each stage: its shards, whose rows later builds reuse and whose results other clones take over.

``build/STAGE/finished.json`` lists them. It follows from what DVC knows the stage depends on, so DVC takes it to
other clones. There the results get the keys that they have on that machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from copydesk.core.atomic_files import sha256_file, write_json, write_text
from copydesk.store.fingerprint import Fingerprint, key
from copydesk.store.shard_store import Part, Parts, Store

#: The folder of finished shards that DVC takes to other clones, and the list in it, see ``copydesk.stages.share``.
SHARED = "build/shards"
LISTING = "shards.json"


class Before(NamedTuple):
    """A shard of the last build: the key of its result, and its input."""

    key: str
    parts: dict[str, Part]


class Finished(NamedTuple):
    """A shard that was computed or cached: the hash of its inputs, the tables it was made of, its output."""

    inputs: str
    reads: dict[str, Part]
    made: Parts


class Last:
    """The shards of a stage in the last build, here or in another clone; the file may be deleted at any time.

    Parameters
    ----------
    path : Path
        The file that lists them.
    store : Store
        Shards that another clone finished are added to its results if it is a folder.
    stage : str
    code : Fingerprint
        Shards that were made by another code are ignored.
    common : str
        What else decides the rows of all shards. Rows of shards with another value are not reused.

    Attributes
    ----------
    is_first : bool
        Whether the stage has never finished in this folder.
    """

    def __init__(self, path: Path, store: Store, stage: str, code: Fingerprint, common: str = "") -> None:
        self._path, self._stage, self._code = path, stage, code
        self.is_first = not self._memory.is_file()
        self._common = hashlib.sha256(common.encode()).hexdigest()
        self._shards: list[Finished] = []
        try:
            recorded = json.loads(path.read_text("utf-8"))
            if recorded["portable"] != code.portable:
                return
            shards = finished_shards(recorded)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return  # everything is computed
        # A bucket is shared with other corpora: no repository may say what their results are.
        if isinstance(store.root, Path) and not self._is_own():
            for shard in shards:
                store.record(self._key(shard), shard.made)
        self._shards = shards if recorded["common"] == self._common else []

    def replaced_by(self, keys: Sequence[str]) -> list[Before | None]:
        """The shard that each new shard replaces: the one after the same predecessor; None if ambiguous."""
        shards = [Before(self._key(shard), shard.reads) for shard in self._shards]
        places = {before.key: place for place, before in enumerate(shards)}
        replaced: list[Before | None] = []
        new_keys = set(keys)
        place = 0
        for new_key in keys:
            place = places.get(new_key, place)
            is_gone = place < len(shards) and shards[place].key not in new_keys
            replaced.append(shards[place] if is_gone and new_key not in places else None)
            place += 1
        return replaced

    def gone(self, keys: Collection[str]) -> list[Parts]:
        """The output of those shards of the last build that are not among the keys of this one."""
        new_keys = set(keys)
        return [shard.made for shard in self._shards if self._key(shard) not in new_keys]

    def remember(self, shards: Sequence[Finished]) -> None:
        """List the shards of this build."""
        write_json(self._path, {"portable": self._code.portable, "common": self._common, "shards": shards})
        write_text(self._memory, self._build_here())

    def _key(self, shard: Finished) -> str:
        return key(self._stage, self._code, shard.inputs)

    @property
    def _memory(self) -> Path:
        return self._path.parents[1] / "last" / self._stage

    def _build_here(self) -> str:
        return f"{self._code.everything} {sha256_file(self._path)}"

    def _is_own(self) -> bool:
        """Whether the file was written here, with the same versions of all libraries."""
        return self._memory.is_file() and self._memory.read_text("utf-8", "replace") == self._build_here()


def finished_shards(recorded: Mapping[str, Any]) -> list[Finished]:
    """The shards in the content of a file of this module; a KeyError, TypeError or ValueError if it is none."""
    return [Finished(inputs, _parts(reads), _parts(made)) for inputs, reads, made in recorded["shards"]]


def _parts(recorded: Mapping[str, Sequence[Any]]) -> Parts:
    parts = {name: Part(*part) for name, part in recorded.items()}
    if not all(len(part.sha256) == 64 and part.sha256.isalnum() for part in parts.values()):
        raise ValueError("expected hashes of objects")  # they become paths
    return parts
