"""Learn the weights of the model of code lines from the packages that are installed: descriptions and files.

    python benchmarks/quality/train_blocks.py [--score] [--output FILE]

What a package's description (Markdown) fences is code, what it does not is prose; files of Python, settings and the
like are code. The packages are those of requirements.lock, so the same lock gives the same weights. Half of the
packages, by a hash of their names, are held out: --score prints the figures on these and writes nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import NamedTuple

from train_sentences import learn

from copydesk.language.code_lines import WEIGHTS, line_marks, score

FENCE = re.compile(r"^\s*(```|~~~)")
SOURCES = {".py", ".pyi", ".c", ".h", ".js", ".css", ".sh", ".pyx"}
SETTINGS = {".toml", ".cfg", ".ini", ".json", ".yaml", ".yml"}
MOST_FILES, MOST_LINES = 4, 15  # of one kind of a package
HEADER = """\
# Weights of the model of code lines, in hundredths of a logit; made by benchmarks/quality/train_blocks.py.
# Learnt from the descriptions and files of the packages in requirements.lock.
"""


class Line(NamedTuple):
    """A line with its label and where it comes from."""

    text: str
    is_code: bool
    kind: str


def main() -> int:
    """Train on one half of the packages, or score on the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--score", action="store_true", help="print the figures on the packages held out")
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="default: into the package")
    given = parser.parse_args()
    packages = sorted(distributions(), key=lambda package: package.name.lower())
    lines = [line for package in packages if is_held_out(package) == given.score for line in lines_of(package)]
    if given.score:
        right, count = Counter[str](), Counter[str]()
        for line in lines:
            count[line.kind] += 1
            right[line.kind] += (score(line.text) > 0) == line.is_code
        for kind, n in sorted(count.items()):
            print(f"{kind:12} {right[kind] / n:.3f} of {n:,} lines")
        return 0
    code: Counter[tuple[str, ...]] = Counter()
    seen: Counter[tuple[str, ...]] = Counter()
    for line in lines:
        names = line_marks(line.text)
        seen[names] += 1
        code[names] += line.is_code
    weights = learn(code, seen)
    given.output.parent.mkdir(exist_ok=True)
    rows = "".join(f"{name}\t{weight}\n" for name, weight in sorted(weights.items()))
    given.output.write_text(HEADER + rows, encoding="utf8")
    print(f"{len(lines):,} lines, {len(seen):,} kinds of them, {len(weights):,} weights: {given.output}")
    return 0


def is_held_out(package: Distribution) -> bool:
    """Whether a package is for scoring, by a hash of its name."""
    return hashlib.sha256(package.name.lower().encode()).digest()[0] % 2 == 0


def lines_of(package: Distribution) -> Iterator[Line]:
    """The labelled lines of a package."""
    if package.name == "copydesk":
        return
    if "markdown" in (package.metadata.get("Description-Content-Type") or "").lower():
        yield from markdown_lines(package.metadata.get_payload())
    files = sorted(package.files or (), key=str)
    for kind, endings in {"source": SOURCES, "settings": SETTINGS}.items():
        chosen = [file for file in files if file.suffix in endings and "dist-info" not in str(file)]
        for file in chosen[:: max(1, len(chosen) // MOST_FILES)][:MOST_FILES]:
            path = Path(str(file.locate()))
            if path.is_file() and path.stat().st_size < 1 << 20:
                text = path.read_text("utf-8", "replace").splitlines()
                yield from (Line(line, True, kind) for line in text[:MOST_LINES] if line.strip() and kind != "source")
                if kind == "source" and path.suffix == ".py":
                    yield from (Line(line, True, kind) for line in code_of(text)[:MOST_LINES])


def code_of(lines: list[str]) -> list[str]:
    """Lines of Python that are neither comments nor inside of strings of several lines."""
    code, inside = [], False
    for line in lines:
        quotes = line.count('"""') + line.count("'''")
        if not inside and quotes == 0 and line.strip() and not line.lstrip().startswith("#"):
            code.append(line)
        inside ^= quotes % 2 == 1
    return code


def markdown_lines(description: str) -> Iterator[Line]:
    """Lines of Markdown: fenced ones are code; of the others, those that are a paragraph, a heading or a list."""
    fenced = False
    for line in description.splitlines():
        if FENCE.match(line):
            fenced = not fenced
        elif fenced and line.strip():
            yield Line(line, True, "fenced")
        elif line.strip() and not re.match(r"\s*(?:<|\[!|!\[|\[.*\]:|\||    )", line):
            kind = "list" if re.match(r"\s*(?:[-*+]|\d+\.)\s", line) else "prose"
            # Links would be marks of code: in articles their addresses are not printed.
            yield Line(re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", line), False, kind)


if __name__ == "__main__":
    sys.exit(main())
