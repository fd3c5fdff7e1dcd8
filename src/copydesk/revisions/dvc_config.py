"""What a repository may decide about the DVC remotes that are asked for its data.

DVC obeys all of a repository's ``.dvc/config``. That of a stranger may name a file by which a program gives the
credentials, or the reader's own profile beside an address that gets what is signed with it. So of what a repository
says only kind and address of a remote are taken. All else comes from the user: from DVC's system and global
configuration, the environment, and ``.dvc/config.local`` where git does not track it. The user's credentials go to
addresses that the user named, and for a bucket without an address of its own to the provider whose they are.
"""

from __future__ import annotations

import os
import re
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from copydesk.errors import ReleaseError
from copydesk.revisions.git import git_result

Section = dict[str, Any]

FILE = ".dvc/config"
_LOCAL = ".dvc/config.local"
#: Addresses that a repository may choose. Any other kind of remote must be named by the user.
_ADDRESS = re.compile(
    r"(?:s3|gs)://[A-Za-z0-9][A-Za-z0-9._-]*(?:/[^?#]*)?|https?://[^/?#]+(?:/[^?#]*)?|"
    r"ssh://(?:\w[\w.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?/.*"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+")
_BUCKETS = ("s3", "gs")
_ANONYMOUS = "allow_anonymous_login"
_ENDPOINT = "endpointurl"
#: Settings of speed and of writing. Reading does without them, so nobody needs to hear that they were not taken.
_QUIET = frozenset(
    "cache_regions checksum_jobs connect_timeout connection_timeout jobs listobjects max_sessions no_traverse "
    "protected read_timeout shared slow_link_warning timeout type verify version_aware worktree".split()
)
#: Variables by which the user names an address for S3.
_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
_LARGEST = 1 << 20


class Remote(NamedTuple):
    """A DVC remote as far as its settings are obeyed.

    Attributes
    ----------
    settings : dict
        As DVC has them.
    foreign : bool
        Whether the repository chose the address, and not the user.
    note : str
        Which settings of the repository were not taken and how the user allows them; empty if all were.
    refused : str
        Why it is not asked at all; empty if it is.
    """

    settings: Section
    foreign: bool
    note: str = ""
    refused: str = ""


class DvcSettings(NamedTuple):
    """DVC's settings as far as they are obeyed: of the cache, of the remotes, and the name of the default one.

    ``note`` says which settings of the cache were not taken and how the user allows them; empty if all were.
    """

    cache: Section
    remotes: dict[str, Remote]
    default: str | None
    note: str = ""


def own_settings(root: Path) -> DvcSettings:
    """All of DVC's settings, as DVC has them, for a repository that is the user's own.

    Raises
    ------
    ReleaseError
        If there is no DVC repository, or a file of settings cannot be understood.
    """
    from dvc.config import Config, ConfigError  # type: ignore[import-untyped]

    _refuse_without_dvc(root)
    try:
        config = Config(str(root / ".dvc"))
    except ConfigError as error:
        raise ReleaseError(f"{root}: {error}") from None
    remotes = {name: Remote(section, foreign=False) for name, section in config["remote"].items()}
    return DvcSettings(_cache(root, config["cache"]), remotes, config["core"].get("remote"))


def dvc_settings(root: Path, commit: str | None = None, origin: str | None = None) -> DvcSettings:
    """DVC's settings for reading the data of a repository that may be a stranger's.

    Parameters
    ----------
    root : Path
        The repository's folder.
    commit : str, optional
        Hash of a commit whose settings stand behind those of today.
    origin : str, optional
        For a clone that we made: where it was cloned from. Then its folder holds nothing of the user's.

    Raises
    ------
    ReleaseError
        If a file cannot be understood.
    """
    if commit is None:
        _refuse_without_dvc(root)
    theirs = _parsed(_committed(root, commit), f"{root}: {FILE} at {commit[:12]}") if commit else {}
    if origin is None:
        theirs = _over(theirs, _parsed(_today(root), str(root / FILE)))
    everywhere, local = _users(root if origin is None and _is_the_users(root) else None)
    named = _named(origin, [*_remotes(everywhere).values(), *_remotes(local).values()])
    remotes = {
        name: _remote(root, name, [_remotes(c).get(name, {}) for c in (theirs, everywhere, local)], named)
        for name in sorted({*_remotes(theirs), *_remotes(everywhere), *_remotes(local)})
    }
    cache = {**_section(everywhere, "cache"), **_section(local, "cache")}
    note = ""
    if "dir" in _section(theirs, "cache") and "dir" not in cache:
        note = f"{FILE}: without cache.dir; to allow it: dvc cache dir --local FOLDER"
    default = next(
        (core["remote"] for c in (local, theirs, everywhere) if "remote" in (core := _section(c, "core"))), ""
    )
    return DvcSettings(_cache(root, cache), remotes, str(default).lower() or None, note)


def _refuse_without_dvc(root: Path) -> None:
    if not (root / ".dvc").is_dir():
        raise ReleaseError(f"{root}: no DVC repository; run dvc init, or give --root")


def _cache(root: Path, section: Section) -> Section:
    kept: Section = {key: section[key] for key in ("type", "shared") if key in section}
    return {"url": str(section.get("dir") or (root / ".dvc" / "cache").absolute()), **kept}


class _Named(NamedTuple):
    """What the user named: hosts, endpoints of buckets, and whether it is a repository on this machine."""

    hosts: set[str]
    endpoints: set[str]
    here: bool


def _named(origin: str | None, users: list[Section]) -> _Named:
    scp = re.match(r"(?:[^@/]*@)?([^:/]+):(?!//)", origin or "")
    hosts = {scp[1].lower() if scp else _host(origin or ""), *(_host(str(section.get("url"))) for section in users)}
    endpoints = {*(os.environ.get(name) for name in _VARIABLES), *(section.get(_ENDPOINT) for section in users)}
    here = origin is None or origin.startswith("file://") or Path(origin).exists()
    return _Named(hosts - {""}, {str(endpoint).rstrip("/") for endpoint in endpoints if endpoint}, here)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _remote(root: Path, name: str, sections: list[Section], named: _Named) -> Remote:
    """Put together what the repository says of a remote, and the user: everywhere, and in this repository."""
    theirs, everywhere, local = sections
    if not theirs or "url" in local or everywhere.get("url") == theirs.get("url"):
        own = {**everywhere, **local}
    else:
        own = local  # that of the system may be of the same name in another repository
    foreign = "url" not in own
    url = str(own.get("url") or theirs.get("url") or "")
    kind = urlsplit(url).scheme if _SCHEME.match(url) else ""
    level = "--local" if named.here else "--global"
    naming = (
        f"dvc remote {'modify --local' if named.here else 'add --global'} {name}{' url' if named.here else ''} {url}"
    )
    if foreign and (reason := _why_not(url, kind, named)):
        return Remote({}, foreign, refused=f"{url}: {reason}; if it may be asked: {naming}")
    if foreign and not kind:
        url = str((root / ".dvc" / Path(url).expanduser()).absolute())
    taken = {"url": url}
    if kind == "s3" and _REGION.fullmatch(str(theirs.get("region"))):
        taken["region"] = theirs["region"]
    if kind in _BUCKETS and str(theirs.get(_ANONYMOUS)).lower() == "true":
        taken[_ANONYMOUS] = "true"
    if kind in _BUCKETS and _ENDPOINT in theirs and _ENDPOINT not in own:
        taken[_ENDPOINT] = str(theirs[_ENDPOINT])
    left = sorted(theirs.keys() - taken.keys() - own.keys() - _QUIET)
    if _ENDPOINT in taken and taken[_ENDPOINT].rstrip("/") not in named.endpoints:
        own = {_ANONYMOUS: "true"}
        left.append("your credentials for its endpointurl")
    elif foreign and kind not in _BUCKETS and own.keys() - _QUIET:
        own = {}
        left.append("your credentials for its url")
    allowing = f"{naming}, and dvc remote modify {level} {name} KEY VALUE"
    note = f"{FILE}: remote {name}: without {', '.join(left)}; to allow it: {allowing}" if left else ""
    return Remote({**taken, **own}, foreign, note)


def _why_not(url: str, kind: str, named: _Named) -> str | None:
    """Why an address that the repository chose is not asked."""
    if kind in ("", "file"):
        return None if named.here else "a folder of this machine, chosen by a repository that is not on it"
    if not _ADDRESS.fullmatch(url) or not url.isprintable():
        return "no address that a repository may choose; expected s3://, gs://, https:// or ssh://"
    if kind == "ssh" and _host(url) not in named.hosts:
        return "your keys go to hosts that you named, and this is another"
    return None


def _section(config: Section, name: str) -> Section:
    section = config.get(name)
    return section if isinstance(section, dict) else {}


def _remotes(config: Section) -> dict[str, Section]:
    return {name: section for name, section in _section(config, "remote").items() if isinstance(section, dict)}


def _over(before: Section, after: Section) -> Section:
    """Settings with others over them, a remote as a whole."""
    return {name: {**_section(before, name), **_section(after, name)} for name in ("core", "cache", "remote")}


def _parsed(text: str, where: str) -> Section:
    from dvc.config import Config

    try:
        parsed: Section = Config.load_file(where, SimpleNamespace(open=lambda _: StringIO(text)))
    except Exception as error:  # the parser has errors of many kinds, and one of DVC's around some of them
        raise ReleaseError(f"{where}: DVC cannot read it ({error})") from None
    return parsed


def _today(root: Path) -> str:
    path = root / FILE
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(_LARGEST)


def _committed(root: Path, commit: str) -> str:
    shown = git_result(root, "show", f"{commit}:./{FILE}")
    return shown.stdout[:_LARGEST].decode("utf-8", "replace") if shown.returncode == 0 else ""


def _users(root: Path | None) -> tuple[Section, Section]:
    """What the user says everywhere, and in this repository."""
    from dvc.config import Config, ConfigError

    local = str(root / ".dvc") if root is not None else None
    try:
        config = Config(local_dvc_dir=local, validate=False)
        system, everywhere = config.load_one("system"), config.load_one("global")
        return _over(system, everywhere), config.load_one("local") if local else {}
    except ConfigError as error:
        raise ReleaseError(f"your DVC configuration: {error}") from None


def _is_the_users(root: Path) -> bool:
    """Whether config.local is the user's own: it may have come with the repository."""
    folder = root / ".dvc"
    if folder.is_symlink() or (folder / ".git").exists() or not (folder / "config.local").is_file():
        return False
    listed = git_result(root, "ls-files", "--", f":(icase){_LOCAL}")
    return listed.returncode == 0 and not listed.stdout
