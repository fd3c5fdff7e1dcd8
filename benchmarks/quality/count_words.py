"""Count words: how each is written, which splitting asks, and which are frequent, which identifies languages.

    python benchmarks/quality/count_words.py --voice-web CHECKOUT --treebanks FOLDER --ntrex CHECKOUT

writes ``src/copydesk/sentences/data/words/<language>.tsv``, which the splitter reads: a word in small letters, and
how often it stands inside a sentence in lower case, inside one with a capital, at the beginning of one.

It also writes ``src/copydesk/language/data/frequent_words.tsv``: the most frequent words of each language, from
wordfreq where that has a list, else counted in Common Voice or NTREX.

The checkouts are mozilla/voice-web at e0bfbc4b, sentences of Common Voice, one a line, in the public domain (CC0),
and MicrosoftTranslator/NTREX, the same news in 128 languages (NTREX-128, CC BY-SA 4.0). FOLDER holds Universal
Dependencies treebanks, of which the parts ``train`` and ``dev`` are read where they are there and the treebank is
under CC BY or CC BY-SA; the parts ``test`` are for measuring. The English texts from which the sentence model learns
are left out: it has to meet as many unknown words in them as in others.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wordfreq import get_frequency_dict

from copydesk.language.frequent_words import FREQUENT_WORDS, WORD
from copydesk.sentences.lexicon import WORDS

#: Folders of Common Voice and names of treebanks, for each language.
SOURCES = {
    "bg": "bg",
    "ca": "ca",
    "cs": "cs",
    "da": "da UD_Danish-DDT",
    "de": "de",
    "el": "el",
    "en": "en",
    "es": "es",
    "et": "et",
    "fi": "fi UD_Finnish-TDT",
    "fr": "fr",
    "hr": "hr sr UD_Croatian-SET UD_Serbian-SET",
    "hu": "hu",
    "id": "id UD_Indonesian-GSD",
    "it": "it",
    "lt": "lt UD_Lithuanian-ALKSNIS",
    "lv": "lv UD_Latvian-LVTB",
    "nl": "nl UD_Dutch-Alpino",
    "no": "nb-NO nn-NO UD_Norwegian-Bokmaal UD_Norwegian-Nynorsk",
    "pl": "pl",
    "pt": "pt UD_Portuguese-Bosque",
    "ro": "ro UD_Romanian-RRT",
    "ru": "ru",
    "sk": "sk UD_Slovak-SNK",
    "sl": "sl UD_Slovenian-SSJ",
    "sv": "sv-SE UD_Swedish-Talbanken",
    "tr": "tr UD_Turkish-BOUN",
    "uk": "uk",
}
MOST = {"en": 16_000}
MOST_OF_OTHERS = 5_000
LEAST = 3
HEADER_OF_FREQUENT = """\
# The most frequent words of each language, by rank; made by benchmarks/quality/count_words.py, not by hand. From
# wordfreq, NTREX-128, UD Croatian and Serbian SET (CC BY-SA 4.0) and Common Voice (CC0); see NOTICE.
"""
HEADER = (
    "# {}: word, inside a sentence in lower case, inside one with a capital, first; made by count_words.py from {}\n"
)
MOST_FREQUENT = 500
#: Languages of many endings, in which as many words are half as much text, and how many words are listed.
INFLECTED, MOST_INFLECTED = frozenset("be bg cs hr lt lv mk pl ru sk sl sr uk".split()), 1_000
_LISTED = """ar bg bn ca cs da de el en es fa fi fil fr he hi hu id is it lt lv mk ms nl no pl pt ro ru sk sl sv ta tr
uk ur vi"""
#: Languages that are identified by their words, and their sources where wordfreq has no list of their own.
FREQUENT = {
    **dict.fromkeys(_LISTED.split(), ""),
    **{language: language for language in "be et eu gl ka kk ky mn sw tt uz".split()},
    "hr": "hr UD_Croatian-SET",
    "sr": "UD_Serbian-SET",
    "sr ": "sr",  # in Cyrillic
    **{
        each[:2]: f"NTREX-{each[3:]}"
        for each in """af-afr az-aze-Latn cy-cym fo-fao ga-gle ha-hau ig-ibo ku-kmr lb-ltz mg-mlg mi-mri mr-mar mt-mlt
        ne-nep nn-nno ny-nya ps-pus rw-kin sd-snd-Arab sn-sna-Latn so-som sq-sqi tg-tgk-Cyrl tk-tuk tn-tsn ug-uig
        xh-xho yo-yor zu-zul""".split()
    },
}
_LISTS = {"no": "nb"}
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_TEXT = re.compile(r"^# text = (.*)$", re.MULTILINE)
_INSIDE = re.compile(r"[\w,;] $")


class Sources(NamedTuple):
    """Folders of texts."""

    voice_web: Path
    treebanks: Path
    ntrex: Path


def main() -> int:
    """Count and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voice-web", type=Path, required=True)
    parser.add_argument("--treebanks", type=Path, required=True)
    parser.add_argument("--ntrex", type=Path, required=True)
    parser.add_argument("--output", type=Path, default=WORDS, help="default: into the package")
    given = parser.parse_args()
    sources = Sources(given.voice_web, given.treebanks, given.ntrex)
    given.output.mkdir(exist_ok=True)
    for language, names in SOURCES.items():
        table = count(sentences(names.split(), sources))
        most = sorted(table, key=lambda word: (-sum(table[word]), word))[: MOST.get(language, MOST_OF_OTHERS)]
        lines = ["\t".join([word, *map(str, table[word])]) + "\n" for word in sorted(most)]
        names = ["Common Voice" if not name.startswith("UD_") else name for name in names.split()]
        header = HEADER.format(language, ", ".join(dict.fromkeys(names)))
        (given.output / f"{language}.tsv").write_text(header + "".join(lines), encoding="utf8")
        print(f"{language}: {len(lines):,} words")
    rows = (f"{each.strip()}\t{' '.join(frequent(each, sources))}\n" for each in sorted(FREQUENT))
    FREQUENT_WORDS.write_text(HEADER_OF_FREQUENT + "".join(rows), encoding="utf8")
    return 0


