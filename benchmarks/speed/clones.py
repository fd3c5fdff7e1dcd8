"""What one changed file costs: in a fresh clone that has pulled, and beside a thousand web pages.

    python benchmarks/speed/clones.py [--documents 10000] [--pages 1000]

Makes a corpus with ``copydesk init``, builds it with ``dvc repro``, commits and pushes it to a DVC remote; clones it,
pulls, changes one file, and builds there. Then the same change in the first clone, and a build in which nothing
changed. Prints the CPU seconds of each ``dvc repro``, of all its processes, and their shares of the first build. For
pages it builds once, changes a text beside them, and builds again. A last change is built by ``copydesk build``,
and ``dvc repro`` of as many stages that copy one line tells what DVC itself takes. Real git, real DVC.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

from corpus import documents as made_documents

from copydesk.pipeline import STAGES

ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "DVC_NO_ANALYTICS": "1",
    **{f"GIT_{who}_{what}": "bench@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}
PAGE = (
    "<!DOCTYPE html><html><head><title>{name}</title><meta charset='utf-8'></head><body><nav><a href='/'>Home</a>"
    "</nav><article><h1>{name}</h1>{paragraphs}</article><footer>Imprint</footer></body></html>"
)


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


def measure_clone(folder: Path, count: int) -> dict[str, float]:
    """CPU seconds of builds in the first clone and in a fresh one."""
    root, clone = folder / "desk", folder / "clone"
    new_corpus(root)
    first = ""
    for document in made_documents(count, "clean"):
        path = root / "seeds" / document.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document.text, "utf-8")
        first = first or document.name
    run(root, "dvc", "remote", "add", "--default", "storage", str(folder / "remote"))
    seconds = {"first build": run(root, "dvc", "repro")}
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--no-verify", "--message", "Built")
    run(root, "dvc", "push")
    run(folder, "git", "clone", str(root), str(clone))
    seconds["dvc pull"] = run(clone, "dvc", "pull")
    for name, place in (("one file changed in the clone", clone), ("one file changed here", root)):
        path = place / "seeds" / first
        path.write_text(path.read_text("utf-8") + " One sentence more.", "utf-8")
        seconds[name] = run(place, "dvc", "repro")
    seconds["nothing changed"] = run(root, "dvc", "repro")
    return seconds | _by_build(clone, clone / "seeds" / first)


def _by_build(root: Path, path: Path) -> dict[str, float]:
    path.write_text(path.read_text("utf-8") + " And one more.", "utf-8")
    return {f"one file changed, copydesk build in {root.name}": run(root, "copydesk", "build")}


def measure_pages(folder: Path, count: int) -> dict[str, float]:
    """CPU seconds of a build of pages and a text, and after a change of the text."""
    root = folder / "pages"
    new_corpus(root)
    for document in made_documents(count, "clean"):
        paragraphs = "".join(f"<p>{part}</p>" for part in document.text.split("\n\n"))
        name = Path(document.name).stem
        (root / "seeds" / f"{name}.html").write_text(PAGE.format(name=name, paragraphs=paragraphs), "utf-8")
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
    parser.add_argument("--pages", type=int, default=1_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="copydesk-clones-") as name:
        folder = Path(name)
        clones = measure_clone(folder, given.documents) if given.documents else {}
        pages = measure_pages(folder, given.pages) if given.pages else {}
        empty = measure_dvc(folder)
    whole = [next(iter(seconds.values())) for seconds in (clones, pages) if seconds]
    shares = [
        {what: round(cpu / first, 4) for what, cpu in seconds.items()}
        for first, seconds in zip(whole, [s for s in (clones, pages) if s], strict=True)
    ]
    print(
        json.dumps(
            {"cpu_seconds": {**clones, **pages, "dvc repro of stages that copy a line": empty}, "shares": shares},
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
