"""The interface of a storage: bytes under names, in a folder or a bucket."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from copydesk.core.atomic_files import write_hashed

Item = TypeVar("Item")
Result = TypeVar("Result")


class Storage(ABC):
    """Bytes under names such as ``objects/ab/ab01``. An object is always complete.

    Methods raise a StoreError if a bucket cannot be used, and a FileNotFoundError if a name does not exist.
    """

    @abstractmethod
    def where(self, name: str) -> str:
        """Return the path or the URL of a name, for messages."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return the bytes of an object."""

    @abstractmethod
    def write(self, name: str, data: bytes | memoryview) -> None:
        """Write an object atomically: other processes see the old bytes or the new ones."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Delete an object if it exists."""

    @abstractmethod
    def size(self, name: str) -> int | None:
        """Return the size of an object in bytes, or None if it does not exist."""

    @abstractmethod
    def present(self, names: Iterable[str]) -> set[str]:
        """Return those of some names that exist."""

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """Return all names below a folder, sorted."""

    def copy(self, name: str, target: Path) -> str:
        """Copy an object to a file, sync it to disk, and return its SHA-256."""
        return write_hashed(io.BytesIO(self.read(name)), target)

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Apply a function to items and yield the results in order; a bucket runs several calls at a time."""
        return map(function, items)


class StoredObject(NamedTuple):
    """An object of a storage, by its name."""

    storage: Storage
    name: str

    def __str__(self) -> str:
        return self.storage.where(self.name)

    def read(self) -> bytes:
        """Return its bytes."""
        return self.storage.read(self.name)

    def delete(self) -> None:
        """Delete it."""
        self.storage.delete(self.name)
