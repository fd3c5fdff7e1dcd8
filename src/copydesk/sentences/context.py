"""The context of a place where a sentence may end: what the model decides by."""

from __future__ import annotations

from typing import NamedTuple

AROUND = 48  #: characters of context on each side


class Context(NamedTuple):
    """The context of a candidate, in so few classes that each combination is scored only once."""

    mark: str  # the kind of mark: . ? ! … ; : - or none
    closed: str  # what closes behind it: nothing, a quotation, a bracket, both, another sign
    before: str  # class of the word before it
    earlier: str  # class of the word before that
    first: bool  # whether the word before is the first of its line, or of its sentence
    opener: str  # what opens before the next word
    after: str  # class of the next word
    written: str  # whether the next word is common or a name, by how it is written elsewhere
    later: str  # class of the word after that
    glued: bool  # whether no space stands behind it
    quoted: bool = False  # whether a quotation is open behind it
    bracketed: bool = False  # whether a bracket is open behind it
    rest: int = 0  # how much of the line is left, in steps of 16 characters up to 3
    casual: int = 0  # how often the text goes on in lower case behind a mark, in steps up to 3
