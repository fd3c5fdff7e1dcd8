#!/usr/bin/env bash
# Package: presidio-analyzer 2.2.366.
#
# Expected: an AnalyzerEngine with an empty RecognizerRegistry finds nothing,
# and one whose registry has a single recognizer runs that one. So whoever
# chooses recognizers by a list, and has an empty list for some corpus, gets no
# results for it.
#
# Seen: an empty registry is filled with all predefined recognizers, 17 for
# English, without a message: the engine asks "if not registry.recognizers".
# The registry that was handed over is changed, too. Where one recognizer is in
# it, no other runs. Among those that come unasked is the one for e-mail
# addresses, which calls tldextract; that fetches its list of domains when it is
# first used.
#
# Output seen:
#   presidio-analyzer 2.2.366
#   before: 0 recognizers; after: 17
#   an empty registry finds: ['CREDIT_CARD', 'IP_ADDRESS']
#   a registry of one finds: ['IP_ADDRESS']
#
# Why it matters: a pipeline that masks what it was asked for masks everything
# as soon as the list is empty.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check presidio-analyzer==2.2.366

env/bin/python - <<'PY'
import importlib.metadata
import logging

logging.disable(logging.CRITICAL)
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine
from presidio_analyzer.predefined_recognizers import IpRecognizer

TEXT = "The card 4111111111111111 was used from 8.8.8.8 in Leeds."
KINDS = ["CREDIT_CARD", "IP_ADDRESS"]


def found(registry):
    engine = AnalyzerEngine(registry=registry, nlp_engine=NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}]))
    kinds = [kind for kind in KINDS if kind in engine.get_supported_entities("en")]
    return sorted({result.entity_type for result in engine.analyze(TEXT, language="en", entities=kinds)})


empty = RecognizerRegistry(recognizers=[])
before = len(empty.recognizers)
by_empty = found(empty)
by_one = found(RecognizerRegistry(recognizers=[IpRecognizer()]))
print("presidio-analyzer", importlib.metadata.version("presidio-analyzer"))
print(f"before: {before} recognizers; after: {len(empty.recognizers)}")
print("an empty registry finds:", by_empty)
print("a registry of one finds:", by_one)
assert before == 0 and len(empty.recognizers) > 10, empty.recognizers
assert by_empty == KINDS, by_empty
assert by_one == ["IP_ADDRESS"], by_one
PY
