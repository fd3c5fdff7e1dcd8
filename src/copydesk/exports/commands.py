"""The commands export and hydrate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Optional

import typer

from copydesk.core.plural import plural
from copydesk.core.progress import fail, show

if TYPE_CHECKING:
    from copydesk.exports.training_shards import ExportPlan
    from copydesk.project import Project

Root = Annotated[
    Path, typer.Option("--root", file_okay=False, help="Folder with seeds/, schemas/, params.yaml and corpus/.")
]
Format = Literal["jsonl", "mds", "webdataset", "conllu", "docbin"]
TableName = Literal["documents", "sentences"]
Split = Literal["train", "validation", "test"]
#: Documents that are listed.
_LISTED = 1000


def export(  # noqa: PLR0917  (options are given by name)
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    root: Root = Path(),
    shards: Annotated[
        Optional[Format],  # noqa: UP045
        typer.Option("--format", help="Write training shards in this format, and no dataset."),
    ] = None,
    table: Annotated[TableName, typer.Option(help="With --format: the table whose rows are written.")] = "documents",
    split: Annotated[
        Optional[Split],  # noqa: UP045
        typer.Option(help="With --format: only this split."),
    ] = None,
    shard_bytes: Annotated[
        int, typer.Option(help="With --format: largest size of a shard; a larger row is a shard of its own.")
    ] = 1 << 26,
    withhold_text: Annotated[
        bool,
        typer.Option("--withhold-text", help="Write offsets, labels and hashes of all documents, without texts."),
    ] = False,
    rev: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="With --format or --withhold-text: a git revision; the working tree if left out."),
    ] = None,
    include_restricted: Annotated[
        bool,
        typer.Option(
            "--include-restricted", help="With --format: also documents that may not be published, for use at home."
        ),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="With --format: replace another export in the folder.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written; write nothing.")] = False,
) -> None:
    """Export the publishable part of the dataset: documents whose license publish.allow names.

    Without --format or --withhold-text it is a dataset of its own, which replaces the content of the folder. If
    personal data were masked in a document, its raw text and its edits are withheld.

    With --format it is training shards; one that was interrupted goes on. With --withhold-text it is what may be
    passed on of documents whose texts may not: `copydesk hydrate` makes them whole for those who hold the raw files.

    Exits with 0, or with 1 if no document is publishable, or the folder has other files.
    """
    from copydesk.errors import InputError
    from copydesk.project import Project

    if shards and withhold_text:
        raise InputError("--withhold-text: not with --format; a training shard without text is of no use")
    given = {
        "--table": table != "documents",
        "--split": split is not None,
        "--shard-bytes": shard_bytes != 1 << 26,
        "--include-restricted": include_restricted,
        "--replace": replace,
    }
    if not shards and (useless := [name for name, is_given in given.items() if is_given]):
        raise InputError(f"{useless[0]}: only with --format jsonl, mds, webdataset, conllu or docbin")
    if rev is not None and not (shards or withhold_text):
        raise InputError("--rev: only with --format or --withhold-text; `copydesk publish` passes on a release")
    project = Project.open(root)
    if withhold_text:
        _without_texts(project, root, out, rev, dry_run=dry_run)
    elif shards:
        from copydesk.exports.training_shards import ExportPlan

        plan = ExportPlan(shards, table, split, shard_bytes, include_restricted)
        _training_shards(project, root, out, rev, plan, dry_run=dry_run, replace=replace)
    else:
        _public_part(project, root, out, dry_run=dry_run)


def _public_part(project: Project, root: Path, out: Path, *, dry_run: bool) -> None:
    from copydesk.dataset.public_export import export as write
    from copydesk.labels.export_labels import taken_down
    from copydesk.revisions.revision import open_revision

    taken = taken_down(open_revision(root))
    made = write(project.corpus, out, project.params, project.schemas, taken_down=taken, dry_run=dry_run)
    state = " would be written" if dry_run else ""
    show(
        f"{out}: {plural(made.documents, 'document')}{state} ({made.licenses}), {made.left_out:,} left out"
        f"{f' ({made.licenses_left_out})' if made.left_out else ''}, raw text and edits of {len(made.withheld):,} "
        "withheld"
    )


def _training_shards(
    project: Project, root: Path, out: Path, rev: str | None, plan: ExportPlan, *, dry_run: bool, replace: bool
) -> None:
    from copydesk.exports.training_shards import export_shards
    from copydesk.revisions.revision import open_revision

    made = export_shards(open_revision(root, rev), project.params, out, plan, dry_run=dry_run, replace=replace)
    chosen = made.chosen
    written = " would be written" if dry_run else f" in {plural(made.shards, 'shard')}"
    kept = f", {made.kept:,} of them from an earlier run" if made.kept else ""
    left_out = f"; {chosen.restricted:,} left out"
    if chosen.restricted:
        left_out += f" ({chosen.licenses_left_out})"
    if chosen.taken_down:
        left_out += f", {chosen.taken_down:,} taken down"
    noun = "sentence" if plan.table == "sentences" else "document"
    show(f"{out}: {plural(made.rows, noun)}{written}{kept}, of {chosen.licenses}{left_out}")


def _without_texts(project: Project, root: Path, out: Path, rev: str | None, *, dry_run: bool) -> None:
    from copydesk.exports.withheld_export import export_withheld
    from copydesk.revisions.revision import open_revision

    made = export_withheld(open_revision(root, rev), project, out, dry_run=dry_run)
    state = " would be written" if dry_run else ""
    show(
        f"{out}: {plural(made.documents, 'document')}{state} without texts, {made.taken_down:,} taken down, "
        f"{made.without_raw:,} without raw text left out, {made.renamed:,} under another id"
    )


def hydrate(
    corpus: Annotated[Path, typer.Argument(help="Folder that copydesk export --withhold-text wrote.")],
    raw: Annotated[Path, typer.Option(help="Folder with the raw files, under any names and in any folders.")],
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Folder to write, new or empty; CORPUS-whole if left out."),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Make the documents whose files are there, though others are missing.")
    ] = False,
) -> None:
    """Make a corpus without texts whole again from the raw files, and compare it with the original by its hashes.

    Files are recognised by their bytes. One with the id of a document and other bytes is named with both hashes, and
    nothing is written. Exits with 0, or with 1 if a file is missing or another one, or the rows are not those of the
    original.
    """
    from copydesk.exports.hydration import hydrate_corpus

    parent = corpus.parent if corpus.name not in {"", ".."} else corpus.resolve().parent
    out = out or parent / f"{corpus.resolve().name}-whole"
    made = hydrate_corpus(corpus, raw, out, partial=partial)
    for problem in [*made.other, *made.missing][:_LISTED]:
        fail(problem)
    if made.written:
        proof = "the rows of the original, by their logical hashes" if not made.missing else "each text by its hash"
        show(f"{out}: {plural(made.documents, 'document')}: {proof}")
    if made.other or made.missing:
        wanted = made.documents + len(made.other) + len(made.missing)
        advice = "" if made.written else "; nothing is written"
        allowed = "" if made.other or made.written else " (--partial makes the others)"
        fail(
            f"{raw}: of {plural(wanted, 'document')} {len(made.missing):,} are missing, {len(made.other):,} are "
            f"other texts{advice}{allowed}"
        )
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(export)
    app.command()(hydrate)
