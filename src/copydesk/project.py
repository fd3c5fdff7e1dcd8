"""Where things lie, and how they are set: a folder with seeds, schemas, params.yaml and a corpus."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from copydesk.core.atomic_files import locked
from copydesk.core.config import Params, load_params
from copydesk.core.json_schema import PACKAGED
from copydesk.core.plugins import Plugin, read_plugins
from copydesk.store.shard_store import Store


@dataclass(frozen=True)
class Project:
    """The folders of a corpus and its settings.

    Attributes
    ----------
    seeds : Path
        The articles as delivered, and the hand-written files about them. Never written to.
    corpus : Path
        The dataset.
    reports : Path
        What a person reads about a build: quarantine, validation, metrics.
    build : Path
        Work in progress; may be deleted at any time.
    schemas : Path
        The schemas in force.
    params : Params
        The settings in force, with defaults filled in.

    Examples
    --------
    >>> project = Project.open("my-corpus")  # the folder need not be there: its files are asked for when used
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
        """Open the project in a folder laid out as this repository is.

        Parameters
        ----------
        root : path
            The folder; where it has no ``schemas``, or no ``params.yaml``, those of the package are in force.

        Raises
        ------
        ConfigError
            If params.yaml does not obey its schema; the message names the field, and what is expected.
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
        """The store of finished shards: below ``build``, or at the address that ``COPYDESK_STORE`` names."""
        return Store(os.environ.get("COPYDESK_STORE") or self.build / "store")

    @property
    def stores(self) -> list[Store]:
        """Wherever finished shards may lie: the store, and the folder where it was without ``COPYDESK_STORE``."""
        folder = Store(self.build / "store")
        return [folder] if self.store.root == folder.root else [folder, self.store]

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """The plug-ins that params.yaml names, read and not imported; they lie in the folder that holds the seeds.

        Raises
        ------
        ConfigError
            If one is not there, or leads outside the folder.
        """
        return read_plugins(self.seeds.parent, self.params["plugins"])

    @property
    def benchmarks(self) -> Path:
        """Texts of benchmarks as the stages behind ingest read them; the file is empty where there are none."""
        return self.build / "benchmarks.jsonl"

    @property
    def takedowns(self) -> Path:
        """The ledger of takedowns as the stages behind ingest read it; the file is empty where there are none."""
        return self.build / "takedowns.jsonl"

    @property
    def decisions(self) -> Path:
        """Decisions about documents that are not there: what ingest tells package of."""
        return self.build / "decisions.jsonl"

    @property
    def hashes(self) -> Path:
        """Hashes of the seeds, kept from build to build."""
        return self.build / "hashes.parquet"

    def receipts(self, stage: str) -> Path:
        """The file that lists what a stage made, shard by shard."""
        return self.build / f"{stage}.jsonl"


def build_lock(project: Project) -> AbstractContextManager[None]:
    """Hold the lock of builds; it raises BuildError if another process holds it.

    A build holds it from the first stage to the last; under DVC each stage, which is a process, holds it for itself.
    So no two processes write to the folders of a project at once.
    """
    return locked(
        project.build / "build.lock",
        f"{project.build.parent}: another build is at work here; wait until it ends, then run this again",
    )
