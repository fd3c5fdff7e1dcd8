"""The types that a reader of records gets and yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple

from copydesk.errors import UnreadableError
from copydesk.readers.field_names import columns_read

#: Metadata fields that are columns of documents, named as in sources.jsonl. A record may also state its language.
STATED = ("title", "byline", "source", "publisher", "url", "published", "license")

#: The flag of a text that was cut off.
TRUNCATED = "truncated"


class RecordOptions(NamedTuple):
    """Options for reading a file of records.

    Attributes
    ----------
    stem : str
        The name of the file without its ending.
    id, text : str
        Names of the fields with a record's id and its text.
    max_bytes : int
        Size of the largest allowed text, in bytes.
    metadata : mapping
        Names of the fields with metadata, by field of sources.jsonl, where they are not the usual ones.
    """

    stem: str
    id: str
    text: str
    max_bytes: int
    metadata: Mapping[str, str] = MappingProxyType({})

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that is read, also under its other names; ``meta.author`` may be a field within a field."""
        return columns_read(self.id, self.text, self.metadata)

    @property
    def longest_line(self) -> int:
        """Size of the longest allowed line in bytes: JSON may escape a byte as six, and a line has more fields."""
        return 6 * self.max_bytes + (1 << 20)


class Record(NamedTuple):
    """A record: its fields, or the reason it was refused. Records are counted from 1.

    Attributes
    ----------
    number : int
    fields : mapping or None
        Values by name. The text is a string, or bytes to decode like a file.
    problem : (str, str) or None
        Reason and detail of a refusal.
    page : bool
        Whether the text is a web page.
    charset : str or None
        The declared encoding of the bytes, if any.
    cut : bool
        Whether the text is known to be cut off.
    unread : mapping
        Reasons why metadata fields could not be read, by field.
    passed_over : sequence of str
        Names of fields that the reader did not read.
    rights : sequence of (kind, value, place)
        What the header of a response says of the rights to mine it.
    captured : str or None
        When the response was received, as in RFC 3339.

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
    passed_over: Sequence[str] = ()
    rights: Sequence[tuple[str, str, str]] = ()
    captured: str | None = None


#: Yields the records of a file, in memory that does not grow with the file. For a damaged file it raises
#: UnreadableError after the records before the damage.
RecordReader = Callable[[BinaryIO, RecordOptions], Iterator[Record]]


def damaged(number: int, detail: str) -> UnreadableError:
    """Return the error for a file that cannot be read from a record on."""
    return UnreadableError("bad-container", f"at record {number}: {detail}; deliver the file again")


def shown(value: Any) -> str:
    """Return the ``repr`` of a value for messages, of at most 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
