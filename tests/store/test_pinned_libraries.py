"""One list of libraries: the fingerprint, the manifest, toolkit.json and the doctor follow from it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions

import pytest

from copydesk.core.config import load_params
from copydesk.dataset.manifest import libraries_of as manifest_libraries
from copydesk.readers.record_cache import _key as record_cache_key
from copydesk.readers.seed_files import Seed, Stamp
from copydesk.revisions.toolkit_lock import STAGES
from copydesk.scaffold.doctor import _libraries as doctor_libraries
from copydesk.stages.ingest import _page_readers
from copydesk.store import fingerprint as fingerprint_module
from copydesk.store.fingerprint import fingerprint, sources
from copydesk.store.pinned_libraries import PINNED, PINNED_FOR_PAGES, UNPINNED, UNPINNED_FOR_RECORDS
from support import ROOT

#: Libraries that the code of the stages imports and that no fingerprint names, each with the reason.
WITHOUT_INFLUENCE = {
    "pyyaml": "reads settings, whose values are in the fingerprint; writes the card, which no shard follows from",
    "datasets": "names the types of columns for the card; loads the dataset to check it",
    "jsonschema-rs": "gives the verdict of the standard, which tests hold against the reference implementation",
    "mlcroissant": "reads the dataset to check it, where it is installed",
    "rich": "draws on the terminal",
    "msgpack": "reads the files of wordfreq, which is pinned",
}


@cache
def distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def imported_modules(stage: str) -> Iterator[str]:
    """Top-level modules that the code of a stage imports, anywhere in it."""
    for path in sources(f"copydesk.stages.{stage}"):
        for node in ast.walk(ast.parse(path.read_bytes())) if path.suffix == ".py" else ():
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


def imported_libraries(stage: str) -> set[str]:
    modules = set(imported_modules(stage)) - sys.stdlib_module_names - {"copydesk"}
    return {re.sub("[-_.]+", "-", name).lower() for module in modules for name in distributions()[module]}


def test_pyproject_pins_the_same_versions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    def pinned(lines: list[str]) -> dict[str, str]:
        return {match[1]: match[2] for line in lines if (match := re.match(r"([a-z0-9-]+)==(\S+)", line))}

    assert pinned(project["optional-dependencies"]["build"]) == PINNED
    assert pinned(project["dependencies"]) == {}
    assert pinned(project["optional-dependencies"]["web"]) == PINNED_FOR_PAGES


@pytest.mark.parametrize("stage", STAGES)
def test_each_library_that_a_stage_imports_is_listed_or_has_no_influence(stage: str) -> None:
    listed = {*PINNED, *PINNED_FOR_PAGES, *UNPINNED, *UNPINNED_FOR_RECORDS}
    assert imported_libraries(stage) <= {*listed, *WITHOUT_INFLUENCE}
    assert listed.isdisjoint(WITHOUT_INFLUENCE)


def test_no_library_stays_on_a_list_when_no_stage_imports_it() -> None:
    imported = set().union(*map(imported_libraries, STAGES)) | {"wordfreq"}  # its files are read, without its code
    assert {*PINNED, *UNPINNED, *UNPINNED_FOR_RECORDS, *WITHOUT_INFLUENCE, "trafilatura"} == imported


@pytest.mark.parametrize("library", [*PINNED, *UNPINNED])
@pytest.mark.parametrize("stage", STAGES)
def test_another_version_gives_a_stage_another_fingerprint(
    stage: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint(f"copydesk.stages.{stage}", [], {})
    monkeypatch.setattr(
        fingerprint_module, "installed_version", lambda name: "another" if name == library else "same"
    )
    another = fingerprint(f"copydesk.stages.{stage}", [], {})
    monkeypatch.setattr(fingerprint_module, "installed_version", lambda name: "same")
    assert len({before, another, fingerprint(f"copydesk.stages.{stage}", [], {})}) == 3


@pytest.mark.parametrize("stage", STAGES)
def test_a_new_pin_changes_the_code_of_every_stage(stage: str) -> None:
    assert "pinned_libraries.py" in {path.name for path in sources(f"copydesk.stages.{stage}")}


def test_shards_with_pages_follow_from_the_libraries_that_read_them() -> None:
    assert [line.split()[0] for line in _page_readers()] == list(PINNED_FOR_PAGES)


@pytest.mark.parametrize("library", UNPINNED_FOR_RECORDS)
def test_cached_records_follow_from_the_libraries_that_read_them(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, ingest = Seed("a.jsonl", Stamp(1, 2, 3, 4)), load_params(ROOT / "params.yaml")["ingest"]
    before = record_cache_key(ROOT, seed, ingest, ROOT / "schemas")
    assert before == record_cache_key(ROOT, seed, ingest, ROOT / "schemas")
    monkeypatch.setattr(
        "copydesk.readers.record_cache.installed_version", lambda name: "another" if name == library else None
    )
    another = record_cache_key(ROOT, seed, ingest, ROOT / "schemas")
    monkeypatch.setattr("copydesk.readers.record_cache.installed_version", lambda name: None)
    assert len({before, another, record_cache_key(ROOT, seed, ingest, ROOT / "schemas")}) == 3


def test_the_manifest_and_the_doctor_name_every_pinned_library() -> None:
    assert manifest_libraries([]) == PINNED
    assert manifest_libraries(["html-markup"]) == {**PINNED, **PINNED_FOR_PAGES}
    verdict, detail = doctor_libraries(ROOT)
    pairs = {**PINNED, **PINNED_FOR_PAGES}.items()
    assert (verdict, detail) == ("ok", ", ".join(f"{name} {version}" for name, version in pairs))
