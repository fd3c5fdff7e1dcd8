"""The decorator by which a plug-in adds a reader of records."""

from __future__ import annotations

import re
from collections.abc import Callable

from copydesk.core.plugins import register
from copydesk.errors import ConfigError
from copydesk.readers import COMPRESSED, CONTAINERS, GENERAL, READERS
from copydesk.readers.base import RecordReader


def reader(ending: str) -> Callable[[RecordReader], RecordReader]:
    """Make a function of a plug-in the reader of files with an ending.

    The function gets a file that is open for reading bytes, and options: ``options.id`` and ``options.text`` are
    the names of the fields with a record's id and its text, ``options.stem`` is the file's name without its
    ending, ``options.max_bytes`` the size of the largest text. It yields one :class:`Record` after another, counted
    from 1, in memory that does not grow with the file. A damaged file raises ``copydesk.errors.UnreadableError``.
    Compressed files (``.tsv.gz``, ``.tsv.zst``) are unpacked for it.

    Parameters
    ----------
    ending : str
        In lower case, with its dot, such as ``.tsv``. For ``.json`` and ``.xml`` the function replaces the reader of
        the package.

    Returns
    -------
    callable
        A decorator that returns the function unchanged.

    Raises
    ------
    ConfigError
        If the ending is invalid, or has a reader already.

    Examples
    --------
    >>> from copydesk import Record
    >>> @reader(".tsv")
    ... def read_tsv(file, options):
    ...     for number, line in enumerate(file, start=1):
    ...         doc_id, text = line.decode().rstrip("\\n").split("\\t")
    ...         yield Record(number, {options.id: doc_id, options.text: text})
    """
    if not re.fullmatch(r"\.[a-z0-9_-]+", ending):
        raise ConfigError(f"a reader for {ending!r}: expected an ending in lower case with one dot, such as .tsv")
    if ending in {*READERS, *CONTAINERS, *COMPRESSED} - GENERAL:
        raise ConfigError(f"a reader for {ending}: copydesk has one already; choose another ending for these files")

    def decorate(read: RecordReader) -> RecordReader:
        register("reader", ending, read, lambda: None)
        return read

    return decorate
