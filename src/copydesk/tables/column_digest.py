"""A hash of the values of a column, to tell whether they changed."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def column_digest(column: pa.StringArray) -> str:
    """SHA-256 of the values of a column: of their lengths (-1 for null) and their bytes."""
    lengths = pc.fill_null(pc.binary_length(column), -1).to_numpy(zero_copy_only=False)
    offsets = np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, 4 * column.offset)
    values = column.buffers()[2]
    data = values[int(offsets[0]) : int(offsets[-1])] if values is not None else b""
    return hashlib.sha256(lengths.astype("<i4").tobytes() + memoryview(data)).hexdigest()
