"""A bucket of an object store, through fsspec. A PUT is atomic, like the rename of a file."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from copydesk.errors import ConfigError, StoreError
from copydesk.store.backend import Item, Result, Storage

#: The library that fsspec needs for a URL, by its scheme.
LIBRARIES = {"s3": "s3fs", "gs": "gcsfs", "abfs": "adlfs"}
#: Largest number of concurrent requests, and so of objects in memory.
_CONCURRENT = 16
_KEPT = "finished work is kept, and the next run continues from there"
_USE = (
    "check the address, the network and the credentials of this machine (for S3: AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; AWS_DEFAULT_REGION; for a server that is not Amazon's, AWS_ENDPOINT_URL)"
)


class Bucket(Storage):
    """Objects below an address such as ``s3://bucket/prefix``.

    Parameters
    ----------
    url : str
        The URL, without credentials. The library takes credentials from the environment of the machine.

    Raises
    ------
    ConfigError
        If it is not the URL of an object store, or the library is not installed.
    """

    def __init__(self, url: str) -> None:
        _check(url)
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]

        self.url = url.rstrip("/")
        scheme = urlsplit(url).scheme
        try:
            # A cached listing would hide changes by other machines.
            self._files, root = url_to_fs(self.url, use_listings_cache=False)
        except ImportError:
            library = LIBRARIES[scheme]
            raise ConfigError(f"{self.url}: needs {library}; install it with: pip install {library}") from None
        self._root = root.rstrip("/")

    def where(self, name: str) -> str:
        """See ``Storage.where``."""
        return f"{self.url}/{name}"

    def read(self, name: str) -> bytes:
        """See ``Storage.read``."""
        with self._request(name, "read"):
            # From byte 0: without a start, s3fs sends a request for the size first.
            data: bytes = self._files.cat_file(f"{self._root}/{name}", start=0)
            return data

    def write(self, name: str, data: bytes | memoryview) -> None:
        """See ``Storage.write``."""
        with self._request(name, "written", bucket=True):
            self._files.pipe_file(f"{self._root}/{name}", bytes(data))

    def delete(self, name: str) -> None:
        """See ``Storage.delete``."""
        with self._request(name, "removed", bucket=True):
            self._files.rm_file(f"{self._root}/{name}")

    def size(self, name: str) -> int | None:
        """See ``Storage.size``."""
        folder, _, base = name.rpartition("/")
        # By listing: for a single name that does not exist, s3fs sends a second request.
        entry = self._listed(folder, base).get(f"{self._root}/{name}")
        return None if entry is None else int(entry["size"])

    def present(self, names: Iterable[str]) -> set[str]:
        """See ``Storage.present``. Lists whole folders: one request returns a thousand names."""
        wanted = set(names)
        folders = sorted({name.rpartition("/")[0] for name in wanted})
        return {name for listed in self.each(self.names, folders) for name in listed if name in wanted}

    def names(self, folder: str) -> list[str]:
        """See ``Storage.names``."""
        parent, _, base = folder.rpartition("/")
        return sorted(path[len(self._root) + 1 :] for path in self._listed(parent, f"{base}/"))

    def _listed(self, folder: str, prefix: str) -> dict[str, dict[str, Any]]:
        """Return the entries of a folder whose names begin with a prefix, by path."""
        with self._request(f"{folder}/{prefix}".lstrip("/"), "listed", bucket=True):
            root = f"{self._root}/{folder}".rstrip("/")
            entries: dict[str, dict[str, Any]] = self._files.find(root, prefix=prefix, detail=True)
        return entries

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """See ``Storage.each``."""
        pool = ThreadPoolExecutor(_CONCURRENT)
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > _CONCURRENT:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    @contextmanager
    def _request(self, name: str, done: str, *, bucket: bool = False) -> Iterator[None]:
        """Turn errors of a request into StoreErrors that say what to do.

        A FileNotFoundError is left to the caller. With ``bucket`` the name need not exist, so the error means
        that the bucket is missing.
        """
        where = self.where(name)
        try:
            yield
        except FileNotFoundError as error:
            if not bucket:
                raise
            raise StoreError(f"{where}: no such bucket ({_line(error)}); create it, or correct the address") from None
        except Exception as error:  # each library raises its own exceptions
            reason = f"{type(error).__name__}: {_line(error)}"
            raise StoreError(f"{where}: cannot be {done} ({reason}); {_USE}; {_KEPT}") from None


def _check(url: str) -> None:
    """Refuse a URL that is not an object store's, without repeating a password."""
    parts = urlsplit(url)
    if parts.password is not None:
        raise ConfigError(
            f"{parts.scheme}://...: a password in the address of the store, which logs would show; give credentials "
            "in the environment instead, see docs/engines.md"
        )
    if parts.scheme not in LIBRARIES or not parts.netloc or parts.query or parts.fragment:
        schemes = " or ".join(f"{scheme}://" for scheme in LIBRARIES)
        raise ConfigError(
            f"{url.partition('?')[0]}: not an address for the store; expected {schemes} with a bucket and a prefix; "
            "other storage is not visible to all processes, or not written atomically"
        )


def _line(error: BaseException) -> str:
    """Return an error in one line, without the credentials and the query of URLs."""
    message = " ".join(str(error).split())
    return re.sub(r"(://)[^/@\s]*@|\?[^\s\"']*", r"\1", message)[:500]
