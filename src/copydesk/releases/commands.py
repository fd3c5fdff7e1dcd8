"""The commands about releases: one short function each."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from copydesk.core.progress import draw, fail, show, show_json, show_text
from copydesk.errors import ReleaseError

Root = Annotated[Path, typer.Option("--root", help="Folder with the repository of the corpus.")]
Old = Annotated[str, typer.Argument(help="A git revision, such as corpus@v1.0.0 or HEAD~1.")]
New = Annotated[Optional[str], typer.Argument(help="Another; the working tree if left out.")]  # noqa: UP045

schema = typer.Typer(help="What changed in the schemas.", no_args_is_help=True, rich_markup_mode=None)


def diff(  # noqa: PLR0917  (options are given by name)
    old: Old,
    new: New = None,
    root: Root = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Print everything that differs as JSON.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print a comment for a pull request.")] = False,
    document: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Show what changed in one document, word by word."),
    ] = None,
) -> None:
    """Show what changed between two revisions of the corpus, document by document, and why.

    Past revisions are read from DVC's cache or remote; the working tree is not touched. Exits with 0.
    """
    with suppress(ReleaseError):  # where it is no repository, the revisions cannot be read either
        _say_what_is_missing(root)
    from copydesk.differences.diff import diff as difference
    from copydesk.differences.rendering import as_json as as_values
    from copydesk.differences.rendering import as_markdown as as_comment
    from copydesk.differences.rendering import as_table, document_in_colours
    from copydesk.differences.text_diff import document_diff
    from copydesk.revisions.revision import open_revision

    before, after = open_revision(root, old), open_revision(root, new)
    if document is not None:
        draw(document_in_colours(document_diff(before, after, document)))
        return
    found = difference(before, after)
    if as_json:
        show_json(as_values(found))
    elif as_markdown:
        show_text(as_comment(found))
    else:
        draw(*as_table(found))


@schema.command("diff")
def schema_diff(old: Old, new: New = None, root: Root = Path()) -> None:
    """List how the schemas of the tables changed, each change with its class: compatible or breaking.

    A breaking change needs a MAJOR release. Exits with 0, or with 1 when one breaks readers and schema_contract in
    the params.yaml of NEW is freeze.
    """
    from copydesk.differences.schema_changes import published_changes
    from copydesk.revisions.revision import open_revision

    before, after = open_revision(root, old), open_revision(root, new)
    changes = published_changes(before.schemas, after.schemas)
    for change in changes:
        show(f"{'breaking' if change.breaking else 'compatible'}: {change}")
    breaking = sum(change.breaking for change in changes)
    show(f"{len(changes)} changes, {breaking} of them breaking{': a MAJOR release' if breaking else ''}")
    if breaking and after.params.get("schema_contract") == "freeze":
        show("schema_contract is freeze: take the breaking changes back, or set it to evolve in params.yaml")
        raise typer.Exit(1)


def release(
    root: Root = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, say what it would be, write nothing.")] = False,
    at_least: Annotated[
        Literal["patch", "minor", "major"],
        typer.Option(help="Raise the version that the data ask for to at least this."),
    ] = "patch",
    remote: Annotated[Optional[str], typer.Option(help="DVC remote, if not the default one.")] = None,  # noqa: UP045
    sign: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Sign the manifest with this SSH key, whose public half lies beside it."),
    ] = None,
) -> None:
    """Cut a release: check, compute the version from the data, write, commit, push, prove from outside, tag.

    Refuses a clone that does not know, or does not contain, every release of its git remotes, a dirty tree, a stale
    pipeline, a corpus that does not hold, an alarm, a license that publish.allow does not name, and under
    schema_contract: freeze a schema change that breaks readers. Killed at any point, run it again: it finishes or
    takes back. Exits with 0 when the tag is there, with 1 otherwise.
    """
    from copydesk.releases.release import release as cut

    done = cut(root, at_least=at_least, remote=remote, dry_run=dry_run, key=sign)
    show(f"{done.tag}{' would be the next release' if dry_run else f' at {done.commit}'}")


def releases(
    root: Root = Path(),
    repo: Annotated[Optional[str], typer.Option(help="A git URL, if not ROOT.")] = None,  # noqa: UP045
) -> None:
    """List the releases of a corpus, oldest first, and which of them were withdrawn.

    Exits with 0, or with 1 when ROOT is a clone without the tags of some releases.
    """
    from copydesk.releases.load import versions, withdrawn

    gone = withdrawn(repo or str(root))
    known = [*versions(repo or str(root)), *gone]
    for version in sorted(known, key=lambda version: tuple(map(int, version.split(".")))):
        instead = f"; {gone[version]} replaces it" if gone.get(version) else ""
        show(f"{version} (withdrawn{instead})" if version in gone else version)
    if repo is None and _say_what_is_missing(root, ask=True):
        raise typer.Exit(1)


def _say_what_is_missing(root: Path, *, ask: bool = False) -> bool:
    """Say on standard error of which releases a clone lacks the tags; whether there are any."""
    from copydesk.releases.upstream import known_releases, missing

    known = known_releases(root, ask=ask)
    for remote, reason in known.silent.items():
        fail(f"{root}: {remote} cannot be asked for its releases, so these are the ones known here: {reason}")
    lines = list(missing(known))
    for line in lines:
        fail(f"{root}: {line}")
    return bool(lines)


def verify(
    rev: Annotated[Optional[str], typer.Argument(help="A git revision; the working tree if left out.")] = None,  # noqa: UP045
    root: Root = Path(),
    remote: Annotated[bool, typer.Option("--remote", help="Read data from the DVC remote, not the cache.")] = False,
    allowed_signers: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="File of ssh-keygen with the keys that may sign; asks for a signature."),
    ] = None,
) -> None:
    """Check a checkout, a revision or a remote against its manifest.

    Exits with 0 when every file is what the manifest says, with 1 otherwise.
    """
    from copydesk.releases.verify import verify as check

    found = check(root, rev, remote=remote, allowed_signers=allowed_signers)
    for problem in found.problems:
        show(f"{problem.file}: found {problem.found}, expected {problem.expected}; {problem.action}")
    if not found.ok:
        raise typer.Exit(1)
    signed = f", signed by {found.signed_by}" if found.signed_by else ""
    show(f"{found.subject}: all {found.files} files are what the manifest says{signed}")


def pull(root: Root = Path()) -> None:
    """Fetch the dataset of the commit that is checked out, as dvc pull does; it may be a stranger's.

    Of .dvc/config only kind and address of the remote are taken. Exits with 0 when all files are what the manifest
    says.
    """
    from copydesk.releases.pull import pull as fetch

    done = fetch(root)
    show(f"{root / 'corpus'}: {done.files} data files are what the manifest says, {done.fetched} of them fetched")


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (diff, pull, release, releases, verify):
        app.command()(command)
    app.add_typer(schema, name="schema")
