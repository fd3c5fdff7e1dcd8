"""Run the test suites of other sentence splitters on ours, from checkouts of their repositories.

    python benchmarks/quality/score_suites.py --pragmatic CHECKOUT --pysbd CHECKOUT --sentencex CHECKOUT [--show]

The checkouts are diasks2/pragmatic_segmenter at 358fe97, nipunsadvilkar/pySBD at 5905f13 and wikimedia/sentencex at
312da7f. Each text counts once for a suite and a language. A case is left out whose sentences are not those of the
text, because the library rewrites it, or which is made for lines of PDF files. ``--show`` prints what fails.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from copydesk.sentences import split

_STRING = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
_RUBY = re.compile(
    r"Segmenter\.new\((?P<given>.*?)\)\s*\n\s*expect\(ps\.segment\)\.to eq\(\[(?P<sentences>.*?)\]\)\s*\n", re.DOTALL
)
_LANGUAGE = re.compile(r"language:\s*[\"'](\w+)")
_TEXT = re.compile(rf"text:\s*({_STRING})", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
#: Parts of names of lists of cases in which texts are rewritten.
_REWRITTEN = ("CLEAN", "PDF")


class Case(NamedTuple):
    """A text and its sentences."""

    language: str
    text: str
    sentences: tuple[str, ...]


def of_pragmatic(checkout: Path) -> Iterator[Case]:
    """Cases of the specification of pragmatic_segmenter, in Ruby."""
    for path in sorted((checkout / "spec").rglob("*_spec.rb")):
        code = re.sub(r"^\s*#.*\n", "", path.read_text("utf8"), flags=re.MULTILINE)
        for match in _RUBY.finditer(code):
            text, language = _TEXT.search(match["given"]), _LANGUAGE.search(match["given"])
            if text and "doc_type" not in match["given"]:
                sentences = tuple(map(_of_ruby, re.findall(_STRING, match["sentences"], re.DOTALL)))
                yield Case(language[1] if language else "en", _of_ruby(text[1]), sentences)


def _of_ruby(literal: str) -> str:
    body = literal[1:-1]
    if literal[0] == "'":
        return re.sub(r"\\(['\\])", r"\1", body)
    body = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), body)
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), body, flags=re.DOTALL)


def of_pysbd(checkout: Path) -> Iterator[Case]:
    """Cases of the tests of pySBD in other languages than English."""
    for path in sorted((checkout / "tests" / "lang").glob("test_*.py")):
        code = path.read_text("utf8")
        language = re.search(r"def test_\w+\((\w\w)_\w+", code)
        for node in ast.parse(code).body if language else ():
            if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.List) and language):
                continue
            if not any(part in ast.unparse(node.targets[0]) for part in _REWRITTEN):
                for pair in node.value.elts:
                    parts = pair.args if isinstance(pair, ast.Call) else getattr(pair, "elts", [])
                    text, sentences = map(ast.literal_eval, parts[:2])
                    yield Case(language[1], text, tuple(sentences))


def of_sentencex(checkout: Path) -> Iterator[Case]:
    """Cases of the test files of sentencex, with those of lists in English."""
    for path in sorted((checkout / "tests").glob("*.txt")):
        lines = (line for line in path.read_text("utf8").split("\n") if not line.startswith("#"))
        for block in "\n".join(lines).split("\n==="):
            text, mark, sentences = block.partition("\n---")
            if mark:
                parts = (line.replace("\\n", "\n") for line in sentences.split("\n") if line.strip())
                yield Case("en" if path.stem == "lists" else path.stem, text.strip("\n"), tuple(parts))


def _squeezed(sentences: tuple[str, ...]) -> list[str]:
    return [" ".join(sentence.split()) for sentence in sentences]


def main() -> None:
    """Print how many cases of each suite hold, and of each language in which one fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    suites = {"pragmatic": of_pragmatic, "pysbd": of_pysbd, "sentencex": of_sentencex}
    for name in suites:
        parser.add_argument(f"--{name}", type=Path, help="checkout")
    parser.add_argument("--show", action="store_true", help="print the cases that fail")
    given = parser.parse_args()
    for name, cases in suites.items():
        if checkout := getattr(given, name):
            right, number = Counter[str](), Counter[str]()
            for case in dict.fromkeys(cases(checkout)):
                if "".join("".join(case.sentences).split()) != "".join(case.text.split()):
                    continue
                found = tuple(case.text[start:end] for start, end in split(case.text, case.language))
                holds = _squeezed(found) == _squeezed(case.sentences)
                number[case.language] += 1
                right[case.language] += holds
                if given.show and not holds:
                    print(f"[{name} {case.language}]", *case.sentences, "found:", *found, sep="\n  ")
            failing = (
                f"{code} {right[code]}/{number[code]}" for code in sorted(number) if right[code] < number[code]
            )
            print(f"{name}: {right.total()} of {number.total()}; {', '.join(failing)}")


if __name__ == "__main__":
    sys.exit(main())
