"""Sentences as spans of a text: in order, without overlap, white space alone between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from copydesk.sentences.rules import sentence_ends


class Spans(NamedTuple):
    """The sentences of one text: where each starts and ends, and which paragraph it stands in."""

    starts: list[int]
    ends: list[int]
    paragraphs: list[int]


def split(text: str, language: str | None = "en") -> list[tuple[int, int]]:
    """Split one text into sentences.

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
        ISO 639-1 codes; None, or a language without rules of its own, takes the rules that need none.
    """
    return [_split(text, language) for text, language in zip(texts.to_pylist(), languages, strict=True)]


def _split(text: str, language: str | None) -> Spans:
    spans = Spans([], [], [])
    line_start = paragraph = 0
    while line_start <= len(text):
        line_end = text.find("\n", line_start)
        line_end = len(text) if line_end < 0 else line_end
        line = text[line_start:line_end]
        begun = len(spans.starts)
        start = 0
        for end in [*sentence_ends(line, language), len(line)]:
            piece = line[start:end]
            left = len(piece) - len(piece.lstrip())
            sentence = piece.strip()
            if sentence:
                spans.starts.append(line_start + start + left)
                spans.ends.append(line_start + start + left + len(sentence))
                spans.paragraphs.append(paragraph)
            start = end
        paragraph += len(spans.starts) > begun
        line_start = line_end + 1
    return spans
