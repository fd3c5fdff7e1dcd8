"""Where finished shards lie: in a folder, or in a bucket of an object store. It knows names and bytes, no tables."""

from __future__ import annotations

from pathlib import Path

from copydesk.store.backend import Storage
from copydesk.store.folder import FolderStorage

#: A folder, or an address such as ``s3://bucket/prefix``.
Root = Path | str


def storage(root: Root) -> Storage:
    """What lies below a folder, or below an address.

    Raises
    ------
    ConfigError
        If the address is none of an object store, or its library is not installed.
    """
    if isinstance(root, Path):
        return FolderStorage(root)
    # Imported where there is an address: fsspec and what it imports take as long to load as some builds.
    from copydesk.store.bucket import Bucket

    return Bucket(root)
