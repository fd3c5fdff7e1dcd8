"""XML files of newsrooms: feeds, NITF and NewsML-G2, told apart by their root elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from copydesk.readers.base import Record, RecordOptions
from copydesk.readers.newsrooms import feeds
from copydesk.readers.newsrooms.xml_items import read_items


def read_news_xml(file: BinaryIO, options: RecordOptions) -> Iterator[Record]:
    """Yield the entries of a feed (RSS, Atom), or the news items of a file (NITF, NewsML-G2).

    Raises
    ------
    UnreadableError
        If it is none of them, declares entities, or is damaged: then after the records before the damage.
    """
    items = read_items(file, feeds.ROOTS, feeds.OPENED, options.longest_line)
    yield from feeds.feed_entries(items, options)
