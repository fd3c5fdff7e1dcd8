"""Files of records as they are listed: the rows of their documents, and the refusals."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from copydesk.core.config import check_params
from copydesk.readers.document_listing import list_documents
from copydesk.readers.plain_text import to_bytes
from copydesk.readers.record_cache import texts_of
from copydesk.readers.seed_files import list_seeds
from support import write_seeds


def listed(root: Path, name: str, data: bytes, **settings: Any) -> tuple[list[dict[str, Any]], list[Any]]:
    """Rows and refusals of one file of records; each row has its text as ``raw``."""
    write_seeds(root / "seeds", {name: data})
    given = check_params({"ingest": settings})["ingest"]
    seeds, refused = list_seeds(root / "seeds", given["max_bytes"])
    table, more = list_documents(root / "seeds", seeds, root / "build", given)
    rows = table.to_pylist()
    for row in rows:
        (row["raw"],) = texts_of(root / "build" / "records" / row["rows"], [row["row"]])
        assert hashlib.sha256(to_bytes(row["raw"])).hexdigest() == row["sha256"]
    return rows, [*refused, *more]
