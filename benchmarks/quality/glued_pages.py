"""Make the pages from which ``train_glued_words.py`` learns, of manuals in Debian packages.

    apt-get download installation-guide-amd64 gnome-user-docs debian-reference-{de,es,fr,it,pt}       # for learning
    apt-get download aptitude-doc-{cs,es,fi,fr,it,nl,ru} developers-reference-{de,fr,it,ru}           # held out
    for package in *.deb; do dpkg-deb -x $package UNPACKED; done
    python benchmarks/quality/glued_pages.py UNPACKED > PAGES.jsonl             # the half to learn from
    python benchmarks/quality/glued_pages.py UNPACKED --pages held-out          # the other half
    python benchmarks/quality/glued_pages.py UNPACKED --pages other-manuals     # manuals from which nothing is learnt

The weights come from installation-guide 20230508+deb12u1, gnome-user-docs 43.0-2 and debian-reference 2.100; held out
are aptitude-doc 0.8.13-5 and developers-reference 12.18, all of Debian 12. A line is a page: ``{"id", "lang",
"dirty", "clean"}``, where ``dirty`` lacks the spaces at the borders of tags. The hash of a page's file name says in
which half it is.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path

from lxml import etree, html

#: Tags inside a paragraph, of HTML and of the markup of GNOME's help.
_INLINE = frozenset(
    "a abbr acronym app b cite cmd code del dfn em file font gui guiseq i input ins kbd key keyseq link media output"
    " q samp small span strong sub sup sys tt u var".split()
)
_PARAGRAPHS = frozenset("dd dt li p td".split())
#: Their spaces are set by the program that shows the help.
_SEQUENCES = frozenset({"guiseq", "keyseq"})
#: Of a manual: the files of its pages below UNPACKED, the part of their path that is the language, and how many pages
#: of a language a half has at most.
_LEARNT = {
    "dr": ("usr/share/debian-reference/ch*.html", -1, 12),
    "gn": ("usr/share/help/*/*/*.page", -3, 10),
    "ig": ("usr/share/doc/installation-guide-amd64/*/*.html", -2, 16),
}
_OTHERS = {
    "ap": ("usr/share/doc/aptitude/html/*/*.html", -2, 12),
    "dv": ("usr/share/developers-reference/*/*.html", -2, 12),
}
_LANGUAGES = frozenset(
    "ar bg ca cs da de el en es fa fi fr he hr hu id it lt lv nl no pl pt ro ru sk sl sv tr uk vi".split()
)
_NAMES = {"C": "en", "pt_BR": "pt", "nb": "no", "nn": "no"}
_MOST_CHARACTERS, _FEWEST_CHARACTERS, _SHORTEST, _FEWEST_LOST = 3400, 500, 40, 3


def main() -> None:
    """Write the pages of one kind, a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("unpacked", type=Path)
    parser.add_argument("--pages", choices=("learnt", "held-out", "other-manuals"), default="learnt")
    args = parser.parse_args()
    halves = {"learnt": (0,), "held-out": (1,), "other-manuals": (0, 1)}[args.pages]
    for manual, (files, place, most) in (_OTHERS if args.pages == "other-manuals" else _LEARNT).items():
        by_language = defaultdict(list)
        for path in sorted(args.unpacked.glob(files)):
            code = path.name.split(".")[-2] if place == -1 else path.parts[place]
            by_language[_NAMES.get(code, code)].append(path)
        for language in sorted(_LANGUAGES.intersection(by_language)):
            for page in pages(manual, by_language[language], most, halves):
                sys.stdout.write(json.dumps({"lang": language, **page}, ensure_ascii=False) + "\n")


def pages(manual: str, paths: list[Path], most: int, halves: tuple[int, ...]) -> Iterator[dict[str, str]]:
    """Pages of a manual in one language that are long enough and lose spaces, in the order of their hashes."""
    taken: Counter[int] = Counter()
    for path in sorted(paths, key=lambda path: _hash(manual + path.name)):
        half = _hash("part" + manual + path.name) % 2
        if half not in halves or taken[half] >= most:
            continue
        chosen: list[tuple[str, str]] = []
        for dirty, clean in paragraphs(path):
            if sum(len(text) for _, text in chosen) + len(clean) > _MOST_CHARACTERS:
                break
            chosen.append((dirty, clean))
        read, lost = sum(len(c) for _, c in chosen), sum(len(c) - len(d) for d, c in chosen)
        if read >= _FEWEST_CHARACTERS and lost >= _FEWEST_LOST:
            taken[half] += 1
            dirty, clean = ("\n\n".join(texts) for texts in zip(*chosen, strict=True))
            yield {"id": f"{manual}:{path.parent.name}:{path.name}", "dirty": dirty, "clean": clean}


def _hash(name: str) -> int:
    return int(sha1(name.encode()).hexdigest(), 16)


def paragraphs(path: Path) -> Iterator[tuple[str, str]]:
    """Paragraphs of a page, without the spaces at the borders of tags and with them."""
    is_help = path.suffix == ".page"
    tree = etree.parse(path) if is_help else html.parse(path, html.HTMLParser(encoding="utf-8"))
    for element in tree.getroot().iter():
        inside = {_name(child) for child in element.iterdescendants() if isinstance(child.tag, str)}
        if _name(element) not in _PARAGRAPHS or not inside <= _INLINE or inside & _SEQUENCES:
            continue
        nodes = list(_text_nodes(element))
        clean = " ".join("".join(nodes).split())
        if len(clean) > _SHORTEST:
            yield "".join(" ".join(node.split()) for node in nodes), clean


def _name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text_nodes(element: etree._Element) -> Iterator[str]:
    if isinstance(element.tag, str):
        yield element.text or ""
        for child in element:
            yield from _text_nodes(child)
            yield child.tail or ""


if __name__ == "__main__":
    main()
