"""What users of a release rely on: allowed licenses, and schemas that do not break their readers."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.plural import plural
from copydesk.differences.diff_model import Diff
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.tables.licenses import license_counts, public
from copydesk.tables.parquet import read_parquet
from copydesk.tables.renamed_columns import with_current_names, with_old_names


def refuse_unlicensed(project: Project) -> str:
    """Refuse documents whose license publish.allow does not name, because a release is passed on to others.

    Returns
    -------
    str
        How many documents have which license.

    Raises
    ------
    ReleaseError
        Naming the first of these documents with their licenses.
    """
    columns = ["doc_id", "license", "public"]
    files = sorted((project.corpus / "data" / "documents").glob("*.parquet"))
    documents = pa.concat_tables(with_current_names(read_parquet(path, with_old_names(columns))) for path in files)
    # The settings may allow fewer licenses than when the column was computed.
    allowed = public(documents["license"], project.params["publish"]["allow"])
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
