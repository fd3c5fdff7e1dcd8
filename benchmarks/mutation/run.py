"""Mutation testing: how many small mistakes in the code would make a test fail.

    make mutants                                                 # all modules, samples of the larger ones: hours
    python benchmarks/mutation/run.py text tables/shard_cutting  # these modules, in full

First the tests run once, to record which test executes which lines. Then each mutant is run against the tests of its
lines, the cheapest first, until one fails. Survivors are printed as differences. Mutants that are known to be
equivalent to the original are listed in ``equivalent.json`` with the reason, and are neither run nor counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from mutants import Mutant, mutants

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WORK = ROOT / "build" / "mutation"
#: Rooms whose modules get mutants, besides ``text`` and ``tables/shard_cutting``.
ROOMS = ("differences", "releases", "revisions", "takedowns")
#: The tests to run. Tests of remotes behind a server, and those that only the clock decides, are left out.
TESTS = ("tests/test_text.py", "tests/tables/test_shard_cutting.py", *(f"tests/{room}" for room in ROOMS))
LEFT_OUT = "not ssh and not s3 and not linear_time"
COLUMNS = ("killed", "by time", "equivalent", "survived")


def pytest(tests: list[str], *arguments: str) -> None:
    """Run the tests with the plugin; fails only if they cannot be run.

    A mutant may write to the current folder, or to the home, by mistake: both are empty folders made for it.
    """
    given = [str(Path(path).resolve()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "plugin", "-p", "no:cacheprovider", "-k", LEFT_OUT]
    command += [f"--rootdir={ROOT}", f"--config-file={ROOT / 'pyproject.toml'}", *arguments]
    with tempfile.TemporaryDirectory(prefix="copydesk-mutants-") as scratch:
        paths = os.pathsep.join([str(ROOT / "src"), str(HERE), *given])
        own = {"PYTHONPATH": paths, "TMPDIR": scratch, "HOME": scratch}
        subprocess.run(
            [*command, *(str(ROOT / t) for t in tests)], cwd=scratch, env={**os.environ, **own}, check=False
        )


def plan(made: list[Mutant], record: dict[str, Any], longest: float) -> dict[str, Any]:
    """Mutants with the tests that run one of their lines; tests in the order in which they are run."""
    rows = []
    for mutant in made:
        lines = record["lines"].get(mutant.path, {})
        tests = {test for line in range(mutant.first, mutant.last + 1) for test in lines.get(str(line), ())}
        rows.append({**mutant._asdict(), "tests": sorted(tests)})
    seconds = {test: took for test, took in record["seconds"].items() if took <= longest}
    of_file: dict[str, float] = defaultdict(float)
    for test, took in seconds.items():
        of_file[test.partition("::")[0]] += took
    order = sorted(
        seconds, key=lambda test: (of_file[test.partition("::")[0]], test.partition("::")[0], seconds[test])
    )
    return {"mutants": rows, "order": order}


def main() -> None:
    """Read the command line, run, and print a table and the survivors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", help="such as text or releases/versions; default: all")
    parser.add_argument("--most", type=int, help="at most so many mutants of a module, chosen by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="record again which test executes which lines")
    parser.add_argument("--longest", type=float, default=60, help="leave out tests that took more seconds than that")
    parser.add_argument("--again", action="store_true", help="only the mutants that survived the last time")
    parser.add_argument("--tests", nargs="*", default=TESTS)
    parser.add_argument("--name", default="", help="of the files in build/mutation, so that two runs do not meet")
    given = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    record = WORK / f"record{given.name}.json"
    if given.record or not record.exists():
        pytest(given.tests, f"--mutants-record={record}")
    modules = given.modules or ["text", "tables/shard_cutting", *modules_of_rooms()]
    made, counts = [], {}
    for module in modules:
        path = f"src/copydesk/{module}.py"
        counts[path], chosen = mutants(ROOT, path, given.most, given.seed)
        made += chosen
    planned, outcome = (WORK / f"{kind}{given.name}.json" for kind in ("plan", "outcome"))
    before = json.loads(outcome.read_text())["outcomes"] if given.again and outcome.exists() else {}
    outcome.unlink(missing_ok=True)
    same = equivalent(made)
    due = [mutant for mutant in made if mutant.name not in before and mutant.name not in same]
    rows = plan(due, json.loads(record.read_text()), given.longest)
    planned.write_text(json.dumps(rows))
    pytest(given.tests, f"--mutants={planned}", f"--mutants-found={outcome}")
    result = json.loads(outcome.read_text())
    result["outcomes"] |= before
    outcome.write_text(json.dumps(result))
    tests = {row["name"]: row["tests"] for row in rows["mutants"]}
    report(made, counts, result, tests, same)


def modules_of_rooms() -> list[str]:
    paths = [path for room in ROOMS for path in sorted((ROOT / "src/copydesk" / room).glob("*.py"))]
    return [f"{path.parent.name}/{path.stem}" for path in paths if path.stem != "__init__"]


def equivalent(made: list[Mutant]) -> set[str]:
    """The names of those mutants that are known to be equivalent to the original."""
    known = json.loads((HERE / "equivalent.json").read_text("utf-8"))
    same = {(row["path"], row["function"], row["diff"]) for row in known}
    return {mutant.name for mutant in made if (mutant.path, mutant.function, mutant.changed) in same}


def report(
    made: list[Mutant],
    counts: dict[str, int],
    result: dict[str, Any],
    tests: dict[str, list[str]],
    same: set[str],
) -> None:
    """Print the survivors, and how many mutants of each module were killed."""
    outcomes: dict[str, str] = result["outcomes"]
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant in made:
        row = rows[mutant.path]
        if mutant.name in outcomes:
            row["killed"] += 1
            row["by time"] += outcomes[mutant.name].startswith("timeout")
        elif mutant.name in same:
            row["equivalent"] += 1
        else:
            row["survived"] += 1
            print(f"\n{mutant.name} {mutant.function}, run by {len(tests[mutant.name])} tests\n{mutant.diff}")
    print("\n| module | mutants | run | killed | by time | equivalent | survived | killed, without equivalent |")
    print("|---|---|---|---|---|---|---|---|")
    for path, row in [*rows.items(), ("all", sum(rows.values(), Counter()))]:
        ran = row["killed"] + row["equivalent"] + row["survived"]
        share = row["killed"] / max(ran - row["equivalent"], 1)
        cells = [path, counts.get(path, sum(counts.values())), ran, *(row[name] for name in COLUMNS), f"{share:.1%}"]
        print(f"| {' | '.join(map(str, cells))} |")
    for test in result["weak"]:
        print("decides nothing:", test)


if __name__ == "__main__":
    main()
