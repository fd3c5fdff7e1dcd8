"""A plug-in: names of persons and of places, found by presidio with a model of spaCy, as suggestions to mask them.

Copy this file into the folder of a corpus, write the model that you installed into MODEL, and name it in params.yaml
under ``plugins``. docs/keep.md, Personal data, says what it finds and what it does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, entry_points, version
from typing import Any

import copydesk
from copydesk.errors import ConfigError

#: The model: a package of spaCy that is installed, its version, and the language of the texts that it reads.
MODEL, MODEL_VERSION, LANGUAGE = "en_core_web_sm", "3.8.0", "en"
#: The libraries that decide what is found. With other versions documents must be cleaned again, so change them here.
LIBRARIES = {"presidio-analyzer": "2.2.366", "spacy": "3.8.18"}
#: What presidio calls it, and the word in the mask.
PERSON, PLACE = ("PERSON", "person"), ("LOCATION", "place")
# A label of English models that presidio leaves aside: buildings, bridges, streets.
_ALSO = {"FAC": "LOCATION"}
# Parts of a model that find no names. They cost most of the time.
_IDLE = ["tagger", "parser", "senter", "morphologizer", "attribute_ruler", "lemmatizer"]
_WORD = re.compile(r"\S+")
# spaCy takes square time in a word and refuses a million characters. The model looks at a few words on each side.
_LONGEST_WORD, _LONGEST_PIECE = 50, 5_000
_BOTH = "The minister said on Monday that Anna Novak would travel to London with Boris Johnson."


def _require(what: str, expected: str, installed: str | None, how: str) -> None:
    if installed != expected:
        found = f"{what} is {installed}" if installed else f"{what} is not installed"
        raise ConfigError(
            f"{found}, expected {expected}, and nothing is downloaded; run: {how}; or write in this file what is "
            "installed, so that documents are cleaned again"
        )


def _installed(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


@cache
def _analyze() -> Callable[[str], list[Any]]:
    """The function that finds names in a piece of text.

    Raises
    ------
    ConfigError
        If a library or the model is missing, or is of another version.
    """
    for library, expected in LIBRARIES.items():
        _require(library, expected, _installed(library), f"pip install {library}=={expected}")
    # Only what declares itself a model of spaCy: a name in a file must not import another package, or open a folder.
    models = {entry.name: entry.dist for entry in entry_points(group="spacy_models")}
    model = models.get(MODEL)
    how = f"python -m spacy download {MODEL}-{MODEL_VERSION} --direct"
    _require(f"the spaCy model {MODEL}", MODEL_VERSION, model.version if model else None, how)

    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    # An engine that is told to load a model downloads one that is missing. So this one is given a model. The other
    # recognizers of presidio are left out: they match patterns, and the one for addresses of the web fetches a list.
    kinds = [PERSON[0], PLACE[0]]
    model_of_names = spacy.load(MODEL, exclude=_IDLE)
    mapping = {**NerModelConfiguration().model_to_presidio_entity_mapping, **_ALSO}
    others = [label for label in model_of_names.get_pipe("ner").labels if mapping.get(label) not in kinds]
    labels = NerModelConfiguration(model_to_presidio_entity_mapping=mapping, labels_to_ignore=others)
    engine = SpacyNlpEngine([{"lang_code": LANGUAGE, "model_name": MODEL}], labels)
    engine.nlp = {LANGUAGE: model_of_names}
    names = SpacyRecognizer(supported_language=LANGUAGE, supported_entities=kinds)
    registry = RecognizerRegistry(recognizers=[names], supported_languages=[LANGUAGE])
    analyzer = AnalyzerEngine(nlp_engine=engine, registry=registry, supported_languages=[LANGUAGE])
    return lambda piece: analyzer.analyze(piece, language=LANGUAGE, entities=kinds)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Spans that are read by themselves; what is too long for a word is in none."""
    start, end = 0, 0
    for word in _WORD.finditer(text):
        too_long = len(word[0]) > _LONGEST_WORD
        if too_long or word.end() - start > _LONGEST_PIECE:
            if start < end:
                yield start, end
            start = word.end() if too_long else word.start()
        end = word.end()
    if start < end:
        yield start, end


@lru_cache(maxsize=1)  # both rules read the same text, one after the other
def _names(text: str) -> list[tuple[str, int, int, float]]:
    found = [(start, name) for start, end in _pieces(text) for name in _analyze()(text[start:end])]
    return [(name.entity_type, start + name.start, start + name.end, name.score) for start, name in found]


def _masks(text: str, kind: tuple[str, str]) -> Iterator[copydesk.Found]:
    for found, start, end, score in _names(text):
        if found == kind[0]:
            value = " ".join(text[start:end].split()).casefold()
            fingerprint = blake2b(value.encode()).hexdigest()[:6]
            yield copydesk.Found(start, end, f"[{kind[1]} {fingerprint}]", score)


@copydesk.rule(
    "mask-person-name",
    tier="suggest",
    languages={LANGUAGE},
    repairs=(
        _BOTH,
        "The minister said on Monday that [person 04a6d1] would travel to London with [person 96f5bd].",
    ),
    leaves="The minister said on Monday that the prime minister would travel with her.",
)
def person_names(text: str) -> Iterator[copydesk.Found]:
    """Names of persons."""
    return _masks(text, PERSON)


@copydesk.rule(
    "mask-place-name",
    tier="suggest",
    languages={LANGUAGE},
    repairs=(_BOTH, "The minister said on Monday that Anna Novak would travel to [place 0a0d21] with Boris Johnson."),
    leaves="The minister said on Monday that the prime minister would travel with her.",
)
def place_names(text: str) -> Iterator[copydesk.Found]:
    """Names of towns, regions and countries; of an address in a street that is all the model knows."""
    return _masks(text, PLACE)
