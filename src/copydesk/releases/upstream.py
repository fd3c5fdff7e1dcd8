"""Find out which releases exist, from the tags here and at the git remotes, CHANGELOG.md and params.yaml.

A clone may lack tags (``--depth 1``, ``--no-tags``, clones of CI hosts), and others may have released since it last
fetched. With only its own tags, it would make a version twice, or delete the data of releases that it lacks.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from copydesk.errors import CopydeskError, ReleaseError
from copydesk.project import Project
from copydesk.releases.git_remotes import contains_commit, git_remotes, push_command
from copydesk.releases.release_tags import by_number, tag_of, tagged_releases
from copydesk.revisions.git import git, git_result

_VERSION = re.compile(r"\d{1,9}\.\d{1,9}\.\d{1,9}")
_SECTION = re.compile(rf"(?m)^## \[({_VERSION.pattern})\]")


class RemoteReleases(NamedTuple):
    """The releases of a git remote: their commits by version, and the withdrawn versions."""

    remote: str
    commits: dict[str, str]
    withdrawn: set[str]


class KnownReleases(NamedTuple):
    """Everything that a clone can find out about releases.

    Attributes
    ----------
    commits : dict of str
        Commits of the releases with a tag here, by version.
    withdrawn : set of str
        Versions that a tag here withdraws.
    remotes : list of str
        Names of the git remotes; the one that the current branch tracks comes first, then ``origin``.
    upstreams : list of RemoteReleases
        The releases of each git remote.
    failed : dict of str
        Git remotes whose releases could not be listed, each with the reason.
    named : dict of str
        Versions that CHANGELOG.md or params.yaml names as released, each with the name of that file.
    shallow, no_tags, partial : bool
        Whether the clone lacks a part of the history; is configured not to fetch tags; is a partial clone, whose
        fetches leave out files of past commits.
    """

    commits: dict[str, str]
    withdrawn: set[str]
    remotes: list[str]
    upstreams: list[RemoteReleases]
    failed: dict[str, str]
    named: dict[str, str]
    shallow: bool
    no_tags: bool
    partial: bool = False

    def fetch_command(self, remote: str | None = None) -> str:
        """The command that fetches the missing tags; in a shallow or partial clone also the rest of their commits."""
        source = shlex.quote(remote or next(iter(self.remotes), "URL"))
        options = (" --unshallow" if self.shallow else "") + (" --refetch --no-filter" if self.partial else "")
        return f"git fetch --tags{options} {source}"


def known_releases(
    root: Path, *, query_remotes: bool = True, releasing: str | None = None, own: bool = False
) -> KnownReleases:
    """Find out which releases exist.

    Parameters
    ----------
    root : Path
        The repository.
    query_remotes : bool
        Whether to contact the git remotes.
    releasing : str, optional
        The version of the release in progress; its entries in files, which precede its tag, are ignored.
    own : bool
        Whether the repository is the user's own; credential helpers in its configuration may run then.

    Raises
    ------
    ReleaseError
        If there is no git repository.
    """
    commits, withdrawn = tagged_releases(str(root.resolve()))
    upstreams: list[RemoteReleases] = []
    failed: dict[str, str] = {}
    remotes = git_remotes(root)
    for remote in remotes if query_remotes else ():
        try:
            upstreams.append(RemoteReleases(remote, *tagged_releases(remote, root, own=own)))
        except ReleaseError as error:
            failed[remote] = str(error).removeprefix(f"{remote}: ")
    shallow = git(root, "rev-parse", "--is-shallow-repository").strip() == "true"
    no_tags = b"--no-tags" in git_result(root, "config", "--get-regexp", r"^remote\..*\.tagopt$").stdout
    partial = bool(git_result(root, "config", "--get-regexp", r"^remote\..*\.partialclonefilter$").stdout)
    named = {version: file for version, file in _named_in_files(root).items() if version != releasing}
    return KnownReleases(commits, withdrawn, remotes, upstreams, failed, named, shallow, no_tags, partial)


def missing_tags(known: KnownReleases) -> Iterator[str]:
    """A message for each git remote or file whose releases have no tag in this clone, with the command to run."""
    listed = set(known.commits)
    for remote, commits, withdrawn in known.upstreams:
        listed |= commits.keys()
        missing = [tag_of(version) for version in sorted(commits.keys() - known.commits.keys(), key=by_number)]
        missing += [f"{tag_of(version)}!" for version in sorted(withdrawn - known.withdrawn, key=by_number)]
        if missing:
            command = known.fetch_command(remote)
            yield f"{remote} lists {_first_names(missing)}, and this clone does not; run {command}"
    named = {version: file for version, file in known.named.items() if version not in listed}
    if named:
        versions, files = sorted(named, key=by_number), sorted(set(named.values()))
        advice = f"run {known.fetch_command()}"
        if known.upstreams:  # they do not list it
            push = f"git push {known.remotes[0]} {tag_of(versions[0])}"
            advice = f"push the tag from the clone that made it ({push}), then {advice}"
        verb = "name" if len(files) > 1 else "names"
        yield (
            f"{' and '.join(files)} {verb} {_first_names(versions)}, and this clone has no tag for it; {advice}; if "
            "it never was a release, git revert the commit that wrote it"
        )
    elif not known.commits and not known.upstreams and (known.shallow or known.no_tags):
        yield f"this clone was made without the tags of releases; run {known.fetch_command()}"


def shortfalls(root: Path, known: KnownReleases) -> list[str]:
    """Messages about releases that this clone lacks, may lack, or has on another commit than a git remote."""
    failed = (
        f"{remote}: {reason}; try again when it can be reached, or run git remote remove {shlex.quote(remote)} if it "
        "no longer exists"
        for remote, reason in known.failed.items()
    )
    return [f"{root}: {problem}" for problem in (*failed, *missing_tags(known), *_tags_on_other_commits(root, known))]


def refuse_unknown_releases(root: Path, known: KnownReleases) -> None:
    """Refuse a clone that does not know every release, or has one on another commit than a git remote.

    Raises
    ------
    ReleaseError
        Naming the releases and the command that fetches them.
    """
    if problems := shortfalls(root, known):
        raise ReleaseError("\n".join(problems))


def refuse_releases_outside(root: Path, known: KnownReleases) -> None:
    """Refuse to release from a HEAD that lacks a release of a git remote, because it would undo its changes.

    Raises
    ------
    ReleaseError
        Naming the release and the commands to run.
    """
    for remote, commits, withdrawn in known.upstreams:
        unpublished = known.commits.keys() - known.withdrawn - commits.keys()
        for version in sorted(commits.keys() - withdrawn, key=by_number):
            tag, first = tag_of(version), _commit_on_branch(root, commits[version])
            if not contains_commit(root, first, "HEAD"):
                before = f"{known.fetch_command(remote)}, " if known.shallow else ""
                raise ReleaseError(
                    f"{root}: HEAD does not contain {tag}, which {remote} lists; run {before}copydesk merge "
                    f"{tag}, dvc repro, commit, and copydesk release again"
                )
            for later in (v for v in unpublished if by_number(v) > by_number(version)):
                if not contains_commit(root, first, _commit_on_branch(root, known.commits[later])):
                    raise ReleaseError(
                        f"{root}: {tag_of(later)} was made here without {tag}, which {remote} lists; give it up with "
                        f"git tag --delete {tag_of(later)}, then copydesk release again"
                    )


def push_withdrawals(root: Path, known: KnownReleases) -> dict[str, list[str]]:
    """Push tags that withdraw and replace releases to the git remotes that list these; return the tags by remote.

    Nothing may be deleted earlier: whoever clones a remote loads the releases that it lists.

    Raises
    ------
    ReleaseError
        If a remote refuses them, for example because another clone has replaced the same release.
    """
    pushed = {}
    for upstream in known.upstreams:
        if tags := _unpublished_tags(root, known, upstream):
            try:
                names = [f"refs/tags/{tag}" for tag in tags]
                git(root, "push", "--quiet", "--atomic", upstream.remote, *names, own=True)
            except ReleaseError as error:
                raise ReleaseError(
                    f"{error}\n{upstream.remote} still lists what was withdrawn here, so nothing was deleted; run "
                    f"{push_command(upstream.remote, tags)}, then copydesk takedown --purge again"
                ) from None
            pushed[upstream.remote] = tags
    return pushed


def _unpublished_tags(root: Path, known: KnownReleases, upstream: RemoteReleases) -> list[str]:
    """Tags that withdraw or replace a release of the remote, if the remote lacks them."""
    listed, tags = set(upstream.commits), []
    for version in sorted(known.commits.keys() - listed, key=by_number):
        if _replaced_version(root, known.commits[version])[0] in listed:
            listed.add(version)
            tags.append(tag_of(version))
    withdrawn = (known.withdrawn & listed) - upstream.withdrawn
    return tags + [f"{tag_of(version)}!" for version in sorted(withdrawn, key=by_number)]


def _named_in_files(root: Path) -> dict[str, str]:
    """Versions in the headings of CHANGELOG.md, and the version in params.yaml if a release wrote it."""
    changelog = root / "CHANGELOG.md"
    text = changelog.read_text("utf-8", "replace") if changelog.is_file() else ""
    named = dict.fromkeys(_SECTION.findall(text), changelog.name)
    with suppress(CopydeskError):  # commands that need the settings report the error in params.yaml
        corpus = Project.open(root).params["corpus"]
        if corpus["commit"] and _VERSION.fullmatch(corpus["version"]):  # only a release writes the field commit
            named.setdefault(corpus["version"], "params.yaml")
    return named


def _tags_on_other_commits(root: Path, known: KnownReleases) -> Iterator[str]:
    """A message for each version that two clones have made, with advice: the one that was pushed first stays."""
    for remote, commits, _ in known.upstreams:
        for version in sorted(commits.keys() & known.commits.keys(), key=by_number):
            remote_commit, local_commit, tag = commits[version], known.commits[version], tag_of(version)
            if remote_commit != local_commit:
                at_head = git(root, "rev-parse", "HEAD").strip() == local_commit
                commands = ["git reset --keep HEAD~1", "dvc checkout"] if at_head else []
                commands += [f"git tag --delete {tag}", known.fetch_command(remote), f"copydesk merge {tag}"]
                commands.append("dvc repro")
                yield (
                    f"{tag} is on {remote_commit[:12]} at {remote} and on {local_commit[:12]} here: two clones have "
                    f"made it, and the one at {remote} stays; run {', '.join(commands)}, commit, then try again"
                )


def _commit_on_branch(root: Path, commit: str) -> str:
    """The commit of a release on its branch. The commit of a reissued release is on no branch; its parent is."""
    while all(replaced := _replaced_version(root, commit)):
        commit = replaced[1]
    return commit


def _replaced_version(root: Path, commit: str) -> tuple[str, str]:
    """The version that a reissued release replaces, empty for another commit; and the commit's parent."""
    form = "--format=%(trailers:key=Replaces,valueonly,separator=%x20)%x00%P"
    version, _, parent = git(root, "log", "-1", "--no-show-signature", form, commit, "--").partition("\0")
    return version.strip(), parent.strip()


def _first_names(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
