"""Fetch the dataset of a checkout, which may be a stranger's, from DVC's cache or remote into its folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from copydesk.core.atomic_files import is_file_of, replacing
from copydesk.dataset.manifest import NAME
from copydesk.errors import ReleaseError
from copydesk.releases.verify import parse_manifest
from copydesk.revisions.dataset_tree import FOLDER, first_line_of, read_dataset_file, tree_at
from copydesk.revisions.revision import commit_of

_BLOCK = 1 << 20


class Pulled(NamedTuple):
    """The number of fetched data files, and of data files in the manifest."""

    fetched: int
    files: int


def pull(root: Path) -> Pulled:
    """Fetch the data files in the manifest of the checked-out commit, and nothing else.

    ``dvc pull`` obeys all of a repository's ``.dvc/config``. This function takes only kind and address of the remote
    from it, and each file must have the hash of the manifest.

    Raises
    ------
    ReleaseError
        If a file is missing from the cache and the remote, or has other bytes there; earlier files are kept.
    """
    root = root.resolve()
    folder = root / FOLDER
    tree = tree_at(root, commit_of(root, "HEAD"))
    hashes = parse_manifest(read_dataset_file(tree, NAME, str(root)), f"{root}: {NAME}")
    data = {name: digest for name, digest in hashes.items() if name.startswith("data/")}
    fetched = 0
    for name, digest in data.items():
        path = folder / name
        if path.parent.resolve() != path.parent:
            raise ReleaseError(f"{path.parent}: a link leads out of the repository; remove it")
        if is_file_of(path, digest):
            continue
        try:
            with tree.open(name) as source, replacing(path) as target:
                while block := source.read(_BLOCK):
                    target.write(block)
        except Exception as error:  # DVC remotes raise backend-specific exceptions
            advice = "push it from a clone that has it: dvc push"
            raise ReleaseError(f"{path}: cannot be fetched ({first_line_of(error)}); {advice}") from None
        if not is_file_of(path, digest):
            path.unlink()
            raise ReleaseError(f"{path}: DVC has other bytes than {NAME} lists; dvc push it from a good checkout")
        fetched += 1
    return Pulled(fetched, len(data))
