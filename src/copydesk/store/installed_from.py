"""Where copydesk was installed from: for the requirements of a corpus, and for advice to install an extra.

Installers record it as ``direct_url.json`` (PEP 610) unless a package came from an index. A bare name is only right
in that case: under a name that no index has, anybody may register a program that CI then runs.
"""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from typing import Any

from copydesk._version import __version__
from copydesk.errors import BuildError

#: What stands in requirements.txt if copydesk was installed from this machine: CI cannot install it from there.
_UNKNOWN = """\
# copydesk was installed from a folder or file of one machine. Write here where others can install it from, such as
#   copydesk[build] @ git+https://HOST/ORG/copydesk@COMMIT
#   copydesk[build] @ https://HOST/copydesk-{version}-py3-none-any.whl
"""
_OURS = re.compile(r"(?m)^copydesk(?P<extras>\[[^\]\n]*\])?\s*(?:@|[=<>!~]=|$).*\n?")
_GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?")


#: Modules of the libraries of the extra ``build``; loading, verifying and carrying labels need none of them.
_OF_BUILD = frozenset(
    "datasets dvc dvc_data dvc_objects fsspec ftfy huggingface_hub idna langcodes msgpack psutil pycld2 rensa "
    "wordfreq".split()
)
#: Extras with which the libraries of ``build`` are installed.
_WITH_BUILD = frozenset({"build", "dev", "ray", "web"})


def requirements(current: str | None = None) -> str:
    """The text of a requirements.txt that installs this copydesk.

    Parameters
    ----------
    current : str, optional
        The text that is there now. Its other lines, and the extras that it names, stay.
    """
    line = requirement()
    if current is None:
        return line
    ours = _OURS.search(current)
    if ours is None or line.startswith("#"):  # the steward has named a place, and it may be right
        return current
    extras = [extra.strip() for extra in (ours["extras"] or "").strip("[]").split(",") if extra.strip()]
    if not _WITH_BUILD & {*extras}:
        extras.insert(0, "build")
    wanted = f"copydesk[{','.join(extras)}]"
    return _OURS.sub(lambda _: line.replace("copydesk[build]", wanted, 1), current, count=1)


def names_copydesk(requirements_text: str) -> bool:
    """Whether the text of a requirements.txt has a line that installs copydesk."""
    return _OURS.search(requirements_text) is not None


def requirement() -> str:
    """The line of requirements.txt for this copydesk, or a comment that says what to write."""
    url = _direct_url()
    if url is None:
        return f"copydesk[build]=={__version__}\n"
    address = re.sub(r"(?<=://)[^/@]*@", "", str(url.get("url", "")))  # no password
    vcs = url.get("vcs_info")
    if isinstance(vcs, dict) and address.startswith("https://"):
        folder = f"#subdirectory={url['subdirectory']}" if url.get("subdirectory") else ""
        return f"copydesk[build] @ {vcs.get('vcs', 'git')}+{address}@{vcs.get('commit_id', '')}{folder}\n"
    if "archive_info" in url and address.startswith("https://"):
        sha256 = (url["archive_info"].get("hashes") or {}).get("sha256")
        return f"copydesk[build] @ {address}{f'#sha256={sha256}' if sha256 else ''}\n"
    return _UNKNOWN.format(version=__version__)


def install_extra(extra: str) -> str:
    """The advice to install this copydesk again with an extra, such as ``web``."""
    line = requirement().strip()
    if line.startswith("#"):  # a folder or file of this machine, or an unknown place
        advice = f"install copydesk with its extra {extra} from where you have it"
        return f"{advice}: pip install 'copydesk[{extra}] @ git+URL'"
    return f"run: pip install '{line.replace('copydesk[build]', f'copydesk[{extra}]', 1)}'"


def require_build(what: str) -> None:
    """Refuse what a build alone can do if its libraries are not installed.

    Raises
    ------
    BuildError
        Naming the first library that is missing, and what to install.
    """
    if missing := next((name for name in sorted(_OF_BUILD) if find_spec(name) is None), None):
        raise BuildError(f"{what}: needs {missing}, which is not installed; {install_extra('build')}")


def advice(error: ModuleNotFoundError) -> str | None:
    """What to install if a library of a build is missing; None for any other module."""
    module = (error.name or "").partition(".")[0]
    return f"{module} is not installed; {install_extra('build')}" if module in _OF_BUILD else None


def action() -> str | None:
    """The action of the GitHub repository that copydesk was installed from, in the form of a workflow; or None."""
    url = _direct_url() or {}
    match = _GITHUB.fullmatch(re.sub(r"(?<=://)[^/@]*@", "", str(url.get("url", ""))))
    commit = str((url.get("vcs_info") or {}).get("commit_id", ""))
    return f"{match[1]}@{commit}" if match and re.fullmatch("[0-9a-f]{40}", commit) else None


def _direct_url() -> dict[str, Any] | None:
    try:
        recorded = distribution("copydesk").read_text("direct_url.json")
        return dict(json.loads(recorded)) if recorded else None
    except (PackageNotFoundError, ValueError):
        return {}
