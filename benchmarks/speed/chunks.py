"""What content-defined chunks cost: the bytes of published files beside the same Parquet without them.

    python benchmarks/speed/chunks.py FOLDER

FOLDER is a dataset of real text, such as one built from ``corpus.py --mix real``: made text repeats sentences, which
a smaller page compresses worse. Prints the bytes of each table both ways, and by how many per cent chunks are more.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from unittest import mock

import pyarrow as pa

from copydesk.tables import parquet


def size(table: pa.Table) -> int:
    """Bytes of a published file."""
    sink = pa.BufferOutputStream()
    parquet.write_parquet(table, sink)
    return sink.tell()


def main() -> None:
    """Print the sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    whole = [0, 0]
    for folder in sorted((given.folder / "data").iterdir()):
        tables = [parquet.read_parquet(path) for path in sorted(folder.glob("*.parquet"))]
        chunked = sum(map(size, tables))
        with mock.patch.dict(parquet._PUBLISHED, {"use_content_defined_chunking": False}):
            plain = sum(map(size, tables))
        whole = [whole[0] + chunked, whole[1] + plain]
        print(f"{folder.name}: {chunked:,} bytes, {plain:,} without chunks, {100 * (chunked / plain - 1):+.1f} %")
    print(f"all: {whole[0]:,} bytes, {whole[1]:,} without chunks, {100 * (whole[0] / whole[1] - 1):+.1f} %")


if __name__ == "__main__":
    main()
