#!/usr/bin/env bash
# Package: tokenizers 0.23.3.
#
# Expected: offsets of tokens refer to the text as it was given, whatever the
# normalizer does. With NFC, an "e" and a combining accent become one letter,
# and a token that ends with this letter ends, in the text, behind the accent.
#
# Seen: it ends before the accent. The character that NFC made is aligned with
# the base letter only; an accent inside a token lies between its two ends, one
# at its end belongs to no token. Without a normalizer, and with NFD, the span
# is whole.
#
# Output seen (tokenizers 0.23.3; the text between a token's two offsets):
#   none  ['cafe+', 'e+te+', 'noir']
#   NFD   ['cafe+', 'e+te+', 'noir']
#   NFC   ['cafe', 'e+te', 'noir']
#   (+ stands for the combining accent)
#
# Why it matters: models with NFC are common, and PDFs and macOS give text in
# decomposed form. A label that is cut out by its offsets loses its last
# accent, so names and words become others, and spans that are compared with
# those of an annotator differ by one.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check tokenizers==0.23.3

env/bin/python - <<'PY'
import importlib.metadata

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

print("tokenizers", importlib.metadata.version("tokenizers"))
ACCENT = "\u0301"
TEXT = "cafe+ e+te+ noir".replace("+", ACCENT)


def spans(normalizer):
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if normalizer:
        tokenizer.normalizer = normalizer
    return [TEXT[start:end].replace(ACCENT, "+") for start, end in tokenizer.encode(TEXT).offsets]


found = {"none": spans(None), "NFD": spans(normalizers.NFD()), "NFC": spans(normalizers.NFC())}
for normalizer, texts in found.items():
    print(f"{normalizer:5} {texts}")
whole = ["cafe+", "e+te+", "noir"]
assert found == {"none": whole, "NFD": whole, "NFC": ["cafe", "e+te", "noir"]}, found
PY
