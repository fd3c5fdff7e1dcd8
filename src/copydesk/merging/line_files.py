"""Which files people write and which the build writes, and what identifies a line of each."""

from __future__ import annotations

from pathlib import PurePosixPath

from copydesk.core.decisions import KEY
from copydesk.core.decisions import NAME as DECISIONS
from copydesk.core.hand_written import LABEL_FOLDER, SPLIT_LIST
from copydesk.core.ledger import NAME as LEDGER

#: Files of lines, by path in the project: the schema of their lines, and the fields that identify a line.
LINES = {
    "seeds/sources.jsonl": ("source", ("doc_id",)),
    "seeds/benchmarks.jsonl": ("benchmark", ("name",)),
    f"seeds/{LEDGER}": ("takedown", ("doc_id",)),
    f"seeds/{DECISIONS}": ("decision", KEY),
    SPLIT_LIST: ("split", ("doc_id",)),
}
#: The file of settings.
SETTINGS = "params.yaml"
#: The schema of the lines of labels, and the fields that identify a label of a document.
LABELS = ("raw_label", ("doc_id", "raw_start", "raw_end", "by"))
#: What the build writes: folders and a file.
LOCK = "dvc.lock"
GENERATED = ("corpus/", "reports/", LOCK)


def hand_written_name(path: str) -> str | None:
    """The path in its project of a file that people write; None for another file.

    Parameters
    ----------
    path : str
        The path in the git repository; the project may be a folder in it.

    >>> hand_written_name("english/seeds/sources.jsonl"), hand_written_name("labels/names.jsonl")
    ('seeds/sources.jsonl', 'labels/names.jsonl')
    >>> hand_written_name("seeds/records.jsonl")
    """
    tail = PurePosixPath(path).parts[-2:]
    for name in ("/".join(tail), tail[-1] if tail else ""):
        if name in LINES or name == SETTINGS:
            return name
    return "/".join(tail) if len(tail) == 2 and tail[0] == LABEL_FOLDER and tail[1].endswith(".jsonl") else None


def is_generated(name: str) -> bool:
    """Whether the build writes the file with this path in the project.

    >>> is_generated("corpus/README.md"), is_generated("dvc.lock"), is_generated("README.md")
    (True, True, False)
    """
    return any(name == place or (place.endswith("/") and name.startswith(place)) for place in GENERATED)
