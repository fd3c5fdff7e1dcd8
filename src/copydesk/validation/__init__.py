"""Validate a dataset. Every check reads only the published files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from copydesk.core.atomic_files import sha256_file, write_json
from copydesk.core.findings import Report
from copydesk.core.json_schema import PACKAGED, schema_path
from copydesk.core.progress import say, track
from copydesk.dataset.manifest import NAME, read_listing, schemas_listed
from copydesk.engines.local import Local
from copydesk.errors import ValidationError
from copydesk.store.fingerprint import Fingerprint, fingerprint, inputs_hash, key, source_hash
from copydesk.store.last_build import Finished, Last
from copydesk.store.pinned_libraries import installed_version
from copydesk.store.shard_store import Store
from copydesk.tables.table import TABLES, table
from copydesk.validation.croissant_check import LIBRARY, is_installed, read_back
from copydesk.validation.document_checks import check_ids
from copydesk.validation.document_groups import Memory, Unit, check_unit, held_before, units_of
from copydesk.validation.file_checks import check_files, check_manifest
from copydesk.validation.loader_check import Loader, way_of_reading, ways_of
from copydesk.validation.logical_hash_check import check_rows, undigested


def validate(
    corpus: Path | str,
    schemas: Path | str = PACKAGED,
    *,
    load: bool = True,
    mapped: bool = False,
    store: Store | None = None,
    workers: int = 1,
    base: dict[str, Any] | None = None,
    memory: Path | None = None,
    finished: Path | None = None,
    passed: Path | None = None,
) -> Report:
    """Check a dataset: files, card, records, logical hashes, references, loading by ``datasets`` and by Croissant.

    Parameters
    ----------
    corpus : path
        The dataset's folder, with README.md, MANIFEST.sha256 and data/.
    schemas : path, optional
        Folder with the schemas that the tables must obey.
    load : bool
        Whether to load every configuration with ``datasets`` too, and with ``mlcroissant`` if it is installed.
    mapped : bool
        Whether to load it mapped into a cache, cold and warm, even if it is larger than 8 MB.
    store : Store, optional
        Records which files passed, by the hashes of their bytes; these files are not checked again. Nor is a dataset
        loaded again, if ``datasets`` loaded one here with the same tables, splits and features, nor the first one of
        a clone, if it was loaded before it was pulled. A release always is.
    workers : int
        Processes; 0 takes one per core.
    base : dict, optional
        ``manifest.json`` of a valid dataset. Files that it lists too are only counted. The logical hash of a split is
        not computed if some of its files are listed there and others are not.
    memory : Path, optional
        A cache file: which data files cover the same documents, so that they need not be read to find out.
    finished : Path, optional
        A file to list the results in that are in the store, for other clones.
    passed : Path, optional
        A cache file of this machine: the bytes that passed last, and what was counted. The same bytes are only
        hashed, if nothing else that the checks depend on has changed, nor one of the two files above.

    Returns
    -------
    Report
        ``ok`` says whether all checks passed; each of the ``findings`` has check, file, document and field.

    Raises
    ------
    ValidationError
        If the folder is not a dataset.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Path(folder, "data").mkdir()
    ...     report = validate(folder)
    >>> report.ok, report.findings[0].check
    (False, 'manifest')
    """
    corpus, schemas = Path(corpus).resolve(), Path(schemas).resolve()
    if not (corpus / "data").is_dir():
        raise ValidationError(f"{corpus}: no folder data; expected a dataset made by the stage package")
    report = Report()
    remembered = Memory(memory, _footer_checks(schemas))
    known = _Known(store, schemas, finished)
    ways = ways_of(corpus, mapped=mapped) if load and (corpus / NAME).is_file() else []
    reading = way_of_reading(corpus) if ways else ""
    loaded = known.key("loading", [reading, str(corpus), ways]) if ways else ""
    last = _LastPassed(passed, memory, finished) if passed and memory and finished and not base else None
    # Before the loader starts the bytes are hashed only where that may be all.
    is_hashed = last is not None and last.exists()
    hashes = check_manifest(corpus, report) if is_hashed else None
    everything = partial(known.key, "everything")
    if last and hashes and report.ok:
        counts = last.counts(everything([_identity_of_bytes(corpus, hashes), loaded]))
        if counts is not None:
            report.checked.update(counts)
            return report
    # Another process loads the dataset meanwhile, which takes about as long as checking its rows.
    with ExitStack() as stack:
        new = bool(ways) and not known.holds(loaded) and not known.loaded_elsewhere(corpus, [reading, ways])
        loader = stack.enter_context(Loader(corpus, schemas, ways)) if new else None
        beside = stack.enter_context(ThreadPoolExecutor(2))
        hashes = hashes if is_hashed else check_manifest(corpus, report)
        files = {} if hashes is None else check_files(corpus, schemas, report, remembered.footers, hashes)
        withheld: frozenset[str] = frozenset(read_listing(corpus)["withheld"]) if report.ok else frozenset()
        base_hashes = held_before(base or {}, schemas_listed(schemas, files), withheld)
        # Only after the files were checked: ``datasets`` believes what a file says about itself.
        loading = [beside.submit(loader.check, list(files))] if loader and report.ok else []
        if loading and is_installed():
            loading.append(beside.submit(read_back, corpus, list(files), whole="cold" in ways))
        elif loading:
            say(f"validate: {LIBRARY} is not installed, so croissant.json was not read with it")
        units = units_of(corpus, schemas, files, withheld, remembered if report.ok else None)
        digests = _check_units(units, known, base_hashes, report, workers)
        if report.ok:
            check_rows(corpus, schemas, digests, report, base or {})
        if report.ok:  # a cache may list files that nobody can read
            check_ids(corpus, files, report)
        if report.ok:
            for result in loading:
                report.extend(result.result())
    if report.ok and ways:
        known.remember(loaded)
        known.remember_loaded([reading, ways])
        report.checked.update({f"loads_{way}": len(files) for way in ways})
    if report.ok and last and hashes:
        last.keep(everything([_identity_of_bytes(corpus, hashes), loaded]), report.checked)
    return report


def _identity_of_bytes(corpus: Path, hashes: Mapping[str, str]) -> list[Any]:
    """What a dataset is known by: the hash of its manifest and those of the other files, and what reads the card."""
    manifest = corpus / NAME
    own = sha256_file(manifest) if manifest.is_file() else None
    return [str(corpus), own, sorted(hashes.items()), version("PyYAML")]  # which reads the card


class _LastPassed:
    """The cache of the last validation that passed: it holds for the same bytes, checks and other caches."""

    def __init__(self, cache: Path, memory: Path, finished: Path) -> None:
        self._cache = cache
        self._needed = memory, finished
        self._others = memory, finished, finished.with_name(_LOADED)

    def _claim(self, identity: str) -> list[str | None]:
        return [identity, *(sha256_file(path) if path.is_file() else None for path in self._others)]

    def exists(self) -> bool:
        return self._cache.is_file() and all(path.is_file() for path in self._needed)

    def counts(self, identity: str) -> dict[str, int] | None:
        """What was counted then; None if something has changed."""
        try:
            cached = json.loads(self._cache.read_text("utf-8"))
            if cached["of"] == self._claim(identity):
                return {str(name): int(count) for name, count in cached["checked"].items()}
        except (OSError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
            pass  # everything is checked
        return None

    def keep(self, identity: str, checked: Mapping[str, int]) -> None:
        """Replace the cache."""
        write_json(self._cache, {"of": self._claim(identity), "checked": dict(checked)})


_UNIT = "validate-unit"
_LOADED = "loaded.json"
#: Paths that mean the same to every reader: no patterns, no protocols, no hidden folders.
_ORDINARY = re.compile(r"(?:/[A-Za-z0-9][A-Za-z0-9._-]*)+")
#: The code that looks at footers.
_OF_FOOTERS = ("validation/file_checks.py", "readers/parquet_footer.py", "tables/parquet.py", "tables/table.py")


def _footer_checks(schemas: Path) -> str:
    """The hash of the schemas, and of the code that holds footers to them."""
    paths = [path for name in TABLES if (path := schema_path(name, schemas)).is_file()]
    code = [source_hash(Path(__file__).parents[1] / name) for name in _OF_FOOTERS]
    return inputs_hash([code, [sha256_file(path) for path in paths], installed_version("pyarrow")])


class _Known:
    """Cached results of checks that passed; without a store nothing is cached."""

    def __init__(self, store: Store | None, schemas: Path, finished: Path | None) -> None:
        self._store = store
        # A release that was made before there was a table of labels has no schema of it.
        paths = [path for name in TABLES if (path := schema_path(name, schemas)).is_file()]
        made_by = [version(name) for name in ("datasets", "fsspec", "huggingface_hub", "jsonschema-rs")]
        made_by.append(f"{LIBRARY} {installed_version(LIBRARY)}")
        names = ("document_groups", "loader_check", "croissant_check")
        modules = [f"copydesk.validation.{name}" for name in names]
        codes = [fingerprint(module, paths, None) for module in modules] if store else []
        everything = " ".join([*(code.everything for code in codes), *made_by])
        self._code = Fingerprint(everything, " ".join(code.portable for code in codes))
        self._last = Last(finished, store, _UNIT, self._code) if store and finished else None
        self._loaded = finished.with_name(_LOADED) if finished else None

    def key(self, check: str, identity: object) -> str:
        return key(f"validate-{check}", self._code, inputs_hash(identity))

    def unit_keys(self, units: list[Unit]) -> list[str]:
        """The key of the result for each unit."""
        return [key(_UNIT, self._code, inputs_hash(_identity(unit))) for unit in units]

    def remember_units(self, units: list[Unit], keys: list[str]) -> None:
        """Record the results of all units, if they have results."""
        made = self._store.results(keys) if self._last and self._store else []
        if self._last and made and None not in made:
            inputs = [inputs_hash(_identity(unit)) for unit in units]
            self._last.remember([Finished(given, {}, parts or {}) for given, parts in zip(inputs, made, strict=True)])

    def holds(self, result_key: str) -> bool:
        return self._store is not None and self._store.result(result_key) is not None

    def loaded_elsewhere(self, corpus: Path, identity: object) -> bool:
        """Whether this is the first build of a clone, and a dataset that reads in the same way was loaded elsewhere.

        In a folder with a build of its own it is loaded again, because other versions of libraries may be installed
        now; so it is if ``datasets`` might read the path of the folder in another way.
        """
        if not (self._last and self._loaded and self._last.is_first and _ORDINARY.fullmatch(str(corpus))):
            return False
        try:
            return bool(json.loads(self._loaded.read_text("utf-8")) == self._claim(identity))
        except (OSError, ValueError, RecursionError):
            return False

    def remember_loaded(self, identity: object) -> None:
        """List, for other clones, how the dataset that was loaded is read."""
        if self._loaded:
            write_json(self._loaded, self._claim(identity))

    def _claim(self, identity: object) -> dict[str, str]:
        return {"portable": self._code.portable, "loaded": inputs_hash(identity)}

    def digests(self, keys: list[str]) -> list[list[dict[str, Any]] | None]:
        """Cached digests of the rows of units that passed; None for other units."""
        if self._store is None:
            return [None] * len(keys)
        results = self._store.results(keys)
        rows = self._store.read_all(parts["digests"] for parts in results if parts is not None)
        return [None if parts is None else next(rows).to_pylist() for parts in results]

    def remember(self, result_key: str, digests: list[dict[str, Any]] | None = None) -> None:
        if self._store is not None:
            tables = {} if digests is None else {"digests": table("digests").from_rows(digests)}
            self._store.put(result_key, tables)


def _check_units(
    parts: list[Unit], known: _Known, base_hashes: frozenset[str], report: Report, workers: int
) -> list[dict[str, Any]]:
    """Check the rows unit by unit; the rows of a unit that passed before are only counted.

    Return the digests of the rows. Files that are neither cached nor read, because ``base`` lists them, have none.
    """
    keys = known.unit_keys(parts)
    digests = [
        cached if cached is not None or not unit.lies_in(base_hashes) else undigested(unit.files)
        for unit, cached in zip(parts, known.digests(keys), strict=True)
    ]
    todo = [unit for unit, rows in zip(parts, digests, strict=True) if rows is None]
    rest = "unchanged or cached" if base_hashes else "cached"
    run = Local({"workers": workers}).run(check_unit, todo)
    checked = track(run, len(todo), "validate", len(parts), rest, documents=_documents)
    rows: list[dict[str, Any]] = []
    for unit, unit_key, known_digests in zip(parts, keys, digests, strict=True):
        if known_digests is None:
            of_unit, new_digests = next(checked)
            report.extend(of_unit)
            if of_unit.ok and new_digests:
                known.remember(unit_key, new_digests)
            rows += new_digests
        else:
            report.checked.update({name: sum(s.rows for s in shards) for name, shards in unit.files.items()})
            rows += known_digests
    for _ in checked:  # lets the progress bar end
        pass
    known.remember_units(parts, keys)
    return rows


def _identity(unit: Unit) -> Any:
    shards = {name: [(shard.split, shard.sha256) for shard in files] for name, files in unit.files.items()}
    return [shards, sorted(unit.withheld)]


def _documents(checked: tuple[Report, object]) -> int:
    return checked[0].checked.get("documents", 0)
