#!/usr/bin/env bash
# Package: pandas 3.1.1.
#
# Expected: read_json with its defaults gives the same values for the same
# file on each day. Columns with names such as timestamp or start_time are
# tried as dates, as is documented; "00:12:30", which has no date, then stays a
# string or becomes a span of time.
#
# Seen: no warning. Each clock time is a timestamp of the day on which the file
# is read. The same values in a column named start stay strings, so two ends
# of one span come out in two types.
#
# Output seen (pandas 3.1.1; TODAY stands for the day of the run):
#   start_time datetime64[us] TODAY 00:12:30, TODAY 00:12:31
#   timestamp  datetime64[us] TODAY 00:12:30, TODAY 00:12:31
#   start      str            00:12:30, 00:12:31
#
# Why it matters: transcripts and subtitles say in such columns where a text
# is spoken. A table that is built anew from the same file has another hash
# each day, and tables that were read on two days do not compare.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pandas==3.1.1 numpy==2.4.6

env/bin/python - <<'PY'
import datetime
import json
from pathlib import Path

import pandas

print("pandas", pandas.__version__)
TIMES = ["00:12:30", "00:12:31"]
Path("transcript.jsonl").write_text(
    "".join(json.dumps({name: time for name in ("start_time", "timestamp", "start")}) + "\n" for time in TIMES)
)
before = datetime.date.today()
table = pandas.read_json("transcript.jsonl", lines=True)
days = {str(before), str(datetime.date.today())}
changed = []
for name in table.columns:
    values = [str(value) for value in table[name]]
    shown = [f"TODAY {value[11:]}" if value[:10] in days else value for value in values]
    print(f"{name:10} {table[name].dtype!s:14} {', '.join(shown)}")
    if shown != (TIMES if name == "start" else [f"TODAY {time}" for time in TIMES]):
        changed.append(name)
if changed:
    raise SystemExit(f"behaviour changed for: {changed}")
PY
