"""The commands of ``copydesk labels``: one short function each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Optional

import typer

from copydesk.core.plural import plural
from copydesk.core.progress import fail, show

if TYPE_CHECKING:
    from copydesk.core.label_lines import Label

Root = Annotated[Path, typer.Option("--root", file_okay=False, help="Folder with the repository of the corpus.")]
OfTexts = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(help="The git revision of the texts, such as corpus@v1.0.0; the working tree if left out."),
]

labels = typer.Typer(
    help="Labels on spans of clean texts: from release to release, to annotation tools and back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Tool = Literal["label-studio", "doccano", "brat", "argilla", "conllu", "spacy", "w3c"]
Level = Literal["documents", "sentences"]
#: Problems of single lines that are listed.
_LISTED = 1000


@labels.command("carry")
def carry_command(  # noqa: PLR0917  (options are given by name)
    file: Annotated[Path, typer.Argument(help="JSON Lines with doc_id, start, end, label, text_sha256.")],
    old: Annotated[str, typer.Option("--from", help="The git revision that the labels were made on.")],
    out: Annotated[Path, typer.Option("--out", help="File to write, with a line for each label.")],
    new: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--to", help="Another revision; the working tree if left out."),
    ] = None,
    root: Root = Path(),
    strict: Annotated[bool, typer.Option("--strict", help="Also exit with 1 if a label changed or is gone.")] = False,
) -> None:
    """Carry labels from one release to another, by way of the raw texts.

    Each line gets the place in the new text and a status: kept, moved (the same characters at another place), changed
    (with both texts) or gone (with the reason: removed, taken-down, masked, deleted). Lines that cannot be used are
    listed on stderr and left out. Exits with 0, or with 1 if there are such lines.
    """
    from copydesk.core.atomic_files import replacing
    from copydesk.core.label_lines import LabelLine, LineProblem, read_labels
    from copydesk.labels.carried_labels import LabelCarrier
    from copydesk.revisions.revision import open_revision
    from copydesk.tables.without_pandas import keep_pandas_out

    keep_pandas_out(())  # no plug-in is loaded here
    parts = read_labels(file)
    carrier = LabelCarrier(open_revision(root, old), open_revision(root, new))
    counts, problems = Counter[str](), 0
    encode = json.JSONEncoder(ensure_ascii=False).encode  # made once: json.dumps would make one for each line
    with replacing(out) as written:
        for part in parts:
            for result in carrier.carry(part):
                if isinstance(result, LineProblem):
                    problems += 1
                    if problems <= _LISTED:
                        fail(f"{file}:{result}")
                elif isinstance(result, LabelLine):
                    counts["kept"] += 1
                    written.write(result.source.rstrip()[:-1] + b', "status": "kept"}\n')
                else:
                    counts[result["status"]] += 1
                    written.write(encode(result).encode() + b"\n")
    statuses = ", ".join(f"{counts[status]:,} {status}" for status in ("kept", "moved", "changed", "gone"))
    show(f"{out}: {plural(counts.total(), 'label')}: {statuses}")
    if problems:
        fail(f"{file}: {plural(problems, 'line')} left out; correct and carry again")
    if problems or (strict and counts["changed"] + counts["gone"]):
        raise typer.Exit(1)


@labels.command("add")
def add_command(
    file: Annotated[Path, typer.Argument(help="JSON Lines with doc_id, start, end, label, text_sha256.")],
    rev: OfTexts = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", help="File to add to; if left out, the one in labels/ with the name of FILE."),
    ] = None,
    root: Root = Path(),
) -> None:
    """Keep labels in the repository: tie them to the raw texts, and add them to a file in labels/.

    Each build then places them in its clean texts: they become the configuration labels of the dataset, and
    reports/labels.jsonl lists what broke. Lines that the file has are not added again. Lines that cannot be used are
    listed on stderr and left out. Exits with 0, or with 1 if there are such lines.
    """
    from copydesk.core.hand_written import LABEL_FOLDER
    from copydesk.core.label_lines import LineProblem, read_labels
    from copydesk.labels.kept_files import add_lines
    from copydesk.labels.kept_labels import TextTies

    ties = TextTies(root, rev)
    out = out or root / LABEL_FOLDER / f"{file.stem}.jsonl"
    problems: list[LineProblem] = []

    def tied() -> Iterator[Label]:
        for part in read_labels(file):
            lines = ties.refusals(part)
            problems.extend(line for line in lines if isinstance(line, LineProblem))
            yield from ties.tied([line.label for line in lines if not isinstance(line, LineProblem)])

    added = add_lines(out, tied())
    for problem in problems[:_LISTED]:
        fail(f"{file}:{problem}")
    show(f"{out}: {plural(added, 'label')} added")
    if problems:
        fail(f"{file}: {plural(len(problems), 'line')} left out; correct and add again")
        raise typer.Exit(1)


@labels.command("update")
def update_command(
    files: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Argument(metavar="[FILE]...", help="Files of labels; all in labels/ if left out."),
    ] = None,
    old: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--from", help="A revision with the texts of labels that were made on no release."),
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Take the characters that changed labels have.")] = False,
    root: Root = Path(),
) -> None:
    """Bring the labels in labels/ to the texts of the working tree's corpus, and write the files anew.

    A build needs this only for documents whose file has changed: the release that has the old text leads to the new
    one. A label whose characters changed stays so until --accept; one that is gone stays in the file until somebody
    removes it. Exits with 0, or with 1 if a label changed or is gone, or a line cannot be used.
    """
    from copydesk.core.hand_written import LABEL_FOLDER
    from copydesk.core.label_lines import label_files
    from copydesk.labels.kept_files import update_file
    from copydesk.labels.kept_labels import LabelUpdater
    from copydesk.project import Project

    schemas = Project.open(root).schemas
    updater = LabelUpdater(root, old, accept=accept)
    broken = 0
    for file in files or label_files(root / LABEL_FOLDER):
        counts, problems = update_file(file, updater, schemas)
        for problem in problems[:_LISTED]:
            fail(f"{file}:{problem}")
        statuses = ", ".join(f"{counts[status]:,} {status}" for status in ("kept", "changed", "gone", "left"))
        show(f"{file}: {plural(counts.total(), 'label')}: {statuses}")
        broken += len(problems)
    if broken:
        raise typer.Exit(1)


@labels.command("export")
def export_command(  # noqa: PLR0917  (options are given by name)
    out: Annotated[
        Path,
        typer.Argument(
            help="File to write; for brat, a folder: new, empty, or of an earlier export, which is replaced."
        ),
    ],
    tool: Annotated[Tool, typer.Option("--to", help="The tool or format.")],
    rev: OfTexts = None,
    root: Root = Path(),
    file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--labels", help="Labels on these texts, as JSON Lines; they become pre-annotations."),
    ] = None,
    suggestions: Annotated[bool, typer.Option("--suggestions", help="Also mark the suggested edits.")] = False,
    by: Annotated[
        Level, typer.Option(help="What a record is; sentences for label-studio, doccano, argilla.")
    ] = "documents",
    only: Annotated[Optional[Path], typer.Option(help="File with the ids to write, one in a line.")] = None,  # noqa: UP045
) -> None:
    """Write clean texts for an annotation tool, with labels and suggested edits on them if wanted.

    Offsets are counted as the tool counts: in UTF-16 code units for Label Studio, doccano and Argilla, else in code
    points. Exits with 0, or with 1 if a label is not about a text of the revision, or the format cannot express it.
    """
    from copydesk.errors import InputError
    from copydesk.labels.export_labels import (
        BY_SENTENCE,
        SUGGESTION,
        labels_by_document,
        missing,
        read_ids,
        records_of,
        sentences_of,
        taken_down,
        write_for_tool,
    )
    from copydesk.revisions.revision import open_revision

    if by == "sentences" and tool not in BY_SENTENCE:
        raise InputError(f"--by sentences: {tool} takes documents; expected one of {', '.join(BY_SENTENCE)}")
    revision = open_revision(root, rev)
    marks, problems = labels_by_document(file, revision) if file else ({}, [])
    for problem in problems[:_LISTED]:
        fail(f"{file}:{problem}")
    ids = read_ids(only) if only else None
    unknown = missing(ids, revision) if ids is not None else []
    for doc_id in unknown[:_LISTED]:
        fail(f"{only}: no document {doc_id!r} in {revision.name}; expected the id of one")
    taken = taken_down(revision)
    documents = list(records_of(revision, marks, only=ids, without=taken, suggestions=suggestions))
    by_sentence = by == "sentences"
    records = [sentence for record in documents for sentence in sentences_of(record)] if by_sentence else documents
    inexpressible = write_for_tool(tool, records, out)
    for unwritten in inexpressible[:_LISTED]:
        fail(str(unwritten))
    count = sum(len(record.marks) for record in records)
    show(f"{out}: {plural(len(records), by.removesuffix('s'))}, {plural(count - len(inexpressible), 'label')}")
    withheld = taken if ids is None else taken & ids
    if withheld:
        hidden = sum(len(marks.get(doc_id, ())) for doc_id in withheld)
        left_out = f"{plural(len(withheld), 'document')} and {plural(hidden, 'label')} on them"
        show(f"{out}: {left_out} left out: taken down, as seeds/takedowns.jsonl says")
    crossing = Counter(mark.label == SUGGESTION for record in documents for mark in record.marks)
    crossing -= Counter(mark.label == SUGGESTION for record in records for mark in record.marks)
    for suggested, number in sorted(crossing.items()):
        left_out = plural(number, "suggestion" if suggested else "label")
        fail(f"{out}: {left_out} left out, across the border of a sentence; use --by documents")
    if problems or unknown or inexpressible or crossing:
        raise typer.Exit(1)


@labels.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="What the tool exported: a file, or a folder of brat.")],
    out: Annotated[Path, typer.Option("--out", help="File of labels to write, as JSON Lines.")],
    rev: OfTexts = None,
    root: Root = Path(),
    decide: Annotated[
        bool,
        typer.Option("--decide", help="Take accept and reject as decisions; append them to seeds/decisions.jsonl."),
    ] = False,
) -> None:
    """Read labels back from Label Studio, doccano, brat, Argilla, CoNLL-U, spaCy or W3C annotations.

    Refuses what was made on another text than that of the revision, by its hash, and says of which release it is.
    What is refused is listed on stderr, and the rest goes on. Exits with 0, or with 1 if something was refused.
    """
    from copydesk.core.atomic_files import write_json_lines
    from copydesk.labels.annotated_text import RecordProblem
    from copydesk.labels.import_labels import LabelImporter, add_decisions, read_annotations, verdicts_of
    from copydesk.project import Project
    from copydesk.revisions.revision import open_revision

    records = list(read_annotations(file))
    revision = open_revision(root, rev)
    imported = list(LabelImporter(revision).labels(records))
    read_labels = [label for label in imported if not isinstance(label, RecordProblem)]
    problems = [problem for problem in imported if isinstance(problem, RecordProblem)]
    decided = ""
    if decide:
        read_labels, rows, unclear = verdicts_of(read_labels, revision)
        added, contrary = add_decisions(Project.open(root), rows)
        problems += [*unclear, *contrary]
        decided = f", {plural(added, 'decision')} added to seeds/decisions.jsonl"
    write_json_lines(out, read_labels)
    for problem in problems[:_LISTED]:
        fail(str(problem))
    show(f"{out}: {plural(len(read_labels), 'label')}{decided}")
    if problems:
        fail(f"{file}: {plural(len(problems), 'problem')}; what is listed above was left out")
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(labels, name="labels")
