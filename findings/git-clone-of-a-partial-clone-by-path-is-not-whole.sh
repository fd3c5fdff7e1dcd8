#!/usr/bin/env bash
# Program: git (seen with 2.39.5; it comes with the system, so nothing is
# installed here, and the version is printed).
#
# Expected: `git clone FOLDER` of a partial clone (--filter=blob:none) either
# says that FOLDER lacks objects, or gives a clone that can fetch them, as
# FOLDER itself can. `git clone file://FOLDER` does stop with an error.
#
# Seen: the clone by path ends with 0 and no word. The packs with their
# .promisor marks are copied, but not the setting that names the remote that
# promised the rest. So the new clone has the whole list of commits, and no
# way to the older file contents: they are "missing" to fsck, and
# `git show COMMIT:FILE` fails in it while it works in the partial clone.
#
# Output seen:
#   clone by path: exit 0
#   commits in it: 3
#   promisor remote in the partial clone: true
#   promisor remote in the clone of it: none
#   older file, in the clone of it: cannot be read
#   missing to fsck in the clone of it: 2
#   older file, in the partial clone: two
#
# Why it matters: corpora are versioned in git and are large, so people clone
# them with a filter, and then copy that clone on the same disk for a second
# job. The copy looks whole until an older version is asked for.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOME=$work GIT_CONFIG_NOSYSTEM=1
git --version

git init -q origin
git -C origin config user.name writer
git -C origin config user.email writer@example.com
git -C origin config uploadpack.allowFilter true
for text in one two three; do
    echo "$text" > origin/corpus.txt
    git -C origin add corpus.txt
    git -C origin commit -q -m "$text"
done
git clone -q --filter=blob:none "file://$work/origin" partial

code=0
git clone -q partial copy || code=$?
echo "clone by path: exit $code"
commits=$(git -C copy rev-list --count HEAD)
echo "commits in it: $commits"
in_partial=$(git -C partial config remote.origin.promisor || echo none)
in_copy=$(git -C copy config remote.origin.promisor || echo none)
echo "promisor remote in the partial clone: $in_partial"
echo "promisor remote in the clone of it: $in_copy"
older=$(git -C copy show HEAD~1:corpus.txt 2> /dev/null || echo "cannot be read")
echo "older file, in the clone of it: $older"
git -C copy fsck > fsck.txt 2>&1 || true
missing=$(grep -c '^missing blob' fsck.txt || true)
echo "missing to fsck in the clone of it: $missing"
theirs=$(git -C partial show HEAD~1:corpus.txt)
echo "older file, in the partial clone: $theirs"

seen="$code/$commits/$in_partial/$in_copy/$older/$missing/$theirs"
if [ "$seen" != "0/3/true/none/cannot be read/2/two" ]; then
    echo "behaviour changed: $seen" >&2
    exit 1
fi
