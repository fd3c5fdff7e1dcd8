"""Clones that lack releases, and clones that release in parallel: real git, with commits that hold next to nothing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copydesk.cli import app
from copydesk.errors import ReleaseError
from copydesk.releases.git_remotes import push_advice, push_command, refuse_behind_branch
from copydesk.releases.prove import _refuse_overtaken
from copydesk.releases.release import release
from copydesk.releases.release_tags import tagged_releases, withdrawn_versions
from copydesk.releases.upstream import (
    known_releases,
    push_withdrawals,
    refuse_releases_outside,
    refuse_unknown_releases,
    shortfalls,
)
from copydesk.releases.verify import verify
from copydesk.releases.write import CommittedRelease
from copydesk.revisions.dvc_storages import open_storages
from copydesk.takedowns.purge import plan_purge
from support import run_stripped as run


def commit(root: Path, message: str = "more") -> str:
    run(root, "git", "commit", "--quiet", "--allow-empty", "--message", message)
    return run(root, "git", "rev-parse", "HEAD")


def tag_release(root: Path, version: str, *, at: str = "HEAD") -> str:
    run(root, "git", "tag", "--annotate", "--message", version, f"corpus@v{version}", at)
    return f"corpus@v{version}"


def reissue(root: Path, version: str, new: str) -> list[str]:
    """A release on no branch that replaces another one, as a purge makes it."""
    tree, parent = (run(root, "git", "rev-parse", f"corpus@v{version}^{{{kind}}}") for kind in ("tree", "commit"))
    message = f"corpus {new}\n\nReplaces: {version}\nTakedown: {root.name}\n"
    made = run(root, "git", "commit-tree", tree, "-p", parent, "-m", message)
    return [tag_release(root, new, at=made), tag_release(root, f"{version}!", at=parent)]


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A bare repository with the releases 1.0.0 and 1.1.0, a commit behind them, and a clone of it beside it."""
    root = tmp_path / "a"
    root.mkdir()
    run(root, "git", "init", "--quiet", "--initial-branch", "main")
    for version in ("1.0.0", "1.1.0"):
        commit(root, version)
        tag_release(root, version)
    commit(root)
    run(tmp_path, "git", "clone", "--quiet", "--bare", str(root), "origin.git")
    run(root, "git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    return tmp_path / "origin.git"


def clone(origin: Path, name: str, *options: str) -> Path:
    run(origin.parent, "git", "clone", "--quiet", *options, f"file://{origin}", name)
    return origin.parent / name


def refused(root: Path) -> str:
    with pytest.raises(ReleaseError) as caught:
        refuse_unknown_releases(root, known_releases(root))
    return str(caught.value)


def outside(root: Path) -> str:
    with pytest.raises(ReleaseError) as caught:
        refuse_releases_outside(root, known_releases(root))
    return str(caught.value)


@pytest.mark.parametrize(
    ("options", "command"),
    [
        (["--depth=1"], "git fetch --tags --unshallow origin"),
        (["--depth=1", "--no-tags", "--origin=their-host"], "git fetch --tags --unshallow their-host"),
        (["--no-tags"], "git fetch --tags origin"),
        (["--filter=blob:none", "--no-tags"], "git fetch --tags --refetch --no-filter origin"),
    ],
)
def test_a_clone_without_tags_is_told_the_command_that_brings_them(
    origin: Path, options: list[str], command: str
) -> None:
    run(origin, "git", "config", "uploadpack.allowFilter", "true")
    root = clone(origin, "b", *options)
    remote = command.rsplit(maxsplit=1)[-1]
    assert refused(root) == (
        f"{root}: {remote} lists corpus@v1.0.0, corpus@v1.1.0, and this clone does not; run {command}"
    )
    run(root, *command.split())
    known = known_releases(root)
    refuse_unknown_releases(root, known)
    refuse_releases_outside(root, known)
    assert not known.shallow and list(known.commits) == ["1.0.0", "1.1.0"]


def test_a_partial_clone_reads_withdrawals_of_commits_whose_files_it_lacks(origin: Path) -> None:
    run(origin, "git", "config", "uploadpack.allowFilter", "true")
    root = origin.parent / "a"
    (root / "file").write_text("in the release alone")
    run(root, "git", "add", "file")
    commit(root)
    tag_release(root, "1.2.0")
    reissue(root, "1.2.0", "1.2.1")
    run(root, "git", "rm", "--quiet", "file")
    commit(root)
    run(root, "git", "push", "--quiet", "--tags", "origin", "main")
    partial = clone(origin, "partial", "--filter=blob:none")
    assert withdrawn_versions(partial) == {"1.2.0": None}
    refuse_unknown_releases(partial, known_releases(partial))


def test_a_worktree_a_submodule_and_a_repository_without_remotes_know_their_releases(origin: Path) -> None:
    root = clone(origin, "b")
    run(root, "git", "worktree", "add", "--quiet", "--detach", str(origin.parent / "worktree"))
    run(origin.parent, "git", "init", "--quiet", "super")
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", f"file://{origin}", "sub")
    run(origin.parent / "super", "git", *add)
    run(root, "git", "fetch", "--quiet", "--tags")
    alone = clone(origin, "alone")
    run(alone, "git", "remote", "remove", "origin")
    for place in (origin.parent / "worktree", origin.parent / "super" / "sub", alone):
        known = known_releases(place)
        refuse_unknown_releases(place, known)
        refuse_releases_outside(place, known)
        assert sorted(known.commits) == ["1.0.0", "1.1.0"]
    reissue(root, "1.0.0", "1.0.1")
    run(root, "git", "push", "--quiet", "origin", "--tags")
    missing = "origin lists corpus@v1.0.1, corpus@v1.0.0!, and this clone does not; run git fetch --tags origin"
    assert refused(origin.parent / "super" / "sub").endswith(missing)
    refuse_unknown_releases(origin.parent / "worktree", known_releases(origin.parent / "worktree"))


def test_a_remote_that_gives_no_answer_is_no_remote_without_releases(origin: Path) -> None:
    root = clone(origin, "b")
    run(root, "git", "remote", "add", "gone", "file://nobody:secret@localhost/nowhere")
    message = refused(root)
    assert message.startswith(f"{root}: gone: its releases cannot be listed (")
    assert message.endswith("try again when it can be reached, or run git remote remove gone if it no longer exists")
    assert "secret" not in message


def test_files_that_name_a_release_count_where_its_tag_is_nowhere(origin: Path) -> None:
    root = clone(origin, "b")
    (root / "CHANGELOG.md").write_text("## [1.1.0] - 2026-01-01\n\n## [Unreleased]\n")
    (root / "params.yaml").write_text("corpus: {version: 9.9.9}\n")
    assert shortfalls(root, known_releases(root)) == []
    (root / "CHANGELOG.md").write_text("## [1.2.0] - 2026-01-01\n\n## [1.1.0] - 2026-01-01\n")
    (root / "params.yaml").write_text(f"corpus: {{version: 1.3.0, commit: '{'a' * 40}'}}\n")
    assert refused(root) == (
        f"{root}: CHANGELOG.md and params.yaml name 1.2.0, 1.3.0, and this clone has no tag for it; push the tag from "
        "the clone that made it (git push origin corpus@v1.2.0), then run git fetch --tags origin; if it never was a release, "
        "git revert the commit that wrote it"
    )
    assert known_releases(root, releasing="1.3.0").named.keys() == {"1.2.0", "1.1.0"}
    run(root, "git", "remote", "remove", "origin")
    (root / "params.yaml").unlink()
    assert refused(root) == (
        f"{root}: CHANGELOG.md names 1.2.0, and this clone has no tag for it; run git fetch --tags URL; if it never was a "
        "release, git revert the commit that wrote it"
    )


def test_of_two_that_cut_the_same_version_the_second_is_told_how_to_give_it_up(origin: Path) -> None:
    first, second = clone(origin, "b"), clone(origin, "c")
    for root in (first, second):
        commit(root, root.name)
        tag_release(root, "2.0.0")
    run(first, *push_command("origin", ["main", "corpus@v2.0.0"]).split())
    there, here = (run(root, "git", "rev-parse", "HEAD")[:12] for root in (first, second))
    commands = (
        "git reset --keep HEAD~1, dvc checkout, git tag --delete corpus@v2.0.0, git fetch --tags origin, copydesk "
        "merge corpus@v2.0.0"
    )
    assert refused(second) == (
        f"{second}: corpus@v2.0.0 is on {there} at origin and on {here} here: two clones have made it, and the one at "
        f"origin stays; run {commands}, dvc repro, commit, then try again"
    )
    # What a release says at its end would have failed, and loudly.
    with pytest.raises(AssertionError, match="rejected"):
        run(second, *push_command("origin", ["main", "corpus@v2.0.0"]).split())
    for command in commands.split(", "):
        if not command.startswith("dvc"):
            run(second, *command.split())
    refuse_unknown_releases(second, known_releases(second))
    refuse_releases_outside(second, known_releases(second))


def test_a_release_stands_on_those_of_the_remotes(origin: Path) -> None:
    first, second = clone(origin, "b"), clone(origin, "c")
    commit(first)
    tag_release(first, "2.0.0")
    run(first, "git", "push", "--quiet", "--atomic", "origin", "main", "corpus@v2.0.0")
    commit(second, "another")
    tag_release(second, "2.1.0")
    run(second, "git", "fetch", "--quiet", "--tags")
    assert outside(second) == (
        f"{second}: HEAD does not contain corpus@v2.0.0, which origin lists; run copydesk merge corpus@v2.0.0, dvc "
        "repro, commit, and copydesk release again"
    )
    run(second, "copydesk", "merge", "corpus@v2.0.0")
    run(second, "git", "commit", "--quiet", "--no-edit")
    assert outside(second) == (
        f"{second}: corpus@v2.1.0 was made here without corpus@v2.0.0, which origin lists; give it up with git tag "
        "--delete corpus@v2.1.0, then copydesk release again"
    )
    run(second, "git", "tag", "--delete", "corpus@v2.1.0")
    refuse_releases_outside(second, known_releases(second))
    # What a purge cut again lies on no branch; of what it replaces, HEAD has everything.
    reissue(first, "2.0.0", "2.0.1")
    reissue(first, "2.0.1", "2.0.2")
    assert push_withdrawals(first, known_releases(first)) == {
        "origin": ["corpus@v2.0.1", "corpus@v2.0.2", "corpus@v2.0.0!", "corpus@v2.0.1!"]
    }
    assert push_withdrawals(first, known_releases(first)) == {}
    run(second, "git", "fetch", "--quiet", "--tags")
    refuse_releases_outside(second, known_releases(second))


def test_a_release_waits_for_what_others_pushed_to_its_branch(origin: Path) -> None:
    first, second = clone(origin, "b"), clone(origin, "c")
    refuse_behind_branch(second)
    commit(first, "a takedown, say")
    run(first, "git", "push", "--quiet", "origin", "main")
    with pytest.raises(ReleaseError) as caught:
        refuse_behind_branch(second)
    assert str(caught.value) == (
        f"{second}: HEAD lacks commits of main at origin; run git pull, dvc repro, commit, and copydesk release again"
    )
    run(second, "git", "pull", "--quiet")
    refuse_behind_branch(second)
    run(second, "git", "checkout", "--quiet", "--detach", "HEAD~1")
    refuse_behind_branch(second)


def test_a_release_that_was_overtaken_while_it_was_proved_is_given_up(origin: Path) -> None:
    first, second = clone(origin, "b"), clone(origin, "c")
    (second / "CHANGELOG.md").write_text("## [1.2.0] - 2026-01-01\n")
    run(second, "git", "add", "CHANGELOG.md")
    made = commit(second, "Release corpus@v1.2.0")
    _refuse_overtaken(second, CommittedRelease("1.2.0", made))
    commit(first)
    tag_release(first, "1.2.0")
    run(first, "git", "push", "--quiet", "--atomic", "origin", "main", "corpus@v1.2.0")
    with pytest.raises(ReleaseError) as caught:
        _refuse_overtaken(second, CommittedRelease("1.2.0", made))
    assert str(caught.value) == (
        f"{second}: origin lists corpus@v1.2.0, and this clone does not; run git fetch --tags origin\n"
        f"if another clone has made this release in the meantime, first give this one up with git reset --keep {made[:12]}~1 "
        "and dvc checkout"
    )


def test_a_withdrawal_is_pushed_only_where_its_release_is_listed_and_refused_if_another_stands_there(
    origin: Path,
) -> None:
    first, second = clone(origin, "b"), clone(origin, "c")
    tag_release(second, "1.2.0")  # which nobody but this clone has
    for root in (first, second):
        reissue(root, "1.1.0", "1.1.1")
    reissue(second, "1.2.0", "1.2.1")
    run(second, "git", "remote", "add", "empty", str(origin.parent / "empty.git"))
    run(origin.parent, "git", "init", "--quiet", "--bare", "empty.git")
    known = known_releases(second)
    push_withdrawals(first, known_releases(first))
    with pytest.raises(ReleaseError) as caught:
        push_withdrawals(second, known)
    assert str(caught.value).endswith(
        "origin still lists what was withdrawn here, so nothing was deleted; run git push --atomic origin corpus@v1.1.1 "
        "'corpus@v1.1.0!', then copydesk takedown --purge again"
    )
    assert run(origin.parent / "empty.git", "git", "tag") == ""


def test_the_advice_to_publish_names_branch_and_remote(origin: Path) -> None:
    root = clone(origin, "b", "--origin=theirs")
    run(root, "git", "remote", "add", "another", "elsewhere")
    assert push_advice(root, ["t"], branch=True) == "push it with git push --atomic theirs main t"
    assert push_advice(root, ["t", "u!"]) == "push them with git push --atomic theirs t 'u!'"
    run(root, "git", "remote", "remove", "another")
    run(root, "git", "checkout", "--quiet", "--detach")
    assert push_advice(root, ["t"], branch=True) == "push it with git push --atomic theirs HEAD:BRANCH t"
    run(root, "git", "remote", "remove", "theirs")
    assert push_advice(root, ["t"]) == (
        "this repository has no git remote; to publish it, run git remote add origin URL, then git push --atomic origin t"
    )


def test_advice_fits_the_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is no repository is another matter than a host that cannot be reached."""
    with pytest.raises(ReleaseError, match=r"cannot be listed \(.*\); give the path or URL of a git repository$"):
        tagged_releases(str(tmp_path))
    with pytest.raises(ReleaseError) as caught:
        tagged_releases("http://127.0.0.1:9/corpus.git")
    assert str(caught.value).startswith("http://127.0.0.1:9/corpus.git: its releases cannot be listed (")
    assert "repository;" not in str(caught.value) and str(caught.value).endswith(")")


def test_release_and_purge_refuse_a_clone_without_tags_before_they_touch_anything(releases, tmp_path: Path) -> None:
    root = tmp_path / "shallow"
    run(tmp_path, "git", "clone", "--quiet", "--depth=1", f"file://{releases.bare}", str(root))
    command = "git fetch --tags --unshallow origin"
    unknown = f"{root}: origin lists corpus@v1.0.0, and this clone does not; run {command}"
    for dry_run in (True, False):
        with pytest.raises(ReleaseError) as caught:
            release(root, dry_run=dry_run)
        assert str(caught.value) == unknown
    there = releases.objects()
    done = CliRunner().invoke(app, ["takedown", "article-0000", "--purge", "--yes", "--root", str(root)])
    assert (done.exit_code, str(done.exception)) == (1, unknown)
    assert (releases.objects(), run(root, "git", "status", "--porcelain")) == (there, "")
    # A clone that has the tags and not the history before them knows no past data.
    run(root, "git", "fetch", "--quiet", "--tags", "--depth=1")
    with open_storages(root) as places, pytest.raises(ReleaseError) as caught:
        plan_purge(root, places, "article-0000")
    assert str(caught.value) == f"{root}: this clone is shallow and lacks past data; run {command}"
    done = CliRunner().invoke(app, ["takedown", "status", "article-0000", "--root", str(root)])
    assert done.exit_code == 1
    assert f"this clone is shallow, so older commits were not searched; run {command}\n" in done.stderr


def test_what_lists_and_compares_releases_says_that_tags_are_missing(releases, tmp_path: Path) -> None:
    root = tmp_path / "tagless"
    run(tmp_path, "git", "clone", "--quiet", "--no-tags", f"file://{releases.bare}", str(root))
    unknown = "origin lists corpus@v1.0.0, corpus@v1.1.0, and this clone does not; run git fetch --tags origin"
    done = CliRunner().invoke(app, ["releases", "--root", str(root)])
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", f"{root}: {unknown}\n")
    done = CliRunner().invoke(app, ["takedown", "status", "article-0000", "--root", str(root)])
    assert (done.exit_code, done.stderr) == (1, f"{root.resolve()}: {unknown}\n")
    assert "0 releases" in done.stdout
    shutil.rmtree(tmp_path / "tagless" / ".dvc" / "cache", ignore_errors=True)
    done = CliRunner().invoke(app, ["diff", "HEAD~1", "HEAD", "--json", "--root", str(root)])
    line = f"{root}: this clone was made without the tags of releases; run git fetch --tags origin\n"
    assert (done.exit_code, done.stderr) == (0, line)
    run(root, "git", "fetch", "--quiet", "--tags", "origin")
    done = CliRunner().invoke(app, ["releases", "--root", str(root)])
    assert (done.exit_code, done.stdout, done.stderr) == (0, "1.0.0\n1.1.0\n", "")
    run(root, "git", "remote", "set-url", "origin", str(tmp_path / "gone"))
    done = CliRunner().invoke(app, ["releases", "--root", str(root)])
    assert (done.exit_code, done.stdout) == (0, "1.0.0\n1.1.0\n")
    assert done.stderr.startswith(f"{root}: origin: its releases cannot be listed (")


def test_what_a_partial_clone_lacks_is_not_fetched_but_named(releases, tmp_path: Path) -> None:
    run(releases.bare, "git", "config", "uploadpack.allowFilter", "true")
    run(releases.bare, "git", "branch", "--force", "main", "corpus@v1.0.0")  # as a purge leaves tags off all branches
    root, tag = tmp_path / "partial", "corpus@v1.1.0"
    run(tmp_path, "git", "clone", "--quiet", "--filter=blob:none", f"file://{releases.bare}", str(root))
    for command in (("verify", tag, "--remote"), ("diff", tag, "HEAD")):
        done = CliRunner().invoke(app, [*command, "--root", str(root)])
        named = re.search(r"this clone lacks files of its commits: run git ([\w -]+) in it", str(done.exception))
        assert named is not None, done.exception
    run(root, "git", *named[1].split())
    assert verify(root, tag, remote=True).ok
