"""XML files of newsrooms: feeds, NITF and NewsML-G2, told apart by their root elements."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from copydesk.readers.base import Record, RecordOptions
from copydesk.readers.newsrooms import feeds, news_items
from copydesk.readers.newsrooms.xml_items import read_items


def read_news_xml(file: BinaryIO, options: RecordOptions) -> Iterator[Record]:
    """Yield the entries of a feed (RSS, Atom), or the news items of a file (NITF, NewsML-G2).

    Raises
    ------
    UnreadableError
        If it is none of them, declares entities, or is damaged: then after the records before the damage.
    """
    roots, opened = (*feeds.ROOTS, *news_items.ROOTS), (*feeds.OPENED, *news_items.OPENED)
    items = read_items(file, roots, opened, options.longest_line)
    first = next(items, None)
    if first is not None:
        read = feeds.feed_entries if first.element.local in feeds.ROOTS else news_items.news_items
        yield from read(chain([first], items), options)
