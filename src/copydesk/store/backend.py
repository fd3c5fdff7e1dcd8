"""What a storage can do."""

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
    """Bytes under names such as ``objects/ab/ab01``; what is there is complete.

    Functions raise a StoreError if a bucket cannot be used, and a FileNotFoundError for a name that is not there.
    """

    @abstractmethod
    def where(self, name: str) -> str:
        """A name as a person finds it."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """What lies under a name."""

    @abstractmethod
    def write(self, name: str, data: bytes | memoryview) -> None:
        """Put bytes under a name: others see what was there before, or all of them."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Remove what lies under a name, if it does."""

    @abstractmethod
    def size(self, name: str) -> int | None:
        """How many bytes lie under a name, None if none do."""

    @abstractmethod
    def present(self, names: Iterable[str]) -> set[str]:
        """Those of some names that are there."""

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """Everything below a folder, sorted."""

    def copy(self, name: str, target: Path) -> str:
        """Copy what lies under a name to a file, put it on disk, and return its SHA-256."""
        return write_hashed(io.BytesIO(self.read(name)), target)

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Apply a function to items, in their order; side by side where it waits for a network."""
        return map(function, items)


class StoredObject(NamedTuple):
    """A name in a storage."""

    storage: Storage
    name: str

    def __str__(self) -> str:
        return self.storage.where(self.name)

    def read(self) -> bytes:
        """What lies there."""
        return self.storage.read(self.name)

    def delete(self) -> None:
        """Remove it."""
        self.storage.delete(self.name)
