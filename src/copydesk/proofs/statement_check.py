"""Check the statement of a release: that it is intact, and says of every file and table what the manifest says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from copydesk.core.atomic_files import json_text
from copydesk.core.json_schema import load_json
from copydesk.dataset.manifest import LISTING, NAME, STATEMENT
from copydesk.errors import ConfigError
from copydesk.proofs.problem import Problem
from copydesk.proofs.statement import (
    BUILD,
    PREDICATE,
    TYPE,
    dependencies,
    external_parameters,
    library_version,
    stated_subjects,
    subjects,
    with_identifier,
)

_ACTION = "restore it from the commit of the release, or do not trust what it says"


def read_statement(data: bytes) -> dict[str, Any]:
    """Parse a statement, and check that not a bit of it has changed since it was written.

    Raises
    ------
    ConfigError
        Saying what was found and what was expected.
    """
    try:
        text = data.decode()
        statement = load_json(text, STATEMENT)
        claimed = statement["predicate"]["runDetails"]["metadata"]["invocationId"]
        computed = with_identifier(statement)
        identifier = computed["predicate"]["runDetails"]["metadata"]["invocationId"]
        kinds = statement["_type"], statement["predicateType"], statement["predicate"]["buildDefinition"]["buildType"]
        if kinds != (TYPE, PREDICATE, BUILD):
            raise ConfigError(f"found {', '.join(map(str, kinds))}, expected {TYPE}, {PREDICATE}, {BUILD}")
        stated_subjects(statement)
        _check_dependencies(statement)
        canonical = json_text(computed)
    except (UnicodeDecodeError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        expected = "a statement as copydesk release writes it"
        raise ConfigError(f"found {type(error).__name__}: {error}, expected {expected}") from None
    if claimed != identifier:
        raise ConfigError(f"found the identifier {claimed}, expected {identifier}, the hash of the rest")
    if canonical != text:
        raise ConfigError("found other white space or another order of keys, expected those of copydesk release")
    return dict(statement)


def statement_problems(
    statement: Mapping[str, Any], hashes: Mapping[str, str], listing: Mapping[str, Any]
) -> Iterator[Problem]:
    """Yield what a statement says of a release and its manifest does not.

    Parameters
    ----------
    statement : mapping
        As :func:`read_statement` returns it.
    hashes : mapping
        SHA-256 of the manifest and of every file in it, by path.
    listing : mapping
        The parsed ``manifest.json``.
    """
    stated, actual = stated_subjects(statement), subjects(hashes, listing)
    for name in sorted(stated.keys() | actual.keys()):
        if stated.get(name) != actual.get(name):
            found = f"{_digest(stated.get(name))} for {name}"
            source = LISTING if name not in hashes else "the file" if name == NAME else NAME
            yield Problem(STATEMENT, found, f"{_digest(actual.get(name))} as in {source}", _ACTION)
    claimed = statement["predicate"]["buildDefinition"]["externalParameters"]
    expected = external_parameters(listing)
    for key in sorted(expected.keys() | claimed.keys()):
        stated_value = claimed.get(key)
        if stated_value != expected.get(key):
            yield Problem(STATEMENT, f"{key} {stated_value!r}", f"{expected.get(key)!r} as in {LISTING}", _ACTION)
    entries = dependencies(statement)
    for name, version in sorted(listing["libraries"].items()):
        stated_version = library_version(entries.get(name, {}))
        if version is not None and stated_version != version:
            yield Problem(STATEMENT, f"{name} {stated_version or 'nowhere'}", f"{version} as in {LISTING}", _ACTION)


def _check_dependencies(statement: Mapping[str, Any]) -> None:
    """Check that what a release was built from has the form that other modules rely on.

    Raises
    ------
    TypeError
        Naming the dependency.
    """
    for name, entry in dependencies(statement).items():
        of_type = {"digest": dict, "annotations": dict, "uri": str}
        wrong = [key for key, kind in of_type.items() if not isinstance(entry.get(key, kind()), kind)]
        if not isinstance(name, str) or wrong:
            raise TypeError(f"dependency {name!r}: {', '.join(wrong) or 'name'} of another type")
    if not isinstance(statement["predicate"]["buildDefinition"]["externalParameters"], dict):
        raise TypeError("externalParameters: no object")


def is_about(statement: Mapping[str, Any], manifest_sha256: str) -> bool:
    """Whether a statement is about the manifest with this hash, and not about an earlier one."""
    return stated_subjects(statement).get(NAME) == ("sha256", manifest_sha256)


def _digest(value: tuple[str, str] | None) -> str:
    return " ".join(value) if value else "nothing"
