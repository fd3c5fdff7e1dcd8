"""A bucket of an object store, through fsspec: one PUT is seen whole or not at all, as a file that was renamed is."""

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

#: The library that fsspec asks for, by the scheme of an address.
LIBRARIES = {"s3": "s3fs", "gs": "gcsfs", "abfs": "adlfs"}
#: Requests under way at a time; as many objects are in memory.
_AT_ONCE = 16
_KEPT = "what is finished is kept, and the next run goes on from there"
_USE = (
    "check the address, the network and the credentials of this machine (for S3: AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; AWS_DEFAULT_REGION; for a server that is not Amazon's, AWS_ENDPOINT_URL)"
)


class Bucket(Storage):
    """Objects below an address such as ``s3://bucket/prefix``.

    Parameters
    ----------
    url : str
        Without credentials: those are what the library finds on a machine.

    Raises
    ------
    ConfigError
        If it is no address of an object store, or the library is not installed.
    """

    def __init__(self, url: str) -> None:
        _check(url)
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]

        self.url = url.rstrip("/")
        scheme = urlsplit(url).scheme
        try:
            # A listing that is remembered would hide what other machines put and remove.
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
            # From byte 0: without a start s3fs asks for the size first.
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
        folder, _, last = name.rpartition("/")
        # Listed: for what is not there s3fs asks a second time when it is asked about one name.
        found = self._listed(folder, last).get(f"{self._root}/{name}")
        return None if found is None else int(found["size"])

    def present(self, names: Iterable[str]) -> set[str]:
        """See ``Storage.present``. A request brings a thousand names; to ask for each would be one request a name."""
        wanted = set(names)
        folders = sorted({name.rpartition("/")[0] for name in wanted})
        return {name for found in self.each(self.names, folders) for name in found if name in wanted}

    def names(self, folder: str) -> list[str]:
        """See ``Storage.names``."""
        above, _, last = folder.rpartition("/")
        return sorted(path[len(self._root) + 1 :] for path in self._listed(above, f"{last}/"))

    def _listed(self, folder: str, prefix: str) -> dict[str, dict[str, Any]]:
        """What is known of everything in a folder whose name begins so, by its path."""
        with self._request(f"{folder}/{prefix}".lstrip("/"), "listed", bucket=True):
            root = f"{self._root}/{folder}".rstrip("/")
            found: dict[str, dict[str, Any]] = self._files.find(root, prefix=prefix, detail=True)
        return found

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """See ``Storage.each``."""
        pool = ThreadPoolExecutor(_AT_ONCE)
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > _AT_ONCE:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    @contextmanager
    def _request(self, name: str, done: str, *, bucket: bool = False) -> Iterator[None]:
        """Say what was asked for and what to do; what is not there is the bucket, where a name need not be."""
        where = self.where(name)
        try:
            yield
        except FileNotFoundError as error:
            if not bucket:
                raise
            raise StoreError(f"{where}: no such bucket ({_line(error)}); make it, or correct the address") from None
        except Exception as error:  # each library raises its own
            said = f"{type(error).__name__}: {_line(error)}"
            raise StoreError(f"{where}: cannot be {done} ({said}); {_USE}; {_KEPT}") from None


def _check(url: str) -> None:
    """Refuse what is no object store, and never repeat a password."""
    parts = urlsplit(url)
    if parts.password is not None:
        raise ConfigError(
            f"{parts.scheme}://...: a password in the address of the store, which logs would show; credentials are "
            "what the library finds on a machine, see docs/engines.md"
        )
    if parts.scheme not in LIBRARIES or not parts.netloc or parts.query or parts.fragment:
        known = " or ".join(f"{scheme}://" for scheme in LIBRARIES)
        raise ConfigError(
            f"{url.partition('?')[0]}: no address for the store; expected {known} with a bucket and a prefix; what "
            "lies elsewhere is not seen by all processes, or not written in one step"
        )


def _line(error: BaseException) -> str:
    """What a library said, in a line, without what an address may carry before an @ or behind a ?."""
    said = " ".join(str(error).split())
    return re.sub(r"(://)[^/@\s]*@|\?[^\s\"']*", r"\1", said)[:500]
