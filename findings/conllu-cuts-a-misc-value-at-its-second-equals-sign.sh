#!/usr/bin/env bash
# Package: conllu 6.0.0 (beside pyconll 3.3.1).
#
# Expected: in the MISC column of CoNLL-U, "Ref=https://example.org/?id=7" is
# the attribute Ref with all that follows the first "=" as its value, and what
# is parsed and serialized again is the same line.
#
# Seen: no error. conllu keeps what stands between the first and the second
# "=" and drops the rest, also when the sentence is serialized again. A value
# of Base64 loses its padding. pyconll keeps the value.
#
# Output seen:
#   conllu 6.0.0 Ref 'https://example.org/?id' Data 'aGk'
#   pyconll 3.3.1 Ref 'https://example.org/?id=7' Data 'aGk='
#   serialized by conllu: Data=aGk|Ref=https://example.org/?id
#
# Why it matters: addresses, offsets and hashes travel in MISC between
# annotation tools; a treebank that is only read and written again loses them.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check conllu==6.0.0 pyconll==3.3.1

env/bin/python - <<'PY'
import importlib.metadata

import conllu
import pyconll

misc = "Data=aGk=|Ref=https://example.org/?id=7"
text = f"# sent_id = 1\n# text = Hi\n1\tHi\thi\tINTJ\t_\t_\t0\troot\t_\t{misc}\n\n"
sentence = conllu.parse(text)[0]
by_conllu = sentence[0]["misc"]
by_pyconll = {name: next(iter(values)) for name, values in pyconll.load_from_string(text)[0][0].misc.items()}
for package, values in (("conllu", by_conllu), ("pyconll", by_pyconll)):
    print(package, importlib.metadata.version(package), "Ref", repr(values["Ref"]), "Data", repr(values["Data"]))
serialized = sentence.serialize().splitlines()[2].split("\t")[9]
print("serialized by conllu:", serialized)
assert by_conllu == {"Data": "aGk", "Ref": "https://example.org/?id"}, by_conllu
assert by_pyconll == {"Data": "aGk=", "Ref": "https://example.org/?id=7"}, by_pyconll
assert serialized == "Data=aGk|Ref=https://example.org/?id", serialized
PY
