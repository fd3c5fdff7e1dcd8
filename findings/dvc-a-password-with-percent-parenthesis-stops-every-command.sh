#!/usr/bin/env bash
# Package: dvc 3.67.1 (with configobj 5.0.9).
#
# Expected: `dvc remote modify --local store password '50%(off)s'` stores the
# password, or refuses it and leaves the settings as they were.
#
# Seen: the command fails, and the password is in .dvc/config.local all the
# same. From then on every command of dvc ends with this error before it does
# anything, also those that would take the password out again, because values
# are interpolated when they are read: %(off)s names another setting.
#
# Output seen:
#   modify: missing option "off" in interpolation. written: password = 50%(off)s
#   remote list: missing option "off" in interpolation.
#   remote modify --unset: missing option "off" in interpolation.
#
# Why it matters: passwords and tokens hold any characters. Who meets it edits
# the file by hand; there is no way to write such a value that dvc reads.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check dvc==3.67.1 configobj==5.0.9

export DVC_NO_ANALYTICS=1 DVC_GLOBAL_CONFIG_DIR="$work/global" DVC_SYSTEM_CONFIG_DIR="$work/system"
mkdir repository
cd repository
dvc() { ../env/bin/dvc "$@" 2>&1 || true; }
dvc init --quiet --no-scm
dvc remote add --quiet store ssh://host.example/path
error() { grep -o 'missing option .*' | tail -n 1; }

modify=$(dvc remote modify --local store password '50%(off)s' | error)
written=$(grep -o 'password = .*' .dvc/config.local)
list=$(dvc remote list | error)
unset_again=$(dvc remote modify --local --unset store password | error)

echo "modify: $modify written: $written"
echo "remote list: $list"
echo "remote modify --unset: $unset_again"
expected='missing option "off" in interpolation.'
test "$modify" = "$expected" && test "$list" = "$expected" && test "$unset_again" = "$expected"
test "$written" = "password = 50%(off)s"
