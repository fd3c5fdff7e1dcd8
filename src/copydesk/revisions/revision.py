"""A corpus as it was at a git revision, or as it is now, read without touching the working tree."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.core.atomic_files import replacing, sha256_file
from copydesk.core.hand_written import SETTINGS_BYTES, SPLIT_LIST, YamlError, parse_yaml
from copydesk.core.json_schema import load_json
from copydesk.core.ledger import NAME as LEDGER_NAME
from copydesk.core.progress import say
from copydesk.core.schema_validator import Schema, dotted
from copydesk.dataset.manifest import LISTING, NAME
from copydesk.errors import ConfigError, ReleaseError
from copydesk.revisions.dataset_tree import CommitTree, first_line_of, tree_at
from copydesk.revisions.git import error_output, git_result
from copydesk.revisions.withdrawals import withdrawal_at
from copydesk.store.shard_store import Part, Store
from copydesk.tables.parquet import read_parquet
from copydesk.tables.renamed_columns import with_current_names, with_old_names

_CORPUS = "corpus"
_HASH = re.compile("[0-9a-f]{64}")
_SUFFIX = ".schema.json"


class Revision:
    """A corpus at a git revision or in the working tree; made by :func:`open_revision`.

    Attributes
    ----------
    root : Path
        The project's folder.
    name : str
        The revision as it was given.
    commit : str or None
        The full hash of the commit, None for the working tree.
    """

    def __init__(self, root: Path, name: str, commit: str | None, *, own: bool = False) -> None:
        self._own = own
        self.root = root
        self.name = name
        self.commit = commit
        self._store = Store(root / "build" / "store")
        self._verified: dict[str, Path] = {}
        self._fetching = threading.Lock()

    def text(self, path: str) -> str | None:
        """The content of a file that git tracks; None if there is none.

        Raises
        ------
        ReleaseError
            If git fails, or the file is not UTF-8.
        """
        try:
            if self.commit is None:
                file = self.root / path
                return file.read_text("utf-8") if file.is_file() else None
            result = git_result(self.root, "show", f"{self.commit}:./{path}")
            if result.returncode == 0:
                return result.stdout.decode()
        except UnicodeDecodeError as error:
            raise ReleaseError(f"{self.name}: {path}: not UTF-8 at byte {error.start}") from None
        stderr = result.stderr.decode(errors="replace").strip()
        if "does not exist in" in stderr or "exists on disk, but not in" in stderr:
            return None
        raise ReleaseError(f"{self.name}: {path}: git cannot show it: {error_output(result)}")

    @cached_property
    def listing(self) -> dict[str, Any]:
        """``corpus/manifest.json``: tables with their files, and the documents that were left out.

        For an older corpus without that file it is made from ``MANIFEST.sha256``, without rows and sizes.

        Raises
        ------
        ReleaseError
            If there is no corpus at the revision, or its listing is invalid.
        """
        text = self.text(f"{_CORPUS}/{LISTING}")
        if text is None:
            return self._listing_of_manifest()
        try:
            listing: dict[str, Any] = json.loads(text)
            for table in listing["tables"].values():
                for file in table["files"].values():
                    if not _HASH.fullmatch(file["sha256"]):
                        raise ValueError(f"{file['sha256']!r} is not a SHA-256")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ReleaseError(f"{self.name}: {_CORPUS}/{LISTING}: not the listing of a corpus: {error}") from None
        return listing

    def _listing_of_manifest(self) -> dict[str, Any]:
        text = self.text(f"{_CORPUS}/{NAME}")
        if text is None:
            raise ReleaseError(
                f"{self.name}: no corpus at this revision: neither {_CORPUS}/{LISTING} nor {_CORPUS}/{NAME}; "
                "choose a revision at which the corpus was built and committed"
            )
        tables: dict[str, Any] = {}
        for line in text.split("\n"):
            digest, _, path = line.partition("  ")
            parts = path.split("/")
            if _HASH.fullmatch(digest) and parts[0] == "data" and len(parts) == 3:
                tables.setdefault(parts[1], {"files": {}})["files"][path] = {"sha256": digest}
        return {"tables": tables, "dropped": []}

    @cached_property
    def params(self) -> dict[str, Any]:
        """``params.yaml`` with the defaults that the revision's own schema gives.

        Raises
        ------
        ReleaseError
            If the file is not YAML with sections.
        """
        try:
            given = parse_yaml(self._settings_text("params.yaml")) or {}
            sections = self.schemas.get("params", {}).get("properties", {})
            return {name: _settings(sections.get(name, {}), given.get(name)) for name in {**given, **sections}}
        except YamlError as error:
            raise ReleaseError(f"{self.name}: params.yaml:{error.line}: {dotted(error.keys)}: {error}") from None
        except (AttributeError, TypeError) as error:
            raise ReleaseError(f"{self.name}: params.yaml: {' '.join(str(error).split())}") from None

    @cached_property
    def schemas(self) -> dict[str, Schema]:
        """The JSON Schemas of ``schemas/`` by name; empty if the revision has none."""
        if self.commit is None:
            names = [path.name for path in (self.root / "schemas").glob(f"*{_SUFFIX}")]
        else:
            result = git_result(self.root, "ls-tree", "-z", "--name-only", self.commit, "./schemas/")
            names = [Path(name).name for name in result.stdout.decode().split("\0")]
        schemas: dict[str, Schema] = {}
        for name in sorted(name for name in names if name.endswith(_SUFFIX)):
            try:
                schema = load_json(self._settings_text(f"schemas/{name}") or "{}", f"schemas/{name}")
            except ConfigError as error:
                raise ReleaseError(f"{self.name}: {error}") from None
            if not isinstance(schema, dict):
                raise ReleaseError(f"{self.name}: schemas/{name}: not a JSON Schema: expected an object")
            schemas[name.removesuffix(_SUFFIX)] = schema
        return schemas

    @cached_property
    def split_list(self) -> dict[str, str]:
        """The splits that ``splits.jsonl`` gives to documents, by id; empty if the revision has no such file.

        Raises
        ------
        ReleaseError
            If a line has no id and split.
        """
        try:
            lines = (self.text(SPLIT_LIST) or "").split("\n")
            rows = [load_json(line, SPLIT_LIST) for line in lines if line.strip()]
            return {str(row["doc_id"]): str(row["split"]) for row in rows}
        except (ConfigError, KeyError, TypeError) as error:
            raise ReleaseError(f"{self.name}: {SPLIT_LIST}: expected lines with doc_id and split: {error}") from None

    @cached_property
    def taken_down(self) -> frozenset[str]:
        """The documents whose takedown the ledger of the revision has in force, as far as git tracks it."""
        ids = set()
        for line in (self.text(f"seeds/{LEDGER_NAME}") or "").split("\n"):
            try:
                row = load_json(line, LEDGER_NAME) if line.strip() else {}
            except ConfigError:
                continue  # copydesk check names the line
            if isinstance(row, dict) and row.get("doc_id") and not row.get("withdrawn"):
                ids.add(str(row["doc_id"]))
        return frozenset(ids)

    def _settings_text(self, path: str) -> str:
        text = self.text(path) or ""
        if len(text) > SETTINGS_BYTES:
            raise ReleaseError(f"{self.name}: {path}: more than the {SETTINGS_BYTES:,} bytes that are allowed")
        return text

    def shards(self, table: str) -> dict[str, str]:
        """SHA-256 of a table's files by path relative to the corpus, in order; empty for a table without rows."""
        files = self.listing["tables"].get(table, {}).get("files", {})
        return {path: file["sha256"] for path, file in files.items()}

    @cached_property
    def _paths(self) -> dict[str, str]:
        return {sha256: path for table in self.listing["tables"] for path, sha256 in self.shards(table).items()}

    def is_local(self, shard: str) -> bool:
        """Whether a shard, named as for :meth:`read`, can be read without DVC."""
        sha256 = self._sha256(shard)
        return any(path.exists() for path in self._local_paths(sha256))

    def read(self, shard: str, columns: list[str] | None = None) -> pa.Table:
        """Read a shard, named by its path in the corpus or by its SHA-256; errors as for :meth:`locate`.

        Columns have today's names, whatever the names in the release are.
        """
        names = None if columns is None else with_old_names(columns)
        return with_current_names(read_parquet(self.locate(shard), names))

    def locate(self, shard: str) -> Path:
        """Return a local file with the bytes of a shard, verified once; fetch it through DVC if there is none.

        Raises
        ------
        ReleaseError
            If the shard is not part of the corpus, is missing from the cache and the remote, or is damaged there.
        """
        sha256 = self._sha256(shard)
        if sha256 not in self._verified:
            # A damaged copy is skipped: another one may have the right bytes.
            copies = (path for path in self._local_paths(sha256) if path.is_file() and sha256_file(path) == sha256)
            self._verified[sha256] = next(copies, None) or self._fetch_shard(sha256)
        return self._verified[sha256]

    def _sha256(self, shard: str) -> str:
        if shard in self._paths:
            return shard
        sha256 = next((digest for digest, path in self._paths.items() if path == shard), None)
        if sha256 is None:
            raise ReleaseError(f"{self.name}: {shard}: no such shard in the corpus at this revision")
        return sha256

    def _local_paths(self, sha256: str) -> list[Path]:
        stored = self._store.path(Part(0, sha256))
        return [stored, self.root / _CORPUS / self._paths[sha256]]

    def _fetch_shard(self, sha256: str) -> Path:
        path = f"{_CORPUS}/{self._paths[sha256]}"
        if self.commit is None:
            raise ReleaseError(
                f"{self.root / path}: missing, or not the bytes that {_CORPUS}/{LISTING} lists; "
                "run `copydesk pull` (or `dvc pull`), or build again with `dvc repro`"
            )
        with self._fetching:
            data = self._read_through_dvc(path)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ReleaseError(
                f"{self.name}: {path}: DVC has other bytes than were released (expected SHA-256 {sha256}): its "
                f"cache or its remote is damaged; delete {self._cached(path)} and, if that does not help, push the "
                "file again from a clone that has it"
            )
        target = self._store.path(Part(0, sha256))
        with replacing(target) as file:
            file.write(data)
        return target

    @cached_property
    def _tree(self) -> CommitTree:
        # Today's remotes, because one may have been added or moved after the revision.
        return tree_at(self.root, str(self.commit), own=self._own)

    def _read_through_dvc(self, path: str) -> bytes:
        try:
            with self._tree.open(path.removeprefix(f"{_CORPUS}/")) as file:
                return file.read()
        except Exception as error:  # DVC remotes raise backend-specific exceptions
            lost = f"{self.name}: {path}: neither in DVC's cache nor {self._remote()} ({first_line_of(error)})"
            advice = self.withdrawal or (
                "fetch it with `dvc pull` in a checkout of the revision, or push it from a clone that has it: "
                "`dvc push`"
            )
            raise ReleaseError(f"{lost}; {advice}") from None

    @cached_property
    def withdrawal(self) -> str | None:
        """That the release of this revision was withdrawn, and which one replaces it; None if it was not."""
        return None if self.commit is None else withdrawal_at(self.root, self.commit)

    def _remote(self) -> str:
        try:
            name = self._tree.remote
        except ReleaseError:
            return "readable from a remote"
        return f"in the remote {name!r}" if name else "in a remote: none is set"

    def _cached(self, path: str) -> str:
        digest = self._tree.oid(path.removeprefix(f"{_CORPUS}/"))
        return f"files/md5/{digest[:2]}/{digest[2:]} from the cache" if digest else "it from the cache"


