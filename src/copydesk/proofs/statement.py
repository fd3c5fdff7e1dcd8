"""The statement of a release about how it was made: in-toto's Statement v1 with the predicate of SLSA, Provenance v1.

It lies beside the manifest, in git with the release. Its subjects are the manifest and every file of the dataset by
SHA-256, and every table by the logical hash of its rows. It has no clock and no random number: the same release gives
the same bytes. The identifier of the invocation is the hash of the rest, so that a change is noticed without a key.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from copydesk._version import __version__
from copydesk.core.atomic_files import json_text, write_text
from copydesk.dataset.manifest import NAME, STATEMENT, read_listing, read_manifest
from copydesk.proofs.build_inputs import Input, build_inputs
from copydesk.revisions.toolkit_lock import stage_hashes

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD = "urn:copydesk:build:v1"
BUILDER = "urn:copydesk:release"
#: The algorithm of the digests of tables: see docs/logical-hash.md.
LOGICAL = "copydeskLogicalHash"
TABLE = "table "
TOOLKIT = "copydesk"
_PACKAGE = "pkg:pypi/"
_LOCK = "requirements.lock"
_LOCKED = re.compile(r"(?m)^([A-Za-z0-9._-]+)==([^\s;\\]+)((?:[^\n]*\\\n)*[^\n]*)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def write_statement(root: Path) -> None:
    """Write the statement about the dataset that was built in a repository."""
    corpus = root / "corpus"
    hashes = {**read_manifest(corpus), NAME: hashlib.sha256((corpus / NAME).read_bytes()).hexdigest()}
    listing = read_listing(corpus)
    lock = root / _LOCK
    locked = locked_hashes(lock.read_text("utf-8", "replace")) if lock.is_file() else {}
    text = statement_text(hashes, listing, build_inputs(root), locked)
    write_text(corpus / STATEMENT, text)


def statement_text(
    hashes: Mapping[str, str],
    listing: Mapping[str, Any],
    inputs: Mapping[str, Input],
    locked: Mapping[tuple[str, str], list[str]],
) -> str:
    """Render the statement.

    Parameters
    ----------
    hashes : mapping
        SHA-256 of the manifest and of every file of the dataset, by path.
    listing : mapping
        The parsed ``manifest.json``.
    inputs : mapping
        What the dataset was built from, by name.
    locked : mapping
        SHA-256 of the files of a package that may be installed, by name and version, where a lock names them.
    """
    statement = {
        "_type": TYPE,
        "subject": [
            {"name": name, "digest": {algorithm: digest}}
            for name, (algorithm, digest) in sorted(subjects(hashes, listing).items())
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD,
                "externalParameters": external_parameters(listing),
                "resolvedDependencies": [
                    *_revision(listing),
                    *(
                        {"name": name, "digest": {"sha256": value.sha256}, "annotations": {"files": value.files}}
                        for name, value in sorted(inputs.items())
                    ),
                    _toolkit(),
                    *(
                        _library(name, version, locked)
                        for name, version in sorted(listing["libraries"].items())
                        if version
                    ),
                ],
            },
            "runDetails": {
                "builder": {"id": BUILDER, "version": {TOOLKIT: __version__}},
                "metadata": {"invocationId": ""},
            },
        },
    }
    return json_text(with_identifier(statement))


def subjects(hashes: Mapping[str, str], listing: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """What a statement is about, by name: algorithm and digest of each file, and of each table."""
    tables = {f"{TABLE}{name}": (LOGICAL, table["logical_sha256"]) for name, table in listing["tables"].items()}
    return {name: ("sha256", digest) for name, digest in hashes.items()} | tables


def stated_subjects(statement: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """What a statement is about, as it says: algorithm and digest by name.

    Raises
    ------
    ValueError
        If a subject has more than one digest, or a name occurs twice.
    """
    digests: dict[str, tuple[str, str]] = {}
    for subject in statement["subject"]:
        ((algorithm, digest),) = subject["digest"].items()
        if not isinstance(digest, str) or not isinstance(subject["name"], str):
            raise ValueError(f"{subject['name']!r}: a name or digest that is no text")
        if digests.setdefault(subject["name"], (algorithm, digest)) != (algorithm, digest):
            raise ValueError(f"{subject['name']} twice")
    return digests


def external_parameters(listing: Mapping[str, Any]) -> dict[str, Any]:
    """What a steward decides about a build, as ``manifest.json`` says it."""
    return {
        "version": listing["version"],
        "revision": listing.get("commit"),
        "date": listing.get("date"),
        "params": listing["params"],
    }


def with_identifier(statement: Mapping[str, Any]) -> dict[str, Any]:
    """The statement with the hash of everything else in it as the identifier of the invocation."""
    predicate = statement["predicate"]
    details = predicate["runDetails"]

    def identified(identifier: str) -> dict[str, Any]:
        metadata = {**details["metadata"], "invocationId": identifier}
        return {**statement, "predicate": {**predicate, "runDetails": {**details, "metadata": metadata}}}

    rest = json.dumps(identified(""), sort_keys=True, ensure_ascii=False).encode()
    return identified(f"sha256:{hashlib.sha256(rest).hexdigest()}")


def dependencies(statement: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What a release was built from, by name."""
    return {entry["name"]: entry for entry in statement["predicate"]["buildDefinition"]["resolvedDependencies"]}


def library_version(entry: Mapping[str, Any]) -> str | None:
    """The version of a dependency that is a package; None for another one."""
    uri = str(entry.get("uri", ""))
    return uri.rpartition("@")[2] if uri.startswith(_PACKAGE) else None


def locked_hashes(lock: str) -> dict[tuple[str, str], list[str]]:
    """SHA-256 of the files of each package in a lock of pip, by name and version.

    >>> locked_hashes("ftfy==6.3.1 \\\\\\n    --hash=sha256:" + "0" * 64)
    {('ftfy', '6.3.1'): ['0000000000000000000000000000000000000000000000000000000000000000']}
    """
    return {(name, version): _HASH.findall(rest) for name, version, rest in _LOCKED.findall(lock)}


def _revision(listing: Mapping[str, Any]) -> list[dict[str, Any]]:
    commit = listing.get("commit")
    return [{"name": "revision", "digest": {"gitCommit": commit}}] if commit else []


def _toolkit() -> dict[str, Any]:
    """The code that built the dataset, stage by stage."""
    stages = stage_hashes()
    digest = hashlib.sha256(json.dumps(stages, sort_keys=True).encode()).hexdigest()
    return {
        "name": TOOLKIT,
        "uri": f"{_PACKAGE}{TOOLKIT}@{__version__}",
        "digest": {"sha256": digest},
        "annotations": {"stages": stages},
    }


def _libraries(listing: Mapping[str, Any]) -> dict[str, str]:
    return {name: version for name, version in listing["libraries"].items() if version is not None}


def _library(name: str, version: str, locked: Mapping[tuple[str, str], list[str]]) -> dict[str, Any]:
    """A library that decides bytes. A lock names one hash for each file that may be installed, such as each wheel."""
    hashes = locked.get((name, version), [])
    entry: dict[str, Any] = {"name": name, "uri": f"{_PACKAGE}{name}@{version}"}
    return {**entry, "annotations": {"anyOfSha256": hashes}} if hashes else entry
