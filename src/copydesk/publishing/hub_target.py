"""Releases on the Hub: one commit with exactly the files of a release, a tag on it, and the rows loaded back.

The files are sent before the commit, and those that are there are not sent again; so an interrupted upload goes on,
and nobody sees a part of a release. What a tag stands for never changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from copydesk.core.scratch import scratch
from copydesk.dataset.manifest import NAME
from copydesk.errors import ConfigError, ReleaseError
from copydesk.publishing.release_files import FetchedRelease, File, refuse_other_rows
from copydesk.releases.versions import Version
from copydesk.tables.logical_hash import logical_hash

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoFile

_KIND = "dataset"
_MAIN = "main"
#: Only in the repository on the Hub, where it says which files are kept outside of git.
ATTRIBUTES = ".gitattributes"
_ATTRIBUTES = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"
#: What the Hub itself may have put into a new repository.
_FIRST = frozenset({ATTRIBUTES, "README.md"})

Result = TypeVar("Result")


class Hub:
    """A dataset on the Hub; who may write to it, huggingface_hub knows (``hf auth login`` or ``HF_TOKEN``).

    Parameters
    ----------
    repo_id : str
        ``ORG/NAME``.
    private : bool
        Whether it must be private; if it is not there it is made so.

    Raises
    ------
    ReleaseError
        If that can be no name.
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

    def shown(self, release: FetchedRelease) -> str:
        """Where a release is there."""
        return f"{self._api.endpoint}/datasets/{self._id}/tree/{release.name}"

    def versions(self) -> set[str]:
        """Versions of the releases that are there."""
        return {str(version) for version in self._tags()}

    def put(self, release: FetchedRelease) -> bool:
        """Upload a release in one commit, tag it, and load it back by its tag.

        The newest version goes to ``main``; an older one, such as a replacement after a takedown, to a branch of its
        own, so that ``main`` never goes back.

        Returns
        -------
        bool
            Whether all of it was there before.

        Raises
        ------
        ReleaseError
            If the tag stands for something else, the dataset is not one of ours, what came back is not what was
            sent, or the Hub refuses; run again, it sends what is missing.
        """
        self._ready(release)
        tags = self._tags()
        own = Version.parse(release.version)
        before = own in tags
        if not before:
            branch = _MAIN if own > max(tags, default=Version(0, 0, 0)) else f"release-{release.version}"
            commit = self._committed(release, branch)
            self._asked(
                partial(self._api.create_tag, self._id, tag=release.name, revision=commit, repo_type=_KIND), release
            )
        self._check(release)
        return before

    def _ready(self, release: FetchedRelease) -> None:
        """See that the dataset is there, and as private as it must be."""
        make = partial(self._api.create_repo, self._id, repo_type=_KIND, private=self._private, exist_ok=True)
        self._asked(make, release)
        known = partial(self._api.dataset_info, self._id, revision=_MAIN)
        if self._private and not self._asked(known, release).private:
            raise ReleaseError(
                f"{self._id}: is there and public; make it private in its settings, or leave out --private"
            )

    def _tags(self) -> dict[Version, str]:
        """The commits of the releases that are there."""
        refs = self._asked(partial(self._api.list_repo_refs, self._id, repo_type=_KIND))
        found = {}
        for tag in refs.tags:
            try:
                found[Version.parse(tag.name.removeprefix("v"))] = tag.target_commit
            except ConfigError:
                continue
        return found

    def _committed(self, release: FetchedRelease, branch: str) -> str:
        """Make one commit with the release's files and no others; return its hash."""
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        if branch != _MAIN:
            make = partial(self._api.create_branch, self._id, branch=branch, repo_type=_KIND, exist_ok=True)
            self._asked(make, release)
        refs = self._asked(partial(self._api.list_repo_refs, self._id, repo_type=_KIND), release)
        head = next(ref.target_commit for ref in refs.branches if ref.name == branch)
        there = self._listed(head, release).keys()
        if there - _FIRST and NAME not in there:
            raise ReleaseError(
                f"{self._id}: has {len(there)} files and no {NAME}: it holds something else; choose another name, or "
                "empty it if it is to hold this corpus"
            )
        wanted = {file.path: file.source for file in release.files}
        operations = [
            *(CommitOperationAdd(path, source) for path, source in wanted.items()),
            CommitOperationAdd(ATTRIBUTES, _ATTRIBUTES),
            *(CommitOperationDelete(path) for path in sorted(there - wanted.keys() - {ATTRIBUTES})),
        ]
        # Refused where another commit came between: then nothing was changed.
        commit = partial(
            self._api.create_commit,
            self._id,
            operations,
            commit_message=f"Release {release.version}",
            repo_type=_KIND,
            revision=branch,
            parent_commit=head,
        )
        return str(self._asked(commit, release).oid)

    def _check(self, release: FetchedRelease) -> None:
        """Compare every file at the tag, and the rows that its readers get."""
        place = self.shown(release)
        there = self._listed(release.name, release)
        for path in sorted(there.keys() - {file.path for file in release.files} - {ATTRIBUTES}):
            raise ReleaseError(f"{place}: {path} is no file of the release; {_UNCHANGING}")
        for file in release.files:
            found = there.get(file.path)
            if found is None or not _same(found, file):
                state = "other bytes" if found else "nothing"
                raise ReleaseError(
                    f"{place}: {file.path}: found {state}, expected sha256 {file.sha256}; {_UNCHANGING}"
                )
        for table in release.logical:
            refuse_other_rows(place, table, self._asked(partial(self._rows, table, release.name), release), release)

    def _rows(self, table: str, revision: str) -> dict[str, str]:
        """The logical hash of each split of a table, as load_dataset gives it."""
        from datasets import load_dataset

        with scratch("hub") as cache:
            splits = load_dataset(self._id, table, revision=revision, streaming=True, cache_dir=str(cache))
            return {str(split): logical_hash(rows) for split, rows in splits.items()}

    def _listed(self, revision: str, release: FetchedRelease) -> dict[str, RepoFile]:
        from huggingface_hub.hf_api import RepoFile

        def listed() -> dict[str, RepoFile]:
            tree = self._api.list_repo_tree(self._id, recursive=True, revision=revision, repo_type=_KIND)
            return {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}

        return self._asked(listed, release)

    def _asked(self, question: Callable[[], Result], release: FetchedRelease | None = None) -> Result:
        """What the Hub answers; what it complains of, in a line."""
        try:
            return question()
        except Exception as error:  # the client, its transport and the loader raise errors of many kinds
            status = getattr(getattr(error, "response", None), "status_code", None)
            advice = _ADVICE.get(status, "see to it and run it again: what has arrived is not sent twice")
            place = self.shown(release) if release else f"{self._api.endpoint}/datasets/{self._id}"
            said = " ".join(str(error).split())[:500]
            raise ReleaseError(f"{place}: {type(error).__name__}: {said}; {advice}") from None


_UNCHANGING = "what a tag stands for never changes: find out who moved it; delete it if it is not what was released"
_ADVICE: dict[int | None, str] = {
    401: "log in with hf auth login, or set HF_TOKEN, with a token that may write",
    403: "use a token that may write to it",
    412: "another commit came between; run it again",
}


def _same(found: RepoFile, file: File) -> bool:
    """Whether a file on the Hub has the bytes of one here: by SHA-256, or where it lies in git by git's own hash."""
    if found.lfs is not None:
        return str(found.lfs.sha256) == file.sha256
    return found.blob_id == _blob_id(file.source)


def _blob_id(path: Path) -> str:
    with path.open("rb") as reader:
        digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
        while block := reader.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
