#!/usr/bin/env bash
# Package: dvc 3.67.1 with scmrepo 3.6.2 and dulwich 1.2.21.
#
# Expected: to run a stage again, DVC asks once which files git tracks, and
# looks its outputs up in the answer: a stage with eight small outputs costs
# about as much as one that has a folder of eight files.
#
# Seen: git's whole index is parsed anew for each output that DVC caches, and
# its entries are compared one by one. The cost is the number of outputs times
# the number of files in the repository. Files in a folder that is one output
# cost nothing more.
#
# Output seen (dvc 3.67.1, scmrepo 3.6.2, dulwich 1.2.21):
#   1 output   index read  1 time,   3,006 entries
#   8 outputs  index read  8 times, 24,048 entries
#   1 folder   index read  1 time,   3,006 entries
#
# Why it matters: corpora keep ten thousand seed files in git, and pipelines
# write a list, a report and a cache for each stage. There a run that has
# nothing to do spends more CPU on reading the index than on everything else.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check dvc==3.67.1 scmrepo==3.6.2 dulwich==1.2.21 configobj==5.0.9

cat > check.py <<'PY'
import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import dulwich.repo
from dvc.cli import main

for name in ("dvc", "scmrepo", "dulwich"):
    print(name, importlib.metadata.version(name))
os.environ |= {"DVC_NO_ANALYTICS": "1"}
read = []
open_index = dulwich.repo.Repo.open_index


def counting(repo, *arguments, **options):
    index = open_index(repo, *arguments, **options)
    read.append(len(index))
    return index


dulwich.repo.Repo.open_index = counting
FILES = [f"out{number}.txt" for number in range(8)]
CASES = {
    "1 output": ("echo {0} > out0.txt", FILES[:1]),
    "8 outputs": (" && ".join(f"echo {{0}} > {name}" for name in FILES), FILES),
    "1 folder": ("mkdir -p out && " + " && ".join(f"echo {{0}} > out/{name}" for name in FILES), ["out"]),
}
changed = []
for case, (command, outputs) in CASES.items():
    folder = Path(case.replace(" ", "-"))
    (folder / "seeds").mkdir(parents=True)
    os.chdir(folder)
    for number in range(3000):
        Path(f"seeds/{number:05}.txt").write_text(f"{number}\n")
    subprocess.run(["git", "init", "--quiet"], check=True)
    main(["init", "--quiet"])

    def write(value):
        outs = "".join(f"\n    - {name}" for name in outputs)
        Path("dvc.yaml").write_text(f"stages:\n  count:\n    cmd: {command.format(value)}\n    outs:{outs}\n")

    write("one")
    main(["repro", "--quiet"])
    subprocess.run(["git", "add", "--all"], check=True)
    write("two")
    read.clear()
    status = main(["repro", "--quiet"])
    times = "time," if len(read) == 1 else "times,"
    print(f"{case:10} index read {len(read):2} {times:6} {sum(read):6,} entries")
    if status or len(read) != len(outputs):
        changed.append(case)
    os.chdir("..")
if changed:
    sys.exit(f"behaviour changed for: {changed}")
PY
mkdir corpora
cd corpora
"$work/env/bin/python" "$work/check.py"
