"""Counts in messages."""

from __future__ import annotations


def plural(count: int, noun: str, plural_noun: str = "") -> str:
    """Return a count with its noun in the singular or plural; commas separate thousands.

    >>> plural(1, "shard"), plural(1200, "shard"), plural(2, "copy", "copies")
    ('1 shard', '1,200 shards', '2 copies')
    """
    return f"{count:,} {noun if count == 1 else plural_noun or noun + 's'}"
