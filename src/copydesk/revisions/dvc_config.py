"""Read the settings of DVC; a repository decides only the kind and address of its remotes.

DVC obeys all of a repository's ``.dvc/config``. That of a stranger may name a program that supplies credentials, or
the user's own profile together with an address that receives requests signed with it. So from a repository only the
kind and address of a remote are used. All other settings come from the user: from DVC's system and global
configuration, the environment, and ``.dvc/config.local`` if git does not track it. The user's credentials go to
addresses that the user named, and for a bucket without an address of its own to the provider of that kind of bucket.
"""

from __future__ import annotations

import os
import re
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import platformdirs
from configobj import ConfigObj

from copydesk.errors import ReleaseError
from copydesk.revisions.git import git_result

Section = dict[str, Any]

FILE = ".dvc/config"
_LOCAL = ".dvc/config.local"
#: Addresses that a repository may choose. Only the user may name other kinds of remotes.
_ADDRESS = re.compile(
    r"(?:s3|gs)://[A-Za-z0-9][A-Za-z0-9._-]*(?:/[^?#]*)?|https?://[^/?#]+(?:/[^?#]*)?|"
    r"ssh://(?:\w[\w.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?/.*"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_NAMED_REMOTE = re.compile(r'\s*remote\s*"(.*)"\s*')
#: Keys of the cache and of remotes whose values are paths, relative to the folder of the file.
_FOLDERS = frozenset(
    "dir url configpath credentialpath keyfile cert_path key_path gdrive_user_credentials_file "
    "gdrive_service_account_json_file_path".split()
)
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+")
_BUCKETS = ("s3", "gs")
_ANONYMOUS = "allow_anonymous_login"
_ENDPOINT = "endpointurl"
#: Settings of speed and of writing. Reading works without them, so no note says that they were ignored.
_QUIET = frozenset(
    "cache_regions checksum_jobs connect_timeout connection_timeout jobs listobjects max_sessions no_traverse "
    "protected read_timeout shared slow_link_warning timeout type verify version_aware worktree".split()
)
#: Variables with which the user names an address for S3.
_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
_LARGEST = 1 << 20


class Remote(NamedTuple):
    """A DVC remote with the settings in effect.

    Attributes
    ----------
    settings : dict
        In the form of DVC's configuration.
    foreign : bool
        Whether the repository chose the address, and not the user.
    note : str
        Which settings of the repository were ignored and how the user can allow them; empty if none was.
    refused : str
        Why the remote is not used at all; empty if it is used.
    """

    settings: Section
    foreign: bool
    note: str = ""
    refused: str = ""


class DvcSettings(NamedTuple):
    """The settings of DVC in effect: of the cache, of the remotes, and the name of the default remote.

    ``note`` names the settings of the cache that were ignored and how the user can allow them; empty if none was.
    """

    cache: Section
    remotes: dict[str, Remote]
    default: str | None
    note: str = ""


def own_settings(root: Path) -> DvcSettings:
    """All of DVC's settings, for a repository that is the user's own.

    Raises
    ------
    ReleaseError
        If there is no DVC repository, or a file of settings is invalid.
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
        Hash of a commit, whose settings apply if today's settings lack them.
    origin : str, optional
        For a clone that copydesk made: the address it was cloned from. Then its folder has no settings of the user.

    Raises
    ------
    ReleaseError
        If a file is invalid.
    """
    if commit is None:
        _refuse_without_dvc(root)
    theirs = _parsed(_committed(root, commit), f"{root}: {FILE} at {commit[:12]}") if commit else {}
    if origin is None:
        theirs = _over(theirs, _parsed(_in_working_tree(root), str(root / FILE)))
    everywhere, local = _users(root if origin is None and _is_the_users(root) else None)
    named = _named(origin, [*_remotes(everywhere).values(), *_remotes(local).values()])
    remotes = {
        name: _remote(root, name, [_remotes(c).get(name, {}) for c in (theirs, everywhere, local)], named)
        for name in sorted({*_remotes(theirs), *_remotes(everywhere), *_remotes(local)})
    }
    cache = {**_section(everywhere, "cache"), **_section(local, "cache")}
    note = ""
    if "dir" in _section(theirs, "cache") and "dir" not in cache:
        note = f"{FILE}: ignored cache.dir; to allow it: dvc cache dir --local FOLDER"
    default = next(
        (core["remote"] for c in (local, theirs, everywhere) if "remote" in (core := _section(c, "core"))), ""
    )
    return DvcSettings(_cache(root, cache), remotes, str(default).lower() or None, note)


def unprovable_remote(root: Path, remote: str | None = None) -> str | None:
    """Why a fresh clone could not read the data from a remote, and what to do; None if nothing speaks against it.

    Parameters
    ----------
    root : Path
        The user's own repository.
    remote : str, optional
        The remote's name; the default one otherwise.
    """
    _refuse_without_dvc(root)
    # The files of the repository as they stand: DVC itself makes relative addresses absolute when it reads them.
    files = [_parsed(_in_working_tree(root, name), str(root / name)) for name in (FILE, _LOCAL)]
    settings = [_users(None)[0], *files]
    name = remote or next(
        (_section(c, "core").get("remote") for c in reversed(settings) if "remote" in _section(c, "core")), None
    )
    if name is None:
        return "there is no default DVC remote to publish the data in; dvc remote add --default storage ADDRESS"
    sections = [_remotes(config)[name] for config in settings if name in _remotes(config)]
    if not sections:
        return f"there is no DVC remote {name}; dvc remote add {name} ADDRESS"
    url = str({key: value for section in sections for key, value in section.items()}.get("url", ""))
    path = Path(url).expanduser()
    if _SCHEME.match(url) or path.is_absolute():
        return None
    return (
        f"the DVC remote {name} has a relative address ({url}), which leads elsewhere in a clone; dvc remote modify "
        f"{name} url {(root / '.dvc' / path).resolve()}"
    )


def _refuse_without_dvc(root: Path) -> None:
    if not (root / ".dvc").is_dir():
        raise ReleaseError(f"{root}: no DVC repository; run dvc init, or give --root")


def _cache(root: Path, section: Section) -> Section:
    kept: Section = {key: section[key] for key in ("type", "shared") if key in section}
    return {"url": str(section.get("dir") or (root / ".dvc" / "cache").absolute()), **kept}


class _Named(NamedTuple):
    """Hosts and endpoints of buckets that the user named, and whether the repository is on this machine."""

    hosts: set[str]
    endpoints: set[str]
    on_this_machine: bool


def _named(origin: str | None, users: list[Section]) -> _Named:
    scp = re.match(r"(?:[^@/]*@)?([^:/]+):(?!//)", origin or "")
    hosts = {scp[1].lower() if scp else _host(origin or ""), *(_host(str(section.get("url"))) for section in users)}
    endpoints = {*(os.environ.get(name) for name in _VARIABLES), *(section.get(_ENDPOINT) for section in users)}
    on_this_machine = origin is None or origin.startswith("file://") or Path(origin).exists()
    return _Named(hosts - {""}, {str(endpoint).rstrip("/") for endpoint in endpoints if endpoint}, on_this_machine)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _remote(root: Path, name: str, sections: list[Section], named: _Named) -> Remote:
    """Combine the settings of a remote: the repository's, the user's for all repositories, and for this one."""
    theirs, everywhere, local = sections
    if not theirs or "url" in local or everywhere.get("url") == theirs.get("url"):
        own = {**everywhere, **local}
    else:
        own = local  # another repository may have a remote of the same name
    foreign = "url" not in own
    url = str(own.get("url") or theirs.get("url") or "")
    kind = urlsplit(url).scheme if _SCHEME.match(url) else ""
    if named.on_this_machine:
        level, name_address = "--local", f"dvc remote modify --local {name} url {url}"
    else:
        level, name_address = "--global", f"dvc remote add --global {name} {url}"
    if foreign and (reason := _why_not(url, kind, named)):
        return Remote({}, foreign, refused=f"{url}: {reason}; to allow it: {name_address}")
    if foreign and not kind:
        url = str((root / ".dvc" / Path(url).expanduser()).absolute())
    taken = {"url": url}
    if kind == "s3" and _REGION.fullmatch(str(theirs.get("region"))):
        taken["region"] = theirs["region"]
    if kind in _BUCKETS and str(theirs.get(_ANONYMOUS)).lower() == "true":
        taken[_ANONYMOUS] = "true"
    if kind in _BUCKETS and _ENDPOINT in theirs and _ENDPOINT not in own:
        taken[_ENDPOINT] = str(theirs[_ENDPOINT])
    ignored = sorted(theirs.keys() - taken.keys() - own.keys() - _QUIET)
    if _ENDPOINT in taken and taken[_ENDPOINT].rstrip("/") not in named.endpoints:
        own = {_ANONYMOUS: "true"}
        ignored.append("your credentials for its endpointurl")
    elif foreign and kind not in _BUCKETS and own.keys() - _QUIET:
        own = {}
        ignored.append("your credentials for its url")
    note = ""
    if ignored:
        note = (
            f"{FILE}: remote {name}: ignored {', '.join(ignored)}; to allow it: {name_address}, and dvc remote "
            f"modify {level} {name} KEY VALUE"
        )
    return Remote({**taken, **own}, foreign, note)


def _why_not(url: str, kind: str, named: _Named) -> str | None:
    """Reason why an address that the repository chose is not used; None if it is used."""
    if kind in ("", "file"):
        return None if named.on_this_machine else "a folder of this machine, chosen by a repository that is not on it"
    if not _ADDRESS.fullmatch(url) or not url.isprintable():
        return "not an address that a repository may choose; expected s3://, gs://, https:// or ssh://"
    if kind == "ssh" and _host(url) not in named.hosts:
        return "your keys go only to hosts that you named"
    return None


def _section(config: Section, name: str) -> Section:
    section = config.get(name)
    return section if isinstance(section, dict) else {}


def _remotes(config: Section) -> dict[str, Section]:
    return {name: section for name, section in _section(config, "remote").items() if isinstance(section, dict)}


def _over(before: Section, after: Section) -> Section:
    """Settings overridden by other settings, key by key; each remote is a section of its own."""
    merged: Section = {name: {**_section(before, name), **_section(after, name)} for name in ("core", "cache")}
    old, new = _remotes(before), _remotes(after)
    merged["remote"] = {name: {**old.get(name, {}), **new.get(name, {})} for name in sorted({*old, *new})}
    return merged


def _parsed(text: str, where: str) -> Section:
    """The sections of a file in the form of DVC's configuration; remotes by name below ``remote``."""
    try:
        # Without interpolation, by which a small file could make values of any length.
        parsed = _lower_keys(ConfigObj(StringIO(text), interpolation=False).dict())
    except Exception as error:  # the parser raises errors of many kinds
        raise ReleaseError(f"{where}: DVC cannot read it ({error})") from None
    named = {match[1]: section for title, section in parsed.items() if (match := _NAMED_REMOTE.fullmatch(title))}
    others = {title: section for title, section in parsed.items() if not _NAMED_REMOTE.fullmatch(title)}
    return {**others, "remote": named}


def _lower_keys(section: Any) -> Any:
    return (
        {key.lower(): _lower_keys(value) for key, value in section.items()} if isinstance(section, dict) else section
    )


def _in_working_tree(root: Path, name: str = FILE) -> str:
    path = root / name
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(_LARGEST)


def _committed(root: Path, commit: str) -> str:
    result = git_result(root, "show", f"{commit}:./{FILE}")
    return result.stdout[:_LARGEST].decode("utf-8", "replace") if result.returncode == 0 else ""


def _users(root: Path | None) -> tuple[Section, Section]:
    """The user's settings for all repositories, and for this one; relative folders are made absolute."""
    folders = [
        Path(os.environ.get("DVC_SYSTEM_CONFIG_DIR") or platformdirs.site_config_dir("dvc", "iterative")),
        Path(os.environ.get("DVC_GLOBAL_CONFIG_DIR") or platformdirs.user_config_dir("dvc", "iterative")),
    ]
    system, everywhere = (_read(folder / "config") for folder in folders)
    return _over(system, everywhere), _read(root / _LOCAL) if root is not None else {}


def _read(file: Path) -> Section:
    """A file of the user's settings; empty if there is none."""
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ReleaseError(f"{file}: your DVC configuration cannot be read ({error})") from None
    settings = _parsed(text, str(file))
    for section in (_section(settings, "cache"), *_remotes(settings).values()):
        for key in _FOLDERS & section.keys():
            path = str(section[key])
            if not _SCHEME.match(path):
                # As DVC does: by its name, also where a folder of it is a link.
                section[key] = os.path.normpath((file.parent / Path(path).expanduser()).absolute())
    return settings


def _is_the_users(root: Path) -> bool:
    """Whether config.local is the user's own: it may be part of a stranger's repository."""
    folder = root / ".dvc"
    if folder.is_symlink() or (folder / ".git").exists() or not (folder / "config.local").is_file():
        return False
    result = git_result(root, "ls-files", "--", f":(icase){_LOCAL}")
    return result.returncode == 0 and not result.stdout
