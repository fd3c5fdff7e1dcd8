"""Resolve copydesk together with what people have installed beside it, and write the table of docs/load.md.

    python .ci/neighbours.py UV

Nothing is installed: UV, the program of that name, looks for versions that fit together. The rows with ``datasets``
have the extra ``load``, the others only what copydesk needs by itself.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "load.md"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
NEIGHBOURS = (
    *("mlflow", "label-studio", "apache-beam", "transformers==4.57.*", "transformers==5.*"),
    *(f"datasets=={version}.*" for version in ("2.16", "2.21", "3.6", "4.0", "4.5", "5.0", "5.2")),
)
_MARKS = "<!-- neighbours: written by make neighbours -->\n", "<!-- end of neighbours -->\n"


def main() -> None:
    """Resolve each pair of neighbour and Python, and replace the table."""
    (uv,) = sys.argv[1:]
    pairs = [(neighbour, python) for neighbour in NEIGHBOURS for python in PYTHONS]
    with ThreadPoolExecutor(4) as threads:
        cells = dict(zip(pairs, threads.map(lambda pair: resolved(uv, *pair), pairs), strict=True))
    lines = [f"| beside it | {' | '.join(f'Python {python}' for python in PYTHONS)} |", "|---" * 5 + "|"]
    for neighbour in NEIGHBOURS:
        name = neighbour.replace("==", " ").replace(".*", "")
        lines.append(f"| {name} | {' | '.join(cells[neighbour, python] for python in PYTHONS)} |")
    before, _, rest = PAGE.read_text("utf-8").partition(_MARKS[0])
    after = rest.partition(_MARKS[1])[2]
    PAGE.write_text(f"{before}{_MARKS[0]}{chr(10).join(lines)}\n{_MARKS[1]}{after}", "utf-8")
    print("\n".join(lines))


def resolved(uv: str, neighbour: str, python: str) -> str:
    """The versions of the neighbour and of pyarrow that fit together; a dash if there are none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], neighbour]
    if neighbour.startswith(("datasets", "transformers")):
        wanted += project["optional-dependencies"]["load"]
    command = [uv, "pip", "compile", "-", "--python-version", python, "--quiet", "--no-header"]
    for compiled in ("jsonschema-rs", "numpy", "pyarrow", "pyyaml"):  # where there is no wheel, it counts as no fit
        command += ["--only-binary", compiled]
    done = subprocess.run(command, input="\n".join(wanted), capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{neighbour}, Python {python}: {done.stderr.strip()}", file=sys.stderr)
        return "–"
    name = re.split("==", neighbour)[0]
    found = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", done.stdout, re.MULTILINE))
    return f"{found[name]}, pyarrow {found['pyarrow']}"


if __name__ == "__main__":
    main()
