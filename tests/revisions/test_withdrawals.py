"""Withdrawn releases: told by a tag beside theirs, in the form that GTO and DVC know too."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.errors import ReleaseError
from copydesk.releases.load import load
from copydesk.releases.release_tags import find_release, release_versions, withdrawn_versions
from copydesk.revisions.withdrawals import _last_replacement, withdrawal_message
from support import run_command


def tag(root: Path, name: str, message: str) -> None:
    run_command(root, "git", "tag", "--annotate", "--message", message, name, name.partition("!")[0] + "^{commit}")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Releases of which one was withdrawn twice over, and one without a replacement."""
    root = tmp_path / "repository"
    root.mkdir()
    run_command(root, "git", "init", "--quiet")
    for version in ("1.0.0", "1.0.1", "1.0.2", "1.10.0", "2.0.0"):
        run_command(root, "git", "commit", "--quiet", "--allow-empty", "--message", version)
        run_command(root, "git", "tag", "--annotate", "--message", version, f"corpus@v{version}")
    tag(root, "corpus@v1.0.0!", withdrawal_message("1.0.0", "a document", "1.0.1"))
    tag(root, "corpus@v1.0.1!", withdrawal_message("1.0.1", "another", "1.0.2"))
    tag(root, "corpus@v2.0.0!", withdrawal_message("2.0.0", "another", None))
    return root


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_what_was_withdrawn_is_said_and_never_loaded(repository: Path, scheme: str) -> None:
    repo = f"{scheme}{repository}"
    assert release_versions(repo) == ["1.0.2", "1.10.0"]
    assert withdrawn_versions(repo) == {"1.0.0": "1.0.2", "1.0.1": "1.0.2", "2.0.0": None}
    assert find_release(repo).version == "1.10.0"
    assert find_release(repo, "1.0.2").version == "1.0.2"
    for version in ("1.0.0", "v1.0.1"):
        with pytest.raises(
            ReleaseError, match=r"1\.0\.[01] was withdrawn by a takedown; release 1\.0\.2 replaces it"
        ):
            load(version=version, repo=repo)
    with pytest.raises(ReleaseError, match=r"2\.0\.0 was withdrawn by a takedown; there are 1\.0\.2, 1\.10\.0"):
        load(version="2.0.0", repo=repo)


def test_gto_knows_them_too(repository: Path) -> None:
    shown = run_command(repository, "gto", "show", "corpus", "--json")
    assert [version for version in ("1.0.0", "1.0.1", "1.0.2", "1.10.0", "2.0.0") if f"v{version}" in shown] == [
        "1.0.2",
        "1.10.0",
    ]


def test_a_repository_without_withdrawals(repository: Path) -> None:
    for version in ("1.0.0", "1.0.1", "2.0.0"):
        run_command(repository, "git", "tag", "--delete", f"corpus@v{version}!")
    assert withdrawn_versions(repository) == {}
    assert find_release(repository).version == "2.0.0"


def test_a_message_that_says_nothing_withdraws_all_the_same(repository: Path) -> None:
    tag(repository, "corpus@v1.10.0!", "Replaced-by: ../../etc\nby hand")
    assert withdrawn_versions(repository)["1.10.0"] is None
    with pytest.raises(ReleaseError, match=r"1\.10\.0 was withdrawn"):
        find_release(repository, "1.10.0")


@given(st.dictionaries(st.integers(0, 6).map(str), st.integers(0, 6).map(str)))
def test_following_replacements_ends(direct: dict[str, str]) -> None:
    for version in direct:
        last = _last_replacement(version, direct)
        assert last in direct.values() or last == version
        seen, at = {version}, version
        while at in direct and direct[at] not in seen:
            at = direct[at]
            seen.add(at)
        assert last == at
