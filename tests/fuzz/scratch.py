"""A folder for what a target writes."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path


@cache
def scratch() -> Path:
    """A folder of this process, in memory where the system has such folders: a target writes at every try."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="copydesk-fuzz-", dir=memory if memory.is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
