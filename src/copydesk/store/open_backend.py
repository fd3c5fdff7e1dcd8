"""Open the storage of finished shards: a folder, or a bucket of an object store."""

from __future__ import annotations

from pathlib import Path

from copydesk.store.backend import Storage
from copydesk.store.folder import FolderStorage

#: A folder, or a URL such as ``s3://bucket/prefix``.
Root = Path | str


def storage(root: Root) -> Storage:
    """Open the storage in a folder or at a URL.

    Raises
    ------
    ConfigError
        If the URL is not that of an object store, or the library for it is not installed.
    """
    if isinstance(root, Path):
        return FolderStorage(root)
    # Imported only for a URL, because fsspec and its imports take as long to load as a small build.
    from copydesk.store.bucket import Bucket

    return Bucket(root)
