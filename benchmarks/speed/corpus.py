"""A made corpus of any size: news-like documents whose duplicates and defects are known.

    python benchmarks/speed/corpus.py FOLDER [--documents 1000] [--mix clean|defects|real|pages] [--lines FILE]

Writes ``FOLDER/00000/document-00000000.txt`` and so on, or one JSON line a document. Sentences are those that people
marked in openly licensed English text (``benchmarks/quality/open/sentences``, each with its source and license).
Lengths are log-normal with a mean of about 3.5 kB; 5 % of the documents repeat another one, 10 % nearly. Some of the
names are made up and numbers vary, so that the vocabulary keeps growing with the corpus, as it does in the world. In
the mix ``defects`` three documents of ten have one to five of ``defects.DEFECTS``. The mix ``real`` is the marked
texts as they are, in twenty languages, each once; there are some 2,900. In the mix ``pages`` each of these is the
article of a web page, with navigation, a notice about cookies, links to other articles and a footer around it.

A document follows from its number and the mix alone: a larger corpus begins with the smaller one.
"""

from __future__ import annotations

import argparse
import html
import json
import random
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from defects import DEFECTS, damage

QUALITY = Path(__file__).parents[1] / "quality"
sys.path.insert(0, str(QUALITY))

from score_sentences import load  # noqa: E402  (the quality benchmarks are a folder of scripts)

