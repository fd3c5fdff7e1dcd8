"""The pattern that finds the places in a text where a sentence may end, and the kinds of the marks there."""

from __future__ import annotations

import re
from functools import lru_cache

from copydesk.sentences.canonical_marks import TERMINALS
from copydesk.sentences.words import BULLETS, DASHES

#: Marks that end a sentence by what stands around them.
MARKS = ".!?…؟‼⁇⁈⁉‽"
_ASKING, _CALLING = frozenset("?؟⁇⁈⁉‽"), frozenset("!‼")

# One pass over a text finds all candidates. The pattern begins with a set of characters, for which the regex engine
# searches fast, and distinguishes the cases by looking back. No part can match the beginning of the next one, so
# there is no backtracking.
_CLOSERS = r"(?:[\"'”’»›)\]}*_]|[“‘`](?=\s|$)|[ \u00a0\u202f][»”](?=\W|$))*"
# A reference to a note: "in spring.[4] Its", "in spring. [1][2] [3] Its", "in spring.⁴ Its", "in spring.3,4 Its".
_NOTE = (
    r"(?:(?=[ \[(\d⁰¹²³⁴-⁹])(?:(?:\[[^\[\]\n]{1,24}\])+|(?: ?\[\d{1,3}\])+|[⁰¹²³⁴-⁹]{1,3}|\(\d{1,2}\)"
    r"|\d{1,3}(?:[ ,–-]\d{1,3})*(?= )))?"
)
_TERMINAL = rf"(?<=[{TERMINALS}])[{TERMINALS}]*(?: ?[།༎])*[」』”’）》»›\"')]*{_NOTE}"
_OTHERS = "|".join(
    (
        rf"(?<=\s[.!?…])[.!?…]*(?: [.!?…]+)*{_CLOSERS}",  # marks that stand alone
        rf"(?<=[{MARKS}])[{MARKS}]*{_CLOSERS}{_NOTE}",  # marks behind a word
        r"(?<=[A-Z0-9)\]>_=*])",  # none: a caption or heading runs into the text
        rf"(?<=[;:]){_CLOSERS}(?= )",  # a pause
        r"(?<= [-–—])[-–—]*(?= )|(?<=[–—])(?<![–—]{2})[–—]*(?= )",  # a dash: the first of a run only
        rf"(?<=[{BULLETS}])",  # the bullet of the next item
    )
)
_BEGIN = (
    rf"[{MARKS};:{BULLETS}{TERMINALS}A-Z0-9)\]>_=*–—-]"
    # Most capitals and digits: no case has to be tried. But the first number of a list in a line, "1) Книга 2) Дом"
    r"(?<![A-Z0-9)\]>_=*](?! [A-Z0-9(<\[*])(?<!^[1ai]\)))"
    r"(?=.)"  # nor the last character of a line, which ends it
)
_NOTE_BEGINS = re.compile(r"[\[(\d⁰¹²³⁴-⁹]")
# What stands behind: a word of a usual length, with the one space before it, or none where they are glued.
_BEHIND = r"(?=( ?\S{1,40})(?:\s|$)|)"
#: Candidates of a line of a text, see ``candidates.py``. The group is what stands behind.
CANDIDATE = re.compile(f"(?m){_BEGIN}(?:{_OTHERS}|{_TERMINAL}){_BEHIND}")
CANDIDATE_OF_CHINESE = re.compile(f"(?m){_BEGIN}(?:{_TERMINAL}|{_OTHERS}){_BEHIND}")  # the same, by their number


@lru_cache(4096)
def kind_of_mark(mark: str) -> tuple[str, str, bool]:
    """Kind of a mark, what closes behind it, and whether bare digits follow, which may refer to a note."""
    run, noted = mark, False
    if mark[0] in MARKS:
        if note := _NOTE_BEGINS.search(mark):
            mark, noted = mark[: note.start()].rstrip(), mark[note.start()].isdecimal()
        run = mark.rstrip("\"'”’»›)]}*_“‘` \u00a0\u202f")
        marks = frozenset(run)
        kind = "?" if marks & _ASKING else "!" if marks & _CALLING else "." if run == "." else "…"
    elif mark[0] in ";:":
        run = kind = mark[0]
    else:
        kind = "-" if mark[0] in DASHES else "none"
    closers = set(mark[len(run) :])
    if not closers:
        return kind, "", noted
    quote, bracket = closers & set("\"'”’»›“‘`"), closers & set(")]}")
    return kind, "both" if quote and bracket else "quote" if quote else "bracket" if bracket else "other", noted
