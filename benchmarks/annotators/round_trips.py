"""Write labels, read them with the libraries of the annotation tools, write them there, and read them back.

    python benchmarks/annotators/round_trips.py --tools build/annotators

The folder holds the libraries of ``requirements.txt``; it is searched behind everything that is installed. With
``--server`` and ``--token`` the tasks also go to a Label Studio that runs there, such as http://127.0.0.1:8080: it
stores them, makes annotations of the predictions, and exports them.

The texts have characters beyond the first plane, combining marks, right-to-left text, line breaks and several spaces.
A tool that loses a label or moves it ends the script with an error.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from copydesk import split_sentences
from copydesk.labels.annotated_text import Mark, RecordProblem, TextRecord, Utf16Offsets
from copydesk.labels.argilla import write_argilla
from copydesk.labels.brat import type_of, write_brat
from copydesk.labels.conllu import write_conllu
from copydesk.labels.import_labels import read_annotations
from copydesk.labels.label_studio import write_label_studio
from copydesk.labels.spacy_docs import write_docbin

TEXTS = {
    "plain": (
        "The town of Kyiv was quiet. Nobody had left it by Monday night.",
        ["Kyiv", "Monday night", "town of Kyiv"],
    ),
    "beyond": (
        "The 👩‍🚀 flew 𝒳 metres. Her café\u0301 friends in Łódź said so.",
        ["👩‍🚀", "𝒳 metres", "café\u0301", "Łódź"],
    ),
    "right to left": ("قال الوزير إن المدينة آمنة. Then Kyiv was quiet.", ["الوزير", "المدينة آمنة", "Kyiv"]),
    "spaces": (" Two  spaces,\n\na paragraph\nand a line. (End)", ["Two  spaces", "paragraph\nand a", "End"]),
    "punctuation": ("“Well?” she asked—twice; it’s 12.5 % (or so)...", ["“Well?”", "it’s", "12.5 %", "..."]),
}
Labels = list[tuple[str, int, int, str]]


def records() -> list[TextRecord]:
    """The texts with their labels."""
    made = []
    for number, (name, (text, words)) in enumerate(TEXTS.items()):
        marks = [
            Mark(text.index(word), text.index(word) + len(word), f"label {place}") for place, word in enumerate(words)
        ]
        sentences = [(sentence.start, sentence.end) for sentence in split_sentences(text)]
        made.append(TextRecord("", name, f"{number}" * 64, text, 0, sentences, sorted(marks)))
    return made


def expected() -> Labels:
    """The labels, by document and position."""
    return sorted((record.doc_id, *mark[:3]) for record in records() for mark in record.marks)


def read_back(path: Path) -> Labels:
    """The labels that the import reads."""
    read = list(read_annotations(path))
    problems = [str(problem) for problem in read if isinstance(problem, RecordProblem)]
    assert not problems, problems
    return sorted((record.doc_id, *mark[:3]) for record in read for mark in record.marks)  # type: ignore[union-attr]


def label_studio(folder: Path) -> Path:
    """The SDK validates interface, tasks and predictions, and converts the annotations to CoNLL."""
    from label_studio_sdk.converter import Converter
    from label_studio_sdk.label_interface import LabelInterface

    path = folder / "tasks.json"
    write_label_studio(records(), path)
    interface = LabelInterface(path.with_suffix(".xml").read_text("utf-8"))
    tasks = json.loads(path.read_text("utf-8"))
    for number, task in enumerate(tasks, start=1):
        assert interface.validate_task({"data": task["data"]})
        for prediction in task["predictions"]:
            assert interface.validate_prediction({**prediction, "score": 1.0}), task
        task["id"] = number
        results = [result for prediction in task.pop("predictions") for result in prediction["result"]]
        task["annotations"] = [{"id": number, "completed_by": 1, "result": results}]
    path.write_text(json.dumps(tasks), "utf-8")
    converter = Converter(path.with_suffix(".xml").read_text("utf-8"), str(folder), download_resources=False)
    converter.convert_to_json(str(path), str(folder / "json"), is_dir=False)
    (result,) = (folder / "json").glob("*.json")
    converted = json.loads(result.read_text("utf-8"))
    for task, record in zip(converted, records(), strict=True):
        units = (record.text or "").encode("utf-16-le")
        spans = [result["value"] for result in task["annotations"][0]["result"]]
        for span, mark in zip(spans, record.marks, strict=True):
            # As its page does: a slice of UTF-16 code units.
            words = units[2 * span["start"] : 2 * span["end"]].decode("utf-16-le")
            assert words == span["text"] == (record.text or "")[mark.start : mark.end]
    converter.convert_to_conll2003(str(path), str(folder / "conll"), is_dir=False)
    assert "B-label 0" in next((folder / "conll").iterdir()).read_text("utf-8")
    return path


def argilla(folder: Path) -> Path:
    """Records are read and written by Argilla's own class."""
    from argilla import Record, Response
    from argilla.records._io._json import JsonIO

    path, back = folder / "records.json", folder / "back.json"
    write_argilla(records(), path)
    read = JsonIO._records_from_json(path)
    user = "00000000-0000-0000-0000-000000000000"
    answered = []
    for record in read:
        value = next(suggestion.value for suggestion in record.suggestions)
        answered.append(
            Record(
                id=record.id,
                fields=dict(record.fields),
                metadata=dict(record.metadata),
                responses=[Response("label", value, user_id=user)],
            )
        )
    JsonIO.to_json(answered, back)
    return back


