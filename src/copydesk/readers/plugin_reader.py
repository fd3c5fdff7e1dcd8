"""The decorator by which a plug-in adds a reader of records."""

from __future__ import annotations

import re
from collections.abc import Callable

from copydesk.core.plugins import register
from copydesk.errors import ConfigError
from copydesk.readers import COMPRESSED, CONTAINERS, READERS
from copydesk.readers.base import RecordReader


def reader(ending: str) -> Callable[[RecordReader], RecordReader]:
    """Make a function of a plug-in the reader of files with an ending.

    The function is given a file that is open for reading bytes, and options: ``options.id`` and ``options.text`` are
    the names of the fields that hold a record's id and its text, ``options.stem`` is the file's name without its
    ending, ``options.max_bytes`` the size of the largest text. It yields one :class:`Record` after the other, counted
    from 1, in memory that does not grow with the file. A damaged file raises ``copydesk.errors.UnreadableError``.
    Compressed files (``.tsv.gz``, ``.tsv.zst``) are unpacked for it.

    Parameters
    ----------
    ending : str
        With its dot and in small letters, such as ``.tsv``.

    Returns
    -------
    callable
        A decorator that leaves the function as it is.

    Raises
    ------
    ConfigError
        If the ending will not do, or has a reader already.

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
        raise ConfigError(f"a reader for {ending!r}: expected an ending in small letters with one dot, such as .tsv")
    if ending in {*READERS, *CONTAINERS, *COMPRESSED}:
        raise ConfigError(f"a reader for {ending}: copydesk has one already; choose another ending for these files")

    def decorate(read: RecordReader) -> RecordReader:
        register("reader", ending, read, lambda: None)
        return read

    return decorate
