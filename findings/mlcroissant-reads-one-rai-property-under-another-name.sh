#!/usr/bin/env bash
# Package: mlcroissant 1.1.1.
#
# Expected: a property of the Croissant RAI vocabulary, such as
# rai:dataManipulationProtocol, is read into the metadata, as its neighbours
# are: rai:dataImputationProtocol, rai:dataAnnotationProtocol.
#
# Seen: it is passed over without a warning. The library looks for
# rai:dataDataManipulationProtocol, which the vocabulary does not have; under
# that name the text is read.
#
# Output seen (mlcroissant 1.1.1):
#   dataImputationProtocol                 said
#   dataManipulationProtocol               None
#   dataDataManipulationProtocol           said
#
# Why it matters: how a text corpus was cleaned belongs in that property. Who
# writes it as the vocabulary says, and checks it by reading it back, loses it;
# who writes what the library reads makes a file that nobody else understands.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check mlcroissant==1.1.1

env/bin/python -W ignore - <<'PY'
import importlib.metadata
import logging

import mlcroissant

logging.disable(logging.CRITICAL)
print("mlcroissant", importlib.metadata.version("mlcroissant"))
context = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
}


def read(name, field):
    described = {
        "@context": context,
        "@type": "sc:Dataset",
        "name": "corpus",
        "description": "Texts.",
        "url": "https://corpus.example/",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        f"rai:{name}": "said",
    }
    return getattr(mlcroissant.Dataset(jsonld=described).metadata, field)


found = {
    "dataImputationProtocol": read("dataImputationProtocol", "data_imputation_protocol"),
    "dataManipulationProtocol": read("dataManipulationProtocol", "data_manipulation_protocol"),
    "dataDataManipulationProtocol": read("dataDataManipulationProtocol", "data_manipulation_protocol"),
}
for name, value in found.items():
    print(f"{name:<38} {value}")
assert list(found.values()) == ["said", None, "said"], found
PY
