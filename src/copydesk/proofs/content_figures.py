"""Figures about the rows of a dataset: how much text there is, by language, license, year and domain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.description.rights import mining_reservation

COLUMNS = (
    "text",
    "url",
    "published",
    "license",
    "language",
    "public",
    "rights",
    "words",
    "characters",
    "duplicate_of",
)
_BATCH = 5_000  # rows to hold at a time


class Amount(NamedTuple):
    """An amount of text: documents, words, code points, and bytes in UTF-8."""

    documents: int = 0
    words: int = 0
    characters: int = 0
    size: int = 0

    def __add__(self, other: tuple[Any, ...]) -> Amount:
        return Amount(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


_NOTHING = Amount()


def _amounts() -> defaultdict[str | None, Amount]:
    return defaultdict(Amount)


@dataclass
class ContentFigures:
    """Amounts of text: in all, by value of a column (None where it is null), and by what documents reserve.

    Attributes
    ----------
    total : Amount
    languages, licenses, years, domains : dict of str or None to Amount
        The amounts of each sum to the total. A domain is the host of the address, without ``www.``.
    reserving : dict of str to Amount
        Documents that reserve text and data mining, by the kind of the first statement that does.
    reserving_public : int
        How many of them are public all the same.
    duplicates : Amount
        Documents that duplicate another one of the dataset.
    first_date, last_date : str or None
        The earliest and latest date of publication, as days.
    """

    total: Amount = _NOTHING
    languages: defaultdict[str | None, Amount] = field(default_factory=_amounts)
    licenses: defaultdict[str | None, Amount] = field(default_factory=_amounts)
    years: defaultdict[str | None, Amount] = field(default_factory=_amounts)
    domains: defaultdict[str | None, Amount] = field(default_factory=_amounts)
    reserving: defaultdict[str | None, Amount] = field(default_factory=_amounts)
    reserving_public: int = 0
    duplicates: Amount = _NOTHING
    first_date: str | None = None
    last_date: str | None = None

    def add(self, rows: pa.RecordBatch | pa.Table) -> None:
        """Add some rows of the table ``documents``; they need the columns ``COLUMNS``."""
        sizes = pc.binary_length(rows["text"]).to_pylist()
        values = {name: rows[name].to_pylist() for name in COLUMNS if name != "text"}
        for place, size in enumerate(sizes):
            row = {name: column[place] for name, column in values.items()}
            amount = Amount(1, row["words"], row["characters"], size)
            self.total += amount
            self.languages[row["language"]] += amount
            self.licenses[row["license"]] += amount
            self.years[(row["published"] or "")[:4] or None] += amount
            self.domains[domain_of(row["url"])] += amount
            if row["duplicate_of"] is not None:
                self.duplicates += amount
            if reservation := mining_reservation(row["rights"] or ()):
                self.reserving[reservation["kind"]] += amount
                self.reserving_public += row["public"]
            if row["published"]:
                day = row["published"][:10]
                self.first_date = min(self.first_date or day, day)
                self.last_date = max(self.last_date or day, day)


def content_figures(files: Iterable[Path]) -> ContentFigures:
    """The figures of the files of the table ``documents``, read a few rows at a time."""
    figures = ContentFigures()
    for rows in _batches(files):
        figures.add(rows)
    return figures


def domain_of(url: str | None) -> str | None:
    """The host of an address in small letters, without ``www.``; None if there is none.

    >>> domain_of("https://WWW.Example.org:8080/a"), domain_of("urn:x"), domain_of(None)
    ('example.org', None, None)
    """
    try:
        host = urlsplit(url or "").hostname
    except ValueError:  # such as an IPv6 address without its bracket
        return None
    return (host.removeprefix("www.") or host) if host else None


def largest_first(amounts: Mapping[str | None, Amount]) -> list[tuple[str | None, Amount]]:
    """Amounts in the order of their size in bytes, the largest first; unknown values last."""
    return sorted(amounts.items(), key=lambda entry: (entry[0] is None, -entry[1].size, entry[0] or ""))


def _batches(files: Iterable[Path]) -> Iterator[pa.RecordBatch]:
    for path in files:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(_BATCH, columns=list(COLUMNS))
