"""Where tasks run. An engine knows how to run a function over tasks, and nothing about text."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from copydesk.engines.interface import Engine
from copydesk.errors import ConfigError
from copydesk.store.open_backend import Root

#: Imported when it is chosen: an engine may need what others do without.
ENGINES = {"local": ("copydesk.engines.local", "Local"), "ray": ("copydesk.engines.ray", "Ray")}


def engine(settings: dict[str, Any], scratch: Path | None = None, *shared: Root) -> Engine:
    """The engine of the section ``engine`` of params.yaml, or the one that ``COPYDESK_ENGINE`` names.

    Parameters
    ----------
    settings : mapping
        The section ``engine``.
    scratch : Path, optional
        A folder of this process for work in progress.
    shared : Path or str
        What functions read: folders, or an address. They write to the first, the store.

    Raises
    ------
    ConfigError
        If there is no engine of that name, or it is not installed.
    """
    name = os.environ.get("COPYDESK_ENGINE") or settings["name"]
    if name not in ENGINES:
        raise ConfigError(f"COPYDESK_ENGINE: no engine {name!r}; there are: {', '.join(ENGINES)}")
    module, made = ENGINES[name]
    found: Engine = getattr(import_module(module), made)(settings, scratch, shared)
    return found
