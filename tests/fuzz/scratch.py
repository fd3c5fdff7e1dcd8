"""A folder for what a target writes."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path


@cache
def scratch() -> Path:
    """A folder of this process, which removes it when it ends (a crash leaves that to whoever set TMPDIR)."""
    folder = Path(tempfile.mkdtemp(prefix="copydesk-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
