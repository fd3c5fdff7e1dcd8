"""Print what goes with copydesk as a CycloneDX document: every package of requirements.lock, its hashes, its needs.

    python .ci/sbom.py > build/sbom.json

Names, versions, hashes and markers are those of the lock; who needs whom, and licenses, are as the packages that are
installed say. No clock and no random number: the same lock, installed, gives the same bytes.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import copydesk

ROOT = Path(__file__).parents[1]
#: Markers are asked for each, so that the list is the same whoever makes it.
_SYSTEMS = [
    {"sys_platform": system, "platform_system": name, "os_name": kind}
    for system, name, kind in (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt"))
]


class Locked(NamedTuple):
    """A package of the lock."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    @property
    def purl(self) -> str:
        """The package's URL, which is its name in the document too."""
        return f"pkg:pypi/{self.name}@{self.version}"


def read_lock(text: str) -> list[Locked]:
    """Packages of a lock; every line must belong to one, and every one must have a hash.

    Raises
    ------
    ValueError
        Naming the line.
    """
    found = []
    for entry in filter(str.strip, text.replace("\\\n", " ").splitlines()):
        requirement, *hashes = re.split(r"\s+--hash=sha256:", entry.strip())
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==([^\s;]+)(?:\s*;\s*(.+))?", requirement.strip())
        if match is None or not hashes or not all(re.fullmatch(r"[0-9a-f]{64}", each) for each in hashes):
            raise ValueError(f"{requirement!r}: expected NAME==VERSION and hashes; run make lock")
        found.append(Locked(canonicalize_name(match[1]), match[2], match[3] or "", tuple(hashes)))
    return found


def document(locked: list[Locked], project: dict[str, Any]) -> dict[str, Any]:
    """The whole document."""
    known = {package.name for package in locked}
    extras = project["optional-dependencies"]
    required = _reached(project["dependencies"], known)
    optional = _reached([*project["dependencies"], *extras["build"], *extras["web"], *extras["ray"]], known)
    needs = {**_reached(extras["dev"] + extras["docs"], known), **optional, **required}
    root = f"pkg:pypi/copydesk@{copydesk.__version__}"
    refs = {name: sorted(p.purl for p in locked if p.name == name) for name in known}
    direct = {canonicalize_name(Requirement(each).name) for each in project["dependencies"]}
    made: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": root,
                "name": "copydesk",
                "version": copydesk.__version__,
                "purl": root,
                "description": project["description"],
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": [_component(package, required, optional) for package in locked],
        "dependencies": [{"ref": root, "dependsOn": _all(direct, refs)}]
        + [{"ref": p.purl, "dependsOn": _all(needs.get(p.name, ()), refs)} for p in locked],
    }
    made["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(made, sort_keys=True))}"
    return made


def _reached(requirements: Iterable[str], known: set[str]) -> dict[str, set[str]]:
    """Packages that requirements lead to on any system, and which other packages each of them needs."""
    needs: dict[str, set[str]] = {}
    seen: set[tuple[str, str]] = set()
    todo = [Requirement(each) for each in requirements]
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        for extra in {"", *wanted.extras}:
            if name not in known or (name, extra) in seen:
                continue
            seen.add((name, extra))
            further = [each for each in map(Requirement, _requires(name)) if _applies(each, extra)]
            needs.setdefault(name, set()).update(canonicalize_name(each.name) for each in further)
            todo += further
    return needs


def _requires(name: str) -> list[str]:
    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:  # for another system
        return []


def _applies(requirement: Requirement, extra: str) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**system, "extra": extra}) for system in _SYSTEMS)


def _component(package: Locked, required: Container[str], optional: Container[str]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
        # excluded: for those who change copydesk, and never at run time
        "scope": "required" if package.name in required else "optional" if package.name in optional else "excluded",
        # One hash for each file that may be installed.
        "externalReferences": [
            {
                "type": "distribution",
                "url": package.purl,
                "hashes": [{"alg": "SHA-256", "content": content} for content in package.hashes],
            }
        ],
    }
    if package.marker:
        made["properties"] = [{"name": "copydesk:marker", "value": package.marker}]
    if expression := _license(package):
        made["licenses"] = [{"expression": expression}]
    return made


def _license(package: Locked) -> str | None:
    """The license as SPDX writes it, if the package that is installed says so."""
    try:
        told = importlib.metadata.metadata(package.name)
    except importlib.metadata.PackageNotFoundError:
        return None
    return told.get("License-Expression") if told["Version"] == package.version else None


def _all(names: Iterable[str], refs: dict[str, list[str]]) -> list[str]:
    return sorted(ref for name in names for ref in refs.get(name, ()))


def main() -> None:
    """Print the document for this repository's lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    try:
        locked = read_lock((ROOT / "requirements.lock").read_text("utf-8"))
    except ValueError as error:
        sys.exit(f"requirements.lock: {error}")
    json.dump(document(locked, project), sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
