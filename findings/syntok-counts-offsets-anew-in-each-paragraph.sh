#!/usr/bin/env bash
# Package: syntok 1.4.4.
#
# Expected: the offset of a token is its place in the text that was given to
# segmenter.process, as it is for Tokenizer.tokenize and segmenter.analyze,
# which give tokens of the same class.
#
# Seen: with process, the function of the README's example, offsets begin at 0
# again behind each empty line. In the first paragraph, and so in texts of one
# paragraph, all three agree. The README says that analyze can keep the offsets
# of the document; that process gives others in the same place, it does not say.
#
# Output seen (syntok 1.4.4; what stands in the text at the offset of a token):
#   tokenize  First line Second one
#   analyze   First line Second one
#   process   First line First  ine
#
# Why it matters: an article has more than one paragraph, a test for a
# tokenizer seldom does. Labels and spans with these offsets lie in the first
# paragraph, all of them on other words.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check syntok==1.4.4

env/bin/python - <<'PY'
import importlib.metadata

import syntok.segmenter
from syntok.tokenizer import Tokenizer

print("syntok", importlib.metadata.version("syntok"))
TEXT = "First line\n\nSecond one"


def flat(paragraphs):
    return [token for paragraph in paragraphs for sentence in paragraph for token in sentence]


found = {
    "tokenize": list(Tokenizer().tokenize(TEXT)),
    "analyze": flat(syntok.segmenter.analyze(TEXT)),
    "process": flat(syntok.segmenter.process(TEXT)),
}
words = ["First", "line", "Second", "one"]
changed = []
for name, tokens in found.items():
    there = [TEXT[token.offset : token.offset + len(token.value)] for token in tokens]
    print(f"{name:9} {' '.join(there)}")
    wanted = ["First", "line", "First ", "ine"] if name == "process" else words
    if there != wanted or [token.value for token in tokens] != words:
        changed.append(name)
if changed:
    raise SystemExit(f"behaviour changed for: {changed}")
PY
