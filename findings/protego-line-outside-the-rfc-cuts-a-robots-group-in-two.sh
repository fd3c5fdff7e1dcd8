#!/usr/bin/env bash
# Package: Protego 0.7.0.
#
# Expected: in robots.txt, user-agent lines that only a line outside RFC 9309
# (such as Crawl-delay) parts are one group, and the rules after them hold for
# all of them. RFC 9309, 2.2.1 and 2.2.4: a group ends with its rules (allow,
# disallow), and other records "MUST NOT interfere with the parsing of
# explicitly defined records". Google's parser (the RFC's authors) reads it so.
#
# Seen: a Crawl-delay line, and even a line that Protego does not know, ends
# the group, so the first agent has no rule and may fetch all. A Sitemap line
# in the same place does not.
#
# Output seen (may the agent fetch /page?):
#   nothing between     GPTBot False  CCBot False
#   Sitemap             GPTBot False  CCBot False
#   X-Unknown           GPTBot True   CCBot False
#   Crawl-delay         GPTBot True   CCBot False
#
# Why it matters: whoever builds a corpus and honours opt-outs with this
# parser takes pages whose site shut out the bot, where other parsers do not.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check Protego==0.7.0

env/bin/python - <<'PY'
import importlib.metadata

from protego import Protego

print("Protego", importlib.metadata.version("Protego"))
changed = []
for label, line, want in (
    ("nothing between", "", (False, False)),
    ("Sitemap", "Sitemap: http://example.com/map.xml\n", (False, False)),
    ("X-Unknown", "X-Unknown: 5\n", (True, False)),
    ("Crawl-delay", "Crawl-delay: 5\n", (True, False)),
):
    rules = Protego.parse(f"User-agent: GPTBot\n{line}User-agent: CCBot\nDisallow: /\n")
    first, second = (rules.can_fetch("http://example.com/page", a) for a in ("GPTBot", "CCBot"))
    print(f"{label:19} GPTBot {first!s:5}  CCBot {second}")
    if (first, second) != want:
        changed.append(label)
if changed:
    raise SystemExit(f"behaviour changed for: {', '.join(changed)}")
PY
