"""Read a corpus with other libraries and old versions, and write the table of docs/load.md.

    python benchmarks/readers/run.py [NAME ...]

``readers.json`` says which, each in an environment of its own. Two versions of a made corpus with three splits and
several files of each table are built; each reader says what it read of the first, and ``datasets`` also what it reads
once the second lies in the same folder.

The environments are kept below ``build/readers``; that of
torch takes 6 GB. A reader that does not install, or reads other rows, is named so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.dataset
import pyarrow.parquet as pq

from copydesk.core.config import check_params
from copydesk.core.json_schema import PACKAGED
from copydesk.pipeline import STAGES
from copydesk.project import Project

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "readers"
PAGE = ROOT / "docs" / "load.md"
BEGIN, END = "<!-- readers: written by make load-readers -->\n", "<!-- end of readers -->\n"
RESULTS = BUILD / "results.json"
ALL = "all rows"
ESCAPED = "\\|"
REPO = "desk/corpus"
_WAIT = 300  # seconds that a reader may take


def corpus(name: str, documents: int, version: str) -> Path:
    """A corpus of made documents in three splits, built anew."""
    folder = BUILD / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "seeds").mkdir(parents=True)
    for number in range(documents):
        lines = (f"Item {number}x{n} of shelf {number} was counted  {n} times. It is {n}." for n in range(12))
        (folder / "seeds" / f"item-{number:03d}.txt").write_text("\n\n".join(lines), "utf-8")
    settings = {
        "corpus": {"version": version},
        "shards": {"target": 10, "minimum": 5, "maximum": 40},
        "splits": {"train": 0.6, "validation": 0.2, "test": 0.2, "minimum": 10},
        "engine": {"workers": 1},
    }
    places = {place: folder / place for place in ("seeds", "corpus", "reports", "build")}
    project = Project(**places, schemas=PACKAGED, params=check_params(settings))
    for stage, run in STAGES.items():
        if stage not in ("validate", "share"):
            run(project)
    return project.corpus


def expected(folder: Path) -> dict[str, int]:
    """What a reader must say of a corpus."""
    counts = {}
    for name in ("documents", "sentences"):
        rows = pyarrow.dataset.dataset(folder / "data" / name).to_table(columns=["split"])
        counts[name] = rows.num_rows
        counts[f"{name} in train"] = rows["split"].to_pylist().count("train")
    return {**counts, "sentences in their place": counts["sentences"]}


def python(name: str, requirements: list[str]) -> Path:
    """The interpreter of an environment with some packages, which is made if there is none or the list changed."""
    folder = BUILD / name.replace(" ", "-")
    done = folder / "installed.txt"
    found = folder / "bin" / "python"
    if not (done.is_file() and json.loads(done.read_text("utf-8")) == requirements):
        print(f"{name}: installing", file=sys.stderr, flush=True)
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(found), "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
        _run([*pip, *requirements])
        done.write_text(json.dumps(requirements), "utf-8")
    return found


class Failed(Exception):
    """A command that failed, with the last line that it wrote."""


def _run(command: list[str], **settings: Any) -> str:
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    plain |= settings.pop("environment", {})
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=plain, check=False, **settings)
    except subprocess.TimeoutExpired:
        raise Failed(f"no answer in {_WAIT} seconds") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit status {done.returncode}"]
        raise Failed(" ".join(lines[-1].split())[:200])
    return done.stdout


@contextmanager
def hub(first: Path, second: Path) -> Iterator[dict[str, str]]:
    """A Hub on loopback with two releases of one dataset; the variables by which clients find it."""
    sys.path.insert(0, str(ROOT / "tests"))
    from hub_double import git, hub_double

    shutil.rmtree(BUILD / "hub", ignore_errors=True)
    (BUILD / "hub").mkdir()
    with hub_double(BUILD / "hub") as double:
        double.make(REPO, {})
        repo = double.repo(REPO)
        for corpus_folder, tag in ((first, "v1.0.0"), (second, "v2.0.0")):
            git(repo, "rm", "-rq", "--ignore-unmatch", ".")
            shutil.copytree(corpus_folder, repo, dirs_exist_ok=True)
            git(repo, "add", "-A")
            git(repo, "commit", "-q", "-m", tag)
            git(repo, "tag", tag)
        yield double.environment(token=None)


def by_tag(interpreter: Path, work: Path, place: dict[str, str], first: Path, second: Path) -> str:
    """What an old or new ``datasets`` reads of the releases on the Hub."""
    try:
        environment = {**place, "HF_HOME": str(work / "hub-cache"), "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
        command = [str(interpreter), str(HERE / "with_hub.py"), REPO]
        said = json.loads(_run(command, environment=environment, cwd=work, timeout=_WAIT).strip().splitlines()[-1])
    except (Failed, ValueError, IndexError) as error:
        return f"fails: {error}"
    wanted = {
        f"{name} of {tag}": expected(folder)[name]
        for folder, tag in ((first, "v1.0.0"), (second, "v2.0.0"))
        for name in ("documents", "sentences")
    }
    return _compared(said, wanted)


def _compared(said: dict[str, Any], wanted: dict[str, int]) -> str:
    wrong = [f"{said.get(key)} {key}, expected {count}" for key, count in wanted.items() if said.get(key) != count]
    return "; ".join(wrong) or ALL


def read(
    name: str, spec: dict[str, Any], first: Path, second: Path, place: dict[str, str] | None = None
) -> dict[str, str]:
    """Have a reader read the corpus, and ``datasets`` that of a Hub; its version, and what came of it."""
    try:
        interpreter = python(spec.get("environment", name), spec["requirements"])
    except Failed as error:
        return {"version": "", "result": f"does not install here: {error}"}
    asked = f"import importlib.metadata as m; print(m.version({spec['package']!r}))"
    version = _run([str(interpreter), "-c", asked]).strip()
    work = BUILD / "work" / name.replace(" ", "-")
    shutil.rmtree(work, ignore_errors=True)
    (work / "made").mkdir(parents=True)
    shutil.copytree(first, work / "corpus")
    environment = {"HF_HOME": str(work / "cache"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    command = [str(interpreter), str(HERE / spec["script"]), str(work / "corpus"), str(work / "made"), str(second)]
    try:
        said = json.loads(_run(command, environment=environment, cwd=work, timeout=_WAIT).strip().splitlines()[-1])
    except (Failed, ValueError, IndexError) as error:
        return {"version": version, "result": f"fails: {error}"}
    wanted = expected(first)
    if spec["package"] == "datasets":
        wanted["documents of the other version"] = expected(second)["documents"]
    found = {"version": version, "result": _compared(said, wanted)}
    if place and spec["package"] == "datasets":
        found["by tag"] = by_tag(interpreter, work, place, first, second)
    return found


def table(results: dict[str, dict[str, str]]) -> str:
    """The results as a table of Markdown."""
    names = json.loads((HERE / "readers.json").read_text("utf-8"))
    rows = []
    for name in names:
        found = results.get(name, {"version": "", "result": "not tried yet"})
        tool = name.partition(" ")[0] if found["version"] and names[name]["package"] == "datasets" else name
        cells = (f"{tool} {found['version']}".strip(), found["result"], found.get("by tag", ""))
        rows.append(f"| {' | '.join(cell.replace('|', ESCAPED).replace('<', '&lt;') for cell in cells)} |")
    return (
        "\n".join(["| reader | what it read of a folder | of releases on a Hub, by tag |", "|---|---|---|", *rows])
        + "\n"
    )


def main() -> None:
    specs = json.loads((HERE / "readers.json").read_text("utf-8"))
    names = sys.argv[1:] or list(specs)
    BUILD.mkdir(parents=True, exist_ok=True)
    first, second = corpus("first", 60, "1.0.0"), corpus("second", 45, "2.0.0")
    assert all(pq.read_metadata(path).num_rows for path in first.glob("data/*/*.parquet"))
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {}
    with hub(first, second) as place:
        for name in names:
            found = results[name] = read(name, specs[name], first, second, place)
            print(f"{name} {found['version']}: {found['result']}; by tag: {found.get('by tag')}", flush=True)
            RESULTS.write_text(json.dumps(results, indent=2), "utf-8")
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, found, after = rest.partition(END)
    assert found, f"{PAGE}: no markers of the table of readers"
    PAGE.write_text(f"{before}{BEGIN}{table(results)}{END}{after}", "utf-8")
    sys.exit(any(found["result"] != ALL or found.get("by tag", ALL) != ALL for found in results.values()))


if __name__ == "__main__":
    main()
