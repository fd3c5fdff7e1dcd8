"""Label Studio: a JSON list of tasks, with predictions; offsets in UTF-16 code units, as its page counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any

from copydesk.core.atomic_files import write_text
from copydesk.core.hand_written import bounded_text
from copydesk.errors import ConfigError, InputError
from copydesk.labels.annotated_text import (
    Mark,
    RecordProblem,
    TextRecord,
    UnreadableRecord,
    Utf16Offsets,
    labels_of,
    value_of,
)
from copydesk.labels.json_records import read_each, write_json_list

#: The labelling interface, around the choices.
_BEGIN = '<View>\n  <Labels name="label" toName="text">\n'
_END = '  </Labels>\n  <Text name="text" value="$text"/>\n</View>\n'
_INTERFACE = re.compile(rf'{re.escape(_BEGIN)}(?:    <Label value="[^"]*"/>\n)*{re.escape(_END)}')


def write_label_studio(records: Iterable[TextRecord], out: Path) -> None:
    """Write tasks to a file, and beside it, with the suffix ``.xml``, the labelling interface for its labels.

    Raises
    ------
    InputError
        If ``out`` has this suffix itself, or the file beside it is not what an export wrote.
    """
    interface = _interface_beside(out)
    listed = list(records)
    write_json_list(out, map(_task, listed))
    choices = "".join(f'    <Label value="{escape(label)}"/>\n' for label in labels_of(listed))
    write_text(interface, f"{_BEGIN}{choices}{_END}")


def _interface_beside(out: Path) -> Path:
    if not out.name:
        raise InputError(f"{out}: expected the name of a file, such as tasks.json")
    if out.suffix.lower() == ".xml":
        raise InputError(f"{out}: the labelling interface is written as .xml beside it; name it tasks.json or alike")
    path = out.with_suffix(".xml")
    try:
        content = bounded_text(path)
    except FileNotFoundError:
        return path
    except ConfigError as error:
        raise InputError(f"{error}; the labelling interface is written there: name another file than {out}") from None
    if not _INTERFACE.fullmatch(content):
        raise InputError(
            f"{path}: not what an export wrote, and the labelling interface would replace it; move it away, or name "
            f"another file than {out}"
        )
    return path


def _task(record: TextRecord) -> dict[str, Any]:
    text = record.text or ""
    offsets = Utf16Offsets(text)
    results = [
        {
            "id": f"{number}",
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "value": {
                "start": offsets.units(mark.start),
                "end": offsets.units(mark.end),
                "text": text[mark.start : mark.end],
                "labels": [mark.label],
            },
            **({"meta": {"text": [mark.note]}} if mark.note else {}),
        }
        for number, mark in enumerate(record.marks)
    ]
    data = {"text": text, "doc_id": record.doc_id, "start": record.start, "text_sha256": record.text_sha256}
    return {"data": data, "predictions": [{"model_version": "copydesk", "result": results}] if results else []}


def read_label_studio(tasks: list[Any], where: str) -> Iterator[TextRecord | RecordProblem]:
    """Read the annotations of exported tasks; predictions that nobody looked at are left out."""
    return read_each(tasks, where, _record)


def _record(task: Any, where: str) -> TextRecord:
    data = value_of(task, "data", dict)
    text = value_of(data, "text", str)
    offsets = Utf16Offsets(text)
    marks: list[Mark] = []
    if "annotations" not in task:
        raise UnreadableRecord(
            "annotations: expected a list; found nothing: this is what labels export wrote; import what the tool "
            "exported"
        )
    for annotation in value_of(task, "annotations", list):
        if not isinstance(annotation, dict):
            raise UnreadableRecord("annotations: expected a list of objects")
        if annotation.get("was_cancelled"):
            continue
        by = annotation.get("completed_by")
        more = {"annotator": by} if isinstance(by, (int, str)) else {}
        for result in value_of(annotation, "result", list):
            if isinstance(result, dict) and result.get("type") == "labels":
                marks += _marks(value_of(result, "value", dict), text, offsets, more)
    start = data.get("start", 0)
    if not isinstance(start, int):
        raise UnreadableRecord("data.start: expected a whole number")
    return TextRecord(
        where,
        str(data.get("doc_id", "")),
        str(data.get("text_sha256", "")),
        text,
        start,
        [],
        sorted(marks, key=_place),
    )


def _marks(value: Any, text: str, offsets: Utf16Offsets, more: dict[str, Any]) -> Iterator[Mark]:
    start, end = (offsets.code_points(value_of(value, side, int)) for side in ("start", "end"))
    if isinstance(value.get("text"), str) and value["text"] != text[start:end]:
        raise UnreadableRecord(f"the offsets give {text[start:end]!r}, the annotation says {value['text']!r}")
    for label in value_of(value, "labels", list):
        if not isinstance(label, str):
            raise UnreadableRecord("labels: expected a list of strings")
        yield Mark(start, end, label, more)


def _place(mark: Mark) -> tuple[int, int, str]:
    return mark.start, mark.end, mark.label
