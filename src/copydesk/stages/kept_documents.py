"""Which documents of a shard leave before the dataset is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def ids_left_out(tables: Mapping[str, pa.Table], settings: Mapping[str, Any]) -> pa.Array:
    """Ids of the documents that are dropped, too similar to held-out ones, or repeat others if these are dropped.

    Parameters
    ----------
    tables : mapping of str to pa.Table
        ``dropped``, ``leaving`` and ``duplicates`` of a shard.
    settings : mapping
        The section ``deduplicate`` of params.yaml.
    """
    ids = [tables["dropped"]["doc_id"], tables["leaving"]["doc_id"]]
    if settings["duplicates"] == "drop":
        duplicates = tables["duplicates"]
        repeated = pc.is_valid(duplicates["duplicate_of"])
        elsewhere = pc.greater(pc.list_value_length(duplicates["seen_in"]), 0)
        ids.append(duplicates["doc_id"].filter(pc.or_(repeated, elsewhere)))
    return pa.chunked_array([chunk for column in ids for chunk in column.chunks], pa.string()).combine_chunks()
