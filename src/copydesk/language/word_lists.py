"""Read the lists of words that ``wordfreq`` (Speer 2022) is shipped with, without the package.

To import it takes 120 ms, most of them for tables of languages, and it keeps each list twice, once as lists that the
garbage collector visits.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import msgpack

from copydesk.errors import CopydeskError


def read_word_list(language: str, size: Literal["small", "large"], folder: Path | None = None) -> Mapping[str, float]:
    """Frequency of each word of a list in running text, the most frequent first; empty for a language without one.

    Parameters
    ----------
    language : str
        ISO 639 code.
    size : "small" or "large"
        All words down to one in a million, or to one in a hundred million; few languages have a large list.
    folder : Path, optional
        Where the lists are; that of the installed ``wordfreq`` if not given.

    Raises
    ------
    CopydeskError
        If the list is not in the format that this version of ``wordfreq`` has.
    """
    path = (folder or _folder()) / f"{size}_{language}.msgpack.gz"
    if not language.isalpha() or not path.is_file():
        return {}
    header, *words_by_frequency = msgpack.unpackb(gzip.decompress(path.read_bytes()))
    if header != {"format": "cB", "version": 1}:
        raise CopydeskError(
            f"{path}: expected a list in the format cB, version 1, found {header}; "
            "install the packages that requirements.lock names"
        )
    frequencies: dict[str, float] = {}
    for centibels, words in enumerate(words_by_frequency):
        frequencies.update(dict.fromkeys(words, 10 ** (-centibels / 100)))
    return frequencies


@cache
def _folder() -> Path:
    package = find_spec("wordfreq")
    if package is None or package.origin is None:
        raise CopydeskError("wordfreq is not installed; install the packages that requirements.lock names")
    return Path(package.origin).parent / "data"
