"""A corpus with two releases and a working tree behind them, and labels on its texts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from copydesk.core.json_schema import PACKAGED
from copydesk.labels.kept_files import add_lines
from copydesk.labels.kept_labels import TextTies
from copydesk.project import Project
from copydesk.takedowns.takedown import takedown_row, write_to_ledger
from support import articles, run_stages, write_seeds
from support import run_command as run

SETTINGS: dict[str, Any] = {
    "shards": {"target": 2, "minimum": 1, "maximum": 4, "max_bytes": 1 << 20},
    "engine": {"workers": 1},
}
OLD, NEW = "corpus@v1.0.0", "corpus@v2.0.0"
#: Characters beyond the first plane, combining marks, right-to-left text.
HARD = (
    "The 👩‍🚀 flew 𝒳 metres, as her café\u0301 friends said on Monday. "
    "قال الوزير إن المدينة آمنة. Then Kiev  was quiet for a while."
)
SECRET = "joe.smith@example.org"


def make_history(root: Path) -> Path:
    """Lay out the repository; documents are named after what becomes of them in the second release."""
    texts = [text.replace("  ", " ") for text in articles(7).values()]
    seeds = {
        "same.txt": texts[0],
        "unruled.txt": "A first  sentence stands here.  " + texts[1],
        "edited.txt": HARD + " " + texts[2],
        "removed.txt": texts[3],
        "before.txt": texts[4],
        "taken.txt": texts[5],
        "masked.txt": f"Write to {SECRET} or call. {texts[6]}",
    }
    write_seeds(root / "seeds", seeds)
    shutil.copytree(PACKAGED, root / "schemas")
    (root / ".gitignore").write_text("/build/\n/corpus/data/\n")
    run(root, "git", "init", "-q", "-b", "main")
    commit(root, OLD, SETTINGS)

    project = Project.open(root)
    write_to_ledger(project, takedown_row(project, "taken", "asked for by the author"))
    (root / "seeds" / "before.txt").rename(root / "seeds" / "after.txt")
    (root / "seeds" / "removed.txt").unlink()
    edited = HARD.replace("Kiev", "Kyiv").replace("The ", "Yesterday the ") + " " + texts[2]
    write_seeds(root / "seeds", {"edited.txt": edited, "new.txt": "A new report. It has two sentences."})
    commit(root, NEW, {**SETTINGS, "clean": {"rules": {"spaces": "off", "mask-email-address": "safe"}}})
    return root


def commit(root: Path, tag: str, settings: dict[str, Any]) -> None:
    """Build the corpus, and commit it; the shards stay in build/store."""
    (root / "params.yaml").write_text(yaml.safe_dump(settings))
    run_stages(Project.open(root))
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "-q", "-m", tag)
    run(root, "git", "tag", "-a", tag, "-m", tag)


def documents(root: Path) -> dict[str, dict[str, Any]]:
    """The documents of the working tree."""
    paths = sorted((root / "corpus" / "data" / "documents").glob("*.parquet"))
    return {row["doc_id"]: row for path in paths for row in pq.read_table(path).to_pylist()}


def label(document: dict[str, Any], words: str, **more: Any) -> dict[str, Any]:
    """A label on the first place of some words."""
    start = document["text"].index(words)
    place = {"doc_id": document["doc_id"], "start": start, "end": start + len(words)}
    return {**place, "label": "THING", "text_sha256": document["text_sha256"], **more}


def keep(root: Path, name: str, labels: list[dict[str, Any]]) -> Path:
    """Keep labels on the texts of the working tree in the repository."""
    path = root / "labels" / f"{name}.jsonl"
    add_lines(path, TextTies(root).tied(labels))
    return path


def write_labels(path: Path, labels: list[Any]) -> Path:
    """Write lines; strings as they are."""
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in labels]
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def accepted(path: Path) -> None:
    """What Label Studio exports when somebody accepts all predictions of its tasks."""
    tasks = json.loads(path.read_text("utf-8"))
    for number, task in enumerate(tasks):
        results = [result for prediction in task.pop("predictions") for result in prediction["result"]]
        task.update(id=number, annotations=[{"id": 1, "completed_by": 7, "result": results}], predictions=[])
    path.write_text(json.dumps(tasks), "utf-8")


def responded(path: Path) -> None:
    """What Argilla exports when somebody submits all suggestions."""
    rows = json.loads(path.read_text("utf-8"))
    for row in rows:
        values = [{"value": suggestion["value"], "user_id": "u-1"} for suggestion in row["suggestions"].values()]
        row.update(status="completed", _server_id="s-1", responses={"label": values} if values else {})
    path.write_text(json.dumps(rows), "utf-8")


def exported(path: Path) -> None:
    """What doccano exports: the same lines with an id."""
    lines = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
    path.write_text("".join(json.dumps({"id": n, **line, "Comments": []}) + "\n" for n, line in enumerate(lines)))


def nothing(_: Path) -> None:
    """A format that is read as it is written."""
