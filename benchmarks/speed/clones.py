"""What one changed file costs: in a fresh clone that has pulled, and beside a thousand web pages.

    python benchmarks/speed/clones.py [--documents 10000] [--records 10000] [--pages 1000]

Makes a corpus with ``copydesk init``, builds it with ``dvc repro``, commits and pushes it to a DVC remote; clones it,
pulls, changes one file, and builds there. Then the same change in the first clone, and a build in which nothing
changed. Prints the CPU seconds of each ``dvc repro``, of all its processes, and their shares of the first build. The
same documents as records of one file, of which one changes. For pages it builds once, changes a text beside them, and
builds again. A last change is built by ``copydesk build``. What DVC itself takes is measured by as many stages that
copy one line, and by one stage that depends on the seeds. Real git, real DVC.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from corpus import documents as made_documents
from corpus import web_page

from copydesk.pipeline import STAGES

ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "DVC_NO_ANALYTICS": "1",
    **{f"GIT_{who}_{what}": "bench@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def run(root: Path, *command: str) -> float:
    """Run a command; return the CPU seconds of all its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, cwd=root, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def new_corpus(root: Path) -> None:
    """An empty corpus whose documents are all in one split, with one worker."""
    run(root.parent, "copydesk", "init", root.name)
    params = root / "params.yaml"
    text = params.read_text("utf-8").replace("workers: 0", "workers: 1")
    params.write_text(
        re.sub(r"train: [\d.]+", "train: 1", re.sub(r"(validation|test): 0.01", r"\1: 0", text)), "utf-8"
    )


def measure_dvc(folder: Path) -> float:
    """CPU seconds of ``dvc repro`` after a change, where each stage copies one line: what no pipeline can save."""
    root = folder / "empty"
    root.mkdir()
    run(root, "git", "init")
    run(root, "dvc", "init")
    copied = "python -c \"import shutil; shutil.copy('{0}', '{1}')\""
    names = [f"line-{number}" for number in range(len(STAGES) + 1)]
    stages = [
        f"  stage-{number}:\n    cmd: {copied.format(*pair)}\n    deps: [{pair[0]}]\n    outs: [{pair[1]}]\n"
        for number, pair in enumerate(pairwise(names))
    ]
    (root / "dvc.yaml").write_text("stages:\n" + "".join(stages), "utf-8")
    for line in ("first\n", "second\n"):
        (root / names[0]).write_text(line, "utf-8")
        seconds = run(root, "dvc", "repro")
    return seconds


def measure_seeds(folder: Path, desk: Path) -> float:
    """CPU seconds of ``dvc repro`` after a change, with one stage that depends on the seeds and copies nothing."""
    root = folder / "seeds-alone"
    run(folder, "git", "clone", str(desk), str(root))
    for name in ("dvc.yaml", "dvc.lock"):
        (root / name).unlink()
    stage = "  stage:\n    cmd: mkdir -p out && date > out/line\n    deps: [seeds]\n    outs: [out]\n"
    (root / "dvc.yaml").write_text(f"stages:\n{stage}", "utf-8")
    run(root, "dvc", "repro")
    (root / "seeds" / "more.txt").write_text("One article more.", "utf-8")
    return run(root, "dvc", "repro")


def write_files(seeds: Path, count: int) -> Path:
    """Write a file for each document; return the first."""
    first = None
    for document in made_documents(count, "clean"):
        path = seeds / document.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document.text, "utf-8")
        first = first or path
    assert first is not None
    return first


def write_records(seeds: Path, count: int) -> Path:
    """Write one file with a record for each document; the last is short."""
    path = seeds / "articles.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for document in made_documents(count, "clean"):
            file.write(json.dumps({"id": Path(document.name).stem, "text": document.text}) + "\n")
        file.write('{"id": "last", "text": "The last article."}')
    return path


def change(path: Path, number: int) -> None:
    """Change one document, at the end of a file."""
    text = path.read_text("utf-8")
    if path.suffix == ".jsonl":
        path.write_text(text[: text.rindex("\n") + 1] + json.dumps({"id": "last", "text": f"Ended {number} times."}))
    else:
        path.write_text(f"{text} One sentence more, number {number}.", "utf-8")


def measure_clone(folder: Path, count: int, write: Callable[[Path, int], Path]) -> dict[str, float]:
    """CPU seconds of builds in the first clone and in a fresh one."""
    folder.mkdir()
    root, clone = folder / "desk", folder / "clone"
    new_corpus(root)
    first = write(root / "seeds", count).relative_to(root)
    run(root, "dvc", "remote", "add", "--default", "storage", str(folder / "remote"))
    seconds = {"first build": run(root, "dvc", "repro")}
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--no-verify", "--message", "Built")
    run(root, "dvc", "push")
    run(folder, "git", "clone", str(root), str(clone))
    seconds["dvc pull"] = run(clone, "dvc", "pull")
    for name, place in (("one document changed in the clone", clone), ("one document changed here", root)):
        change(place / first, 1)
        seconds[name] = run(place, "dvc", "repro")
    seconds["nothing changed"] = run(root, "dvc", "repro")
    seconds |= _by_build(clone, clone / first)
    shutil.rmtree(clone)
    run(folder, "git", "clone", str(root), str(clone))
    run(clone, "dvc", "pull")
    change(clone / first, 3)
    seconds["one document changed in a clone, copydesk build"] = run(clone, "copydesk", "build")
    if write is write_files:
        seconds["dvc repro of one stage that depends on these seeds"] = measure_seeds(folder, root)
    return seconds


def _by_build(root: Path, path: Path) -> dict[str, float]:
    change(path, 2)
    return {"one document more changed, copydesk build": run(root, "copydesk", "build")}


def measure_pages(folder: Path, count: int) -> dict[str, float]:
    """CPU seconds of a build of pages and a text, and after a change of the text."""
    root = folder / "pages"
    new_corpus(root)
    for document in made_documents(count, "clean"):
        path = root / "seeds" / f"{Path(document.name).stem}.html"
        path.write_text(web_page(document.text, []), "utf-8")
    text = root / "seeds" / "note.txt"
    text.write_text("A note beside the pages.", "utf-8")
    seconds = {"first build of pages": run(root, "dvc", "repro")}
    text.write_text("Another note beside the pages.", "utf-8")
    seconds["one text changed beside pages"] = run(root, "dvc", "repro")
    return seconds | _by_build(root, text)


def main() -> None:
    """Read the command line, measure, and print seconds and shares as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--pages", type=int, default=1_000)
    given = parser.parse_args()
    measured: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="copydesk-clones-") as name:
        folder = Path(name)
        if given.documents:
            measured["files"] = measure_clone(folder / "files", given.documents, write_files)
        if given.records:
            measured["records"] = measure_clone(folder / "records", given.records, write_records)
        if given.pages:
            measured["pages"] = measure_pages(folder, given.pages)
        empty = measure_dvc(folder)
    shares = {
        kind: {what: round(cpu / next(iter(seconds.values())), 4) for what, cpu in seconds.items()}
        for kind, seconds in measured.items()
    }
    result = {"cpu_seconds": {**measured, "dvc repro of stages that copy a line": empty}, "shares": shares}
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
