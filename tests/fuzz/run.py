"""Fuzz: try the targets of targets.py on more and more inputs, until one breaks its promise or the time is over.

    python tests/fuzz/run.py --target cleaner --seconds 600

Atheris runs a target over and over, sees which branches of the code each input reaches, and goes on from those that
reach new ones; what it found so far is kept in build/fuzz/, where the next run begins. With ``--engine hypothesis`` it
is inputs at random, none of which is known to lead anywhere, but each failure is made as small as it can be.

An input that breaks a target is saved below build/fuzz/TARGET/crashes/. Put it into tests/fuzz/found/TARGET/, and the
tests try it from then on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.append(str(ROOT / "build" / "fuzz" / "site"))  # where make fuzz puts atheris

NAMES = (
    "text jsonl csv parquet compressed archive feed ninjs book cleaner splitter schema settings definition validator "
    "cell page outputs"
).split()
_LARGEST = {"validator": 1 << 17, "parquet": 1 << 14}
_DONE = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+) ft: \d+ corp: (\d+)")
_SEEN = re.compile(r"#(\d+)\s+\S+\s+cov: (\d+) ft: \d+ corp: (\d+)")


def main() -> None:
    """Fuzz each target for as long; print a row of figures for each, as Markdown."""
    parser = argparse.ArgumentParser(description="Fuzz copydesk.")
    parser.add_argument("--target", choices=NAMES, action="append", help="one of them; all if none is given")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--engine", choices=("atheris", "hypothesis"), default="atheris")
    given, inside = parser.parse_known_args()
    if inside:  # the process that atheris runs in; all else are its own arguments
        fuzz_here(given.target[0], inside)
        return
    failed = False
    print("| target | seconds | executions | branches | inputs kept | failures |\n|---|---|---|---|---|---|")
    for name in given.target or NAMES:
        folder = ROOT / "build" / "fuzz" / name
        (folder / "crashes").mkdir(parents=True, exist_ok=True)
        run = with_atheris if given.engine == "atheris" else with_hypothesis
        start = time.monotonic()
        figures = {"target": name, "engine": given.engine, **run(name, folder, given.seconds)}
        figures["seconds"] = round(time.monotonic() - start)
        with (folder.parent / "runs.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(figures) + "\n")
        row = [figures.get(key, "") for key in ("target", "seconds", "executions", "branches", "kept", "failures")]
        print("|", " | ".join(f"{cell:,}" if isinstance(cell, int) else cell for cell in row), "|", flush=True)
        failed |= figures["failures"] > 0
    sys.exit(failed)


def with_atheris(name: str, folder: Path, seconds: int) -> dict[str, Any]:
    """Fuzz in a process of its own, which a crash of a library may end too."""
    command = [
        *(sys.executable, __file__, "--target", name, str(folder / "inputs"), str(folder / "seeds")),
        f"-max_total_time={seconds}",
        f"-artifact_prefix={folder / 'crashes'}/",
        f"-max_len={_LARGEST.get(name, 4096)}",
        f"-dict={folder / 'words'}",
        *("-timeout=30", "-rss_limit_mb=3000", "-print_final_stats=1"),
    ]
    log = folder / "log"
    memory = Path("/dev/shm")  # a target writes at every try
    with log.open("wb") as file, tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as scratch:
        environment = {**os.environ, "TMPDIR": scratch}
        status = subprocess.run(
            command, env=environment, stdout=file, stderr=subprocess.STDOUT, check=False
        ).returncode
    told = log.read_text("utf-8", "replace")
    found = _DONE.findall(told) or _SEEN.findall(told)
    if not found:
        sys.exit(f"{name}: atheris did not begin:\n{told[-2000:]}")
    executions, branches, kept = map(int, found[-1])
    if status:
        print(f"{name}: see {log}", file=sys.stderr)
    return {"executions": executions, "branches": branches, "kept": kept, "failures": int(status != 0)}


def fuzz_here(name: str, arguments: list[str]) -> None:
    """Run atheris in this process; it ends the process."""
    import atheris

    with atheris.instrument_imports(include=["copydesk"]):
        from fuzz.seeds import seeds_of, words
        from fuzz.targets import TARGETS
    folder = ROOT / "build" / "fuzz" / name
    for place in ("inputs", "seeds"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    for data in (*seeds_of(name), *(path.read_bytes() for path in found(name))):
        (folder / "seeds" / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    quoted = ("".join(f"\\x{byte:02x}" for byte in word) for word in words())
    (folder / "words").write_text("".join(f'"{word}"\n' for word in quoted))
    sys.argv = [sys.argv[0], *arguments]
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


def with_hypothesis(name: str, folder: Path, seconds: int) -> dict[str, Any]:
    """Try inputs at random, until the time is over."""
    import hypothesis

    from fuzz.inputs import inputs
    from fuzz.targets import TARGETS

    until = time.monotonic() + seconds
    count = 0

    def attempt(data: bytes) -> None:
        nonlocal count
        count += 1
        smallest[0] = data
        TARGETS[name](data)

    smallest = [b""]
    settings = hypothesis.settings(max_examples=200, deadline=None, database=None)
    while time.monotonic() < until:
        try:
            seeded: Callable[[], None] = hypothesis.seed(random.getrandbits(64))(
                settings(hypothesis.given(inputs(name))(attempt))
            )
            seeded()
        except Exception:
            path = folder / "crashes" / hashlib.sha256(smallest[0]).hexdigest()[:16]
            path.write_bytes(smallest[0])
            path.with_suffix(".txt").write_text(traceback.format_exc())
            print(f"{name}: see {path}", file=sys.stderr)
            return {"executions": count, "failures": 1}
    return {"executions": count, "failures": 0}


def found(name: str) -> list[Path]:
    """Inputs that once broke a target."""
    return sorted((Path(__file__).parent / "found" / name).glob("*"))


if __name__ == "__main__":
    os.nice(19)
    main()
