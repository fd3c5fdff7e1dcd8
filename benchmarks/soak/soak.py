"""A thousand random steps at one corpus, against a plain model: nothing that was released may be lost or changed.

    python benchmarks/soak/soak.py [--steps 1000] [--seed 1] [--folder DIR]

After each step the corpus must be what the model says, and every release must have its tag at its commit and each of
its objects, hashed again, in DVC's cache and in the remote. Every ``--verify``-th step one release after the other is
verified by `copydesk verify`, in the cache and in the remote, every ``--load``-th one is loaded by `copydesk.load`,
fetched anew, and every 50th the corpus is built from nothing; at the end all releases are verified and loaded.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from checks import Checks
from desk import Desk, at_work
from steps import Steps

#: How often each step is taken; whatever DVC has a part in takes seconds.
WEIGHTS = {
    **{"edit": 26, "add": 17, "remove": 12, "correct": 11, "copy": 4, "move": 4, "take_down": 4, "come_back": 3},
    **{"settings": 3, "dirty_release": 3, "killed_build": 4, "release": 4, "killed_release": 1, "stale_release": 0.5},
    **{"lost_remote": 0.5, "travel": 1, "go_back": 1.5, "revert": 1.5},
}


def chosen(steps: int, seed: int) -> list[str]:
    """So many steps, as often as their weights say."""
    return random.Random(seed).choices(list(WEIGHTS), list(WEIGHTS.values()), k=steps)


def soak(
    folder: Path, names: Sequence[str], seed: int, *, verify: int = 5, load: int = 10, log: Any = None
) -> dict[str, Any]:
    """Take steps in a folder; returns what was done and checked, raises at what does not hold."""
    began, outcomes = time.monotonic(), collections.Counter[str]()
    with at_work():
        desk = Desk(folder)
        run, checks = Steps(desk, seed), Checks(desk, folder)
        for number, name in enumerate(names, 1):
            before = time.monotonic()
            try:
                outcome = run.take(name)
                checks.corpus()
                checks.releases()
                known = list(desk.releases)
                if known and number % verify == 0:
                    checks.verified(known[checks.counts["verified"] % len(known)])
                if known and number % load == 0:
                    checks.loaded(known[checks.counts["loaded"] % len(known)])
                if number % 50 == 0:
                    checks.from_nothing()
            except BaseException as error:
                error.add_note(f"step {number} of seed {seed}: {name}; the folder is {folder}")
                raise
            if outcome in ("killed", "ended before", "nothing to release"):
                outcomes[f"{name}: {outcome}"] += 1
            if log:
                print(f"{number:5} {time.monotonic() - before:6.2f} s  {name}: {outcome}", file=log, flush=True)
        for version in desk.releases:
            checks.verified(version)
            checks.loaded(version)
        checks.from_nothing()
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "steps": len(names),
        "seed": seed,
        "taken": dict(collections.Counter(names).most_common()),
        "outcomes": dict(outcomes),
        "releases": len(desk.releases),
        "last": desk.last,
        "taken_down": len(desk.ledger),
        **checks.counts,
        "seconds": round(time.monotonic() - began),
        "cpu_seconds": round(sum(u.ru_utime + u.ru_stime for u in usage)),
        "peak_mb": round(usage[0].ru_maxrss / 1024),
    }


def main() -> None:
    """Read the command line, soak, and print what was done as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verify", type=int, default=5)
    parser.add_argument("--load", type=int, default=10)
    parser.add_argument("--folder", type=Path, help="an empty folder that is left there; a temporary one otherwise")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="copydesk-soak-")))
        folder.mkdir(parents=True, exist_ok=True)
        # What the stages say goes into a file; what is printed is one line a step.
        stack.enter_context(contextlib.redirect_stderr(stack.enter_context((folder / "stages.log").open("w"))))
        names = chosen(given.steps, given.seed)
        done = soak(folder, names, given.seed, verify=given.verify, load=given.load, log=sys.stdout)
    print(json.dumps(done, indent=2))


if __name__ == "__main__":
    main()
