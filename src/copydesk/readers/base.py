"""What a reader of records is given, and what it yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple

from copydesk.core.renamed_fields import FIELDS
from copydesk.errors import UnreadableError

#: Fields of a record that say where it comes from, named as in sources.jsonl.
STATED = ("title", "byline", "source", "publisher", "url", "published", "license")

#: The flag of a text that ends before its end.
TRUNCATED = "truncated"


class RecordOptions(NamedTuple):
    """What is wanted of a file of records.

    Attributes
    ----------
    stem : str
        The file's name without its ending.
    id, text : str
        Names of the fields that hold a record's id and its text.
    max_bytes : int
        Largest text in bytes.
    """

    stem: str
    id: str
    text: str
    max_bytes: int

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that is read, also under an old name; others are passed over."""
        return tuple(dict.fromkeys((self.id, self.text, *STATED, *FIELDS)))

    @property
    def longest_line(self) -> int:
        """Most bytes of a line: each byte of a text may be written in six, and there is more than text in it."""
        return 6 * self.max_bytes + (1 << 20)


class Record(NamedTuple):
    """A record: its fields, or why it is none. Records are counted from 1.

    Attributes
    ----------
    number : int
    fields : mapping or None
        Values by name; the text is a string, or bytes that are decoded as those of a file.
    problem : (str, str) or None
        Reason and detail of a refusal.
    page : bool
        Whether the text is a web page.
    charset : str or None
        The encoding that came with bytes, if one is named.
    cut : bool
        Whether the text ends before its end, as far as that is known.
    unread : mapping
        Why fields of what it says of itself could not be read, by their names.

    Examples
    --------
    >>> Record(1, {"id": "first", "text": "One article."}).fields["text"]
    'One article.'
    """

    number: int
    fields: Mapping[str, Any] | None
    problem: tuple[str, str] | None = None
    page: bool = False
    charset: str | None = None
    cut: bool = False
    unread: Mapping[str, str] = MappingProxyType({})


#: Reads records of a file one after the other, in memory that does not grow with the file. A file that is damaged
#: raises UnreadableError, behind the records that come before the damage.
RecordReader = Callable[[BinaryIO, RecordOptions], Iterator[Record]]


def damaged(number: int, detail: str) -> UnreadableError:
    """The error of a file that cannot be read from some record on."""
    return UnreadableError("bad-container", f"at record {number}: {detail}; deliver the file again")


def shown(value: Any) -> str:
    """A value as messages show it."""
    written = repr(value)
    return written if len(written) <= 80 else f"{written[:77]}..."
