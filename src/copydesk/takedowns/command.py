"""The command takedown: into the ledger, where a document still lies, and out of past releases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from copydesk.core.escaping import json_line, log_line
from copydesk.core.progress import fail, show

if TYPE_CHECKING:
    from copydesk.revisions.dvc_places import Places
    from copydesk.takedowns.occurrences import Holdings, State
    from copydesk.takedowns.purge import Plan


def takedown(  # noqa: PLR0917  (options are given by name)
    words: Annotated[list[str], typer.Argument(metavar="[status] DOC_ID", help="Id of the document.")],
    root: Annotated[Path, typer.Option("--root", help="Folder with the repository of the corpus.")] = Path(),
    reason: Annotated[str, typer.Option(help="Why; none of the document's text.")] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Let the document come back; say why.")] = False,
    requested_by: Annotated[Optional[str], typer.Option(help="Who asked for it.")] = None,  # noqa: UP045
    purge: Annotated[bool, typer.Option("--purge", help="Take it out of past releases, caches and remotes.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a purge.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
) -> None:
    """Take a document down: a line in seeds/takedowns.jsonl, with hashes and none of its text.

    The next build leaves it out, refuses the same bytes or text under any name, and reports near copies in
    reports/takedowns.jsonl. Past releases still hold it: `copydesk takedown status DOC_ID` reads everything and lists
    the releases, commits, objects in cache and remotes, finished shards and files in git that do.

    With --purge each release that holds it is cut again without it, as the next free patch, pushed, proved and
    tagged; the old one is withdrawn, and these tags are pushed to each git remote that lists it; what holds the
    document is removed from cache, remotes and build/store; and everything is searched again. It asks first, and
    refuses a clone that does not know every release. Killed at any point, run it again. Git's history is not
    rewritten.

    With --withdraw the line stays and says so: the next build takes the document again if its seed is there. A line
    that is gone without that is refused by `copydesk check` and `copydesk release`.

    Exits with 0, or with 1 when there is no such document, releases are unknown in this clone, or a purge could not
    remove or search everything.
    """
    asked, doc_id = words[:-1], words[-1]
    if withdraw and (asked or purge):
        raise typer.BadParameter("goes with DOC_ID and --reason alone", param_hint="--withdraw")
    if asked not in ([], ["status"]):
        raise typer.BadParameter("expected DOC_ID, or status DOC_ID", param_hint="[status] DOC_ID")
    if asked:
        _status(root, doc_id)
    elif purge:
        _purge(root, doc_id, yes=yes, dry_run=dry_run)
    elif not reason:
        raise typer.BadParameter("say why", param_hint="--reason")
    elif withdraw:
        _withdraw(root, doc_id, reason, requested_by, dry_run=dry_run)
    else:
        _enter(root, doc_id, reason, requested_by, dry_run=dry_run)


def _enter(root: Path, doc_id: str, reason: str, requested_by: str | None, *, dry_run: bool) -> None:
    from copydesk.project import Project
    from copydesk.takedowns.takedown import entry, take_down

    project = Project.open(root)
    row = entry(project, doc_id, reason, requested_by)
    if dry_run:
        show(json_line(row))
        return
    take_down(project, row)
    show(
        f"{project.seeds / 'takedowns.jsonl'}: {doc_id} is taken down; now remove its seed, run dvc repro, commit; "
        f"then copydesk release, and copydesk takedown {doc_id} --purge for past releases"
    )


def _withdraw(root: Path, doc_id: str, reason: str, requested_by: str | None, *, dry_run: bool) -> None:
    from copydesk.project import Project
    from copydesk.takedowns.takedown import take_down, withdrawal

    project = Project.open(root)
    row = withdrawal(project, root, doc_id, reason, requested_by)
    if dry_run:
        show(json_line(row))
        return
    take_down(project, row)
    show(
        f"{project.seeds / 'takedowns.jsonl'}: the takedown of {doc_id} is withdrawn, and its line says so; now put "
        "its seed back, run dvc repro, commit; then copydesk release"
    )


def _status(root: Path, doc_id: str) -> None:
    from copydesk.releases.upstream import known_releases, shortfalls
    from copydesk.revisions.dvc_places import open_places
    from copydesk.takedowns.occurrences import holdings

    with open_places(root.resolve()) as places:
        held = holdings(root.resolve(), places, doc_id)
        show(*_holdings(root, places, held, doc_id))
    known = known_releases(root)
    unknown = shortfalls(root, known)
    if known.shallow and not unknown:
        unknown = [f"{root}: this clone is shallow, so older commits were not searched; run {known.fetch_command()}"]
    for line in unknown:
        fail(line)
    if places.unseen or held.sought.unreadable or unknown:
        raise typer.Exit(1)


def _holdings(root: Path, places: Places, held: Holdings, doc_id: str) -> Iterator[str]:
    for version, state in held.releases.items():
        yield f"corpus@v{version}{' (withdrawn)' if version in held.withdrawn else ''}: {_tables(state)}"
    for state in held.others:
        more = f" and {len(state.commits) - 1} more" if len(state.commits) > 1 else ""
        yield f"commit {state.commits[0][:12]}{more}, no release: {_tables(state)}"
    for oid, names in held.objects.items():
        where = ", ".join(place.name for place in places.of(oid))
        yield f"object {oid}: in {where}{': ' if names else ''}{', '.join(names)}"
    for path in [*held.store, *held.folders]:
        yield f"file {path}"
    yield from (f"{path}: left by a command that was killed, and may hold it" for path in held.left)
    yield from _in_git(root, held)
    yield from (f"{name}: cannot be searched: {why}" for name, why in places.unseen.items())
    yield from held.sought.unreadable
    yield (
        f"{len(held.releases)} releases, {len(held.others)} other versions of the data, {len(held.objects)} objects, "
        f"{len(held.store) + len(held.folders)} files outside DVC and {len(held.blobs)} files in git hold {doc_id!r}"
    )


def _tables(state: State) -> str:
    copies = len(state.ids) - 1
    tables = ", ".join(sorted({path.partition("/")[0] for path in state.shards}))
    return f"{tables}{f'; {copies} exact copies under other ids' if copies else ''}"


def _in_git(root: Path, held: Holdings) -> Iterator[str]:
    for blob in held.blobs:
        commits = ", ".join(commit[:12] for commit in blob.commits)
        yield f"git {blob.sha}: {blob.path}, brought or removed by {commits or 'no commit of a branch or tag'}"
    if held.blobs:
        yield (
            f"git's history in {root} holds it and is not rewritten by copydesk, since every clone and tag would "
            "change: if it must go, write these hashes into a file, one a line, run git filter-repo "
            "--strip-blobs-with-ids FILE in a fresh clone, push it by force with all tags, and have all other clones "
            "made anew"
        )


def _purge(root: Path, doc_id: str, *, yes: bool, dry_run: bool) -> None:
    from copydesk.releases.upstream import push_command, remotes_of
    from copydesk.revisions.dvc_places import open_places
    from copydesk.takedowns.purge import plan
    from copydesk.takedowns.purge import purge as run

    with open_places(root.resolve(), own=True) as places:
        todo = plan(root.resolve(), places, doc_id)
        show(*_plan(places, todo, remotes_of(root)))
    if dry_run:
        return
    if not yes:
        typer.confirm(log_line(f"Take {doc_id!r} out of all this? What is removed does not come back."), abort=True)
    done = run(root, doc_id, todo)
    for problem in done.problems:
        show(problem)
    show(*_in_git(root, todo.held))
    for remote, names in done.pushed.items():
        show(f"pushed to {remote}: {', '.join(names)}")
    tags = [f"corpus@v{new}" for new in done.replaced.values() if new] + [f"corpus@v{old}!" for old in done.replaced]
    unpublished = [tag for tag in tags if not any(tag in names for names in done.pushed.values())]
    for first in range(0, len(unpublished), 50):  # a line that is too long would be cut
        show(f"to publish it: {push_command(root, unpublished[first : first + 50])}")
    if done.problems:
        show(f"{doc_id!r} was not taken out of everything; see above")
        raise typer.Exit(1)
    show(f"{done.removed} copies removed; searched {done.searched} objects, and none holds {doc_id!r}")


def _plan(places: Places, todo: Plan, remotes: list[str]) -> Iterator[str]:
    for recut in todo.recuts:
        gone = ", ".join(sorted(recut.state.ids))
        yield f"corpus@v{recut.version}: cut again as corpus@v{recut.new} without {gone}; then withdrawn"
    yield from (f"corpus@v{recut.version}: withdrawn; nothing would be left of it" for recut in todo.emptied)
    if remotes and (todo.recuts or todo.emptied):
        yield f"the tags of these releases are pushed to {', '.join(remotes)} before anything is removed"
    for oid in todo.doomed:
        yield f"object {oid}: removed from {', '.join(place.name for place in places.of(oid))}"
    yield from (f"object {oid}: kept, since a release that does not hold it needs it" for oid in sorted(todo.kept))
    yield from (f"file {path}: removed" for path in [*todo.held.store, *todo.held.folders, *todo.held.left])
    yield from (f"{name}: cannot be searched: {why}" for name, why in places.unseen.items())


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(takedown)
