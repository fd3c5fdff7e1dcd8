"""The command takedown: add a line to the ledger, list the occurrences of a document, purge it from past releases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from copydesk.core.escaping import json_line, log_line
from copydesk.core.plural import plural
from copydesk.core.progress import fail, show

if TYPE_CHECKING:
    from copydesk.project import Project
    from copydesk.revisions.dvc_storages import DvcStorages
    from copydesk.takedowns.occurrences import AffectedVersion, Occurrences
    from copydesk.takedowns.purge import PurgePlan


def takedown(  # noqa: PLR0917  (options are given by name)
    words: Annotated[list[str], typer.Argument(metavar="[status] DOC_ID", help="Id of the document.")],
    root: Annotated[
        Path, typer.Option("--root", file_okay=False, help="Folder with the repository of the corpus.")
    ] = Path(),
    reason: Annotated[str, typer.Option(help="The reason, without any of the document's text.")] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Withdraw the takedown; needs --reason.")] = False,
    requested_by: Annotated[Optional[str], typer.Option(help="Who requested it.")] = None,  # noqa: UP045
    purge: Annotated[bool, typer.Option("--purge", help="Purge it from past releases, caches and remotes.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a purge.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and change nothing.")] = False,
) -> None:
    """Take a document down: add a line to seeds/takedowns.jsonl, with hashes and none of its text.

    The lines about it are removed from seeds/sources.jsonl, seeds/decisions.jsonl and labels/*.jsonl.

    The next build leaves the document out, refuses the same bytes or text under any name, and reports near-duplicates
    in reports/takedowns.jsonl. Past releases still contain it: `copydesk takedown status DOC_ID` reads everything and
    lists the releases, commits, objects in cache and remotes, finished shards and files in git that contain it.

    With --purge each release that contains it is reissued without it, as the next free patch, pushed, proved and
    tagged. The old release is withdrawn, and these tags are pushed to each git remote that lists it. Then the objects
    that contain the document are deleted from the cache, the remotes and build/store, and everything is searched
    again. The command asks first, and refuses a clone that lacks a release. If it is killed, run it again. The
    history of git is not rewritten.

    With --withdraw the line stays and records the withdrawal: the next build includes the document again if its seed
    is there. `copydesk check` and `copydesk release` refuse a ledger from which a line was removed.

    Exits with 0, or with 1 when there is no such document, this clone lacks a release, or a purge could not delete or
    search everything.
    """
    subcommand, doc_id = words[:-1], words[-1]
    if withdraw and (subcommand or purge):
        raise typer.BadParameter("can only be combined with DOC_ID and --reason", param_hint="--withdraw")
    if subcommand not in ([], ["status"]):
        raise typer.BadParameter("expected DOC_ID, or status DOC_ID", param_hint="[status] DOC_ID")
    if subcommand:
        _show_status(root, doc_id)
    elif purge:
        _purge(root, doc_id, yes=yes, dry_run=dry_run)
    elif not reason:
        raise typer.BadParameter("give the reason", param_hint="--reason")
    elif withdraw:
        _withdraw_takedown(root, doc_id, reason, requested_by, dry_run=dry_run)
    else:
        _enter(root, doc_id, reason, requested_by, dry_run=dry_run)


def _enter(root: Path, doc_id: str, reason: str, requested_by: str | None, *, dry_run: bool) -> None:
    from copydesk.project import Project
    from copydesk.takedowns.lines_about import LinesAbout, remove_lines
    from copydesk.takedowns.own_wordings import own_wordings
    from copydesk.takedowns.takedown import delivered_path, takedown_row, write_to_ledger

    project = Project.open(root)
    row = takedown_row(project, doc_id, reason, requested_by)
    about = LinesAbout({doc_id}, {row["raw_sha256"]}, own_wordings(project, doc_id, row["raw_sha256"]))
    if not dry_run:
        write_to_ledger(project, row)
    lines = remove_lines(project, about, dry_run=dry_run)
    for path, count in lines.items():
        show(f"{path}: {plural(count, 'line')} about it {'would be ' if dry_run else ''}removed")
    if dry_run:
        _show_line(project, row)
        show(f"dry run: 1 line would be added and {sum(lines.values()):,} removed; nothing was changed")
        return
    place = delivered_path(project.corpus, doc_id)
    seed = f"its {'record' if '#' in place else 'seed'} {project.seeds / place}" if place else "its seed"
    show(
        f"{project.seeds / 'takedowns.jsonl'}: {doc_id} is taken down; now remove {seed}, run dvc repro, commit; "
        f"then copydesk release, and copydesk takedown {doc_id} --purge for past releases"
    )


def _withdraw_takedown(root: Path, doc_id: str, reason: str, requested_by: str | None, *, dry_run: bool) -> None:
    from copydesk.project import Project
    from copydesk.takedowns.takedown import withdrawal_row, write_to_ledger

    project = Project.open(root)
    row = withdrawal_row(project, root, doc_id, reason, requested_by)
    if dry_run:
        _show_line(project, row)
        show("dry run: 1 line would be changed; nothing was changed")
        return
    write_to_ledger(project, row)
    show(
        f"{project.seeds / 'takedowns.jsonl'}: the takedown of {doc_id} is withdrawn, and its line says so; now put "
        "back its seed and the lines about it, which git has; run dvc repro, commit; then copydesk release"
    )


def _show_line(project: Project, row: dict[str, Any]) -> None:
    """Show a line of the ledger, without the signature of the text, which is a list of numbers."""
    named = {name: value for name, value in row.items() if name != "minhash"}
    show(f"{project.seeds / 'takedowns.jsonl'} would have the line {json_line(named)} and a signature of the text")


def _show_status(root: Path, doc_id: str) -> None:
    from copydesk.releases.upstream import known_releases, shortfalls
    from copydesk.revisions.dvc_storages import open_storages
    from copydesk.takedowns.occurrences import find_occurrences

    with open_storages(root.resolve()) as storages:
        occurrences = find_occurrences(root.resolve(), storages, doc_id)
        show(*_occurrence_lines(root, storages, occurrences, doc_id))
    known = known_releases(root)
    problems = shortfalls(root, known)
    if known.shallow and not problems:
        problems = [f"{root}: this clone is shallow, so older commits were not searched; run {known.fetch_command()}"]
    for problem in problems:
        fail(problem)
    if storages.unreadable or occurrences.search.unreadable or problems:
        raise typer.Exit(1)


def _occurrence_lines(root: Path, storages: DvcStorages, occurrences: Occurrences, doc_id: str) -> Iterator[str]:
    for version, affected in occurrences.releases.items():
        withdrawn = " (withdrawn)" if version in occurrences.withdrawn else ""
        yield f"corpus@v{version}{withdrawn}: {_tables(affected)}"
    for affected in occurrences.other_versions:
        more = f" and {len(affected.commits) - 1:,} more" if len(affected.commits) > 1 else ""
        yield f"commit {affected.commits[0][:12]}{more}, no release: {_tables(affected)}"
    for oid, paths in occurrences.objects.items():
        names = ", ".join(storage.name for storage in storages.with_object(oid))
        yield f"object {oid}: in {names}{': ' if paths else ''}{', '.join(paths)}"
    files = [*occurrences.shards, *occurrences.kept_releases]
    yield from (f"file {path}" for path in files)
    yield from (
        f"{path}: left by a command that was killed; it may contain the document" for path in occurrences.leftovers
    )
    yield from _git_lines(root, occurrences)
    yield from (f"{name}: cannot be searched: {reason}" for name, reason in storages.unreadable.items())
    yield from occurrences.search.unreadable
    counts = (
        plural(len(occurrences.releases), "release"),
        plural(len(occurrences.other_versions), "other version of the data", "other versions of the data"),
        plural(len(occurrences.objects), "object"),
        plural(len(files), "file outside DVC", "files outside DVC"),
    )
    yield f"{doc_id!r} is in {', '.join(counts)} and {plural(len(occurrences.blobs), 'file')} in git"


def _tables(affected: AffectedVersion) -> str:
    copies = len(affected.ids) - 1
    tables = ", ".join(sorted({path.partition("/")[0] for path in affected.shards}))
    exact_copies = plural(copies, "exact copy with another id", "exact copies with other ids")
    return f"{tables}{f'; {exact_copies}' if copies else ''}"


def _git_lines(root: Path, occurrences: Occurrences) -> Iterator[str]:
    for blob in occurrences.blobs:
        commits = ", ".join(commit[:12] for commit in blob.commits)
        yield f"git {blob.sha}: {blob.path}, added or removed by {commits or 'no commit of a branch or tag'}"
    if occurrences.blobs:
        yield (
            f"git's history in {root} contains it; copydesk does not rewrite it, because every clone and tag would "
            "change: if it must go, write these hashes into a file, one on each line, run git filter-repo "
            "--strip-blobs-with-ids FILE in a fresh clone, push it by force with all tags, and have all other clones "
            "made anew; past versions of a .jsonl file go as a whole then, with the lines about other documents"
        )


def _purge(root: Path, doc_id: str, *, yes: bool, dry_run: bool) -> None:
    from copydesk.releases.git_remotes import git_remotes, push_advice
    from copydesk.revisions.dvc_storages import open_storages
    from copydesk.takedowns.purge import plan_purge
    from copydesk.takedowns.purge import purge as run_purge

    with open_storages(root.resolve(), own=True) as storages:
        plan = plan_purge(root.resolve(), storages, doc_id)
        show(*_plan_lines(storages, plan, git_remotes(root), "would be" if dry_run else "will be"))
    if dry_run:
        show(f"dry run: {_plan_counts(plan)}; nothing was changed")
        return
    if not yes:
        typer.confirm(log_line(f"Purge {doc_id!r} from all of these? Deleted data cannot be restored."), abort=True)
    result = run_purge(root, doc_id, plan)
    for problem in result.problems:
        show(problem)
    show(*_git_lines(root, plan.occurrences))
    for remote, names in result.pushed.items():
        show(f"pushed to {remote}: {', '.join(names)}")
    tags = [f"corpus@v{new}" for new in result.replaced.values() if new]
    tags += [f"corpus@v{old}!" for old in result.replaced]
    unpublished = [tag for tag in tags if not any(tag in names for names in result.pushed.values())]
    for first in range(0, len(unpublished), 50):  # a longer line would be shortened
        show(f"not published yet: {push_advice(root, unpublished[first : first + 50])}")
    if result.problems:
        show(f"{doc_id!r} was not purged from everything; see above")
        raise typer.Exit(1)
    copies = plural(result.deleted, "copy", "copies")
    show(f"{copies} deleted; searched {plural(result.objects_read, 'object')}, and none contains {doc_id!r}")


def _plan_lines(storages: DvcStorages, plan: PurgePlan, remotes: list[str], verb: str) -> Iterator[str]:
    """What a purge does, line by line; ``verb`` is ``will be``, or ``would be`` if nothing is done."""
    for reissue in plan.reissues:
        ids, new = ", ".join(sorted(reissue.affected.ids)), reissue.new_version
        yield f"corpus@v{reissue.version}: {verb} reissued as corpus@v{new} without {ids}, and withdrawn"
    for reissue in plan.without_replacement:
        yield f"corpus@v{reissue.version}: {verb} withdrawn; no document would remain"
    if remotes and (plan.reissues or plan.without_replacement):
        yield f"the tags of these releases {verb} pushed to {', '.join(remotes)} before anything is deleted"
    for oid in plan.objects_to_delete:
        yield f"object {oid}: {verb} deleted from {', '.join(s.name for s in storages.with_object(oid))}"
    for oid in sorted(plan.objects_to_keep):
        yield f"object {oid}: {verb} kept, since a release without the document needs it"
    yield from (f"file {path}: {verb} deleted" for path in _files_of(plan))
    yield from (f"{name}: cannot be searched: {reason}" for name, reason in storages.unreadable.items())


def _files_of(plan: PurgePlan) -> list[object]:
    return [*plan.occurrences.shards, *plan.occurrences.kept_releases, *plan.occurrences.leftovers]


def _plan_counts(plan: PurgePlan) -> str:
    counts = (
        plural(len(plan.reissues), "release would be reissued", "releases would be reissued"),
        f"{len(plan.reissues) + len(plan.without_replacement):,} withdrawn",
        f"{plural(len(plan.objects_to_delete), 'object')} and {plural(len(_files_of(plan)), 'file')} deleted",
    )
    return ", ".join(counts)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(takedown)
