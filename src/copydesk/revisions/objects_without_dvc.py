"""Open the objects of a DVC cache or remote without DVC: those in a folder, and those of a web server.

Whoever only loads or verifies releases needs no more than this. The layout is DVC's: ``files/md5/`` and the hash, cut
behind two digits.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import quote, urlsplit

from copydesk.errors import ReleaseError

TIMEOUT = 60  # seconds without a byte
#: Settings of remotes that say who asks, or how a server is known.
_OF_WEB_SERVERS = frozenset(
    "auth user password ask_password custom_auth_header ssl_verify cert_path key_path".split()
)


class _Folder:
    """A place whose files are opened by their paths."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def open(self, path: str, mode: str) -> BinaryIO:
        return cast(BinaryIO, (self._folder / path).open(mode))


class _WebServer:
    """A place whose files are requested by their addresses, without credentials."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def open(self, path: str, mode: str) -> BinaryIO:
        address = f"{self._url}/{quote(path)}"
        try:
            return cast(BinaryIO, urllib.request.urlopen(address, timeout=TIMEOUT))  # noqa: S310 - http or https
        except urllib.error.HTTPError as error:
            if error.code == 404:
                raise FileNotFoundError(path) from None
            raise


class Objects:
    """What is needed of DVC's object database to open objects: ``fs`` and ``oid_to_path``."""

    def __init__(self, place: _Folder | _WebServer) -> None:
        self.fs = place

    def oid_to_path(self, oid: str) -> str:
        """The path of an object below the place."""
        return f"files/md5/{oid[:2]}/{oid[2:]}"


def objects_of(settings: Mapping[str, Any], name: str = "") -> Objects:
    """The objects of a folder or of a web server, by the settings of a cache or remote.

    Raises
    ------
    ReleaseError
        If it is a place of another kind, or settings such as a password apply, which only DVC can use.
    """
    url = str(settings["url"])
    kind = urlsplit(url).scheme
    if kind in ("http", "https"):
        needed = sorted(settings.keys() & _OF_WEB_SERVERS) or (["a password"] if "@" in urlsplit(url).netloc else [])
        if needed:
            raise ReleaseError(
                f"the DVC remote {name!r} has {', '.join(needed)}, which DVC uses: pip install 'copydesk[build]'"
            )
        return Objects(_WebServer(url))
    if kind == "file":
        return Objects(_Folder(urllib.request.url2pathname(urlsplit(url).path)))
    if "://" in url:
        extra = kind if kind in ("gs", "s3", "ssh") else "all"
        raise ReleaseError(
            f"the DVC remote {name!r} is of the kind {kind}, which DVC reads: pip install 'copydesk[build]' "
            f"'dvc[{extra}]'"
        )
    return Objects(_Folder(url))
