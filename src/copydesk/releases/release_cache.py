"""Keep the verified files of releases in a cache, one folder for each manifest, and fetch what it lacks.

A folder never changes but for tables that are added to it. What is in it is compared with its manifest before it is
used, once in a process.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from copydesk.core.atomic_files import FULL, write_hashed, write_text
from copydesk.core.scratch import cache_folder, scratch
from copydesk.dataset.manifest import NAME
from copydesk.errors import ReleaseError
from copydesk.releases.release_tags import Release, tag_of
from copydesk.releases.verify import compare_files, parse_manifest
from copydesk.revisions.dataset_tree import CommitTree, FolderTree, read_dataset_file, tree_at
from copydesk.revisions.git import git
from copydesk.validation.card_files import refuse_other_files

#: Tables that must be in a cached folder; None: all of them.
Tables = Collection[str] | None
_FOLDER_NAME = re.compile(r"\d+\.\d+\.\d+-[0-9a-f]{12}")

# Folders whose files this process has hashed: size and modification time of each file at that moment.
_hashed: dict[Path, dict[str, tuple[int, int]]] = {}


def fetch_release(release: Release, cache: Path | None = None, tables: Tables = None) -> Path:
    """Return the verified folder of a release; fetch what the cache lacks of it or has damaged.

    Parameters
    ----------
    release : Release
    cache : Path, optional
        Folder for cached releases; by default ``copydesk`` in the user's cache folder.
    tables : collection of str, optional
        The tables that must be there, besides card, manifests and plots; all of them otherwise. The folder may
        have others too.

    Raises
    ------
    ReleaseError
        If the data is missing from the remote, a file does not match the manifest, or the card names other files.
    """
    folder = _cached_folder(release, (cache or cache_folder()).absolute(), tables)
    manifest = parse_manifest((folder / NAME).read_bytes(), f"{release}: {NAME}")
    refuse_other_files(folder, manifest, str(release))
    return folder


def _cached_folder(release: Release, cache: Path, tables: Tables) -> Path:
    # A commit always has the same manifest, so a commit that was fetched before needs neither git nor DVC.
    pointer = cache / "commits" / release.commit
    name = pointer.read_text("utf-8", "replace") if pointer.is_file() else ""
    if _FOLDER_NAME.fullmatch(name) and name.startswith(f"{release.version}-") and _is_intact(cache / name, tables):
        return cache / name
    with _checkout(release) as root:
        is_local = str(root) == release.repo
        try:
            folder = _fetch_into_cache(release, root, cache, tables, remote=not is_local)
        except ReleaseError as error:
            if not is_local:
                raise
            # The repository's own DVC cache may be damaged.
            try:
                folder = _fetch_into_cache(release, root, cache, tables, remote=True)
            except ReleaseError as second_error:
                raise ReleaseError(f"{error}\nand from the DVC remote: {second_error}") from None
    write_text(pointer, folder.name)
    return folder


def kept_folder(version: str, manifest: bytes, cache: Path | None = None) -> Path:
    """The folder in which a release with that manifest is cached."""
    return (cache or cache_folder()).absolute() / f"{version}-{_short_hash(manifest)}"


def rows_folder(folder: Path) -> Path:
    """The folder in which datasets keeps the rows that it loaded from a cached release."""
    from datasets import config

    return Path(config.HF_DATASETS_CACHE) / folder.name


def _fetch_into_cache(release: Release, root: Path, cache: Path, tables: Tables, *, remote: bool) -> Path:
    is_local = str(root) == release.repo
    tree = tree_at(root, release.commit, remote=remote, origin=None if is_local else release.repo)
    manifest = read_dataset_file(tree, NAME, str(release))
    folder = kept_folder(release.version, manifest, cache)
    if _is_intact(folder, tables):
        return folder
    wanted = _wanted(parse_manifest(manifest, f"{release}: {NAME}"), tables)
    cache.mkdir(parents=True, exist_ok=True)
    with scratch("part", cache) as temporary:
        part = temporary / folder.name
        if _is_intact(folder, ()):  # other tables of the release are there
            present = FolderTree(folder).names()
            _copy_files(release, tree, {name: wanted[name] for name in wanted.keys() - present}, part)
            _add_files(part, folder)
        else:
            _copy_files(release, tree, wanted, part)
            write_hashed(BytesIO(manifest), part / NAME)
            _move_into_place(temporary, folder, tables)
    return folder


def _wanted(hashes: dict[str, str], tables: Tables) -> dict[str, str]:
    """The hashes of all files but those of other tables."""
    return {
        name: sha256
        for name, sha256 in hashes.items()
        if tables is None or not name.startswith("data/") or name.split("/")[1] in tables
    }


def _copy_files(release: Release, tree: CommitTree, hashes: dict[str, str], folder: Path) -> None:
    """Write some files of the manifest, and nothing else; no path in it can lead out of the folder."""
    problems = []
    for name, expected in sorted(hashes.items()):
        try:
            with tree.open(name) as source:
                sha256 = write_hashed(source, folder / name)
        except Exception as error:  # DVC remotes raise backend-specific exceptions
            if isinstance(error, OSError) and error.errno in FULL:
                raise ReleaseError(f"{release}: {error}; make room, or choose another cache") from None
            is_missing = isinstance(error, FileNotFoundError)
            problem = "is missing" if is_missing else f"cannot be read ({type(error).__name__}: {error})"
            problems.append(f"{name} {problem}")
        else:
            if sha256 != expected:
                problems.append(f"{name} has sha256 {sha256}, expected {expected}")
    if problems:
        more = f", and {len(problems) - 3:,} more" if len(problems) > 3 else ""
        raise ReleaseError(
            f"{release}: {'; '.join(problems[:3])}{more}; ask its maintainer to run copydesk verify "
            f"{tag_of(release.version)} --remote and to dvc push what is missing (the URL of a local DVC remote must "
            "be absolute)"
        )


def _add_files(part: Path, folder: Path) -> None:
    """Move verified files into a cached folder; another process that does the same moves the same bytes."""
    files = [path for path in sorted(part.rglob("*")) if path.is_file()]
    targets = [folder / path.relative_to(part) for path in files]
    for path, target in zip(files, targets, strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    for directory in {target.parent for target in targets}:
        _sync(directory)


def _move_into_place(temporary: Path, folder: Path, tables: Tables) -> None:
    """Rename the finished folder to its final name; a damaged folder of that name is moved away."""
    if folder.exists() and not _is_intact(folder, ()):
        folder.replace(temporary / "damaged")
    try:
        (temporary / folder.name).replace(folder)
    except OSError:
        if not _is_intact(folder, ()):  # otherwise another process was faster, perhaps with other tables
            raise
        _add_files(temporary / folder.name, folder)
    _sync(folder.parent)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_intact(folder: Path, tables: Tables) -> bool:
    """Whether a cached folder has some tables, and matches its name and its manifest.

    A process hashes its files only once.
    """
    if not (folder / NAME).is_file():
        return False
    tree = FolderTree(folder)
    manifest = (folder / NAME).read_bytes()
    if not folder.name.endswith(f"-{_short_hash(manifest)}"):
        return False
    hashes = parse_manifest(manifest, str(folder))
    if not _wanted(hashes, tables).keys() <= tree.names():
        return False
    stats = {name: ((folder / name).stat().st_size, (folder / name).stat().st_mtime_ns) for name in tree.names()}
    if _hashed.get(folder) == stats:
        return True
    if compare_files(tree, {name: hashes[name] for name in hashes.keys() & tree.names()}):
        return False
    _hashed[folder] = stats
    return True


@contextmanager
def _checkout(release: Release) -> Iterator[Path]:
    """A local repository that has the release: the repository itself, or a clone of its URL."""
    if Path(release.repo, ".git").exists():
        yield Path(release.repo)
        return
    with scratch("clone") as folder:
        part, whole = folder / "part", folder / "whole"
        # Without a working tree, so that no filter of a stranger runs and no link of theirs is followed.
        clone = ("clone", "--quiet", "--no-checkout", "--no-recurse-submodules", "--template=")
        try:
            git(None, *clone, "--depth=1", f"--branch={tag_of(release.version)}", "--", release.repo, str(part))
            git(part, "cat-file", "-e", f"{release.commit}^{{commit}}")
        except ReleaseError:  # a host without shallow clones, or a branch with the name of the tag
            git(None, *clone, "--", release.repo, str(whole))
        yield whole if whole.exists() else part


def _short_hash(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()[:12]
