"""Publish releases to the Hub: one commit with exactly the files of a release, a tag, and a check of the rows.

The files are uploaded before the commit, and files that arrived are not uploaded again. So an interrupted upload can
continue, and nobody sees part of a release. A tag never moves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from copydesk.core.plural import plural
from copydesk.core.scratch import scratch
from copydesk.dataset.manifest import NAME
from copydesk.errors import ConfigError, ReleaseError
from copydesk.publishing.release_files import ReleaseFile, ReleaseFiles, refuse_other_rows
from copydesk.releases.versions import Version
from copydesk.tables.logical_hash import logical_hash

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoFile

_KIND = "dataset"
_MAIN = "main"
#: Exists only in the repository on the Hub: it names the files that are stored outside git.
ATTRIBUTES = ".gitattributes"
_ATTRIBUTES = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"
#: Files that the Hub may create in a new repository.
_FIRST = frozenset({ATTRIBUTES, "README.md"})

Result = TypeVar("Result")


class HubTarget:
    """A dataset on the Hub. huggingface_hub finds the token (``hf auth login`` or ``HF_TOKEN``).

    Parameters
    ----------
    repo_id : str
        ``ORG/NAME``.
    private : bool
        Whether it must be private; a new dataset is created as private.

    Raises
    ------
    ReleaseError
        If the name is not valid.
    """

    def __init__(self, repo_id: str, *, private: bool = False) -> None:
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HFValidationError
        from huggingface_hub.utils._validators import validate_repo_id

        try:
            validate_repo_id(repo_id)
        except HFValidationError as error:
            raise ReleaseError(f"--repo-id {repo_id}: {str(error).partition(chr(10))[0]}") from None
        if repo_id.count("/") != 1:
            raise ReleaseError(f"--repo-id {repo_id}: expected ORG/NAME")
        self._api = HfApi(library_name="copydesk")
        self._id = repo_id
        self._private = private

    def address(self, release: ReleaseFiles) -> str:
        """URL of a release on the Hub."""
        return f"{self._api.endpoint}/datasets/{self._id}/tree/{release.name}"

    def versions(self) -> set[str]:
        """The published versions."""
        return {str(version) for version in self._tags()}

    def put(self, release: ReleaseFiles) -> bool:
        """Upload a release in one commit, tag it, and load it by its tag.

        The newest version goes to ``main``; an older one, such as a replacement after a takedown, to a branch of its
        own, so that ``main`` never goes back.

        Returns
        -------
        bool
            Whether it had already been published.

        Raises
        ------
        ReleaseError
            If the tag has other files, the dataset was not made by copydesk, the rows read back are others, or the
            Hub refuses. Run it again: it uploads only what is missing.
        """
        self._create(release)
        tags = self._tags()
        own = Version.parse(release.version)
        before = own in tags
        if not before:
            branch = _MAIN if own > max(tags, default=Version(0, 0, 0)) else f"release-{release.version}"
            commit = self._committed(release, branch)
            self._call(
                partial(self._api.create_tag, self._id, tag=release.name, revision=commit, repo_type=_KIND), release
            )
        self._check(release)
        return before

    def _create(self, release: ReleaseFiles) -> None:
        """Create the dataset unless it exists, and refuse a public one if it must be private."""
        create = partial(self._api.create_repo, self._id, repo_type=_KIND, private=self._private, exist_ok=True)
        self._call(create, release)
        info = partial(self._api.dataset_info, self._id, revision=_MAIN)
        if self._private and not self._call(info, release).private:
            raise ReleaseError(
                f"{self._id}: exists and is public; make it private in its settings, or leave out --private"
            )

    def _tags(self) -> dict[Version, str]:
        """The commit of each published version."""
        refs = self._call(partial(self._api.list_repo_refs, self._id, repo_type=_KIND))
        commits = {}
        for tag in refs.tags:
            try:
                commits[Version.parse(tag.name.removeprefix("v"))] = tag.target_commit
            except ConfigError:
                continue
        return commits

    def _committed(self, release: ReleaseFiles, branch: str) -> str:
        """Commit exactly the files of the release; return the hash of the commit."""
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        if branch != _MAIN:
            create = partial(self._api.create_branch, self._id, branch=branch, repo_type=_KIND, exist_ok=True)
            self._call(create, release)
        refs = self._call(partial(self._api.list_repo_refs, self._id, repo_type=_KIND), release)
        head = next(ref.target_commit for ref in refs.branches if ref.name == branch)
        existing = self._files_at(head, release).keys()
        if existing - _FIRST and NAME not in existing:
            raise ReleaseError(
                f"{self._id}: has {plural(len(existing), 'file')} and no {NAME}, so copydesk did not make it; "
                "choose another name, or delete its files"
            )
        sources = {file.path: file.source for file in release.files}
        operations = [
            *(CommitOperationAdd(path, source) for path, source in sources.items()),
            CommitOperationAdd(ATTRIBUTES, _ATTRIBUTES),
            *(CommitOperationDelete(path) for path in sorted(existing - sources.keys() - {ATTRIBUTES})),
        ]
        # With parent_commit the Hub refuses if somebody else committed meanwhile, and changes nothing.
        commit = partial(
            self._api.create_commit,
            self._id,
            operations,
            commit_message=f"Release {release.version}",
            repo_type=_KIND,
            revision=branch,
            parent_commit=head,
        )
        return str(self._call(commit, release).oid)

    def _check(self, release: ReleaseFiles) -> None:
        """Compare every file at the tag, and the rows that load_dataset returns."""
        address = self.address(release)
        existing = self._files_at(release.name, release)
        for path in sorted(existing.keys() - {file.path for file in release.files} - {ATTRIBUTES}):
            raise ReleaseError(f"{address}: {path} is not part of the release; {_TAG_MOVED}")
        for file in release.files:
            remote = existing.get(file.path)
            if remote is None or not _same(remote, file):
                found = "other bytes" if remote else "no file"
                raise ReleaseError(
                    f"{address}: {file.path}: found {found}, expected sha256 {file.sha256}; {_TAG_MOVED}"
                )
        for table in release.logical:
            refuse_other_rows(address, table, self._call(partial(self._rows, table, release.name), release), release)

    def _rows(self, table: str, revision: str) -> dict[str, str]:
        """The logical hash of each split of a table as load_dataset returns it."""
        from datasets import load_dataset

        with scratch("hub") as cache:
            splits = load_dataset(self._id, table, revision=revision, streaming=True, cache_dir=str(cache))
            return {str(split): logical_hash(rows) for split, rows in splits.items()}

    def _files_at(self, revision: str, release: ReleaseFiles) -> dict[str, RepoFile]:
        from huggingface_hub.hf_api import RepoFile

        def listed() -> dict[str, RepoFile]:
            tree = self._api.list_repo_tree(self._id, recursive=True, revision=revision, repo_type=_KIND)
            return {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}

        return self._call(listed, release)

    def _call(self, request: Callable[[], Result], release: ReleaseFiles | None = None) -> Result:
        """Call the Hub; turn any error into a one-line ReleaseError."""
        try:
            return request()
        except Exception as error:  # the client, its transport and the loader raise exceptions of their own
            status = getattr(getattr(error, "response", None), "status_code", None)
            advice = _ADVICE.get(status, "fix this and run it again: files that arrived are not sent again")
            address = self.address(release) if release else f"{self._api.endpoint}/datasets/{self._id}"
            message = " ".join(str(error).split())[:500]
            raise ReleaseError(f"{address}: {type(error).__name__}: {message}; {advice}") from None


_TAG_MOVED = "a tag never moves: find out who changed it, and delete it if it is not the release"
_ADVICE: dict[int | None, str] = {
    401: "log in with hf auth login, or set HF_TOKEN, with a token that may write",
    403: "use a token that may write to it",
    412: "somebody else committed meanwhile; run it again",
}


def _same(remote: RepoFile, file: ReleaseFile) -> bool:
    """Whether a file on the Hub has the bytes of the release: by SHA-256 for LFS, else by git's blob hash."""
    if remote.lfs is not None:
        return str(remote.lfs.sha256) == file.sha256
    return remote.blob_id == _blob_id(file.source)


def _blob_id(path: Path) -> str:
    with path.open("rb") as reader:
        digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
        while block := reader.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
