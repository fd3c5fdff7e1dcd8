"""Read an XML file item by item, in memory that does not grow with the file.

Expat gives the place of each element, so that what is in an item can also be taken as it is written. Nothing outside
of the file is read: an external DTD is not opened, and a file that declares entities is refused.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator
from html.entities import html5
from typing import BinaryIO, NoReturn
from xml.parsers import expat

from copydesk.core.schema_validator import clipped
from copydesk.errors import UnreadableError
from copydesk.readers.html_pages import meant

XML = "http://www.w3.org/XML/1998/namespace"
XHTML = "http://www.w3.org/1999/xhtml"

_PIECE = 1 << 16
_LONGEST_TOKEN = 1 << 20  # a tag or a comment: older versions of Expat take quadratic time for long ones
_DEEPEST, _DEEPEST_OPENED = 200, 8
_MOST_ELEMENTS = 100_000
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ENCODING = re.compile(rb"<\?xml\b[^<>]{0,200}?\bencoding\s{0,9}=\s{0,9}[\"']([A-Za-z0-9_:.-]{2,40})[\"']")
_TAG = re.compile(rb"<[^\s/>]+(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")


class XmlElement:
    """An element: its name and namespace, its attributes, and its text and elements in order.

    Attributes
    ----------
    local, space, prefix : str
        The name without its prefix, its namespace, and the prefix.
    attributes : dict of str to str
        Those without a namespace by their names, others by namespace, a blank and the name.
    content : list of (str or XmlElement)
    start, end : int
        Offsets of the start tag and of the end tag.
    """

    __slots__ = ("attributes", "content", "end", "local", "prefix", "space", "start")

    def __init__(self, name: str, attributes: dict[str, str], start: int) -> None:
        space, _, local = name.rpartition(" ")
        if " " in space:  # Expat writes namespace, name and prefix
            space, self.local = space.split(" ")
            self.space, self.prefix = space, local
        else:
            self.space, self.local, self.prefix = space, local, ""
        self.attributes = {" ".join(name.split(" ")[:2]): value for name, value in attributes.items()}
        self.content: list[str | XmlElement] = []
        self.start = self.end = start

    @property
    def elements(self) -> Iterator[XmlElement]:
        """The elements in it."""
        return (part for part in self.content if isinstance(part, XmlElement))

    def all(self, *path: str) -> Iterator[XmlElement]:
        """The elements that are found by going from name to name, whatever their namespaces are."""
        if not path:
            yield self
        else:
            for element in self.elements:
                if element.local == path[0]:
                    yield from element.all(*path[1:])

    def first(self, *path: str) -> XmlElement | None:
        """The first such element, or None."""
        return next(self.all(*path), None)

    @property
    def text(self) -> str:
        """All text in it."""
        return "".join(part if isinstance(part, str) else part.text for part in self.content)

    @property
    def line(self) -> str:
        """All text in it, on one line."""
        return " ".join(self.text.split())

    def attribute(self, name: str) -> str:
        """The value of an attribute; empty if it has none."""
        return self.attributes.get(name, "").strip()

    @property
    def language(self) -> str:
        """The attribute ``xml:lang``."""
        return self.attribute(f"{XML} lang")


class XmlItem:
    """An element of a file, with everything in it.

    Attributes
    ----------
    element : XmlElement
    is_opened : bool
        Whether it is the start tag of an element that contains the items that follow.
    is_large : bool
        Whether it is too large; then the element is empty.
    """

    def __init__(
        self, element: XmlElement, xml: bytes = b"", *, is_opened: bool = False, is_large: bool = False
    ) -> None:
        self.element, self.is_opened, self.is_large = element, is_opened, is_large
        self._xml = xml

    @property
    def size(self) -> int:
        """Its length in bytes; 0 if it is opened or too large."""
        return len(self._xml)

    def inner(self, element: XmlElement) -> str:
        """The content of an element of the item, as it is written in the file."""
        start, end = element.start - self.element.start, element.end - self.element.start
        tag = _TAG.match(self._xml, start)
        return "" if tag is None or tag.group().endswith(b"/>") else self._xml[tag.end() : end].decode()


def read_items(file: BinaryIO, roots: Collection[str], opened: Collection[str], at_most: int) -> Iterator[XmlItem]:
    """Yield the items of an XML file: the outermost elements that are not opened.

    Parameters
    ----------
    file : binary file
    roots : collection of str
        Names of root elements to read.
    opened : collection of str
        Names of elements that are no items but contain them.
    at_most : int
        Size of the largest item, in bytes.

    Raises
    ------
    UnreadableError
        If the file is not such XML, after the items before the damage.
    """
    parser = _Parser(roots, opened, at_most)
    decoder = None
    is_begun = False
    while True:
        piece = file.read(_PIECE)
        if decoder is None:
            decoder = _decoder(piece)
        try:
            text = decoder.decode(piece, not piece)
        except UnicodeDecodeError as error:
            raise parser.broken(f"bytes that are not {error.encoding}, as the file says") from None
        if not is_begun:  # blank lines before the declaration are not XML, and no harm
            parser.blank_lines += text.count("\n") - text.lstrip().count("\n")
            text = text.lstrip()
            is_begun = bool(text)
        problem = parser.feed(text, not piece)
        yield from parser.taken()
        if problem is not None:
            raise problem
        if not piece:
            return


def _decoder(piece: bytes) -> codecs.IncrementalDecoder:
    encoding = next((name for mark, name in _MARKS if piece.startswith(mark)), "")
    if not encoding:
        declared = _ENCODING.match(piece.lstrip())
        name = declared[1].decode() if declared else "utf-8"
        encodings = meant(name)
        if not encodings:
            detail = f"the encoding {name}, which is not known; convert the file to UTF-8"
            raise UnreadableError("bad-container", detail)
        encoding = encodings[0]
    return codecs.getincrementaldecoder(encoding)()


class _Parser:
    def __init__(self, roots: Collection[str], opened: Collection[str], at_most: int) -> None:
        self._roots, self._opened, self._at_most = roots, opened, at_most
        self._parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self._parser.namespace_prefixes = True
        self._parser.buffer_text = True
        self._parser.UseForeignDTD(True)  # references to entities of HTML are given to _reference
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.SkippedEntityHandler = self._reference
        self._parser.EntityDeclHandler = self._declared
        self.blank_lines = 0  # before the first that is parsed
        self._items: list[XmlItem] = []
        self._stack: list[XmlElement] = []  # open elements of the item
        self._depth = self._opened_depth = 0
        self._count = self._skipped = 0  # elements of the item, and open ones that are not built
        self._is_large = False
        self._xml = bytearray()
        self._fed = self._from = 0  # offsets of the end and of the beginning of _xml

    def feed(self, text: str, is_last: bool) -> UnreadableError | None:
        """Parse a piece; return the error if it cannot be parsed."""
        data = text.encode()
        self._xml += data
        self._fed += len(data)
        try:
            self._parser.Parse(data, is_last)
        except UnreadableError as error:
            return error
        except expat.ExpatError as error:
            return self.broken(f"not XML ({expat.ErrorString(error.code)})")
        if self._fed - self._parser.CurrentByteIndex > _LONGEST_TOKEN:
            return self.broken(f"a tag or a comment of more than {_LONGEST_TOKEN:,} bytes")
        if self._stack and len(self._xml) > self._at_most:
            self._refuse()
        if not self._stack or self._is_large:
            self._forget(self._parser.CurrentByteIndex)  # a tag may have begun
        return None

    def broken(self, what: str) -> UnreadableError:
        """Return the error for a file that cannot be read from the current line on."""
        line = self._parser.CurrentLineNumber + self.blank_lines
        return UnreadableError("bad-container", f"at line {line:,}: {what}; deliver the file again")

    def taken(self) -> Iterator[XmlItem]:
        """Take the items that are complete."""
        items, self._items = self._items, []
        yield from items

    def _forget(self, until: int) -> None:
        if until > self._from:
            del self._xml[: until - self._from]
            self._from = until

    def _refuse(self) -> None:
        """Keep nothing of an item that is too large."""
        self._is_large = True
        self._skipped += len(self._stack) - 1
        del self._stack[1:]
        self._stack[0].content.clear()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        place = self._parser.CurrentByteIndex
        element = XmlElement(name, attributes, place)
        if self._depth == 0 and element.local not in self._roots:
            found = f"the root element <{clipped(element.local, 60)}>"
            raise UnreadableError("bad-container", f"{found}; expected one of {', '.join(sorted(self._roots))}")
        self._depth += 1
        if not self._stack:
            is_outside = self._opened_depth == self._depth - 1 < _DEEPEST_OPENED
            if is_outside and element.local in self._opened:
                self._opened_depth += 1
                self._items.append(XmlItem(element, is_opened=True))
                return
            self._forget(place)
            self._count, self._is_large = 0, False
            self._stack.append(element)
            return
        self._count += 1
        if self._count > _MOST_ELEMENTS and not self._is_large:
            self._refuse()
        if self._is_large or self._skipped or len(self._stack) >= _DEEPEST:
            self._skipped += 1  # its text goes to the element around it
        else:
            self._stack[-1].content.append(element)
            self._stack.append(element)

    def _end(self, _: str) -> None:
        self._depth -= 1
        if self._skipped:
            self._skipped -= 1
        elif self._stack:
            element = self._stack.pop()
            element.end = self._parser.CurrentByteIndex
            if not self._stack:
                xml = b"" if self._is_large else bytes(self._xml[: element.end - self._from])
                self._items.append(XmlItem(element, xml, is_large=self._is_large))
        else:
            self._opened_depth -= 1

    def _text(self, text: str) -> None:
        if self._stack and not self._is_large:
            self._stack[-1].content.append(text)

    def _reference(self, name: str, _: bool) -> None:
        self._text(html5.get(f"{name};", f"&{name};"))

    def _declared(self, *_: object) -> NoReturn:
        raise UnreadableError(
            "bad-container", "it declares entities, which may stand for anything; expected none: deliver it without"
        )
