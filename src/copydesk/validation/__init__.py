"""Does a dataset hold what it claims? Every check reads the published files alone."""

from __future__ import annotations

from pathlib import Path

from copydesk.engines import local
from copydesk.errors import ValidationError
from copydesk.files import sha256_file
from copydesk.progress import track
from copydesk.publishing.manifest import NAME, read_listing
from copydesk.store import Store, fingerprint, key
from copydesk.tables import PACKAGED, PUBLISHED, schema_path
from copydesk.validation.files import check_files
from copydesk.validation.loading import check_loading, ways_of
from copydesk.validation.references import check_ids
from copydesk.validation.report import Report
from copydesk.validation.units import Unit, check_unit, units_of


def validate(
    corpus: Path | str,
    schemas: Path | str = PACKAGED,
    *,
    load: bool = True,
    store: Store | None = None,
    workers: int = 1,
) -> Report:
    """Check a dataset: files, card, records, references between tables, and loading by ``datasets``.

    Parameters
    ----------
    corpus : path
        The dataset's folder, with README.md, MANIFEST.sha256 and data/.
    schemas : path, optional
        Folder with the schemas that the tables must obey.
    load : bool
        Whether to load every configuration with ``datasets`` too: mapped, cold and warm, and streamed.
    store : Store, optional
        Where it is kept which files were found to hold, by the hashes of their bytes: those are not looked at again.
    workers : int
        Processes; 0 takes one per core.

    Raises
    ------
    ValidationError
        If there is no dataset to check.
    """
    corpus, schemas = Path(corpus).resolve(), Path(schemas).resolve()
    if not (corpus / "data").is_dir():
        raise ValidationError(f"{corpus}: no folder data; expected a dataset, as the stage package makes it")
    report = Report()
    files = check_files(corpus, schemas, report)
    known = _Known(store, schemas)
    withheld: frozenset[str] = frozenset(read_listing(corpus)["withheld"]) if report.ok else frozenset()
    _check_units(units_of(corpus, schemas, files, withheld), known, report, workers)
    if report.ok:
        check_ids(corpus, files, report)
    if report.ok and load:
        loaded = known.key("loading", [sha256_file(corpus / NAME), str(corpus)])
        if not known.holds(loaded):
            check_loading(corpus, schemas, list(files), report)
        if report.ok:
            known.remember(loaded)
            report.checked.update({f"loads_{way}": len(files) for way in ways_of(corpus)})
    return report


class _Known:
    """What was found to hold before, in a store that may not be there."""

    def __init__(self, store: Store | None, schemas: Path) -> None:
        self._store = store
        paths = [schema_path(name, schemas) for name in PUBLISHED]
        self._code = fingerprint("copydesk.validation.units", paths, None) if store else ""

    def key(self, what: str, identity: object) -> str:
        return key(f"validate-{what}", self._code, identity)

    def holds(self, found: str) -> bool:
        return self._store is not None and self._store.result(found) is not None

    def remember(self, found: str) -> None:
        if self._store is not None:
            self._store.put(found, {})


def _check_units(parts: list[Unit], known: _Known, report: Report, workers: int) -> None:
    """Check the rows, unit by unit; a unit whose files were found to hold is only counted."""
    todo: list[tuple[str, Unit]] = []
    for unit in parts:
        shards = {name: [(shard.split, shard.sha256) for shard in found] for name, found in unit.files.items()}
        unit_key = known.key("unit", [shards, sorted(unit.withheld)])
        if known.holds(unit_key):
            report.checked.update({name: sum(s.rows for s in found) for name, found in unit.files.items()})
        else:
            todo.append((unit_key, unit))
    reports = local.run(check_unit, [unit for _, unit in todo], workers)
    for (unit_key, _), found in zip(todo, track(reports, len(todo), "validate", len(parts)), strict=True):
        report.extend(found)
        if found.ok:
            known.remember(unit_key)


__all__ = ["Report", "validate"]
