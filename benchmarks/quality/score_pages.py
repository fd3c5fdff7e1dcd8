"""What of the passages that trafilatura's evaluation pages want is lost, at which step, and which words are cut.

    python benchmarks/quality/score_pages.py CHECKOUT [--half 0|1] [--lost] [--edits de,sv]

CHECKOUT is a clone of adbar/trafilatura: ``tests/evaldata.json`` lists passages that must be in the text of a page,
and others that must not. The texts are their publishers', so they are not here. ``--half`` takes one half of the
pages, by a hash of their addresses: look at one, report the other. ``--lost`` lists the passages that are lost,
``--edits`` the edits within lines of pages in some languages, to be judged by eye.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from copydesk.cleaning.apply import clean_column, clean_text
from copydesk.cleaning.plan import plan
from copydesk.errors import UnreadableError
from copydesk.language.detection import language_of
from copydesk.readers.html_pages import read_html
from copydesk.text import EditedText
from copydesk.webpages.marked_kinds import marked_kinds
from copydesk.webpages.page_edits import article_edits
from copydesk.webpages.trafilatura_article import article

_PLAN = plan({"apply": ["safe", "probable"], "rules": {}})
_NO_WORDS = frozenset({"spaces", "line-end", "invisible", "hard-wrap", "space-before-mark"})
_AROUND = 24


class Texts(NamedTuple):
    """The text of an article: as trafilatura gives it, as found in the page, and cleaned."""

    extracted: str
    page: str
    clean: str


def texts_of(path: Path) -> Texts:
    """Read a page in the steps of a build; what a step refuses is empty."""
    extracted = ""
    try:
        html = read_html(path.read_bytes(), ["utf-8"]).text
        extracted = article(html).text
        edits = article_edits(html, extracted)[0]
    except UnreadableError:
        return Texts(extracted, "", "")
    (cleaned,) = clean_column(pa.array([html], pa.string()), _PLAN, (), {0: edits}, {0: marked_kinds(html)})
    return Texts(extracted, EditedText(html).apply(edits).text, cleaned.edited.text)


def folded(text: str) -> str:
    """A text without white space, invisible characters and differences of normal form."""
    return "".join(
        c for c in unicodedata.normalize("NFKC", text) if not c.isspace() and unicodedata.category(c) != "Cf"
    )


def step_of_loss(passage: str, texts: Texts) -> str | None:
    """At which step a passage is lost; None if it is kept."""
    if passage not in folded(texts.extracted):
        return "not in trafilatura's text"
    if passage not in folded(texts.page):
        return "lost in the page"
    return None if passage in folded(texts.clean) else "lost in cleaning"


def edits_of_words(text: str) -> Iterator[str]:
    """Edits within lines that may cut or join words, with what stands around them."""
    for edit in clean_text(text, _PLAN).edited.edits:
        if _NO_WORDS.issuperset(edit.rules) or "\n" in edit.before:
            continue
        before, after = text[: edit.raw_start][-_AROUND:], text[edit.raw_end :][:_AROUND]
        yield f"{edit.rules[0]:18} {before!r} [{edit.before!r} > {edit.after!r}] {after!r}"


def _pages(checkout: Path, half: int | None) -> Iterator[tuple[str, dict[str, Any], Path]]:
    tests = checkout / "tests"
    for address, wanted in sorted(json.loads((tests / "evaldata.json").read_text("utf-8")).items()):
        places = [tests / folder / wanted["file"] for folder in ("cache", "eval")]
        path = next((place for place in places if place.is_file()), None)
        if path and half in (None, int(hashlib.sha1(address.encode()).hexdigest(), 16) % 2):
            yield address, wanted, path


def main() -> None:
    """Print the counts of a checkout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--lost", action="store_true")
    parser.add_argument("--edits", default="")
    args = parser.parse_args()
    counts: Counter[str] = Counter()
    for address, wanted, path in _pages(args.checkout, args.half):
        texts = texts_of(path)
        for passage in wanted["with"]:
            step = step_of_loss(folded(passage), texts)
            counts[f"wanted: {step or 'kept'}"] += 1
            if args.lost and step and step.startswith("lost"):
                print(f"{step}: {address}: {passage!r}")
        for passage in map(folded, wanted["without"]):
            is_extracted, is_kept = passage in folded(texts.extracted), passage in folded(texts.clean)
            counts["unwanted: left" if is_kept else "unwanted: removed" if is_extracted else "unwanted: absent"] += 1
        if args.edits and language_of(texts.page) in args.edits.split(","):
            for edit in edits_of_words(texts.page):
                print(f"{address}: {edit}")
    for name, count in sorted(counts.items()):
        print(f"{count:6,} {name}")


if __name__ == "__main__":
    main()
