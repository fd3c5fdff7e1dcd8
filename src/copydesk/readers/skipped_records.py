"""Say which records of a file are no documents."""

from __future__ import annotations

from collections import Counter

from copydesk.core.plural import plural
from copydesk.core.progress import say

_LISTED = 10  # kinds to name in the message


def say_skipped(stem: str, noun: str, number: int, skipped: Counter[str]) -> None:
    """Say how many records of which kinds were skipped.

    Parameters
    ----------
    stem : str
        The name of the file.
    noun : str
        What its records are called.
    number : int
        How many it has.
    skipped : Counter of str
        How many of them are no documents, by kind.
    """
    if skipped:
        counted = ", ".join(f"{count} {name}" for name, count in sorted(skipped.most_common(_LISTED)))
        more = len(skipped) - _LISTED
        counted += f" and {plural(more, 'more kind')}" if more > 0 else ""
        say(f"ingest: {stem}: {plural(number, noun)}, not documents: {counted}")
