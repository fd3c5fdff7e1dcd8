"""Environments of the peers: one folder each below ``build/``, made of the pinned packages in ``peers/NAME.txt``.

    python benchmarks/speed/environments.py [NAME ...]

``peers/NAME.in`` says what is wanted, ``NAME.txt`` what that came to when it was resolved.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).parent / "peers"
#: Packages whose versions are told with the results, beside the one that a peer is named after.
_TOLD = ("pyarrow", "datasets", "ftfy", "pysbd", "spacy", "nltk", "ray", "numpy", "rensa")


class Missing(Exception):
    """A peer that cannot be installed, and why."""


def names() -> list[str]:
    """Every peer that has an environment."""
    return sorted(path.stem for path in PEERS.glob("*.in"))


def python(name: str) -> Path:
    """The interpreter of a peer's environment, which is made where there is none or its packages changed.

    Raises
    ------
    Missing
        If a package does not install; with what the installer said.
    """
    if name == "copydesk":
        return Path(sys.executable)
    folder = ROOT / "build" / f"peers-{name}"
    pinned = (PEERS / f"{name}.txt").read_text("utf-8")
    found = folder / "bin" / "python"
    done = folder / "installed.txt"
    if not (found.exists() and done.exists() and done.read_text("utf-8") == pinned):
        print(f"{name}: installing into {folder.relative_to(ROOT)}", file=sys.stderr, flush=True)
        venv.create(folder, clear=True, with_pip=True)
        # All that is needed is listed; what only a GPU needs was left out on purpose.
        command = [str(found), "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(PEERS / f"{name}.txt")]
        made = subprocess.run(command, capture_output=True, text=True, env=plain_environment(), check=False)
        if made.returncode:
            lines = [line for line in made.stderr.splitlines() if "ERROR" in line or "error" in line]
            raise Missing(" ".join((lines or made.stderr.splitlines() or ["pip failed"])[-1].split())[:300])
        done.write_text(pinned, "utf-8")
    return found


def versions(name: str) -> dict[str, str]:
    """Versions of what decides how fast a peer is."""
    command = [str(python(name)), "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"]
    listed = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    have = {row["name"].lower(): row["version"] for row in listed}
    if name == "copydesk":
        asked = ["copydesk", "pyarrow", "numpy", "rensa", "ftfy", "datasets"]
    else:
        asked = re.findall(r"^[\w-]+", (PEERS / f"{name}.in").read_text("utf-8"), re.MULTILINE)
        asked += [each for each in _TOLD if each not in asked]
    return {each: have[each] for each in asked if each in have}


def plain_environment() -> dict[str, str]:
    """The environment without what would let one Python see another's packages."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}


def main() -> None:
    failed = False
    for name in sys.argv[1:] or names():
        try:
            python(name)
            print(f"{name}: {', '.join(f'{key} {value}' for key, value in versions(name).items())}")
        except Missing as error:
            failed = True
            print(f"{name}: does not install: {error}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