def open_revision(root: Path, rev: str | None = None, *, own: bool = False) -> Revision:
    """Open the corpus of a project at a git revision; in the working tree if none is given.

    ``own`` says that the repository is the user's own, so that all of its settings for DVC's remotes apply.

    Raises
    ------
    ReleaseError
        If git does not know the revision, or there is no corpus at it.
    """
    root = root.resolve()
    commit = None if rev is None else commit_of(root, rev)
    revision = Revision(root, rev or "working tree", commit, own=own)
    revision.listing  # noqa: B018 - raises an error if there is no corpus
    if revision.withdrawal:
        say(f"warning: {rev}: {revision.withdrawal}")
    return revision


def has_corpus(root: Path, rev: str) -> bool:
    """Whether there is a corpus at a git revision; a ReleaseError if git does not know the revision."""
    revision = Revision(root.resolve(), rev, commit_of(root, rev))
    return any(revision.text(f"{_CORPUS}/{name}") is not None for name in (LISTING, NAME))


def commit_of(root: Path, rev: str) -> str:
    """The full hash of the commit that a revision names.

    Raises
    ------
    ReleaseError
        If git does not know the revision.
    """
    result = git_result(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
    if result.returncode:
        reason = result.stderr.decode(errors="replace").strip() or "no such commit, tag or branch"
        raise ReleaseError(f"{rev}: unknown revision: {reason}; `git log --oneline` and `git tag` list revisions")
    return result.stdout.decode().strip()


def _settings(schema: Schema, given: Any) -> Any:
    """A setting of params.yaml; a section is completed with its defaults, in the order of ``with_defaults``."""
    if given is not None and not isinstance(given, dict):
        return given
    if "properties" not in schema and given is None:
        return schema.get("default")
    given = given or {}
    properties = schema.get("properties", {}).items()
    defaults = {key: prop["default"] for key, prop in properties if "default" in prop and key not in given}
    return {**given, **defaults}
