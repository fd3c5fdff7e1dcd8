"""Which releases there are: by the tags here, the tags of the git remotes, CHANGELOG.md and params.yaml.

A clone may lack tags (``--depth 1``, ``--no-tags``, what CI hosts make), and others may have released since it last
fetched. Going by its own tags alone, it would cut a version twice, or remove the data of releases that it lacks.
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
from copydesk.releases.load import tagged
from copydesk.revisions.git import git, git_result

_VERSION = re.compile(r"\d{1,9}\.\d{1,9}\.\d{1,9}")
_SECTION = re.compile(rf"(?m)^## \[({_VERSION.pattern})\]")


class Upstream(NamedTuple):
    """The releases that a git remote lists: their commits by version, and the versions that were withdrawn."""

    remote: str
    commits: dict[str, str]
    withdrawn: set[str]


class Known(NamedTuple):
    """All that can be learned of releases from a clone.

    Attributes
    ----------
    commits : dict of str
        Commits of the releases that have a tag here, by version.
    withdrawn : set of str
        Versions that a tag here withdraws.
    remotes : list of str
        Names of the git remotes; the one that the current branch follows comes first, then ``origin``.
    upstreams : list of Upstream
        What the git remotes list.
    silent : dict of str
        Git remotes that gave no answer, each with the reason.
    named : dict of str
        Versions that CHANGELOG.md or params.yaml names as released, each with the file that does.
    shallow, no_tags : bool
        Whether the clone lacks a part of the history; whether it was told to fetch no tags.
    """

    commits: dict[str, str]
    withdrawn: set[str]
    remotes: list[str]
    upstreams: list[Upstream]
    silent: dict[str, str]
    named: dict[str, str]
    shallow: bool
    no_tags: bool

    def fetch_command(self, remote: str | None = None) -> str:
        """The command that brings the missing tags, and the missing history of a shallow clone."""
        source = shlex.quote(remote or next(iter(self.remotes), "URL"))
        return f"git fetch --tags{' --unshallow' if self.shallow else ''} {source}"


def known_releases(root: Path, *, ask: bool = True, cutting: str | None = None, own: bool = False) -> Known:
    """Find out which releases there are.

    Parameters
    ----------
    root : Path
        The repository.
    ask : bool
        Whether to contact the git remotes.
    cutting : str, optional
        The version that is being cut: what a release wrote of it before its tag counts for nothing.
    own : bool
        Whether the repository is the user's: helpers that its configuration names may then give credentials.

    Raises
    ------
    ReleaseError
        If there is no git repository.
    """
    commits, withdrawn = tagged(str(root.resolve()))
    upstreams: list[Upstream] = []
    silent: dict[str, str] = {}
    remotes = remotes_of(root)
    for remote in remotes if ask else ():
        try:
            upstreams.append(Upstream(remote, *tagged(remote, root, own=own)))
        except ReleaseError as error:
            silent[remote] = str(error)
    shallow = git(root, "rev-parse", "--is-shallow-repository").strip() == "true"
    no_tags = b"--no-tags" in git_result(root, "config", "--get-regexp", r"^remote\..*\.tagopt$").stdout
    named = {version: file for version, file in _named(root).items() if version != cutting}
    return Known(commits, withdrawn, remotes, upstreams, silent, named, shallow, no_tags)


def missing(known: Known) -> Iterator[str]:
    """Say of which releases this clone lacks the tags, each time with the command that brings them."""
    listed = set(known.commits)
    for remote, commits, withdrawn in known.upstreams:
        listed |= commits.keys()
        absent = [tag_of(version) for version in sorted(commits.keys() - known.commits.keys(), key=by_number)]
        absent += [f"{tag_of(version)}!" for version in sorted(withdrawn - known.withdrawn, key=by_number)]
        if absent:
            yield f"{remote} lists {_few(absent)}, and this clone does not; run {known.fetch_command(remote)}"
    named = {version: file for version, file in known.named.items() if version not in listed}
    if named:
        versions, files = sorted(named, key=by_number), sorted(set(named.values()))
        advice = f"run {known.fetch_command()}"
        if known.upstreams:  # which were asked, and do not have it
            push = f"git push {known.remotes[0]} {tag_of(versions[0])}"
            advice = f"push the tag from the clone that cut it ({push}), then {advice}"
        name = "name" if len(files) > 1 else "names"
        yield (
            f"{' and '.join(files)} {name} {_few(versions)}, of which this clone has no tag; {advice}; if it never "
            "was a release, git revert the commit that wrote it"
        )
    elif not known.commits and not known.upstreams and (known.shallow or known.no_tags):
        yield f"this clone was made without the tags of releases; run {known.fetch_command()}"


def shortfalls(root: Path, known: Known) -> list[str]:
    """What this clone does not know of releases, or knows otherwise than a git remote, each with what to do."""
    silent = (
        f"{remote} cannot be asked which releases there are ({reason}); try again when it can be reached, or run "
        f"git remote remove {shlex.quote(remote)} if it is no more"
        for remote, reason in known.silent.items()
    )
    return [f"{root}: {problem}" for problem in (*silent, *missing(known), *_moved(root, known))]


def refuse_unknown_releases(root: Path, known: Known) -> None:
    """Refuse to go on in a clone that does not know every release, or knows one by another commit.

    Raises
    ------
    ReleaseError
        Naming the releases and the command that mends it.
    """
    if problems := shortfalls(root, known):
        raise ReleaseError("\n".join(problems))


def refuse_releases_outside(root: Path, known: Known) -> None:
    """Refuse to release from a HEAD that lacks a release of a git remote: it would take back what that one brought.

    Raises
    ------
    ReleaseError
        Naming the release and the way out.
    """
    for remote, commits, withdrawn in known.upstreams:
        unpublished = known.commits.keys() - known.withdrawn - commits.keys()
        for version in sorted(commits.keys() - withdrawn, key=by_number):
            tag, first = tag_of(version), _first_cut(root, commits[version])
            if not _contains(root, first, "HEAD"):
                before = f"{known.fetch_command(remote)}, " if known.shallow else ""
                raise ReleaseError(
                    f"{root}: HEAD does not contain {tag}, which {remote} lists; run {before}git merge {tag}, "
                    "dvc repro, commit, and copydesk release again"
                )
            for later in (v for v in unpublished if by_number(v) > by_number(version)):
                if not _contains(root, first, _first_cut(root, known.commits[later])):
                    raise ReleaseError(
                        f"{root}: {tag_of(later)} was cut here without {tag}, which {remote} lists; give it up with "
                        f"git tag --delete {tag_of(later)}, then copydesk release again"
                    )


def refuse_behind_branch(root: Path) -> None:
    """Refuse to release from a branch that lacks commits of the branch it is pushed to: a takedown may be among them.

    Raises
    ------
    ReleaseError
        Naming the branch and the way out.
    """
    name, remote = _branch(root)
    merged = _config(root, f"branch.{name}.merge")
    if name and remote in git(root, "remote").split("\n") and merged:
        tip = git(root, "ls-remote", "--", remote, merged, own=True).partition("\t")[0]
        if tip and not _contains(root, tip, "HEAD"):
            raise ReleaseError(
                f"{root}: HEAD lacks commits of {merged.removeprefix('refs/heads/')} at {remote}; run git pull, dvc "
                "repro, commit, and copydesk release again"
            )


def push_withdrawals(root: Path, known: Known) -> dict[str, list[str]]:
    """Push the tags that withdraw and replace releases to each git remote that lists those; return them by remote.

    Before that nothing may be removed: who clones a remote finds the releases that it lists.

    Raises
    ------
    ReleaseError
        If a remote does not take them, as when another clone has replaced the same release.
    """
    pushed = {}
    for upstream in known.upstreams:
        if tags := _unpublished(root, known, upstream):
            try:
                names = [f"refs/tags/{tag}" for tag in tags]
                git(root, "push", "--quiet", "--atomic", upstream.remote, *names, own=True)
            except ReleaseError as error:
                raise ReleaseError(
                    f"{error}\n{upstream.remote} still lists what was withdrawn here, so nothing was removed; run "
                    f"{_push_command(upstream.remote, tags)}, then copydesk takedown --purge again"
                ) from None
            pushed[upstream.remote] = tags
    return pushed


def tag_of(version: str) -> str:
    """The git tag of a version, in the form of GTO."""
    return f"corpus@v{version}"


def by_number(version: str) -> tuple[int, ...]:
    """The order of versions."""
    return tuple(map(int, version.split(".")))


def push_command(root: Path, tags: list[str], *, branch: bool = False) -> str:
    """The command that publishes tags, with the current branch if asked; it fails if one is there already."""
    current = [_branch(root)[0] or "HEAD:BRANCH"] if branch else []
    return _push_command(next(iter(remotes_of(root)), "origin"), [*current, *tags])


def remotes_of(root: Path) -> list[str]:
    """Names of the git remotes: first the one that the current branch follows, then origin."""
    _, followed = _branch(root)
    return sorted(
        filter(None, git(root, "remote").split("\n")), key=lambda remote: (remote != followed, remote != "origin")
    )


def _branch(root: Path) -> tuple[str, str]:
    """The current branch and the git remote that it is set up to follow, each empty where there is none."""
    name = git_result(root, "symbolic-ref", "--quiet", "--short", "HEAD").stdout.decode().strip()
    return name, _config(root, f"branch.{name}.remote")


def _config(root: Path, key: str) -> str:
    return git_result(root, "config", key).stdout.decode().strip()


def _push_command(remote: str, names: list[str]) -> str:
    return f"git push --atomic {shlex.join([remote, *names])}"


def _unpublished(root: Path, known: Known, upstream: Upstream) -> list[str]:
    """Tags that withdraw a release that the remote lists, and tags of what replaces one, which the remote lacks."""
    listed, tags = set(upstream.commits), []
    for version in sorted(known.commits.keys() - listed, key=by_number):
        if _replaced(root, known.commits[version])[0] in listed:
            listed.add(version)
            tags.append(tag_of(version))
    gone = (known.withdrawn & listed) - upstream.withdrawn
    return tags + [f"{tag_of(version)}!" for version in sorted(gone, key=by_number)]


def _named(root: Path) -> dict[str, str]:
    """Versions that the sections of CHANGELOG.md name, and that of params.yaml if a release wrote it."""
    changelog = root / "CHANGELOG.md"
    text = changelog.read_text("utf-8", "replace") if changelog.is_file() else ""
    named = dict.fromkeys(_SECTION.findall(text), changelog.name)
    with suppress(CopydeskError):  # what is wrong with params.yaml is said by whoever needs its settings
        corpus = Project.open(root).params["corpus"]
        if corpus["commit"] and _VERSION.fullmatch(corpus["version"]):  # nobody but a release writes a commit
            named.setdefault(corpus["version"], "params.yaml")
    return named


def _moved(root: Path, known: Known) -> Iterator[str]:
    """Say which releases two clones have cut, and what to do: the one that was pushed first stays."""
    for remote, commits, _ in known.upstreams:
        for version in sorted(commits.keys() & known.commits.keys(), key=by_number):
            there, here, tag = commits[version], known.commits[version], tag_of(version)
            if there != here:
                at_head = git(root, "rev-parse", "HEAD").strip() == here
                commands = ["git reset --keep HEAD~1", "dvc checkout"] if at_head else []
                commands += [f"git tag --delete {tag}", known.fetch_command(remote), f"git merge {tag}", "dvc repro"]
                yield (
                    f"{tag} stands at {there[:12]} at {remote} and at {here[:12]} here: two clones have cut it, and "
                    f"the one at {remote} stays; run {', '.join(commands)}, commit, then try again"
                )


def _contains(root: Path, commit: str, revision: str) -> bool:
    return git_result(root, "merge-base", "--is-ancestor", commit, revision).returncode == 0


def _first_cut(root: Path, commit: str) -> str:
    """The commit on a branch that a release was cut from: one that was cut again lies on top of it, on no branch."""
    while all(replaced := _replaced(root, commit)):
        commit = replaced[1]
    return commit


def _replaced(root: Path, commit: str) -> tuple[str, str]:
    """The version that a commit replaces without a document, empty if it does not, and the commit below it."""
    form = "--format=%(trailers:key=Replaces,valueonly,separator=%x20)%x00%P"
    version, _, parent = git(root, "log", "-1", "--no-show-signature", form, commit, "--").partition("\0")
    return version.strip(), parent.strip()


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