def brat(folder: Path) -> Path:
    """bratly parses each line by brat's grammar, and writes it again."""
    from bratly import EntityAnnotation

    path = folder / "brat"
    write_brat(records(), path)
    for record in records():
        (ann,) = [
            each for each in path.glob("*.ann") if each.with_suffix(".txt").read_bytes().decode() == record.text
        ]
        lines = ann.read_text("utf-8").removesuffix("\n").split("\n")
        parsed = [EntityAnnotation.from_line(line) for line in lines]
        for entity, mark in zip(parsed, record.marks, strict=True):
            assert entity.content == " ".join((record.text or "")[mark.start : mark.end].split("\n"))
            assert entity.label == type_of(mark.label)
            assert (entity.fragments[0].start, entity.fragments[-1].end) == mark[:2]
        ann.write_text("".join(f"{entity}\n" for entity in parsed), "utf-8")
    return path


def conllu(folder: Path) -> Path:
    """conllu parses the sentences, and serializes them again."""
    import conllu as library

    path = folder / "words.conllu"
    problems = write_conllu(records(), path)
    assert not problems, problems
    sentences = library.parse(path.read_text("utf-8"))
    assert len(sentences) == sum(len(record.sentences) for record in records())
    assert [s.metadata["newdoc id"] for s in sentences if "newdoc id" in s.metadata] == list(TEXTS)
    path.write_text("".join(sentence.serialize() for sentence in sentences), "utf-8")
    return path


def spacy(folder: Path) -> Path:
    """spaCy reads the documents, and writes them again."""
    import spacy as library
    from spacy.tokens import DocBin

    path, back = folder / "docs.spacy", folder / "back.spacy"
    problems = write_docbin(records(), path)
    assert not problems, problems
    docs = list(DocBin().from_disk(path).get_docs(library.blank("en").vocab))
    for doc, record in zip(docs, records(), strict=True):
        assert doc.text == record.text
        assert len(list(doc.sents)) == len(record.sentences)
        assert [(span.start_char, span.end_char, span.label_) for span in doc.spans["labels"]] == [
            mark[:3] for mark in record.marks
        ]
    DocBin(docs=docs, store_user_data=True).to_disk(back)
    return back


def label_studio_server(folder: Path, address: str, token: str) -> Path:
    """A server takes the tasks into a new project, and gives its annotations back."""

    def ask(method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{address}/api/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    path = folder / "tasks.json"
    write_label_studio(records(), path)
    config = path.with_suffix(".xml").read_text("utf-8")
    project = ask("POST", "projects/", {"title": "round trip", "label_config": config})["id"]
    ask("POST", f"projects/{project}/import", json.loads(path.read_text("utf-8")))
    everything = {"selectedItems": {"all": True, "excluded": []}}
    ask("POST", f"dm/actions?id=predictions_to_annotations&project={project}", everything)
    tasks = ask("GET", f"projects/{project}/export?exportType=JSON&download_all_tasks=true")
    path.write_text(json.dumps(tasks), "utf-8")
    return path


ROUND_TRIPS: tuple[Callable[[Path], Path], ...] = (label_studio, argilla, brat, conllu, spacy)


def main() -> None:
    """Make each round trip, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--server", help="Address of a Label Studio.")
    parser.add_argument("--token", default="", help="Its API token.")
    options: Any = parser.parse_args()
    sys.path.append(str(options.tools.resolve()))
    assert Utf16Offsets("👩").units(1) == 2
    trips = [*ROUND_TRIPS]
    if options.server:
        trips.append(partial(label_studio_server, address=options.server, token=options.token))
    for round_trip in trips:
        name = getattr(round_trip, "__name__", "label_studio_server")
        with tempfile.TemporaryDirectory() as folder:
            labels = read_back(round_trip(Path(folder)))
        assert labels == expected(), (name, labels)
        print(f"{name}: {len(labels)} labels of {len(TEXTS)} documents came back")


if __name__ == "__main__":
    main()
