"""Record what the filters of datatrove compute, for our signals to be held to.

    python benchmarks/quality/record_signals.py

Run it where datatrove 0.10.1 and its dependency regex are installed; nothing else is needed. Texts are those of
``open/sentences`` and some made by hand in which things repeat. Words are split at white space instead of by a
tokenizer. A filter keeps its values to itself: so each threshold is an object that notes what it is compared with.
Writes ``open/signals.jsonl.xz``: for each document its id, its values, and its text if it was made by hand.
"""

from __future__ import annotations

import json
import lzma
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    c4_filters,
    fineweb_quality_filter,
    gopher_quality_filter,
    gopher_repetition_filter,
)
from datatrove.utils.text import TERMINAL_PUNCTUATION

OPEN = Path(__file__).parent / "open"
Values = dict[str, float | int | bool]

MADE = [
    "one",
    "\n",
    " \n \n ",
    "a a a a a a a a a a a a a a a a a a a a a a a a",
    "b a a b a a b b a a b a b a a b b a a b a a b a",
    "ab c ab c ab c ab c ab c a bc a bc a bc a bc a bc a bc",
    "one two one two one two three four three four three four",
    "- one\n- two\n  • three\n- one\n\n- two\n\n\n- one\n",
    "\n\nThe same line.\nThe same line.\n\nThe same line.\nThe same line.\n\n",
    "  A paragraph.\n\nA paragraph.\n\nA paragraph.  \n\nA  paragraph.\n \n\nA paragraph.\n\n \n\n",
    "It ends...\r\nIt goes on…\rIt \"ends.\"\x0bIt 'ends.'\x0cends..\x1c....\u2028ends …\u2029…\x85ends. . .\n...",
    "Cited.[1]\nCited. [1]\nCited[2].\nCited..[3].\nCited.[citation needed]..\nCited![edit][12]\nCited]\n[7]\nWhy[?]",
    "function f() { return 1; }\nTurn on JavaScript, please.\njavascript and java[3]script\nThe privacy policy.",
    "Lorem ipsum dolor sit amet.\nWe use coo\u212aies. Terms of Use\nThis site uses cookies and javascript.",
    "Lorem\nipsum\nuse\ncookies\njavascr\u0130pt\nuse of cookie\u017f } {",
    "the be to of and that have with the The, be. to! Of AND",
    "ends。\nends！\nends？ \nends۔\nends।\nends;\nends\u2019\nends.\t\nends⁉\nends𑂾\n\nends?",
    "1 22 333 a1 ½ Ⅷ ª ५ 中 é … — ' 'x' (y) 3.5% 4th ́ 𝒳 👩 ß\u00a0ñ\u3000ǅ",
    "thirty characters in this line\nthirty-one characters in a line\néééééééééééééééééééééééééééééé",
    "\n".join(f"item {n % 7} of the list" for n in range(60)),
    "\n\n".join(f"A paragraph about {n % 5}.\nIt has two lines: {n % 11}." for n in range(40)),
    " ".join(f"w{n * n % 23}" for n in range(400)),
    " ".join("xyz"[n * n % 7 % 3] * (n % 4 + 1) for n in range(500)),
    " ".join(["to be or not to be that is the question"] * 12),
    " ".join("中文 字 中 文字 é ée".split()[n * n % 11 % 6] for n in range(300)),
    "# ## ... .... ...... … #…... .",
    "x" * 3000 + " " + "y" * 3000 + " " + "x" * 3000 + "\n" + "x" * 3000,
]


class Note:
    """A threshold that notes what it is compared with, and lets it pass."""

    value: float = 0

    def __lt__(self, other: float) -> bool:
        self.value = other
        return False

    __gt__ = __lt__


class Counting(C4QualityFilter):
    """C4's filter of lines with one rule on, which counts the lines that the rule drops."""

    def __init__(self, rule: str) -> None:
        rules = ("no_terminal_punct", "lorem_ipsum", "javascript", "curly_bracket", "policy")
        super().__init__(
            min_num_sentences=-1,
            min_words_per_line=-1,
            max_word_length=-1,
            **{f"filter_{name}": name == rule for name in rules},
        )
        self.counted: Counter[str] = Counter()

    def stat_update(self, *names: str, **_: Any) -> None:
        self.counted.update(names)


