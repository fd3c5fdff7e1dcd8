"""The libraries whose version decides what a stage writes. This is the only list of them.

The fingerprint of a stage, ``manifest.json``, ``toolkit.json`` and ``copydesk doctor`` use it. The list is code, so a
new pin changes the fingerprint of every stage. A test checks that ``pyproject.toml`` pins the same versions.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

#: Libraries of which exactly one version writes the right bytes.
PINNED = {
    "ftfy": "6.3.1",  # its heuristics decide which characters are repaired
    "pyarrow": "26.0.1",  # writes the Parquet files
    "pycld2": "0.42",  # its tables decide which language a text is in
    "rensa": "0.5.0",  # signatures of two versions cannot be compared
    "wordfreq": "3.1.1",  # its frequencies decide which words were glued
}
#: The same for web pages; these libraries extract the article. They are installed with the extra ``web``.
PINNED_FOR_PAGES = {
    "courlan": "1.4.0",
    "htmldate": "1.11.0",
    "justext": "3.0.2",
    "lxml": "6.1.3",
    "lxml-html-clean": "0.4.6",
    "trafilatura": "2.3.1",
}
#: Libraries that may be installed in several versions, which should all write the same bytes. In case one does not, a
#: shard from another version is computed again. They are not in ``manifest.json``, which is the same everywhere.
UNPINNED = ("numpy",)
#: The same for the cache of records: ``idna`` reads the hosts of addresses, ``langcodes`` the tags of languages.
UNPINNED_FOR_RECORDS = ("idna", "langcodes")


@cache
def installed_version(library: str) -> str | None:
    """The installed version of a library; None if it is not installed."""
    try:
        return version(library)
    except PackageNotFoundError:
        return None
