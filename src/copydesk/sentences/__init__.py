"""Sentences as spans of a text: in order, without overlap, white space alone between them.

Lines end sentences. Inside a line ``candidates`` finds the places where one may end, ``words`` and ``lexicon`` class
what stands around each, and ``model`` decides. Offsets are code points.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from copydesk.sentences.candidates import candidates_by_line
from copydesk.sentences.lexicon import lexicon
from copydesk.sentences.model import ends_sentence


class Spans(NamedTuple):
    """The sentences of one text: where each starts and ends, and which paragraph it stands in."""

    starts: list[int]
    ends: list[int]
    paragraphs: list[int]


def served(language: str | None) -> str:
    """The lexicon that splits texts of a language: its own, or ``und`` for a language without one.

    >>> served("de"), served("la"), served(None)
    ('de', 'und', 'und')
    """
    return lexicon(language).language


def split(text: str, language: str | None = "en") -> list[tuple[int, int]]:
    """Split one text into sentences.

    Parameters
    ----------
    text : str
    language : str or None
        ISO 639-1 code. None, or a language without a lexicon (see ``served``), goes by marks and shapes alone.

    Returns
    -------
    list of (start, end)
        Offsets in code points. Every character but white space belongs to just one sentence.

    >>> text = "Mr. Smith left. He was late!"
    >>> [text[start:end] for start, end in split(text)]
    ['Mr. Smith left.', 'He was late!']
    """
    spans = _split(text, language)
    return list(zip(spans.starts, spans.ends, strict=True))


def split_column(texts: pa.Array, languages: Sequence[str | None]) -> list[Spans]:
    """Split a column of texts.

    Parameters
    ----------
    texts : pa.Array of string, shape (n,)
    languages : sequence of str or None, length n
        ISO 639-1 codes; None as in ``split``.
    """
    return [_split(text, language) for text, language in zip(texts.to_pylist(), languages, strict=True)]


def _split(text: str, language: str | None) -> Spans:
    spans = starts, stops, paragraphs = Spans([], [], [])
    lines = candidates_by_line(text, lexicon(language), only_doubtful=True)
    for paragraph, (line_start, line_end, found) in enumerate(lines):
        start = line_start
        ends = [end for end, context in found if context is None or ends_sentence(context)]
        ends.append(line_end)
        for end in ends:
            start += text[start] == " "  # nearly always the only white space
            piece = text[start:end]
            sentence = piece.strip()
            if sentence:
                length = len(sentence)
                left = start if length == len(piece) else start + len(piece) - len(piece.lstrip())
                starts.append(left)
                stops.append(left + length)
                paragraphs.append(paragraph)
            start = end
    return spans
