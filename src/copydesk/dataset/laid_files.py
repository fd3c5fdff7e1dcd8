"""A cache of what is known of the data files of the last build, so that they are neither hashed nor opened again.

As in git's index, a file with the same size, time and inode as when it was hashed is assumed to have the same bytes;
one that was written less than a second before is not, because its time might not show a later change. The time at
which metadata changed is not compared: a link from the old folder of the dataset to the new one changes it. The stage
validate hashes all files, so a wrong assumption is found; it then removes the cache, and the next build hashes them.
"""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

from copydesk.core.atomic_files import write_json
from copydesk.dataset.card_metadata import DataFile

#: The file of the cache, below the folder build.
LAID = "last/laid_files.json"
_SETTLED = 10**9  # nanoseconds
_TYPES = [int, int, int, str, int, int]


class LaidFiles:
    """The data files of a dataset as they were laid out.

    Parameters
    ----------
    corpus : Path
        The folder of the dataset.
    cache : Path
        The file of this cache; it may be deleted at any time.
    """

    def __init__(self, corpus: Path, cache: Path) -> None:
        self._corpus, self._cache = corpus, cache
        try:
            self._known = {str(path): list(values) for path, values in json.loads(cache.read_text("utf-8")).items()}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            self._known = {}  # all files are hashed

    def find(self, path: str, split: str, sha256: str) -> DataFile | None:
        """The description of a file whose bytes have this hash; None if that is not known."""
        values = self._known.get(path, [])
        if [*map(type, values)] != _TYPES or values[:4] != [*(_stamp(self._corpus / path) or ()), sha256]:
            return None
        return DataFile(path, split, sha256, values[0], values[4], values[5])

    def keep(self, files: list[DataFile]) -> None:
        """Replace the cache by the files that lie in the folder now."""
        latest = time.time_ns() - _SETTLED
        stamps = ((file, _stamp(self._corpus / file.path)) for file in files)
        write_json(
            self._cache,
            {
                file.path: [*stamp, file.sha256, file.rows, file.num_bytes]
                for file, stamp in stamps
                if stamp and stamp[1] < latest
            },
        )


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Size, time and inode of a regular file; None for anything else."""
    try:
        info = os.lstat(path)
    except OSError:
        return None
    return (info.st_size, info.st_mtime_ns, info.st_ino) if stat.S_ISREG(info.st_mode) else None
