"""The commands changes, diff, schema, release, releases, splits, signatures and pull: one short function each."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from copydesk.core.plural import plural
from copydesk.core.progress import draw, fail, show, show_json, show_text
from copydesk.errors import ReleaseError

Root = Annotated[Path, typer.Option("--root", file_okay=False, help="Folder with the repository of the corpus.")]
Old = Annotated[str, typer.Argument(help="A git revision, such as corpus@v1.0.0 or HEAD~1.")]
New = Annotated[Optional[str], typer.Argument(help="Another revision; the working tree if left out.")]  # noqa: UP045

schema = typer.Typer(help="Changes of the schemas.", no_args_is_help=True, rich_markup_mode=None)


def diff_command(  # noqa: PLR0917  (options are given by name)
    old: Old,
    new: New = None,
    root: Root = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Print all differences as JSON.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print a comment for a pull request.")] = False,
    document: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Show what changed in one document, word by word."),
    ] = None,
    base: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Show what OLD and NEW each changed since this revision, and what both did."),
    ] = None,
) -> None:
    """Show what changed between two revisions of the corpus, document by document, and why.

    Past revisions are read from DVC's cache or remote; the working tree is not touched. If OLD has no corpus yet,
    --markdown describes NEW. With --base it shows two branches: what only one of them changed, what both changed
    alike, and what they changed differently. Exits with 0.
    """
    with suppress(ReleaseError):  # outside a repository, opening the revisions reports the error
        _show_missing_tags(root)
    from copydesk.differences.diff import diff
    from copydesk.differences.rendering import (
        both_sides_as_json,
        both_sides_as_markdown,
        both_sides_as_table,
        diff_as_json,
        diff_as_markdown,
        diff_as_table,
        document_diff_as_text,
        first_corpus_as_markdown,
    )
    from copydesk.differences.text_diff import document_diff
    from copydesk.revisions.revision import has_corpus, open_revision

    after = open_revision(root, new)
    if as_markdown and not has_corpus(root, old):
        show_text(first_corpus_as_markdown(after.listing))
        return
    before = open_revision(root, old)
    if base is not None:
        from copydesk.differences.both_sides import both_sides

        sides = both_sides(open_revision(root, base), before, after)
        if as_json:
            show_json(both_sides_as_json(sides))
        elif as_markdown:
            show_text(both_sides_as_markdown(sides))
        else:
            draw(*both_sides_as_table(sides))
        return
    if document is not None:
        draw(document_diff_as_text(document_diff(before, after, document)))
        return
    changes = diff(before, after)
    if as_json:
        show_json(diff_as_json(changes))
    elif as_markdown:
        show_text(diff_as_markdown(changes))
    else:
        draw(*diff_as_table(changes))


def changes_command(
    old: Old,
    new: New = None,
    table: Annotated[
        Literal["documents", "sentences", "raw", "edits", "labels", "signatures"],
        typer.Option(help="The table to compare."),
    ] = "sentences",
    out: Annotated[Path, typer.Option(help="Parquet file to write.")] = ...,  # type: ignore[assignment]
    root: Root = Path(),
) -> None:
    """Write the rows that differ between two revisions: what to insert, to update and to delete.

    The column _change_type is insert, delete, update_preimage or update_postimage, as in Delta's change feed; the
    others are those of the table. Only files that differ are read. Exits with 0.
    """
    from copydesk.core.atomic_files import replacing
    from copydesk.differences.changed_rows import AFTER, DELETE, INSERT, changed_rows
    from copydesk.revisions.revision import open_revision
    from copydesk.tables.parquet import write_parquet

    rows = changed_rows(table, open_revision(root, old), open_revision(root, new))
    with replacing(out) as file:
        write_parquet(rows, file)
    counts = {row["values"]: row["counts"] for row in rows["_change_type"].value_counts().to_pylist()}
    inserted, deleted, updated = (counts.get(change, 0) for change in (INSERT, DELETE, AFTER))
    show(f"{out}: {table}: {inserted:,} inserted, {deleted:,} deleted, {updated:,} updated")


@schema.command("diff")
def schema_diff_command(old: Old, new: New = None, root: Root = Path()) -> None:
    """List the changes of the schemas of the tables, each with its class: compatible or breaking.

    A breaking change needs a MAJOR release. Exits with 0, or with 1 when there is one and schema_contract in the
    params.yaml of NEW is freeze.
    """
    from copydesk.differences.schema_changes import published_changes
    from copydesk.revisions.revision import open_revision

    before, after = open_revision(root, old), open_revision(root, new)
    changes = published_changes(before.schemas, after.schemas)
    for change in changes:
        show(f"{'breaking' if change.breaking else 'compatible'}: {change}")
    breaking = sum(change.breaking for change in changes)
    show(f"{plural(len(changes), 'change')}, {breaking:,} breaking{': needs a MAJOR release' if breaking else ''}")
    if breaking and after.params.get("schema_contract") == "freeze":
        show("schema_contract is freeze: undo the breaking changes, or set it to evolve in params.yaml")
        raise typer.Exit(1)


def release_command(  # noqa: PLR0917  (options are given by name)
    root: Root = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, show the next version, write nothing.")] = False,
    at_least: Annotated[
        Literal["patch", "minor", "major"],
        typer.Option(help="The lowest level of the new version."),
    ] = "patch",
    remote: Annotated[Optional[str], typer.Option(help="DVC remote, if not the default one.")] = None,  # noqa: UP045
    sign: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Sign the manifest with this SSH key; its public half is read from KEY.pub."),
    ] = None,
    sigstore: Annotated[
        bool,
        typer.Option("--sigstore", help="Sign the manifest with Sigstore: your identity goes into a public log."),
    ] = False,
    trust_config: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="With --sigstore: client trust config of another Sigstore than the public one."),
    ] = None,
    allow_moves: Annotated[
        bool, typer.Option("--allow-moves", help="Let documents be in other splits than in the last release.")
    ] = False,
) -> None:
    """Make a release: check, compute the version from the data, write, commit, push, prove from a fresh clone, tag.

    Refuses a clone that lacks a release of its git remotes or whose HEAD does not contain one, a dirty tree, a stale
    pipeline, an invalid corpus, an alarm, a license that publish.allow does not name, documents in other splits than
    in the last release, and under schema_contract: freeze a breaking schema change. If it is killed, run it again: it
    finishes the release, or undoes what it wrote. Exits with 0 when the tag exists, with 1 otherwise.
    """
    from copydesk.proofs.sigstore_bundles import SigstoreSigning
    from copydesk.releases.release import release

    if trust_config is not None and not sigstore:
        raise ReleaseError("--trust-config needs --sigstore")
    result = release(
        root,
        at_least=at_least,
        remote=remote,
        dry_run=dry_run,
        allow_moves=allow_moves,
        key=sign,
        sigstore=SigstoreSigning(trust_config) if sigstore else None,
    )
    show(f"{result.tag}{' would be the next release' if dry_run else f' at {result.commit}'}")


def splits_command(
    rev: Annotated[str, typer.Argument(help="A git revision, such as corpus@v1.0.0.")],
    root: Root = Path(),
) -> None:
    """Write the splits of a release into splits.jsonl, so that its documents keep them.

    A release does this for its own documents. Use it after a merge lost lines, and once for releases that were made
    before splits.jsonl. Exits with 0.
    """
    from copydesk.core.hand_written import SPLIT_LIST
    from copydesk.releases.kept_splits import keep_splits_of

    show(f"{root / SPLIT_LIST}: {plural(keep_splits_of(root, rev), 'line')} added or changed")


def releases_command(
    root: Root = Path(),
    repo: Annotated[Optional[str], typer.Option(help="A git URL, instead of ROOT.")] = None,  # noqa: UP045
) -> None:
    """List the releases of a corpus, oldest first, and mark those that were withdrawn.

    Exits with 0, or with 1 when ROOT is a clone without the tags of some releases.
    """
    from copydesk.releases.release_tags import by_number, release_versions, withdrawn_versions

    withdrawn = withdrawn_versions(repo or str(root))
    for version in sorted([*release_versions(repo or str(root)), *withdrawn], key=by_number):
        replacement = f"; {withdrawn[version]} replaces it" if withdrawn.get(version) else ""
        show(f"{version} (withdrawn{replacement})" if version in withdrawn else version)
    if repo is None and _show_missing_tags(root, query_remotes=True):
        raise typer.Exit(1)


def _show_missing_tags(root: Path, *, query_remotes: bool = False) -> bool:
    """Write to standard error which tags of releases a clone lacks; return whether it lacks any."""
    from copydesk.releases.upstream import known_releases, missing_tags

    known = known_releases(root, query_remotes=query_remotes)
    for remote, reason in known.failed.items():
        fail(f"{root}: {remote}: {reason}; only the releases in this clone are listed")
    lines = list(missing_tags(known))
    for line in lines:
        fail(f"{root}: {line}")
    return bool(lines)


def pull_command(root: Root = Path()) -> None:
    """Fetch the dataset of the commit that is checked out, as dvc pull does; it may be a stranger's.

    From .dvc/config only the kind and address of the remote are used. Exits with 0 when all files match the manifest.
    """
    from copydesk.releases.pull import pull

    pulled = pull(root)
    files = plural(pulled.files, "data file matches the manifest", "data files match the manifest")
    show(f"{root / 'corpus'}: {files}, {pulled.fetched:,} fetched")


def signatures_command(root: Root = Path()) -> None:
    """Fetch the signatures of releases of other corpora, so that a build finds out what they hold already.

    The releases are those that deduplicate.against in params.yaml names; they must have been built with
    publish.signatures. Writes seeds/against/*.signatures.parquet, of which a build needs one for each release. Exits
    with 0, or with 1 if a release cannot be fetched or compared.
    """
    from copydesk.project import Project
    from copydesk.releases.fetched_signatures import fetch_signatures

    fetched = fetch_signatures(Project.open(root))
    for release in fetched:
        show(f"{release.path}: {plural(release.documents, 'signature')} of {release.release}")
    if not fetched:
        show("params.yaml names no releases under deduplicate.against")


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (
        changes_command,
        diff_command,
        pull_command,
        release_command,
        releases_command,
        signatures_command,
        splits_command,
    ):
        app.command(command.__name__.removesuffix("_command"))(command)
    app.add_typer(schema, name="schema")