SEED = 20261122
MADE = ("clean", "defects")  # of which there are as many documents as are wanted
MIXES = (*MADE, "real")
OWN = (*MIXES, "pages")  # pages are not compared with other tools, which read texts
EXACT, NEAR, DAMAGED = 0.05, 0.10, 0.30  # shares of the documents
MOST_DEFECTS = 5
LENGTH, SPREAD, SHORTEST, LONGEST = 7.80, 0.75, 400, 60_000  # of the logarithm of characters, and characters
_NAMED = 0.2  # share of the names that are made up
_SYLLABLES = "ba den kor li mar ne os pra qui ros sta tul ve wen xi yor zan che dri fel".split()
# Of the treebanks, what was edited or written with care; not answers, reviews and e-mail.
_SOURCES = re.compile(r"gum_|pud_en|ewt_\w+/(newsgroup|weblog)")
_PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>{title}</title><style>nav {{ color: #333 }}</style></head><body>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li></ul>
</nav></header><div class="cookie-banner"><p>We use cookies to offer you a better service.</p><button>Accept</button>
</div><main><article><h1>{title}</h1>{paragraphs}</article><aside><h2>Read also</h2><ul>{links}</ul></aside></main>
<footer><p>Contact</p><p>Imprint</p></footer><script>var page = {{"views": 1}};</script></body></html>
"""
# A sentence in which a cleaner has nothing to do.
_PLAIN = re.compile(
    r"[A-Z“\"](?:(?! [,.;:?!])(?![,;?!][A-Za-z])(?!\.\.)[\w ,.;:?!'’\"“”()$%£€&/–—-])+[.?!][”\"]?", re.ASCII
)
_NAME = re.compile(r"(?<=[a-z] )[A-Z][a-z]{3,}(?![\w'’-])")
_NUMBER = re.compile(r"(?<=\d)\d\b")


class Document(NamedTuple):
    """A document and the truth about it: ``kind`` is new, exact or near; ``of`` is the number of its model."""

    number: int
    text: str
    kind: str
    of: int | None
    defects: tuple[str, ...]

    @property
    def name(self) -> str:
        """Path of its file."""
        ending = "html" if self.text.startswith("<!DOCTYPE html>") else "txt"
        return f"{self.number // 1000:05d}/document-{self.number:08d}.{ending}"


def documents(count: int, mix: str = "clean") -> Iterator[Document]:
    """The first documents of a mix."""
    return (document(number, mix) for number in range(count))


def document(number: int, mix: str = "clean") -> Document:
    """One document of a mix."""
    if mix == "real":
        return Document(number, _real()[number], "new", None, ())
    if mix == "pages":
        return Document(number, web_page(_real()[number], _real()[number - 5 : number]), "new", None, ())
    kind, of = _kind(number)
    if kind == "exact" and of is not None:
        model = document(of, mix)
        return Document(number, model.text, kind, of, model.defects)
    draw = random.Random(f"{SEED}/{number}/text")
    text = new_text(number) if of is None else _nearly(new_text(of), draw)
    wanted = 0
    if mix == "defects" and draw.random() < DAMAGED:
        wanted = draw.randint(1, MOST_DEFECTS)
    text, made = damage(text, wanted, draw)
    return Document(number, text, kind, of, made)


def new_text(number: int) -> str:
    """The text of a number without a defect, as if it were no duplicate."""
    draw = random.Random(f"{SEED}/{number}/new")
    length = min(max(SHORTEST, draw.lognormvariate(LENGTH, SPREAD)), LONGEST)
    paragraphs = [_sentence(draw)]
    size = len(paragraphs[0])
    while size < length:
        paragraph = " ".join(_sentence(draw) for _ in range(draw.randint(1, 5)))
        size += len(paragraph) + 2
        paragraphs.append(paragraph)
    return "\n\n".join(paragraphs) + "\n"


def web_page(text: str, others: list[str]) -> str:
    """A web page whose article is a text, with links to other ones."""
    title, *links = (html.escape(words.split("\n", 1)[0][:60]) for words in (text, *others))
    paragraphs = "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n") if part)
    return _PAGE.format(
        title=title,
        paragraphs=paragraphs,
        links="".join(f'<li><a href="/{number}">{link}</a></li>' for number, link in enumerate(links)),
    )


def write_files(folder: Path, made: Iterable[Document]) -> list[Path]:
    """Write each document as a file of its own."""
    paths = []
    for each in made:
        path = folder / each.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(each.text.encode())
        paths.append(path)
    return paths


def write_lines(path: Path, made: Iterable[Document]) -> None:
    """Write documents as JSON lines with an id and a text, which other tools read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for each in made:
            row = {"id": Path(each.name).stem, "text": each.text}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _kind(number: int) -> tuple[str, int | None]:
    """What a number is, and of which one it is a copy; models are new themselves, anywhere before it."""
    draw = random.Random(f"{SEED}/{number}/kind")
    chance = draw.random()
    if number < 20 or chance >= EXACT + NEAR:
        return "new", None
    of = draw.randrange(number)
    while _kind(of)[1] is not None:
        of = draw.randrange(number)
    return ("exact" if chance < EXACT else "near"), of


def _nearly(text: str, draw: random.Random) -> str:
    """As the next outlet would print it: another first sentence where there is room, some words changed."""
    paragraphs = text.split("\n\n")
    if len(text) > 1500:
        paragraphs[0] = _sentence(draw)
    words = "\n\n".join(paragraphs).split(" ")
    for _ in range(1 + len(words) // 250):
        words[draw.randrange(len(words))] = draw.choice(("reportedly", "today", "also", "later", "again"))
    return " ".join(words)


def _sentence(draw: random.Random) -> str:
    known = _sentences()
    text = _NAME.sub(lambda found: _name(draw) if draw.random() < _NAMED else found[0], draw.choice(known))
    return _NUMBER.sub(lambda _: str(draw.randrange(10)), text)


def _name(draw: random.Random) -> str:
    """A made-up name; few are frequent, and there is always one more."""
    number = min(int(draw.paretovariate(0.7)), 20**5) + 400
    syllables = []
    while number:
        number, rest = divmod(number, len(_SYLLABLES))
        syllables.append(_SYLLABLES[rest])
    return "".join(syllables).capitalize()


@cache
def _real() -> list[str]:
    """The marked texts in any order, so that the first ones are of all languages and kinds."""
    texts = sorted({row["text"] for row in load(QUALITY / "open" / "sentences")})
    random.Random(SEED).shuffle(texts)
    return texts


@cache
def _sentences() -> list[str]:
    found = {}
    for each in load(QUALITY / "open" / "sentences"):
        if _SOURCES.match(f"{each['id']}"):
            for start, end in each["spans"]:
                text = each["text"][start:end]
                if end - start > 40 and _PLAIN.fullmatch(text) and _balanced(text):
                    found[text] = None
    return list(found)


def _balanced(text: str) -> bool:
    pairs = all(text.count(a) == text.count(b) for a, b in ("()", "“”"))
    return pairs and text.count('"') % 2 == 0


def main() -> None:
    """Write a corpus and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--mix", choices=OWN, default="clean")
    parser.add_argument("--lines", type=Path, help="write JSON lines here, and no files")
    given = parser.parse_args()
    counts = {"bytes": 0, "exact": 0, "near": 0, "defects": 0}

    def counted() -> Iterator[Document]:
        for each in documents(given.documents, given.mix):
            counts["bytes"] += len(each.text.encode())
            counts["exact"] += each.kind == "exact"
            counts["near"] += each.kind == "near"
            counts["defects"] += bool(each.defects)
            yield each

    if given.lines:
        write_lines(given.lines, counted())
    else:
        write_files(given.folder, counted())
    mean = counts["bytes"] / given.documents
    print(
        f"{given.documents:,} documents of {mean:,.0f} bytes on average, {counts['exact']:,} exact and "
        f"{counts['near']:,} near copies, {counts['defects']:,} with some of {len(DEFECTS)} kinds of defect"
    )


if __name__ == "__main__":
    main()
