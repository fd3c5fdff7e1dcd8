#!/usr/bin/env bash
# Package: mypy 2.4.1 (its compiler mypyc, and the types of the standard
# library that it brings).
#
# Expected: mypyc compiles typed Python without a change of meaning; code that
# mypy --strict accepts and that runs in Python runs compiled.
#
# Seen: a frozenset intersected with the keys of a dictionary gives a set when
# Python runs it (the keys' own operator answers, since frozenset refuses other
# types). The types that mypy brings say that it is a frozenset, so --strict
# accepts the annotation, and compiled code, which checks types where they
# cross a boundary, raises TypeError. An annotation as frozenset is thus right
# for the checker and wrong for the machine; frozenset.intersection(mapping)
# gives a frozenset in both.
#
# Output seen:
#   python   set {'b'}
#   strict   Success: no issues found in 1 source file
#   compiled TypeError: frozenset object expected; got set
#
# Why it matters: who compiles hot modules of a data pipeline, as black and
# charset-normalizer do, relies on the type checker to say what will run.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check mypy==2.4.1 setuptools==80.9.0

cat > common.py <<'PY'
def common(names: frozenset[str], table: dict[str, int]) -> frozenset[str]:
    return names & table.keys()
PY
call='from common import common; found = common(frozenset("ab"), {"b": 1}); print(type(found).__name__, found)'

python=$(env/bin/python -c "$call")
strict=$(env/bin/mypy --strict common.py)
env/bin/mypyc common.py > compiled.log 2>&1
compiled=$(env/bin/python -c "$call" 2>&1 | tail -n 1 || true)
echo "python   $python"
echo "strict   $strict"
echo "compiled $compiled"
case "$python" in "set "*) ;; *) echo "behaviour changed: Python gives no set"; exit 1 ;; esac
case "$strict" in Success*) ;; *) echo "behaviour changed: mypy objects"; exit 1 ;; esac
case "$compiled" in TypeError*) ;; *) echo "behaviour changed: the compiled code runs"; exit 1 ;; esac
