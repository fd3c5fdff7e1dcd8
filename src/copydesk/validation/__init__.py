"""Does a dataset hold what it claims? Every check reads the published files alone."""

from __future__ import annotations

from pathlib import Path

from copydesk.errors import ValidationError
from copydesk.tables import PACKAGED
from copydesk.validation.files import check_files
from copydesk.validation.loading import check_loading
from copydesk.validation.records import check_records
from copydesk.validation.references import check_references
from copydesk.validation.report import Report
from copydesk.validation.rows import check_rows


def validate(corpus: Path | str, schemas: Path | str = PACKAGED, *, load: bool = True) -> Report:
    """Check a dataset: files, card, records, hashes of rows, references between tables, loading by ``datasets``.

    Parameters
    ----------
    corpus : path
        The dataset's folder, with README.md, MANIFEST.sha256 and data/.
    schemas : path, optional
        Folder with the schemas that the tables must obey.
    load : bool
        Whether to load every configuration with ``datasets`` too: mapped and streamed, cold and warm.

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
    check_records(corpus, files, schemas, report)
    # What the other checks rely on is broken: they would only repeat it in many words.
    if report.ok:
        check_rows(corpus, files, schemas, report)
        check_references(corpus, files, report)
    if report.ok and load:
        check_loading(corpus, schemas, list(files), report)
    return report


__all__ = ["Report", "validate"]
