"""A release is cut whole or not at all: real git, real DVC, a real remote, real kills."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from copydesk.core.atomic_files import replacing, replacing_folder, write_text
from copydesk.core.journal import journaled
from copydesk.differences.diff import diff
from copydesk.errors import ReleaseError
from copydesk.releases import prove
from copydesk.releases.changelog import HEAD, add_section, changelog_section
from copydesk.releases.release import release
from copydesk.releases.release_tags import tag_of
from copydesk.releases.verify import Problem
from copydesk.releases.versions import Version, next_version, required_level
from copydesk.revisions.revision import open_revision
from copydesk.revisions.withdrawals import withdrawal_message
from support import OUTS, articles, make_repository, write_seeds
from support import run_stripped as run

DVC = f"""
stages:
  package:
    cmd: python build.py
    deps: [seeds, build.py]
    params: [corpus, select, clean]
    outs:
{OUTS}      - build/package/shards.jsonl: {{cache: false}}
      - reports/alarms.jsonl: {{cache: false}}
      - reports/dropped.jsonl: {{cache: false}}
"""
PARAMS = """\
# Kept as it is.
corpus:
  name: small
  version: 0.1.0  # written by a release
engine: {workers: 1}
select: {alarm_minimum: 1}
clean: {apply: [safe, probable]}
"""


def commit(root: Path, message: str) -> None:
    run(root, "dvc", "repro", "--quiet")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", message)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("template") / "repository"
    write_seeds(root / "seeds", articles(5))
    make_repository(root, DVC, PARAMS)
    commit(root, "first")
    return root


@pytest.fixture
def repository(template: Path, tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    shutil.copytree(template, root, symlinks=True)
    run(root, "dvc", "remote", "add", "--default", "--local", "storage", str(tmp_path / "remote"))
    run(root, "dvc", "checkout", "--quiet")
    return root


def tags(root: Path) -> list[str]:
    return run(root, "git", "tag", "--list").split()


def test_releases_follow_from_the_data(repository: Path, quick: None) -> None:
    planned = release(repository, dry_run=True)
    assert (planned.version, planned.commit, tags(repository)) == ("1.0.0", None, [])
    assert run(repository, "git", "status", "--porcelain") == ""
    first = release(repository)
    assert (first.version, first.tag) == ("1.0.0", "corpus@v1.0.0")
    assert run(repository, "git", "cat-file", "-t", "corpus@v1.0.0") == "tag"
    assert run(repository, "git", "status", "--porcelain") == ""
    base, date = run(repository, "git", "log", "-1", "--format=%H %cs", "HEAD~1").split()
    written = f'version: 1.0.0  # written by a release\n  commit: "{base}"\n  date: "{date}"'
    params = (repository / "params.yaml").read_text()
    assert params == PARAMS.replace("version: 0.1.0  # written by a release", written)
    listing = json.loads((repository / "corpus" / "manifest.json").read_text())
    assert (listing["version"], listing["commit"], listing["date"]) == ("1.0.0", base, date)
    card = yaml.safe_load((repository / "corpus" / "README.md").read_text().split("---\n")[1])
    assert {entry["version"] for entry in card["configs"]} == {"1.0.0"}
    with pytest.raises(ReleaseError, match=r"nothing differs from 1\.0\.0"):
        release(repository)

    (repository / "seeds" / "new.txt").write_text("A new article, which is like none of the others at all.")
    commit(repository, "one more")
    assert release(repository).version == "1.1.0"

    (repository / "seeds" / "new.txt").write_text("The article was corrected, and is like none of the others still.")
    (repository / "seeds" / "article-0001.txt").unlink()
    commit(repository, "corrected")
    second = repository.parent / "second"
    run(repository, "dvc", "remote", "add", "--local", "second", str(second))
    assert release(repository, remote="second").version == "2.0.0"
    assert len(list(second.rglob("files/md5/*/*.dir"))) == 1  # pushed there alone, and proved from there
    changelog = (repository / "CHANGELOG.md").read_text()
    assert changelog.startswith(HEAD)
    assert [line for line in changelog.splitlines() if line.startswith(("## ", "### ", "- ", "  - "))] == [
        *(f"## [2.0.0] - {run(repository, 'git', 'log', '-1', '--format=%cs')}",),
        *("### Changed", "- 1 document: new", "  - source: 1", "### Removed", "- 1 document: article-0001"),
        f"## [1.1.0] - {run(repository, 'git', 'log', '-1', '--format=%cs')}",
        *("### Added", "- 1 document: new"),
        f"## [1.0.0] - {run(repository, 'git', 'log', '-1', '--format=%cs')}",
        *("### Added", "- The first release."),
    ]
    assert tags(repository) == ["corpus@v1.0.0", "corpus@v1.1.0", "corpus@v2.0.0"]


def test_what_is_not_ready_is_refused(repository: Path, quick: None) -> None:
    stray = repository / "stray.txt"
    stray.write_text("x")
    with pytest.raises(ReleaseError, match=r"working tree is not clean; commit or undo:\n\?\? stray\.txt"):
        release(repository)
    stray.unlink()

    seed = repository / "seeds" / "article-0002.txt"
    seed.write_text(seed.read_text() + " Changed.")
    run(repository, "git", "commit", "--quiet", "--all", "--message", "changed without a build")
    with pytest.raises(ReleaseError, match=r"pipeline is stale \(package\); run dvc repro"):
        release(repository)
    commit(repository, "built")

    params = repository / "params.yaml"
    params.write_text(
        params.read_text().replace("alarm_minimum: 1", "alarm_minimum: 1, alarm: 0.1, keep: doc_id == 'article-0001'")
    )
    commit(repository, "keeps less")
    with pytest.raises(ReleaseError, match=r"alarms\.jsonl: a source loses more documents"):
        release(repository)
    assert tags(repository) == []


def test_a_remote_that_no_clone_would_find_is_refused_before_anything_is_written(
    repository: Path, quick: None
) -> None:
    head = run(repository, "git", "rev-parse", "HEAD")
    run(repository, "dvc", "remote", "modify", "--local", "storage", "url", "../beside")
    place = repository.parent / "beside"
    with pytest.raises(ReleaseError, match=rf"storage has a relative address \(\S*beside\).* storage url {place}$"):
        release(repository)
    with pytest.raises(ReleaseError, match="there is no DVC remote elsewhere; dvc remote add elsewhere ADDRESS"):
        release(repository, remote="elsewhere")
    run(repository, "dvc", "remote", "default", "--local", "--unset")
    with pytest.raises(ReleaseError, match="no default DVC remote to publish the data in; dvc remote add --default"):
        release(repository, dry_run=True)
    assert (tags(repository), run(repository, "git", "rev-parse", "HEAD")) == ([], head)
    run(repository, "dvc", "remote", "modify", "--local", "storage", "url", str(place))
    assert release(repository, remote="storage").version == "1.0.0"


def test_a_corpus_that_does_not_hold_is_refused(repository: Path, quick: None) -> None:
    manifest = repository / "corpus" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"withheld": []', '"withheld": ["nobody"]'))
    run(repository, "dvc", "commit", "--quiet", "--force")
    run(repository, "git", "commit", "--quiet", "--all", "--message", "edited by hand")
    with pytest.raises(ReleaseError, match=r"1 violation; see copydesk validate"):
        release(repository)


def test_a_version_that_is_tagged_is_never_taken_again(repository: Path, quick: None) -> None:
    run(repository, "git", "tag", "corpus@v1.0.0", "HEAD~0")
    (repository / "seeds" / "new.txt").write_text("A new article, which is like none of the others at all.")
    commit(repository, "one more")
    run(repository, "git", "tag", "corpus@v1.1.0-draft")
    assert release(repository, dry_run=True).version == "1.1.0"


def test_the_changelog_marks_releases_that_were_withdrawn(repository: Path, quick: None) -> None:
    release(repository)
    message = withdrawal_message("1.0.0", "article-0003", "1.0.1")
    run(repository, "git", "tag", "--annotate", "--message", message, "corpus@v1.0.0!", "corpus@v1.0.0^{commit}")
    for version in ("1.0.1", "1.1.0"):  # marked once, however many releases follow
        write_seeds(repository / "seeds", {f"new-{version}.txt": f"A new article for {version}."})
        commit(repository, "added")
        release(repository)
    sections = (repository / "CHANGELOG.md").read_text().split("\n## ")[1:]
    assert [section.splitlines()[0].rpartition(" - ")[0] for section in sections] == ["[2.1.0]", "[2.0.0]", "[1.0.0]"]
    assert sections[2].splitlines()[0].endswith(" [YANKED]")
    assert sections[2].count("Withdrawn by a takedown; 1.0.1 replaces it.") == 1
    assert sections[2].endswith("### Added\n\n- The first release.\n")
    assert all("YANKED" not in section for section in sections[:2])


def test_a_remote_that_fails_leaves_no_release_and_the_next_try_goes_on(repository: Path, quick: None) -> None:
    remote = repository.parent / "remote"
    remote.write_text("a file where a folder should be")
    with pytest.raises(ReleaseError, match="dvc push"):
        release(repository)
    assert tags(repository) == []
    head = run(repository, "git", "rev-parse", "HEAD")
    remote.unlink()
    done = release(repository)
    assert (done.version, done.commit) == ("1.0.0", head)
    assert tags(repository) == ["corpus@v1.0.0"]


def test_a_remote_that_loses_an_object_is_found_before_the_tag(
    repository: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = prove.verify_fresh_clone

    def losing(*arguments: Any) -> list[Problem]:
        kept = [p for p in (repository.parent / "remote").rglob("*") if p.is_file() and p.read_bytes()[:4] == b"PAR1"]
        kept[0].unlink()
        return real(*arguments)

    monkeypatch.setattr(prove, "verify_fresh_clone", losing)
    with pytest.raises(ReleaseError, match="dvc pull"):
        release(repository)
    assert tags(repository) == []
    monkeypatch.setattr(prove, "verify_fresh_clone", real)
    assert release(repository).version == "1.0.0"


def test_data_that_come_back_damaged_twice_are_no_release(
    repository: Path, quick: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = prove.push_data

    def damaging(root: Path, *given: Any, **more: Any) -> None:
        real(root, *given, **more)
        (path, *_) = (p for p in (root.parent / "remote").rglob("files/md5/*/*") if p.read_bytes()[:4] == b"PAR1")
        path.chmod(0o644)
        path.write_bytes(b"damaged")

    monkeypatch.setattr(prove, "push_data", damaging)
    with pytest.raises(ReleaseError, match=r"^1\.0\.0: the remote returned other bytes than were pushed: data/"):
        release(repository)
    assert capsys.readouterr().err.count("; pushing it again") == 1
    assert tags(repository) == []


@pytest.mark.parametrize("when", ["written", "committed"])
def test_a_release_that_is_killed_is_finished_by_the_next(repository: Path, quick: None, when: str) -> None:
    base = run(repository, "git", "rev-parse", "HEAD")
    note = repository / "build" / "release.json"

    def reached() -> bool:
        return note.is_file() and (when == "written" or run(repository, "git", "rev-parse", "HEAD") != base)

    _kill_when(repository, reached)
    assert tags(repository) == []
    assert release(repository).version == "1.0.0"
    assert tags(repository) == ["corpus@v1.0.0"]
    assert run(repository, "git", "status", "--porcelain") == ""
    assert run(repository, "git", "rev-list", "--count", f"{base}..HEAD") == "1"
    assert not note.exists()


def test_a_release_that_is_killed_in_its_build_needs_no_other_one(repository: Path, quick: None) -> None:
    """DVC removes what a stage makes before it runs; the list of finished shards is neither in git nor in DVC's cache."""
    listed = repository / "build" / "package" / "shards.jsonl"
    run(repository, "dvc", "repro", "--quiet")
    before = listed.read_bytes()
    _kill_when(repository, lambda: not listed.exists())
    assert tags(repository) == []
    assert release(repository).version == "1.0.0"
    assert run(repository, "dvc", "status") == "Data and pipelines are up to date."
    assert listed.read_bytes() == before


