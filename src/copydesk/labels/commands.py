"""The commands of ``copydesk labels``: one short function each."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Optional

import typer

from copydesk.core.plural import plural
from copydesk.core.progress import fail, show

Root = Annotated[Path, typer.Option("--root", help="Folder with the repository of the corpus.")]

labels = typer.Typer(
    help="Labels on spans of clean texts: from release to release, to annotation tools and back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
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
    from copydesk.labels.carried_labels import LabelCarrier
    from copydesk.labels.label_lines import LineProblem, read_labels
    from copydesk.revisions.revision import open_revision

    parts = read_labels(file)
    carrier = LabelCarrier(open_revision(root, old), open_revision(root, new))
    counts, problems = Counter[str](), 0
    with replacing(out) as written:
        for part in parts:
            for result in carrier.carry(part):
                if isinstance(result, LineProblem):
                    problems += 1
                    if problems <= _LISTED:
                        fail(f"{file}:{result}")
                else:
                    counts[result["status"]] += 1
                    written.write(json.dumps(result, ensure_ascii=False).encode() + b"\n")
    statuses = ", ".join(f"{counts[status]:,} {status}" for status in ("kept", "moved", "changed", "gone"))
    show(f"{out}: {plural(counts.total(), 'label')}: {statuses}")
    if problems:
        fail(f"{file}: {plural(problems, 'line')} left out; correct and carry again")
    if problems or (strict and counts["changed"] + counts["gone"]):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(labels, name="labels")
