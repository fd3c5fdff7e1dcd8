"""A storage in a folder, local or mounted by all machines."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from copydesk.core.atomic_files import copy_hashed, replacing
from copydesk.store.backend import Storage


class FolderStorage(Storage):
    """A storage whose objects are files below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def where(self, name: str) -> str:
        """See ``Storage.where``."""
        return str(self.root / name)

    def read(self, name: str) -> bytes:
        """See ``Storage.read``."""
        return (self.root / name).read_bytes()

    def write(self, name: str, data: bytes | memoryview) -> None:
        """See ``Storage.write``."""
        with replacing(self.root / name) as file:
            file.write(data)

    def delete(self, name: str) -> None:
        """See ``Storage.delete``."""
        (self.root / name).unlink(missing_ok=True)

    def size(self, name: str) -> int | None:
        """See ``Storage.size``."""
        try:
            return (self.root / name).stat().st_size
        except FileNotFoundError:
            return None

    def present(self, names: Iterable[str]) -> set[str]:
        """See ``Storage.present``."""
        return {name for name in names if (self.root / name).exists()}

    def names(self, folder: str) -> list[str]:
        """See ``Storage.names``."""
        return sorted(p.relative_to(self.root).as_posix() for p in (self.root / folder).rglob("*") if p.is_file())

    def copy(self, name: str, target: Path) -> str:
        """See ``Storage.copy``."""
        return copy_hashed(self.root / name, target)
