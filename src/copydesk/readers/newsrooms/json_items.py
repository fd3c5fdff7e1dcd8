"""Read a JSON file item by item: an array, an object with an array of items, or one object."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from copydesk.core.json_schema import load_json
from copydesk.core.schema_validator import clipped
from copydesk.errors import ConfigError, UnreadableError

_PIECE = 1 << 16
_SPACE = " \t\n\r"
_STRUCTURE = re.compile(r'[\[\]{}"]')
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SCALAR_END = re.compile(r"[\s,\]}]")
_NOT_SPACE = re.compile(rf"[^{_SPACE}]")


def read_json_items(file: BinaryIO, name: str, at_most: int) -> Iterator[Any]:
    """Yield the items of a JSON file, in memory that does not grow with the file.

    Parameters
    ----------
    file : binary file
        An array of items; an object with a field that is an array of items; or an item.
    name : str
        Name of that field.
    at_most : int
        Size of the largest item, in characters.

    Yields
    ------
    any
        A value of JSON; or a :class:`ConfigError`, if an item is JSON but not such as is accepted.

    Raises
    ------
    UnreadableError
        If the file is not JSON, after the items before the damage; or if an item is too large.
    """
    text = _Text(file, at_most)
    if text.next_is("["):
        yield from _array(text)
    elif text.next_is("{"):
        yield from _object(text, name, at_most)
    else:
        raise text.broken("expected an object or an array")
    if text.peek():
        raise text.broken("something behind the end")


def _array(text: _Text) -> Iterator[Any]:
    if text.next_is("]"):
        return
    while True:
        yield _loaded(text.value())
        if text.next_is("]"):
            return
        text.expect(",")


def _object(text: _Text, name: str, at_most: int) -> Iterator[Any]:
    members: list[str] = []
    length = 0
    has_items = False
    is_last = text.next_is("}")
    while not is_last:
        key = text.value()
        text.expect(":")
        if not has_items and key == json.dumps(name) and text.next_is("["):
            has_items = True
            yield from _array(text)
        else:
            members.append(f"{key}:{text.value()}")
            length += len(members[-1])
            if length > at_most:
                raise too_long(at_most)
        is_last = text.next_is("}")
        if not is_last:
            text.expect(",")
    if not has_items:
        yield _loaded(f"{{{','.join(members)}}}")


def too_long(at_most: int) -> UnreadableError:
    """Return the error for an item that is too large to be read, and behind which nothing is read."""
    detail = f"an item of more than {at_most:,} characters; split it, or deliver its text as .txt"
    return UnreadableError("too-large", detail)


def _loaded(text: str) -> Any:
    try:
        return load_json(text, "item")
    except ConfigError as error:
        return error


class _Text:
    """The text of a JSON file, of which a part is in memory."""

    def __init__(self, file: BinaryIO, at_most: int) -> None:
        self._file, self._at_most = file, at_most
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._is_last = False
        self._lines = 1  # before _text

    def peek(self) -> str:
        """Skip white space; return the next character, or nothing at the end."""
        while not (found := _NOT_SPACE.search(self._text, self._at)):
            self._at = len(self._text)
            if not self._fill():
                return ""
        self._at = found.start()
        return self._text[self._at]

    def next_is(self, character: str) -> bool:
        """Skip a character, if it is the next one."""
        is_next = self.peek() == character
        self._at += is_next
        return is_next

    def expect(self, character: str) -> None:
        """Skip a character that must be the next one."""
        if not self.next_is(character):
            raise self.broken(f"expected {character!r}, found {clipped(self.peek()) or 'the end'!r}")

    def value(self) -> str:
        """Return the next value as it is written. Whether it is valid is for its parser to say."""
        self._forget()
        first = self.peek()
        if first == '"':
            end = self._end_of_string(self._at)
        elif first and first in "[{":
            end, depth = self._at, 0
            while end == self._at or depth:
                mark = self._found(_STRUCTURE, end)
                end = mark.end()
                if mark.group() == '"':
                    end = self._end_of_string(mark.start())
                else:
                    depth += 1 if mark.group() in "[{" else -1
        else:
            end = self._found(_SCALAR_END, self._at).start()
        value = self._text[self._at : end]
        self._at = end
        return value

    def broken(self, what: str) -> UnreadableError:
        """Return the error for a file that cannot be read from here on."""
        line = self._lines + self._text.count("\n", 0, self._at)
        return UnreadableError("bad-container", f"at line {line:,}: not JSON ({what}); deliver the file again")

    def _end_of_string(self, start: int) -> int:
        while not (string := _STRING.match(self._text, start)):
            self._more()
        return string.end()

    def _found(self, pattern: re.Pattern[str], start: int) -> re.Match[str]:
        while not (found := pattern.search(self._text, start)):
            self._more()
        return found

    def _more(self) -> None:
        """Read more of a value."""
        if len(self._text) - self._at > self._at_most:
            raise too_long(self._at_most)
        if not self._fill():
            raise self.broken("it ends within an item")

    def _fill(self) -> bool:
        # As much again as there is, so that a value that is searched again takes linear time.
        piece = self._file.read(max(_PIECE, len(self._text) - self._at)) if not self._is_last else b""
        self._is_last = self._is_last or not piece
        try:
            self._text += self._decoder.decode(piece, self._is_last)
        except UnicodeDecodeError as error:
            raise self.broken(f"bytes that are not UTF-8: {error.reason}") from None
        return not self._is_last

    def _forget(self) -> None:
        if self._at > _PIECE and 2 * self._at > len(self._text):
            self._lines += self._text.count("\n", 0, self._at)
            self._text = self._text[self._at :]
            self._at = 0
