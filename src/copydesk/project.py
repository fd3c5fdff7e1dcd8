"""A project: the folder with seeds, schemas, params.yaml and a corpus, and its settings."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from copydesk.core.atomic_files import locked
from copydesk.core.config import Params, load_params
from copydesk.core.hand_written import LABEL_FOLDER, SPLIT_LIST
from copydesk.core.json_schema import PACKAGED
from copydesk.core.plugins import Plugin, read_plugins
from copydesk.store.shard_store import Store

#: The file below ``build/STAGE`` that lists the results of a stage, one line per shard.
RECEIPTS = "shards.jsonl"


@dataclass(frozen=True)
class Project:
    """The folders of a corpus and its settings.

    Attributes
    ----------
    seeds : Path
        The articles as delivered, and the hand-written files about them. No stage writes to it.
    corpus : Path
        The dataset.
    reports : Path
        Reports on a build: quarantine, validation, metrics.
    build : Path
        Work in progress; may be deleted at any time.
    schemas : Path
        The schemas in force.
    params : Params
        The settings in force, with defaults filled in.

    Examples
    --------
    >>> project = Project.open("my-corpus")  # the folder need not exist yet
    >>> project.seeds.as_posix(), project.params["corpus"]["version"]
    ('my-corpus/seeds', '0.0.0')
    """

    seeds: Path
    corpus: Path
    reports: Path
    build: Path
    schemas: Path
    params: Params

    @classmethod
    def open(cls, root: Path | str = ".") -> Project:
        """Open the project in a folder with the layout of this repository.

        Parameters
        ----------
        root : path
            The folder. Without ``schemas`` or ``params.yaml`` in it, those of the package apply.

        Raises
        ------
        ConfigError
            If params.yaml does not obey its schema; the message names the field and what was expected.
        """
        root = Path(root)
        schemas = root / "schemas"
        schemas = schemas.resolve() if schemas.is_dir() else PACKAGED
        return cls(
            seeds=root / "seeds",
            corpus=root / "corpus",
            reports=root / "reports",
            build=root / "build",
            schemas=schemas,
            params=load_params(root / "params.yaml", schemas),
        )

    @property
    def store(self) -> Store:
        """The store of finished shards: in ``build``, or at the address in ``COPYDESK_STORE``."""
        return Store(os.environ.get("COPYDESK_STORE") or self.build / "store")

    @property
    def stores(self) -> list[Store]:
        """All stores that may hold finished shards: that of ``COPYDESK_STORE``, and the one in ``build``."""
        folder = Store(self.build / "store")
        return [folder] if self.store.root == folder.root else [folder, self.store]

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """The plug-ins that params.yaml names, read and not imported; they are in the folder above the seeds.

        Raises
        ------
        ConfigError
            If one does not exist, or leads outside the folder.
        """
        return read_plugins(self.seeds.parent, self.params["plugins"])

    @property
    def split_list(self) -> Path:
        """``splits.jsonl`` beside the seeds: the splits that documents keep. A release adds its own to it."""
        return self.seeds.parent / SPLIT_LIST

    @property
    def passed_on(self) -> Path:
        """What ingest read of hand-written files for later stages: benchmarks, takedowns, decisions about nothing."""
        return self.build / "ingest" / "passed_on.json"

    @property
    def labels(self) -> Path:
        """``labels`` beside the seeds: files ``*.jsonl`` with labels that each build carries; it need not exist."""
        return self.seeds.parent / LABEL_FOLDER

    @property
    def hashes(self) -> Path:
        """The cache of hashes of the seeds."""
        return self.build / "hashes.parquet"

    def finished(self, stage: str) -> Path:
        """The file that lists the shards of a stage in the last build; it may be deleted at any time."""
        return self.build / stage / "finished.json"

    @property
    def shared(self) -> Path:
        """The folder of finished shards that DVC brings to other clones, see ``copydesk.stages.share``."""
        return self.build / "shards"

    def receipts(self, stage: str) -> Path:
        """The file that lists the results of a stage, one line per shard."""
        return self.build / stage / RECEIPTS


def build_lock(project: Project) -> AbstractContextManager[None]:
    """Hold the build lock of a project, so that no two processes write to its folders at once.

    A build holds it from the first stage to the last. Under DVC each stage is a process and holds it separately.

    Raises
    ------
    BuildError
        If another process holds the lock.
    """
    return locked(
        project.build / "build.lock",
        f"{project.build.parent}: another build is running here; wait until it ends, then run this again",
    )
