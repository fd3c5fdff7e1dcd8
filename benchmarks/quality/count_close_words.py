"""Count words that tell close languages apart, where the model of languages takes one for the other.

    python benchmarks/quality/count_close_words.py --ntrex CHECKOUT --voice-web CHECKOUT --treebanks FOLDER

writes ``src/copydesk/language/data/close_words.tsv``: for each group of languages the words that tell most, and the
log-odds of each language given the word, in tenths, less their mean (naive Bayes, with as much text of each language
from each source). Where it helped on a source that was left out, the same follows of three letters of a word, at half
the odds, since those of one word overlap.

Sources are NTREX-128 (MicrosoftTranslator/NTREX, CC BY-SA 4.0), the same news in 128 languages, and those of
``count_words.py``: the parts ``dev`` of treebanks, Common Voice. The parts ``test`` are for measuring.
"""

from __future__ import annotations

import argparse
import math
import sys
import zlib
from collections import Counter
from pathlib import Path

from count_words import Sources, sentences

from copydesk.language.close_languages import CLOSE_WORDS, PART, parts
from copydesk.language.frequent_words import WORD

#: For each group, sources of as much text in each language, by the names of ``count_words.py``.
SOURCES: dict[str, list[dict[str, str]]] = {
    "bs hr sr": [
        {"bs": "NTREX-bos", "hr": "NTREX-hrv", "sr": "NTREX-srp-Latn"},
        {"hr": "UD_Croatian-SET", "sr": "UD_Serbian-SET"},
        {"hr": "hr", "sr": "sr"},
    ],
    "bg mk sr": [{"bg": "NTREX-bul", "mk": "NTREX-mkd", "sr": "NTREX-srp-Cyrl"}],
    "da nn no": [
        {"da": "NTREX-dan", "nn": "NTREX-nno", "no": "NTREX-nob"},
        {"da": "UD_Danish-DDT", "nn": "UD_Norwegian-Nynorsk", "no": "UD_Norwegian-Bokmaal"},
    ],
    "af nl": [{"af": "NTREX-afr", "nl": "NTREX-nld"}, {"af": "UD_Afrikaans-AfriBooms", "nl": "UD_Dutch-Alpino"}],
    "id ms": [{"id": "NTREX-ind", "ms": "NTREX-msa"}],
}
#: Groups that three letters of a word help to tell apart.
WITH_PARTS = {"bs hr sr", "da nn no"}
SMOOTHING = 0.3
LEAST = 2
MOST = 2_000
SHORTEST = 20  # characters of a sentence
HEADER = """\
# Words that tell close languages apart, and behind ~ three letters of others, with log-odds of each language in
# tenths; made by count_close_words.py, not by hand. From NTREX-128, Universal Dependencies (CC BY-SA 4.0) and Common
# Voice (CC0); see NOTICE.
"""
_LATIN = dict(
    zip(
        "абвгдђежзијклљмнњопрстћуфхцчџш",
        "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š".split(),
        strict=True,
    )
)


def main() -> int:
    """Count and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("ntrex", "voice-web", "treebanks"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    given = parser.parse_args()
    rows = []
    for group, sources in SOURCES.items():
        rows.append(f"[{group}]\n")
        counts: dict[str, Counter[str]] = {language: Counter() for language in group.split()}
        counts_of_parts: dict[str, Counter[str]] = {language: Counter() for language in group.split()}
        for source in sources:
            texts = {language: lines(name, given) for language, name in source.items()}
            number = min(map(len, texts.values()))
            for language, found in texts.items():
                counts[language] += count(found[:number])
                counts_of_parts[language] += count_parts(found[:number])
        told = telling(counts)
        if group in WITH_PARTS:
            told |= {PART + part: [round(odds / 2) for odds in row] for part, row in telling(counts_of_parts).items()}
        rows += [f"{word}\t{' '.join(map(str, told[word]))}\n" for word in sorted(told)]
        print(f"{group}: {len(told):,} rows")
    CLOSE_WORDS.write_text(HEADER + "".join(rows), encoding="utf8")
    return 0


def lines(name: str, given: argparse.Namespace) -> list[str]:
    """Sentences of a source in lower case, in an order that has nothing to do with what they say."""
    found = sentences([name], Sources(given.voice_web, given.treebanks, given.ntrex))
    lower = (line.lower() for line in found if len(line) > SHORTEST)
    if name == "sr":  # in Cyrillic
        lower = ("".join(_LATIN.get(letter, letter) for letter in line) for line in lower)
    return sorted(set(lower), key=lambda line: (zlib.crc32(line.encode()), line))


def count(found: list[str]) -> Counter[str]:
    """In how many sentences each word stands."""
    return Counter(word for line in found for word in set(WORD.findall(line)))


def count_parts(found: list[str]) -> Counter[str]:
    """In how many sentences each three letters of a word stand."""
    return Counter(
        part for line in found for part in {part for word in set(WORD.findall(line)) for part in parts(word)}
    )


def telling(counts: dict[str, Counter[str]]) -> dict[str, list[int]]:
    """The words that tell most: those of large differences, and frequent ones."""
    words = set().union(*counts.values())
    totals = {language: counted.total() + SMOOTHING * len(words) for language, counted in counts.items()}
    weights, worth = {}, {}
    for word in words:
        seen = sum(counted[word] for counted in counts.values())
        odds = [math.log((counted[word] + SMOOTHING) / totals[language]) for language, counted in counts.items()]
        mean = sum(odds) / len(odds)
        tenths = [round(10 * (each - mean)) for each in odds]
        if seen >= LEAST and any(tenths):
            weights[word], worth[word] = tenths, (max(odds) - min(odds)) * math.sqrt(seen)
    most = sorted(weights, key=lambda word: (-worth[word], word))[:MOST]
    return {word: weights[word] for word in most}


if __name__ == "__main__":
    sys.exit(main())
