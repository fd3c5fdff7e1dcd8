"""The cleaner and the splitter in the form that scorers take, and other splitters beside ours.

``clean(text)`` gives text, edits and flags, ``split(text, lang)`` spans, all in offsets of the input.
"""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from copydesk import sentences
from copydesk.cleaning.apply import Cleaned, clean_text
from copydesk.cleaning.personal import personal_data
from copydesk.cleaning.plan import plan
from copydesk.cleaning.rules import boilerplate_lines
from copydesk.language.detection import language_of

_APPLIED = plan({"apply": ["safe", "probable"], "rules": {}})
_ALL = plan({"apply": ["safe", "probable", "suggest"], "rules": {}})

#: The bench's name for what a rule repairs, where it differs from what the edit itself shows.
_CLASSES = {
    "hard-wrap": "line_break",
    "line-hyphen": "line_break",
    "line-end": "line_break",
    "spaces": "whitespace",
    "space-before-mark": "space_before_punct",
    "full-width": "fullwidth",
    "split-capital": "join",
    "torn-word": "join",
    "stray-capital": "drop_cap",
    "lost-full-stop": "sentence_punct",
    "lost-comma": "comma_case",
    "quote-direction": "quote",
    "missing-space": "sentence_space",
    "glued-keyword": "glue",
    "glued-word": "glue",
    "glued-word-maybe": "glue",
}
_PERSONAL = frozenset(detector.kind for detector in personal_data.DETECTORS)
_LINES = frozenset({rule.name for rule in boilerplate_lines.RULES})

Scored = tuple[str, list[dict[str, Any]], list[dict[str, Any]]]


def clean(text: str) -> Scored:
    """What the tiers ``safe`` and ``probable`` make of a text."""
    return _scored(clean_text(text, _APPLIED))


def clean_all(text: str) -> Scored:
    """The same with suggestions applied too."""
    return _scored(clean_text(text, _ALL))


def _scored(cleaned: Cleaned) -> Scored:
    edited = cleaned.edited
    edits = [
        {
            "start": e.raw_start,
            "end": e.raw_end,
            "replacement": e.after,
            "class": _class(e.rules[0]),
            "rule": e.rules[0],
        }
        for e in edited.edits
    ]
    flags = []
    for flag in cleaned.flags:
        if flag.kind in _PERSONAL:  # no defect of the text
            continue
        start, end = edited.to_raw(flag.start, flag.end)
        kind = {"replacement-character": "replacement_char"}.get(flag.kind, flag.kind.replace("-", "_"))
        flags.append({"start": start, "end": end, "class": kind})
    return edited.text, edits, flags


def _class(rule: str) -> str | None:
    return "boilerplate" if rule in _LINES else _CLASSES.get(rule)


Split = Callable[[str, str], list[tuple[int, int]]]
SplitLine = Callable[[str, str], Iterable[str]]


def split(text: str, lang: str | None = "en") -> list[tuple[int, int]]:
    """Our sentences of a text; with no language given, by the one that is detected, as in a build."""
    return sentences.split(text, lang or language_of(text))


def splitters(training: list[str]) -> dict[str, Split]:
    """Ours and those of the libraries that are installed; Punkt learns from the training texts, without their spans.

    Each library gets a line at a time, as ours keeps line ends, and is given its language where it has it, else
    English.
    """
    found: dict[str, Split] = {"copydesk": split}
    for name, make in _PEERS.items():
        try:
            found[name] = _by_line(make(training))
        except ImportError as error:
            print(f"{name}: left out ({error})")
    return found


def _by_line(split_line: SplitLine) -> Split:
    def spans(text: str, lang: str) -> list[tuple[int, int]]:
        found = []
        position = 0
        for line in text.split("\n"):
            at = 0
            for piece in split_line(line, lang) if line.strip() else ():
                piece = piece.strip()
                start = line.find(piece, at) if piece else -1
                if start >= 0:
                    at = start + len(piece)
                    found.append((position + start, position + at))
            position += len(line) + 1
        return found

    return spans


def _tokenizesentences(_: list[str]) -> SplitLine:
    library = importlib.import_module("tokenizesentences")
    return lambda line, lang: library.tokenize(line)


def _koehn(_: list[str]) -> SplitLine:
    """Philipp Koehn's splitter, from the preparation of Europarl."""
    library = importlib.import_module("sentence_splitter")

    @cache
    def splitter(lang: str) -> Any:
        try:
            return library.SentenceSplitter(language=lang)
        except library.SentenceSplitterException:
            return library.SentenceSplitter(language="en")

    return lambda line, lang: splitter(lang).split(line)


def _srx(_: list[str]) -> SplitLine:
    """The SRX rules of LanguageTool, run by the Java program segment."""
    library = importlib.import_module("loomchild.segmenter")
    if not shutil.which("java"):
        raise ImportError("needs Java")
    segmenter = cache(library.LoomchildSegmenter)
    return lambda line, lang: segmenter(lang).get_segmentation(line)


def _nupunkt(_: list[str]) -> SplitLine:
    library = importlib.import_module("nupunkt")
    return lambda line, lang: library.sent_tokenize(line)


def _punkt(training: list[str]) -> SplitLine:
    """NLTK's Punkt (Kiss and Strunk 2006); its own models are downloads, so it learns here."""
    library = importlib.import_module("nltk.tokenize.punkt")
    trainer = library.PunktTrainer()
    trainer.train("\n\n".join(training), finalize=True)
    tokenizer = library.PunktSentenceTokenizer(trainer.get_params())
    return lambda line, lang: tokenizer.tokenize(line)


def _sentencex(_: list[str]) -> SplitLine:
    library = importlib.import_module("sentencex")
    return lambda line, lang: library.segment(lang, line)


def _syntok(_: list[str]) -> SplitLine:
    library = importlib.import_module("syntok.segmenter")

    def split_line(line: str, lang: str) -> Iterable[str]:
        for paragraph in library.process(line):
            for sentence in paragraph:
                yield "".join(token.spacing + token.value for token in sentence)

    return split_line


def _blingfire(_: list[str]) -> SplitLine:
    library = importlib.import_module("blingfire")
    return lambda line, lang: library.text_to_sentences(line).split("\n")


def _pysbd(_: list[str]) -> SplitLine:
    library = importlib.import_module("pysbd")
    known = importlib.import_module("pysbd.languages").LANGUAGE_CODES
    segmenter = cache(lambda lang: library.Segmenter(language=lang if lang in known else "en", clean=False))
    return lambda line, lang: segmenter(lang).segment(line)


_PEERS: dict[str, Callable[[list[str]], SplitLine]] = {
    "tokenizesentences": _tokenizesentences,
    "Koehn": _koehn,
    "SRX (LanguageTool)": _srx,
    "nupunkt": _nupunkt,
    "Punkt (NLTK)": _punkt,
    "sentencex": _sentencex,
    "syntok": _syntok,
    "blingfire": _blingfire,
    "pysbd": _pysbd,
}
