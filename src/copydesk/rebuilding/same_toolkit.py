"""Whether the code and the libraries here are those that a release was built with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from copydesk._version import __version__
from copydesk.proofs.statement import TOOLKIT, dependencies, library_version
from copydesk.revisions.toolkit_lock import stage_hashes
from copydesk.store.pinned_libraries import installed_version

#: Stages that write no file of the dataset.
_AFTERWARDS = frozenset({"validate", "share"})


def toolkit_differences(statement: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is installed here and differs from what a statement of provenance says built the release."""
    entries = dependencies(statement)
    toolkit = entries.get(TOOLKIT, {})
    stated = toolkit.get("annotations", {}).get("stages", {})
    stated = stated if isinstance(stated, dict) else {}
    here = stage_hashes()
    if stages := [stage for stage in here if stage not in _AFTERWARDS and stated.get(stage) != here[stage]]:
        version = library_version(toolkit)
        which = f"{version}, other code of that version" if version == __version__ else version
        yield f"{TOOLKIT}: found {__version__}, expected {which} (stages {', '.join(stages)})"
    for name, entry in entries.items():
        version = library_version(entry)
        if name != TOOLKIT and version is not None and installed_version(name) != version:
            yield f"{name}: found {installed_version(name) or 'nothing'}, expected {version}"
