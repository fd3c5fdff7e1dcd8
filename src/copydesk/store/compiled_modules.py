"""Which modules run as machine code: none, unless the wheel was built with COPYDESK_COMPILE=1 (setup.py)."""

from __future__ import annotations

import json
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from copydesk.errors import BuildError

_PACKAGE = Path(__file__).parents[1]
RECORD = "compiled_modules.json"


@cache
def compiled_sources() -> dict[str, str]:
    """SHA-256 of the source that each compiled module was made from, by its path in this package."""
    try:
        return dict(json.loads((_PACKAGE / RECORD).read_bytes()))
    except FileNotFoundError:
        return {}


def machine_code(source: Path) -> Path | None:
    """The file that this interpreter loads instead of a source; None if it runs the source."""
    names = (source.with_name(source.stem + suffix) for suffix in EXTENSION_SUFFIXES)
    return next((path for path in names if path.is_file()), None)


def refuse_changed_source(source: Path, sha256: str) -> None:
    """Refuse a source that is not what its machine code was made from: a fingerprint would name code that never ran.

    Raises
    ------
    BuildError
        If the source was changed after it was compiled.
    """
    compiled = machine_code(source)
    if compiled is None:
        return
    recorded = compiled_sources().get(source.relative_to(_PACKAGE).as_posix())
    if sha256 != recorded:
        raise BuildError(
            f"{source}: its SHA-256 is {sha256}, but {compiled.name}, which Python runs instead of it, was made from "
            f"{recorded or 'an unknown source'}; install copydesk again, or delete {compiled.name}"
        )
