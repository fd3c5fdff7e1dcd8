"""What a release owes those who use it: licenses that were allowed, and schemas that were promised."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.description.licenses import public
from copydesk.differences.model import Diff
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.tables.parquet import read_parquet
from copydesk.tables.renamed_columns import with_current_names, with_old_names


def refuse_unlicensed(project: Project) -> None:
    """Refuse documents whose license publish.allow does not name: what is released is handed on.

    Raises
    ------
    ReleaseError
        Naming the first of them with their licenses.
    """
    columns = ["doc_id", "license", "public"]
    files = sorted((project.corpus / "data" / "documents").glob("*.parquet"))
    documents = pa.concat_tables(with_current_names(read_parquet(path, with_old_names(columns))) for path in files)
    # The settings may allow less by now than they did when the column was made.
    allowed = public(documents["license"], project.params["publish"]["allow"])
    held = documents.filter(pc.invert(pc.and_(documents["public"], allowed)))
    if held.num_rows:
        first = "".join(f"\n  {r['doc_id']}: {r['license'] or 'no license'}" for r in held.slice(0, 5).to_pylist())
        raise ReleaseError(
            f"{project.corpus}: {held.num_rows} documents are under no license of publish.allow "
            f"({', '.join(project.params['publish']['allow']) or 'none'}); state their licenses in "
            f"seeds/sources.jsonl, allow them, or leave them out (select.keep: public == True):{first}"
        )


def refuse_broken_contract(root: Path, last: str, found: Diff | None) -> None:
    """Refuse schema changes that break readers of the last release where schema_contract is freeze.

    Raises
    ------
    ReleaseError
        Naming table and column of each, and what changed.
    """
    broken = [change for change in found.schemas if change.breaking] if found is not None else []
    if broken and Project.open(root).params["schema_contract"] == "freeze":
        listed = "".join(f"\n  {change}" for change in broken)
        raise ReleaseError(
            f"{root}: schema_contract is freeze, and {len(broken)} schema changes since {last} break readers; take "
            f"them back, or set schema_contract: evolve in params.yaml for a MAJOR release:{listed}"
        )
