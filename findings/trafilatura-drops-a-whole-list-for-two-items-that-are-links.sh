#!/usr/bin/env bash
# Package: trafilatura 2.3.1.
#
# Expected: of a list inside an article, items that are nothing but a link may
# be dropped as navigation; an item that is a sentence stays, as it does when
# its neighbours are plain words.
#
# Seen: when two items of three are links, the list goes as a whole, with the
# sentence, even where the sentence is longer than all links together. With one
# link, or with the same words unlinked, all of it stays, the link too.
#
# Output seen:
#   two links: sentence kept False
#   one link: sentence kept True
#   no links: sentence kept True
#
# Why it matters: instructions, ingredients and minutes are lists with linked
# names. Their text is lost without a gap that anybody could see: the paragraphs
# before and after it join.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check trafilatura==2.3.1

env/bin/python - <<'PY'
import trafilatura

print("trafilatura", trafilatura.__version__)
SENTENCE = "Load the first boat before noon, says the guide, and take the second one home in the evening."
BEFORE = "<p>The mayor opened the new bridge on Monday, and some two hundred people came to see it in the rain.</p>"
AFTER = (
    "<p>After the speech a band played for an hour, and the children were given flags of the town.</p>"
    "<p>Nobody could say what the bridge had cost, since the bill of the builders has not been paid yet.</p>"
)
LISTS = {
    "two links": ('<li><a href="/x">Rope</a></li><li><a href="/y">Oars</a></li>', False),
    "one link": ('<li><a href="/x">Rope</a></li>', True),
    "no links": ("<li>Rope</li><li>Oars</li>", True),
}
changed = []
for name, (items, seen) in LISTS.items():
    page = (
        "<!DOCTYPE html><html lang=en><head><title>Bridge</title></head><body><article><h1>Bridge opened</h1>"
        f"{BEFORE}<ul><li>{SENTENCE}</li>{items}</ul>{AFTER}</article></body></html>"
    )
    kept = SENTENCE in (trafilatura.extract(page) or "")
    print(f"{name}: sentence kept {kept}")
    if kept != seen:
        changed.append(name)
if changed:
    raise SystemExit(f"behaviour changed for: {', '.join(changed)}")
PY