def quality(text: str) -> Values:
    bullets, ellipses, letters, stops = notes = [Note() for _ in range(4)]
    GopherQualityFilter(None, None, None, None, None, *notes).filter(Document(text=text, id=""))
    return {
        "bullet_line_ratio": bullets.value,
        "ellipsis_line_ratio": ellipses.value,
        "alpha_word_ratio": letters.value,
        "stop_words": stops.value,
    }


def repetition(text: str) -> Values:
    notes = {
        "dup_line_frac": Note(),
        "dup_paragraph_frac": Note(),
        "dup_line_char_frac": Note(),
        "dup_paragraph_char_frac": Note(),
    }
    top = {n: Note() for n in (2, 3, 4)}
    duplicate = {n: Note() for n in (5, 6, 7, 8, 9, 10)}
    judge = GopherRepetitionFilter(*notes.values(), tuple(top.items()), tuple(duplicate.items()))
    judge.filter(Document(text=text, id=""))
    return {
        **{name: note.value for name, note in notes.items()},
        **{f"top_{n}_gram_frac": note.value for n, note in top.items()},
        **{f"dup_{n}_gram_frac": note.value for n, note in duplicate.items()},
    }


def c4(text: str) -> Values:
    def judge(rule: str) -> tuple[Any, Counter[str]]:
        judging = Counting(rule)
        return judging.filter(Document(text=text, id="")), judging.counted

    _, lines = judge("no_terminal_punct")
    kept = lines["line-total"] - lines["line-filter-no_terminal_punc"]
    return {
        "terminal_punct_lines": kept / max(lines["line-total"], 1),
        "curly_brackets": judge("curly_bracket")[0] == (False, "curly_bracket"),
        "lorem_ipsum": judge("lorem_ipsum")[0] == (False, "lorem_ipsum"),
        "javascript_lines": judge("javascript")[1]["line-filter-javascript"],
        "policy_lines": judge("policy")[1]["line-filter-policy"],
    }


def fineweb(text: str) -> Values:
    notes = {name: Note() for name in ("line_punct_ratio", "short_line_ratio", "char_dup_ratio", "list_ratio")}
    punctuation, short, characters, breaks = notes.values()
    FineWebQualityFilter(
        line_punct_thr=punctuation, short_line_thr=short, char_duplicates_ratio=characters, new_line_ratio=breaks
    ).filter(Document(text=text, id=""))
    return {name: note.value for name, note in notes.items()}


def values(text: str) -> Values:
    """All values of a text; the filter of Gopher's quality cannot be asked about one without words."""
    found = {**(quality(text) if text.split() else {}), **repetition(text), **c4(text), **fineweb(text)}
    return {name: round(value, 12) if isinstance(value, float) else value for name, value in found.items()}


def documents() -> Iterator[tuple[dict[str, str], str]]:
    """What identifies each document in the record, and its text: real ones, then those made by hand."""
    for name in ("dev", "train"):
        lines = lzma.decompress((OPEN / "sentences" / f"{name}.jsonl.xz").read_bytes()).decode()
        for document in map(json.loads, lines.rstrip("\n").split("\n")):
            yield {"id": document["id"]}, document["text"]
    marks = "\n".join(sorted(TERMINAL_PUNCTUATION))
    for name, text in [*enumerate(MADE), ("marks", marks)]:
        yield {"id": f"made/{name}", "text": text}, text


def main() -> None:
    for module in (gopher_quality_filter, gopher_repetition_filter, fineweb_quality_filter):
        module.split_into_words = lambda text, language: text.split()
    c4_filters.split_into_sentences = lambda text, language: [text]
    recorded = [{**document, "values": values(text)} for document, text in documents()]
    lines = "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in recorded)
    (OPEN / "signals.jsonl.xz").write_bytes(lzma.compress(lines.encode(), preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(recorded)} documents")


if __name__ == "__main__":
    main()