def test_a_release_whose_build_fails_leaves_everything_as_it_was(repository: Path, quick: None) -> None:
    run(repository, "dvc", "repro", "--quiet")
    (repository / "build" / "store").rename(repository / "build" / "kept")
    (repository / "build" / "store").write_text("a file where a folder should be")
    with pytest.raises(ReleaseError, match="dvc repro failed with status"):
        release(repository)
    assert run(repository, "git", "status", "--porcelain") == ""
    assert run(repository, "dvc", "status") == "Data and pipelines are up to date."


def test_what_a_kill_left_half_written_is_taken_back(repository: Path, quick: None) -> None:
    base = run(repository, "git", "rev-parse", "HEAD")
    (repository / "build" / "release.json").write_text(f'{{"version": "1.0.0", "base": "{base}"}}')
    with journaled(repository / "build" / "release.written"):
        for name in ("params.yaml", "CHANGELOG.md", "corpus/MANIFEST.sha256.sig"):
            write_text(repository / name, "corpus: {}")
        with replacing_folder(repository / "corpus" / "data") as data:
            (data / "train-0.parquet").write_text("not in DVC's cache yet")
        unfinished = [replacing(repository / name) for name in ("params.yaml", "corpus/README.md")]
        for file in unfinished:
            file.__enter__().write(b"---")
    (repository / ".dvc" / "tmp" / "rwlock").write_text('{"read": {}, "wri')
    run(repository, "git", "add", "CHANGELOG.md")
    assert release(repository).version == "1.0.0"
    assert run(repository, "git", "status", "--porcelain") == ""
    assert not list(repository.rglob("*.tmp"))


