#!/usr/bin/env bash
# Package: dvc 3.67.1.
#
# Expected: params.yaml may hold a date, which YAML writes without quotes. A
# stage that depends on the parameter lang only runs whatever else the file
# holds.
#
# Seen: each command that reads dvc.yaml ends with "unexpected error", status
# and stage list, too, though no stage names the date and nothing in dvc.yaml
# is templated. In quotes, or in a file of another name, it does no harm.
#
# Output seen (dvc 3.67.1; exit codes of dvc):
#   since: '2024-01-05'   repro 0, status 0, stage list 0
#   since: 2024-01-05     repro 255, status 255, stage list 255
#       Unsupported value of type 'date' in 'params.yaml:since'
#   the same in dates.yaml  repro 0, status 0, stage list 0
#
# Why it matters: corpora are cut by date, and "since" is the parameter one
# writes first. One line of it takes the whole repository's commands away, on
# the branch of whoever adds it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check dvc==3.67.1 configobj==5.0.9

cat > check.py <<'PY'
import importlib.metadata
import subprocess
import sys
from pathlib import Path

print("dvc", importlib.metadata.version("dvc"))
STAGE = """stages:
  count:
    cmd: echo 3 > count.txt
    outs: [count.txt]
    params: [lang]
"""


def dvc(*arguments):
    return subprocess.run([sys.executable, "-m", "dvc", *arguments], capture_output=True, text=True)


dvc("init", "--no-scm", "--quiet")
Path("dvc.yaml").write_text(STAGE)
changed = []
for case, files, wanted in (
    ("since: '2024-01-05'", {"params.yaml": "lang: de\nsince: '2024-01-05'\n"}, 0),
    ("since: 2024-01-05", {"params.yaml": "lang: de\nsince: 2024-01-05\n"}, 255),
    ("the same in dates.yaml", {"params.yaml": "lang: de\n", "dates.yaml": "since: 2024-01-05\n"}, 0),
):
    for name, text in files.items():
        Path(name).write_text(text)
    runs = {command: dvc(*command.split()) for command in ("repro", "status", "stage list")}
    print(f"{case:20}  {', '.join(f'{command} {run.returncode}' for command, run in runs.items())}")
    message = "Unsupported value of type 'date' in 'params.yaml:since'"
    if wanted:
        print("   ", message if message in runs["repro"].stderr else runs["repro"].stderr)
    if any(run.returncode != wanted or (message in run.stderr) != bool(wanted) for run in runs.values()):
        changed.append(case)
if changed:
    raise SystemExit(f"behaviour changed for: {changed}")
PY
mkdir corpus
cd corpus
"$work/env/bin/python" "$work/check.py"
