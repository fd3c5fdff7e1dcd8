"""Engines, which run functions over tasks: in processes of this machine, or on a Ray cluster."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from copydesk.engines.interface import Engine
from copydesk.errors import ConfigError
from copydesk.store.open_backend import Root

#: Module and class of each engine, imported only when chosen: it may need libraries that others do not.
ENGINES = {"local": ("copydesk.engines.local", "Local"), "ray": ("copydesk.engines.ray", "Ray")}


def engine(settings: dict[str, Any], scratch: Path | None = None, *shared: Root) -> Engine:
    """Make the engine that ``COPYDESK_ENGINE`` names, or else params.yaml.

    Parameters
    ----------
    settings : mapping
        The section ``engine``.
    scratch : Path, optional
        A folder for temporary files of this process.
    shared : Path or str
        Folders or URLs that the functions read. They write to the first, which is the store.

    Raises
    ------
    ConfigError
        If no engine has that name, or its libraries are not installed.
    """
    name = os.environ.get("COPYDESK_ENGINE") or settings["name"]
    if name not in ENGINES:
        raise ConfigError(f"COPYDESK_ENGINE: no engine {name!r}; choose one of {', '.join(ENGINES)}")
    module, class_name = ENGINES[name]
    chosen: Engine = getattr(import_module(module), class_name)(settings, scratch, shared)
    return chosen
