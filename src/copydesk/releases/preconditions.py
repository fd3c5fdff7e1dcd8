"""What users of a release rely on: allowed licenses, and schemas that do not break their readers."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.plural import plural
from copydesk.description.rights import mining_reservation, respecting
from copydesk.differences.diff_model import Diff
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.tables.licenses import license_counts, public
from copydesk.tables.parquet import read_parquet
from copydesk.tables.renamed_columns import with_current_names, with_old_names


def refuse_unlicensed(project: Project) -> str:
    """Refuse documents that are not public, because a release is passed on to others.

    Their license is not in publish.allow, or they reserve rights that publish.respect names.

    Returns
    -------
    str
        How many documents have which license.

    Raises
    ------
    ReleaseError
        Naming the first of these documents with their licenses.
    """
    columns = ["doc_id", "license", "public", "rights"]
    files = sorted((project.corpus / "data" / "documents").glob("*.parquet"))
    documents = pa.concat_tables(with_current_names(read_parquet(path, with_old_names(columns))) for path in files)
    # The settings may allow less than when the column was computed.
    settings = project.params["publish"]
    if "rights" in documents.column_names:  # older releases have no such column
        respected = respecting(documents["rights"].to_pylist(), settings["respect"])
        _refuse_reserved(project, documents.filter(pc.invert(respected)))
    allowed = public(documents["license"], settings["allow"])
    not_allowed = documents.filter(pc.invert(pc.and_(documents["public"], allowed)))
    if not_allowed.num_rows:
        rows = not_allowed.slice(0, 5).to_pylist()
        listed = "".join(f"\n  {row['doc_id']}: {row['license'] or 'no license'}" for row in rows)
        raise ReleaseError(
            f"{project.corpus}: {plural(not_allowed.num_rows, 'document')} without a license of publish.allow "
            f"({', '.join(project.params['publish']['allow']) or 'none'}); state their licenses in "
            'seeds/sources.jsonl, allow them in params.yaml ("*" allows all, also unknown ones), or leave them out '
            f"(select.keep: public == True):{listed}"
        )
    return license_counts(documents["license"])


def _refuse_reserved(project: Project, reserved: pa.Table) -> None:
    if reserved.num_rows:
        rows = reserved.slice(0, 5).to_pylist()
        shown = [(row["doc_id"], right) for row in rows if (right := mining_reservation(row["rights"]))]
        lines = (f"\n  {doc_id}: {right['kind']} {right['value']}, {right['place']}" for doc_id, right in shown)
        listed = "".join(lines)
        raise ReleaseError(
            f"{project.corpus}: {plural(reserved.num_rows, 'document')} that reserve rights of publish.respect "
            f"({', '.join(project.params['publish']['respect'])}); leave them out (select.keep: public == True), or "
            f"remove the right from publish.respect:{listed}"
        )


def refuse_broken_contract(root: Path, last_version: str, changes: Diff | None) -> None:
    """Refuse schema changes that break readers of the last release where schema_contract is freeze.

    Raises
    ------
    ReleaseError
        Naming table and column of each change.
    """
    breaking = [change for change in changes.schemas if change.breaking] if changes is not None else []
    if breaking and Project.open(root).params["schema_contract"] == "freeze":
        listed = "".join(f"\n  {change}" for change in breaking)
        raise ReleaseError(
            f"{root}: {plural(len(breaking), 'breaking schema change')} since {last_version}, and schema_contract is "
            f"freeze; undo them, or set schema_contract: evolve in params.yaml for a MAJOR release:{listed}"
        )
