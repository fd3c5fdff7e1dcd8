"""How much a line looks like code or configuration, and not like prose: a linear model over cheap marks of the line.

The model is learnt from the descriptions and files of installed packages, see ``benchmarks/quality/train_blocks.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path

WEIGHTS = Path(__file__).parent / "data" / "code_lines.tsv"
#: Characters of a line that are read.
_READ = 160
#: Signs of code, which most prose has not.
_SIGNS_OF_CODE = (*"{}<>=\\|;$^_`[]", "::", "--", "()")
_BEGINNING = re.compile(r"[ \t#%@-]|[\w.-]+: *\S+$|(?=\S*/\S)\S+$|(?:import|from|return|else)\b")

#: Each mark and the pattern that shows it.
_MARKS = {
    name: re.compile(pattern)
    for name, pattern in {
        "indented": r"^(?:\t| {2})",
        "indented deeply": r"^(?:\t| {4})",
        "ends with semicolon": r";\s*$",
        "ends with bracket": r"[{}()\[\]>]\s*,?\s*$",
        "ends with an opening bracket": r"[{(\[]\s*$",
        "ends with colon": r":\s*$",
        "ends with comma": r",\s*$",
        "ends with backslash": r"[\\|]\s*$",
        "ends a sentence": r"[^\W\d_][)\]”’\"']*[.!?…。]+[”’\"')\]]*\s*$",
        "begins with a comment": r"^\s*(?://|/\*|\*/|#(?! [A-Z])|;;|<!--|--\s|%)",
        "begins with a heading": r"^#+ [A-Z\d]",
        "begins with a prompt": r"^\s*(?:[\w.~@:/-]*[$%>] |>>>|\.\.\. |In \[\d+\])",
        "begins with a keyword": (
            r"^\s*(?:async def |await |break;|case .*:|class \w+[:({]|const \w+ |def \w|del \w+$|elif |else:|else \{"
            r"|esac$|except\b|export |fi$|finally:|fn \w+\(|for .* in .*:$|for\s?\(|from [\w.]+ import|func\w* \w+\("
            r"|do$|done$|if .*[:({\]]\s*$|if \[|import [\w.]+|#?include [<\"]|int \w+ ?[=;(]|let \w+ =|package \w+;?$"
            r"|then$|throw |private \w+ \w|public \w+ \w+[({]|raise \w+|return\b|static \w+ \w|struct \w+ \{"
            r"|switch ?\(|try ?[:{]|using \w+;|var \w+ =|void \w+\(|while\b.*[:({]|with .*:$|yield "
            r"|@\w+[\w.]*(?:\(.*)?$|assert .*[=(]"
            r"|SELECT |INSERT INTO |UPDATE \w+ SET|FROM \w+$|WHERE \w+ |CREATE [A-Z]+ )"
        ),
        "begins with a command": (
            r"^\s*(?:sudo|apt|apt-get|cd|cp|curl|docker|echo|export|git|grep|kubectl|ls|make|mkdir|mv|npm|pip|pip3|pipx|"
            r"poetry|pytest|python3?|rm|sed|ssh|tar|uv|wget|yarn|conda|cargo|go|source) +[-./\w$\"']+(?: |$)"
        ),
        "key and value": r"^\s*[\w.\-\"']+\s*(?::|=)\s*\S",
        "key, value and no sentence": r"^\s*[\w.\-\"']+\s?[:=]\s?[\w./\"'\[\]{}*,-]+,?\s*$",
        "a section": r"^\s*\[\[?[\w.:\"' -]+\]\]?\s*$",
        "a tag": r"</?[a-zA-Z][\w:-]*(?: [\w:-]+=|/?>)",
        "a call": r"\w\((?:[^\s()]|, )*\)",
        "a dotted call": r"\w\.\w+\(",
        "a dotted name": r"[a-z_]\.[a-z_]{2}",
        "an assignment": r"[\w\])\"'] ?[-+*/|:]?=(?!=) ?[\w\[({\"'.$-]",
        "an operator": r"==|!=|->|=>|::|&&|\|\||<=|>=|<<|>>|\+=|\${|\$\(",
        "an underscore": r"[^\W_]_[^\W_]|\b_\w|\w_\b",
        "a camel": r"[a-z][A-Z][a-z]",
        "an option": r"(?:^|\s|[\[(`\"'])--?[a-zA-Z][\w-]*",
        "a path": r"(?:^|[\s\"'(=])[~.]{0,2}/[\w.-]+/?",
        "a string with a bracket": r"[(=,\[{:] ?[\"'][^\"']*[\"']",
        "a subscript": r"\w\[[^\]\s]+\]",
        "a backtick": r"`",
        "a variable": r"\$\w|%[sd]|{\w*}",
        "only symbols": r"^\s*[^\w\s]+\s*$",
        "one token": r"^\s*\S+\s*$",
        "numbers": r"(?:\d[\d.,:xX%-]*\s+){2}",
        "small words": r"(?:^|\s)[^\W\d_]{2,}(?:,? [^\W\d_]+){4}",
        "words and marks": r"[^\W\d_]{3}, [^\W\d_]{2}|[^\W\d_]{2}[.!?] [A-Z“]",
        "article": r"(?:^|\s)(?:[Tt]he|[Aa]n?|of|to|and|is|are|der|die|und|les?|des|de|que|el|la|di|het|en|och|в)\s",
        "begins with a capital": r"^\s*[^\W\d_a-z][^\W\d_A-Z]+ ",
        "bullet": r"^\s*(?:[-*+•·–]|\d+[.)])\s+",
    }.items()
}
#: Characters of which a line must have one for a mark; most lines of prose have none, and need no search.
NEEDED = {
    "ends with semicolon": ";",
    "ends with bracket": "{}()[]>",
    "ends with an opening bracket": "{([",
    "ends with colon": ":",
    "ends with comma": ",",
    "ends with backslash": "\\|",
    "ends a sentence": ".!?…。",
    "begins with a heading": "#",
    "begins with a comment": "/*#;<-%",
    "key and value": ":=",
    "key, value and no sentence": ":=",
    "a section": "[",
    "a tag": "<",
    "a call": "(",
    "a dotted call": "(",
    "a dotted name": ".",
    "an assignment": "=",
    "an operator": "=>&|<:$",
    "an underscore": "_",
    "an option": "-",
    "a path": "/",
    "a string with a bracket": "\"'",
    "a subscript": "[",
    "a backtick": "`",
    "a variable": "$%{",
    "words and marks": ",.!?",
}
_SIGNS = re.compile(r"[!-@\[-`{-~]")
#: Letters of other scripts than the Latin one, in which nobody writes code.
_OTHER_SCRIPT = re.compile("[\u0370-\u1dff\u2c00-\ua6ff\ua800-\ud7ff\uf900-\ufaff\ufb1d-\ufffd\U00010000-\U0001efff]")


def line_marks(line: str) -> tuple[str, ...]:
    """Names of the features of a line; as many for every line."""
    line = line[:_READ]
    body = line.strip()
    return (*(f"{name} {'yes' if mark.search(line) else 'no'}" for name, mark in _MARKS.items()), *_measures(body))


def _measures(body: str) -> tuple[str, str]:
    return (
        f"signs {min(9, 20 * len(_SIGNS.findall(body)) // max(1, len(body)))}",
        f"words {min(12, body.count(' ') + 1)}",
    )


def signs_of_code(text: str) -> list[str]:
    """The signs of code that a text has; to look for each takes a tenth of the time that one pattern takes."""
    return [sign for sign in _SIGNS_OF_CODE if sign in text]


def may_have_code(lines: Sequence[str], signs: Sequence[str]) -> bool:
    """Whether any line has one of some signs of code, or begins as code may: a quick look before lines are scored."""
    for line in lines:
        for sign in signs:
            if sign in line:
                return True
        if _BEGINNING.match(line):
            return True
    return False


@cache
def _weights() -> Mapping[str, int]:
    lines = WEIGHTS.read_text("utf-8").split("\n")
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {name: int(weight) for name, weight in pairs}


@cache
def _by_mark() -> tuple[int, tuple[tuple[Callable[[str], object], frozenset[str], int], ...]]:
    """The sum for a line without a mark; how to look for each mark, the characters it needs, and what it adds.

    Cheap looks come first, and of these those that decide most.
    """
    weights = _weights()
    absent = sum(weights.get(f"{name} no", 0) for name in _MARKS)
    steps = []
    for name, mark in _MARKS.items():
        step = weights.get(f"{name} yes", 0) - weights.get(f"{name} no", 0)
        if step:  # a search would try "^" at each character
            look = mark.match if mark.pattern.startswith("^") else mark.search
            steps.append((look, frozenset(NEEDED.get(name, "")), step))
    steps.sort(key=lambda s: (s[0].__name__ == "search", bool(s[1]), -abs(s[2])))
    return absent, tuple(steps)


def score(line: str, least: int | None = None) -> int:
    """Log-odds that a line is code or configuration, in hundredths; the same on every machine.

    Parameters
    ----------
    line : str
    least : int, optional
        What the caller needs to know exactly: odds up to this may come out as any number up to this, which is faster.
    """
    return _score(line[:_READ], least)


@lru_cache(maxsize=2048)
def _score(line: str, least: int | None) -> int:
    body = line.strip()
    if not body.isascii() and 3 * len(_OTHER_SCRIPT.findall(body)) > len(body):
        return -300
    absent, steps = _by_mark()
    weights = _weights()
    characters = set(line)
    looks = [(look, step) for look, needed, step in steps if not needed or not needed.isdisjoint(characters)]
    # The most that the line may still get.
    most = absent + sum(weights.get(name, 0) for name in _measures(body)) + sum(step for _, step in looks if step > 0)
    for look, step in looks:
        if (look(line) is not None) != (step > 0):
            most -= abs(step)
            if least is not None and most <= least:
                break
    return most
