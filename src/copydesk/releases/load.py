"""Loading a past release: fetched whole, checked file by file, kept in a cache that is never stale.

``load_dataset`` with ``revision`` ignores it for a folder and may serve another revision from its cache; with a DVC
address it serves the revision that it saw first. So a release is laid out in a folder of its own, named after its
manifest, and what comes of it must have its version.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from copydesk.core.atomic_files import FULL, write_hashed, write_text
from copydesk.core.scratch import cache_folder, scratch
from copydesk.dataset.manifest import NAME
from copydesk.errors import ReleaseError
from copydesk.releases.card_files import refuse_other_files
from copydesk.releases.verify import compare, parse_manifest
from copydesk.releases.withdrawals import replacements
from copydesk.revisions.dataset_tree import TAG, CommitTree, FolderTree, read_small, tree_at
from copydesk.revisions.git import git

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

_REFERENCE = "refs/tags/"
_FOLDER_NAME = re.compile(r"\d+\.\d+\.\d+-[0-9a-f]{12}")

# Folders whose every file was hashed by this process: size and time of change of each file as they were then.
_hashed: dict[Path, dict[str, tuple[int, int]]] = {}


class Release(NamedTuple):
    """A release as its tag names it. ``repo`` is a URL or an absolute path."""

    repo: str
    version: str
    commit: str

    def __str__(self) -> str:
        return f"release {self.version} of {_shown(self.repo)}"


def load(
    config: str = "documents",
    *,
    version: str | None = None,
    repo: str | Path = ".",
    split: str | None = None,
    streaming: bool = False,
    cache: Path | None = None,
) -> Dataset | DatasetDict | IterableDataset | IterableDatasetDict:
    """Load a table of a release, and that release for certain.

    Parameters
    ----------
    config : str
        The table: ``documents``, ``sentences``, ``raw`` or ``edits``.
    version : str, optional
        Version of the release, such as ``1.2.0``; the newest otherwise.
    repo : str or Path
        A local checkout, or any URL that git can clone.
    split : str, optional
        As for ``load_dataset``; all splits otherwise.
    streaming : bool
        Whether to read rows as they are asked for.
    cache : Path, optional
        Where releases are kept; by default ``copydesk`` in the user's cache folder.

    Returns
    -------
    Dataset, DatasetDict or their iterable kinds
        What ``load_dataset`` returns for a split, or for all of them.

    Raises
    ------
    ReleaseError
        If there is no such release, its data is missing or not what its manifest says, or it has no such table.

    Examples
    --------
    >>> documents = load("documents", version="1.0.0", repo=repo, split="train")  # a checkout, or a URL
    >>> str(documents.info.version), "text" in documents.column_names
    ('1.0.0', True)
    """
    release = find(repo, version)
    folder = fetch(release, cache)
    tables = sorted(path.name for path in (folder / "data").iterdir())
    if config not in tables:
        raise ReleaseError(f"{release}: no table {config!r}; it has {', '.join(tables)}")
    from datasets import load_dataset

    try:
        loaded = load_dataset(str(folder), config, split=split, streaming=streaming)
    except Exception as error:  # datasets passes on those of every library that it reads with
        raise ReleaseError(f"{release}: {config}, split {split!r}: {error}") from error
    found = {str(one.info.version) for one in (loaded.values() if isinstance(loaded, dict) else [loaded])}
    if found != {release.version}:
        raise ReleaseError(
            f"{release}: the card of the loaded rows says version {', '.join(sorted(found))}; the tag and "
            "corpus.version in params.yaml must agree: release it again"
        )
    return loaded


def versions(repo: str | Path = ".") -> list[str]:
    """Versions of the releases of a repository that were not withdrawn, oldest first by number."""
    known, gone = tagged(_checked(repo))
    return sorted(known.keys() - gone, key=_numbers)


def withdrawn(repo: str | Path = ".") -> dict[str, str | None]:
    """Versions that were withdrawn, oldest first, each with the one that replaces it, or None where none does."""
    place = _checked(repo)
    gone = tagged(place)[1]
    replaced = replacements(place) if gone else {}
    return {version: replaced.get(version) for version in sorted(gone, key=_numbers)}


def find(repo: str | Path = ".", version: str | None = None) -> Release:
    """Find a release by its version, or the newest.

    Raises
    ------
    ReleaseError
        If there is none, or it was withdrawn; the message lists those that there are.
    """
    place = _checked(repo)
    commits, gone = tagged(place)
    known = sorted(commits.keys() - gone, key=_numbers)
    if version is not None and (old := version.removeprefix("v")) in gone:
        new = replacements(place).get(old)
        instead = f"release {new} replaces it: load that" if new else f"there are {', '.join(known) or 'no others'}"
        raise ReleaseError(f"{_shown(place)}: release {old} was withdrawn by a takedown; {instead}")
    if not known:
        raise ReleaseError(f"{_shown(place)}: no releases; expected git tags such as corpus@v1.0.0")
    wanted = known[-1] if version is None else version.removeprefix("v")
    if wanted not in commits:
        raise ReleaseError(f"{_shown(place)}: no release {wanted}; there are {', '.join(known)}")
    return Release(place, wanted, commits[wanted])


def fetch(release: Release, cache: Path | None = None) -> Path:
    """Return the folder that holds a release, checked; fetch it if it is not there or damaged.

    Raises
    ------
    ReleaseError
        If the data is missing from the remote, a file is not what the manifest says, or the card names others.
    """
    folder = _fetched(release, (cache or cache_folder()).absolute())
    refuse_other_files(folder, parse_manifest((folder / NAME).read_bytes(), f"{release}: {NAME}"), str(release))
    return folder


def _fetched(release: Release, cache: Path) -> Path:
    # A commit always has the same manifest: who has fetched it once needs git and DVC no more.
    pointer = cache / "commits" / release.commit
    name = pointer.read_text("utf-8", "replace") if pointer.is_file() else ""
    if _FOLDER_NAME.fullmatch(name) and name.startswith(f"{release.version}-") and _intact(cache / name):
        return cache / name
    with _checkout(release) as root:
        own = str(root) == release.repo
        try:
            folder = _fetch(release, root, cache, remote=not own)
        except ReleaseError as error:
            if not own:
                raise
            # The repository's own DVC cache may be what is damaged.
            try:
                folder = _fetch(release, root, cache, remote=True)
            except ReleaseError as second:
                raise ReleaseError(f"{error}\nand from the DVC remote: {second}") from None
    write_text(pointer, folder.name)
    return folder


def kept_folder(version: str, manifest: bytes, cache: Path | None = None) -> Path:
    """Where a release with that manifest is kept once it was fetched."""
    return (cache or cache_folder()).absolute() / f"{version}-{_short(manifest)}"


def _fetch(release: Release, root: Path, cache: Path, *, remote: bool) -> Path:
    own = str(root) == release.repo
    tree = tree_at(root, release.commit, remote=remote, origin=None if own else release.repo)
    manifest = read_small(tree, NAME, str(release))
    folder = kept_folder(release.version, manifest, cache)
    if not _intact(folder):
        cache.mkdir(parents=True, exist_ok=True)
        with scratch("part", cache) as temporary:
            _copy(release, tree, manifest, temporary / folder.name)
            _place(temporary, folder)
    return folder


def _copy(release: Release, tree: CommitTree, manifest: bytes, folder: Path) -> None:
    """Write the files that the manifest lists, and nothing else: a path in it cannot leave the folder."""
    problems = []
    for name, expected in parse_manifest(manifest, f"{release}: {NAME}").items():
        try:
            with tree.open(name) as source:
                found = write_hashed(source, folder / name)
        except Exception as error:  # remotes of every kind raise errors of every kind
            if isinstance(error, OSError) and error.errno in FULL:
                raise ReleaseError(f"{release}: {error}; make room, or choose another cache") from None
            absent = isinstance(error, FileNotFoundError)
            said = "is missing" if absent else f"cannot be read ({type(error).__name__}: {error})"
            problems.append(f"{name} {said}")
        else:
            if found != expected:
                problems.append(f"{name} has sha256 {found}, expected {expected}")
    if problems:
        more = f", and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise ReleaseError(
            f"{release}: {'; '.join(problems[:3])}{more}; ask whoever keeps it to run copydesk verify "
            f"corpus@v{release.version} --remote and to dvc push what is missing (the URL of a local DVC remote "
            "must be absolute)"
        )
    write_hashed(BytesIO(manifest), folder / NAME)


def _place(temporary: Path, folder: Path) -> None:
    """Give the finished folder its name, and take away a damaged one that has it."""
    if folder.exists() and not _intact(folder):
        folder.replace(temporary / "damaged")
    try:
        (temporary / folder.name).replace(folder)
    except OSError:
        if not _intact(folder):  # else another process was quicker, and has the same
            raise
    handle = os.open(folder.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _intact(folder: Path) -> bool:
    """Whether a folder in the cache is what its name and its manifest say; hashed once a process."""
    if not (folder / NAME).is_file():
        return False
    tree = FolderTree(folder)
    now = {name: ((folder / name).stat().st_size, (folder / name).stat().st_mtime_ns) for name in tree.names()}
    if _hashed.get(folder) == now:
        return True
    manifest = (folder / NAME).read_bytes()
    if not folder.name.endswith(f"-{_short(manifest)}") or compare(tree, parse_manifest(manifest, str(folder))):
        return False
    _hashed[folder] = now
    return True


@contextmanager
def _checkout(release: Release) -> Iterator[Path]:
    """A local repository that holds the release: the repository itself, or a clone of its URL."""
    if Path(release.repo, ".git").exists():
        yield Path(release.repo)
        return
    with scratch("clone") as folder:
        part, whole = folder / "part", folder / "whole"
        # Without files: no filter of theirs runs, no link of theirs leads anywhere.
        clone = ("clone", "--quiet", "--no-checkout", "--no-recurse-submodules", "--template=")
        try:
            git(None, *clone, "--depth=1", f"--branch=corpus@v{release.version}", "--", release.repo, str(part))
            git(part, "cat-file", "-e", f"{release.commit}^{{commit}}")
        except ReleaseError:  # a host that cannot give a part of a history, or a branch with the name of the tag
            git(None, *clone, "--", release.repo, str(whole))
        yield whole if whole.exists() else part


def tagged(repo: str, root: Path | None = None, *, own: bool = False) -> tuple[dict[str, str], set[str]]:
    """Commits of the releases by version, and the withdrawn versions; ``repo`` may be a remote of ``root``."""
    try:
        listed = git(root, "ls-remote", "--tags", "--", repo, "corpus@v*", own=own)
    except ReleaseError as error:
        reason = _shown(str(error))
        raise ReleaseError(
            f"{_shown(repo)}: its releases cannot be listed ({reason}); is it a git repository?"
        ) from None
    # An annotated tag has two lines, and the second is that of the commit.
    lines = (line.partition("\t") for line in listed.split("\n"))
    commits = {name.removeprefix(_REFERENCE).removesuffix("^{}"): commit for commit, _, name in lines}
    found = {match[1]: commit for name, commit in commits.items() if (match := TAG.fullmatch(name))}
    return found, {version for version in found if f"corpus@v{version}!" in commits}


def _checked(repo: str | Path) -> str:
    """Return a repository's URL or absolute path; refuse what git might take for an option or a command."""
    text = str(repo)
    if not re.match(r"[A-Za-z./~]", text) or "::" in text or not text.isprintable():
        raise ReleaseError(f"{text!r}: not a repository; expected a path or a URL that git can clone")
    if text.startswith("~"):
        try:
            text = str(Path(text).expanduser())
        except RuntimeError as error:
            raise ReleaseError(f"{text}: {error}") from None
    return str(Path(text).resolve()) if Path(text).exists() else text


def _shown(repo: str) -> str:
    """A repository for a message: without the password that a URL may hold."""
    return re.sub(r"(?<=://)[^/@]*@", "", repo)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def _short(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()[:12]