def frequent(language: str, sources: Sources) -> list[str]:
    """The most frequent words of a language, the most frequent first."""
    counts: dict[str, float] = Counter()
    if FREQUENT[language]:
        for line in sentences(FREQUENT[language].split(), sources):
            counts.update(word.lower() for word in WORD.findall(line))
    else:
        counts = get_frequency_dict(_LISTS.get(language, language), "small")
    if language == "el":  # the list is case-folded: no word of it ends as words are written
        counts = {f"{word[:-1]}ς" if word.endswith("σ") else word: count for word, count in counts.items()}
    words = sorted(filter(WORD.fullmatch, counts), key=lambda word: (-counts[word], word))
    if sum(word.isascii() for word in words[:100]) < 20:  # another script: what is in Latin letters is foreign
        words = [word for word in words if not word.isascii()]
    return words[: MOST_INFLECTED if language.strip() in INFLECTED else MOST_FREQUENT]


def sentences(names: list[str], sources: Sources) -> Iterator[str]:
    """The sentences of a language, each once, in order."""
    seen = set()
    for name in names:
        of_ntrex = (sources.ntrex / "NTREX-128").glob(f"newstest2019-ref.{name.removeprefix('NTREX-')}.txt")
        for path in sorted([*(sources.voice_web / "server" / "data" / name).glob("*.txt"), *of_ntrex]):
            seen.update(line.strip() for line in path.read_text("utf8").split("\n"))
        for path in sorted((sources.treebanks / name).glob("*.conllu")) if name.startswith("UD_") else ():
            if "-test" not in path.name:
                seen.update(_TEXT.findall(path.read_text("utf8")))
    yield from sorted(seen)


def count(lines: Iterator[str]) -> dict[str, list[int]]:
    """For each word that is seen often enough: lower case inside, capital inside, first."""
    table: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for line in lines:
        words = list(_WORD.finditer(line))
        if len(words) < 4 or 2 * sum(w[0][0].isupper() for w in words) > len(words):
            continue  # a headline, or names
        for number, match in enumerate(words):
            word = match[0]
            if number == 0:
                table[word.lower()][2] += word[0].isupper()
            elif _INSIDE.search(line, max(0, match.start() - 2), match.start()):
                table[word.lower()][word[0].isupper()] += 1
    return {word: counts for word, counts in table.items() if sum(counts) >= LEAST}


if __name__ == "__main__":
    sys.exit(main())
