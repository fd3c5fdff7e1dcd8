"""Open DVC's cache and remotes, some of whose settings may be a stranger's, and read objects and lists of files."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import yaml

from copydesk.core.progress import say
from copydesk.errors import ReleaseError
from copydesk.revisions.dvc_config import DvcSettings
from copydesk.revisions.objects_without_dvc import objects_of

_FILES = ("files", "md5")
_OID = re.compile(r"[0-9a-f]{32}(?:\.dir)?")


def cache_odb(settings: DvcSettings) -> Any:
    """DVC's object database of the local cache; without DVC, one that only opens objects."""
    if settings.note:
        _say_once(settings.note)
    if find_spec("dvc") is None:
        return objects_of(settings.cache)
    from dvc.fs import get_cloud_fs  # type: ignore[import-untyped]

    kind, config, path = get_cloud_fs({}, **settings.cache)
    return _odb(kind(**config), path, config)


def remote_odb(settings: DvcSettings, name: str) -> Any:
    """DVC's object database of a remote; without DVC, one that only opens objects.

    Raises
    ------
    ReleaseError
        If there is no such remote, or it may not be used, or not without DVC.
    """
    remote = settings.remotes.get(name)
    if remote is None:
        raise ReleaseError(f"no DVC remote {name!r}; there are {', '.join(settings.remotes) or 'none'}")
    if remote.refused:
        raise ReleaseError(f"the DVC remote {name!r} was not used: {remote.refused}")
    if remote.note:
        _say_once(remote.note)
    if find_spec("dvc") is None:
        return objects_of(remote.settings, name)
    from dvc.fs import get_cloud_fs

    kind, config, path = get_cloud_fs({"remote": {name: remote.settings}}, name=name)
    if remote.foreign and kind.protocol == "ssh":
        config["agent_forwarding"] = False  # or the host could use the user's keys elsewhere
    system = kind(**config)
    if remote.foreign and kind.protocol in {"http", "https"}:
        _without_netrc(system, remote.settings["url"])
    return _odb(system, path, config)


def _odb(system: Any, path: str, config: dict[str, Any]) -> Any:
    from dvc_data.hashfile.db import get_odb

    make: Any = get_odb
    return make(system, system.join(path, *_FILES), **{**config, "hash_name": "md5"})


def open_object(odb: Any, oid: str) -> BinaryIO:
    """Open an object for reading.

    Raises
    ------
    ReleaseError
        If ``oid`` is not a hash: its path could lead out of the storage.
    """
    if not _OID.fullmatch(oid):
        raise ReleaseError(f"{oid!r} is not the MD5 of an object")
    return cast(BinaryIO, odb.fs.open(odb.oid_to_path(oid), "rb"))


def _without_netrc(system: Any, url: str) -> None:
    """Send no password of ~/.netrc, whose entry ``default`` is for every host; use the proxies of the system."""
    system.fs_args["client_kwargs"]["trust_env"] = False
    address = urlsplit(url)
    proxy = getproxies().get(address.scheme)
    if proxy and not proxy_bypass(address.hostname or ""):
        system.fs_args["proxy"] = proxy


@cache
def _say_once(note: str) -> None:
    say(note)


def outs_of(lock: str | bytes | None, where: str) -> dict[str, str]:
    """Hashes of the outputs of the stages in a dvc.lock, by path.

    Raises
    ------
    ReleaseError
        If the file is not as DVC writes it.
    """
    try:
        return dict(_outs(lock or ""))
    except (yaml.YAMLError, AttributeError, LookupError, TypeError, RecursionError) as error:
        raise ReleaseError(f"{where}: dvc.lock: not a file of DVC: {' '.join(str(error).split())}") from None


@lru_cache(maxsize=64)  # a search reads the lock of a commit many times, and YAML is slow
def _outs(lock: str | bytes) -> tuple[tuple[str, str], ...]:
    stages = (yaml.safe_load(lock) or {}).get("stages", {})
    outs = [out for stage in stages.values() for out in stage.get("outs", ()) if "md5" in out]
    return tuple((out["path"], out["md5"]) for out in outs)


def listing_of(data: bytes, oid: str) -> dict[str, str]:
    """The files of a folder: hashes of objects by path, read from the object that lists them.

    Raises
    ------
    ReleaseError
        If the object is not a list of files as DVC writes it.
    """
    try:
        rows = {row["relpath"]: row["md5"] for row in json.loads(data)}
        if not all(isinstance(part, str) for row in rows.items() for part in row):
            raise TypeError("a path or a hash that is no text")
        return rows
    except (ValueError, LookupError, TypeError) as error:
        raise ReleaseError(f"object {oid} is not a list of files ({error!r}); restore it with dvc push") from None