def _kill_when(root: Path, reached: Callable[[], bool]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "copydesk", "release", "--root", str(root)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not reached():
        assert process.poll() is None and time.monotonic() < deadline, "ended before it could be killed"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < deadline:  # DVC holds the locks of those that are dying still
            os.killpg(process.pid, 0)
            time.sleep(0.02)


def test_a_release_by_the_command_line_loads_what_it_made(repository: Path) -> None:
    """The one test in which a release starts DVC itself, and loads its tables by datasets."""
    printed = run(repository, sys.executable, "-m", "copydesk", "release")
    assert "release: 1.0.0 was fetched from the remote, verified and loaded" in printed
    assert f"corpus@v1.0.0 at {run(repository, 'git', 'rev-parse', 'HEAD')}" in printed.splitlines()
    assert tags(repository) == ["corpus@v1.0.0"]


def test_versions_are_raised_and_never_lowered(repository: Path) -> None:
    same = diff(open_revision(repository), open_revision(repository))
    assert required_level(same) == "patch"
    last = Version(1, 2, 3)
    assert [str(next_version(last, same, at_least)) for at_least in ("patch", "minor", "major")] == [
        "1.2.4",
        "1.3.0",
        "2.0.0",
    ]
    assert str(next_version(None, None, "major")) == "1.0.0"
    assert sorted(map(Version.parse, ["1.10.0", "1.9.0", "1.9.11"]))[-1] == Version(1, 10, 0)


def test_a_section_of_the_same_version_is_replaced() -> None:
    first = add_section(None, changelog_section("1.0.0", "2026-01-01", None))
    again = add_section(first, changelog_section("1.0.0", "2026-01-02", None))
    assert again == first.replace("2026-01-01", "2026-01-02")
    both = add_section(again, changelog_section("1.0.10", "2026-01-03", None))
    assert both.index("[1.0.10]") < both.index("[1.0.0]")
    assert tag_of("1.0.0") == "corpus@v1.0.0"
