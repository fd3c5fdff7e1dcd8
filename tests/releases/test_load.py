"""A release loads as it was, from wherever it is, however often, and never as another one."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.dataset
import pytest

from copydesk.core.scratch import scratch
from copydesk.errors import ReleaseError
from copydesk.releases import release_cache, verify
from copydesk.releases.load import load
from copydesk.releases.release_cache import fetch_release
from copydesk.releases.release_tags import Release, checked_address, find_release, release_versions
from support import run_python

COUNT = """
import json
from pathlib import Path
from copydesk.releases.load import load

def count(version, config="documents", streaming=False, split="train", repo={repo!r}):
    rows = list(load(config, version=version, repo=repo, streaming=streaming, split=split, cache=Path({cache!r})))
    return len({{row["doc_id"] for row in rows}})

found = []
{code}
print(json.dumps(found))
"""


def test_the_example_in_the_docstring_holds(releases: Any, tmp_path: Path) -> None:
    code = f"""
import doctest
from copydesk.releases.load import load
doctest.run_docstring_examples(load, {{"load": load, "repo": {str(releases.bare)!r}}})
"""
    done = run_python(code, home=tmp_path / "home", cwd=tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def counts(code: str, repo: Path | str, tmp_path: Path) -> list[Any]:
    """Run code that fills ``found``, in a process of its own with caches of its own."""
    whole = COUNT.format(repo=str(repo), cache=str(tmp_path / "cache"), code=code)
    done = run_python(whole, home=tmp_path / "home", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def folders(cache: Path) -> list[Path]:
    return sorted(p for p in cache.iterdir() if p.name not in ("commits", "scratch"))


def test_versions(releases: Any) -> None:
    assert release_versions(releases.root) == ["1.0.0", "1.1.0"]
    assert release_versions(releases.bare) == release_versions(f"file://{releases.bare}") == ["1.0.0", "1.1.0"]
    newest = releases.run("git", "rev-parse", "corpus@v1.1.0^{commit}").strip()
    assert find_release(releases.root) == Release(str(releases.root), "1.1.0", newest)
    assert find_release(releases.root, "v1.1.0") == find_release(releases.root, "1.1.0")


def test_versions_are_ordered_by_number(tmp_path: Path, releases: Any) -> None:
    copy = tmp_path / "bare.git"
    shutil.copytree(releases.bare, copy)
    for version in ("1.10.0", "1.9.0"):
        releases.run("git", "tag", f"corpus@v{version}", cwd=copy)
    assert release_versions(copy) == ["1.0.0", "1.1.0", "1.9.0", "1.10.0"]
    assert find_release(copy).version == "1.10.0"


def test_releases_alternate_in_one_process(releases: Any, tmp_path: Path) -> None:
    code = """
for streaming in (False, True, False):
    for version in ("1.0.0", "1.1.0", None, "1.0.0"):
        found.append(count(version, streaming=streaming))
found += [count("1.0.0", "sentences"), count("1.1.0", "raw", True), count("1.0.0", split="train[:1]")]
whole = load(version="1.0.0", repo={repo!r}, cache=Path({cache!r}))
found.append({{split: [rows.num_rows, str(rows.info.version)] for split, rows in whole.items()}})
""".format(repo=str(releases.root), cache=str(tmp_path / "cache"))
    assert counts(code, releases.root, tmp_path) == [3, 5, 5, 3] * 3 + [3, 5, 1, {"train": [3, "1.0.0"]}]
    assert [p.name[:6] for p in folders(tmp_path / "cache")] == ["1.0.0-", "1.1.0-"]


def test_from_a_url_and_again_without_its_data(releases: Any, holding: Any, tmp_path: Path) -> None:
    url = f"file://{releases.bare}"
    both = 'found = [count("1.0.0"), count("1.1.0", streaming=True), count("1.0.0", streaming=True)]'
    assert counts(both, url, tmp_path) == [3, 5, 3]
    # Another process finds the folder by the tag's commit: it needs neither DVC nor the remote.
    with holding(releases.object_of("1.0.0"), None):
        assert counts('found = [count("1.0.0")]', url, tmp_path) == [3]


@pytest.mark.parametrize("damage", ["changed", "grown", "extra", "missing", "manifest", "both"])
def test_a_damaged_cache_is_fetched_again(damage: str, releases: Any, tmp_path: Path) -> None:
    release = find_release(releases.root, "1.0.0")
    folder = fetch_release(release, tmp_path / "cache")
    assert fetch_release(release, tmp_path / "cache") == folder  # which is now known to be good
    good = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    file = next((folder / "data" / "documents").iterdir())
    if damage == "changed":
        kept = file.stat()
        file.write_bytes(bytes([good[file][0]]) + bytes([good[file][1] ^ 1]) + good[file][2:])
        # The size and the time of change are as they were: a new process finds it, by the hash.
        os.utime(file, ns=(kept.st_atime_ns, kept.st_mtime_ns))
        release_cache._hashed.clear()
    elif damage == "grown":
        file.write_bytes(good[file] + b"x")
    elif damage == "extra":
        (file.parent / "train-00001-of-00002.parquet").write_bytes(good[file])
    elif damage == "missing":
        file.unlink()
    elif damage == "both":
        file.write_bytes(b"other")
        old, new = (hashlib.sha256(data).hexdigest().encode() for data in (good[file], b"other"))
        manifest = folder / "MANIFEST.sha256"
        manifest.write_bytes(good[manifest].replace(old, new))
    else:
        (folder / "MANIFEST.sha256").write_bytes(b"")
    assert fetch_release(release, tmp_path / "cache") == folder
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == good
    assert folders(tmp_path / "cache") == [folder]


def test_a_missing_object_is_named(releases: Any, holding: Any, tmp_path: Path) -> None:
    release = find_release(f"file://{releases.bare}", "1.0.0")
    with holding(releases.object_of("1.0.0"), None), pytest.raises(ReleaseError) as caught:
        fetch_release(release, tmp_path)
    said = str(caught.value)
    assert f"release 1.0.0 of file://{releases.bare}: data/documents/train-00000-of-00001.parquet is missing" in said
    assert "dvc push" in said
    assert folders(tmp_path) == []
    # Put back, it loads.
    assert folders(fetch_release(release, tmp_path).parent) != []


def test_a_missing_list_of_objects_is_named(releases: Any, holding: Any, tmp_path: Path) -> None:
    release = find_release(f"file://{releases.bare}", "1.0.0")
    with holding(releases.listing_of("1.0.0"), None), pytest.raises(ReleaseError) as caught:
        fetch_release(release, tmp_path)
    file = r"data/\w+/train-00000-of-00001\.parquet cannot be read \(OSError: object \w+\.dir, the list of [^;]*\)"
    assert re.fullmatch(
        rf"release 1\.0\.0 of file://{releases.bare}: {file}; {file}; {file}, and 1 more; ask its maintainer to run "
        r"copydesk verify corpus@v1\.0\.0 --remote and to dvc push what is missing \(the URL of a local DVC remote must "
        r"be absolute\)",
        str(caught.value),
    )


def test_what_datasets_is_asked_and_what_it_answers(
    releases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    answer: Any = None

    def load_dataset(*given: Any, **more: Any) -> Any:
        asked.append((given, more))
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    of = {
        name: SimpleNamespace(info=SimpleNamespace(version=version)) for name, version in (("a", "1.0.0"), ("b", "2"))
    }
    answer = of["a"]
    folder = str(fetch_release(find_release(releases.root, "1.0.0"), tmp_path))
    assert (
        load("raw", version="v1.0.0", repo=releases.root, split="train[:1]", streaming=True, cache=tmp_path) is answer
    )
    assert asked.pop() == ((folder, "raw"), {"split": "train[:1]", "streaming": True})
    answer = {"train": of["a"], "test": of["a"]}
    assert load(version="1.0.0", repo=str(releases.root), cache=tmp_path) is answer
    assert asked.pop() == ((folder, "documents"), {"split": None, "streaming": False})
    answer = {"train": of["a"], "test": of["b"]}
    with pytest.raises(ReleaseError) as caught:
        load(version="1.0.0", repo=releases.root, cache=tmp_path)
    assert str(caught.value) == (
        f"release 1.0.0 of {releases.root}: the card of the loaded rows says version 1.0.0, 2; the tag and "
        "corpus.version in params.yaml must agree: release it again"
    )
    answer = ValueError("no such split")
    with pytest.raises(ReleaseError, match=rf"^release 1\.0\.0 of {releases.root}: edits, split 'x': no such split$"):
        load("edits", version="1.0.0", repo=releases.root, split="x", cache=tmp_path)


def test_of_a_url_only_the_release_is_cloned_where_its_host_can_give_it(
    releases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A branch with the name of the tag is what git clones first: then all is cloned."""
    real, asked = release_cache.git, list[tuple[Any, ...]]()
    monkeypatch.setattr(release_cache, "git", lambda *words, **more: asked.append(words) or real(*words, **more))
    copy = tmp_path / "bare.git"
    shutil.copytree(releases.bare, copy)
    for branch, clones in ((None, 1), ("corpus@v1.0.0", 2)):
        if branch:
            releases.run("git", "branch", branch, "main", cwd=copy)
        release = find_release(f"file://{copy}", "1.0.0")
        asked.clear()
        with release_cache._checkout(release) as root:
            assert real(root, "cat-file", "-t", release.commit) == "commit\n"
            shallow = real(root, "rev-parse", "--is-shallow-repository").strip()
        assert (sum("clone" in words for words in asked), shallow) == (clones, "true" if branch is None else "false")
        assert not root.exists()


@pytest.mark.parametrize(
    ("given", "shown"),
    [("https://a:b@c.org/d@e", "https://c.org/d@e"), ("ssh://git@c.org", "ssh://c.org"), ("/a@b", "/a@b")],
)
def test_a_release_is_named_without_a_password(given: str, shown: str) -> None:
    assert str(Release(given, "1.0.0", "c")) == f"release 1.0.0 of {shown}"


def test_a_path_is_taken_from_home_or_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home" / "corpus").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "home")
    place = str(tmp_path / "home" / "corpus")
    assert [checked_address(text) for text in ("~/corpus", "corpus", "./corpus", Path("corpus"))] == [place] * 4
    assert checked_address("host:corpus.git") == "host:corpus.git"
    with pytest.raises(ReleaseError, match=r"^~no-such-user/x: .*home"):
        checked_address("~no-such-user/x")


def test_a_tampered_object_is_named(releases: Any, holding: Any, tmp_path: Path) -> None:
    release = find_release(f"file://{releases.bare}", "1.0.0")
    other = releases.object_of("1.1.0").read_bytes()
    expected = r"data/documents/.* has sha256 .*, expected"
    with holding(releases.object_of("1.0.0"), other), pytest.raises(ReleaseError, match=expected):
        fetch_release(release, tmp_path)
    assert folders(tmp_path) == [] and not list((tmp_path / "scratch").iterdir())


def test_a_damaged_dvc_cache_is_passed_over_for_the_remote(releases: Any, holding: Any, tmp_path: Path) -> None:
    release = find_release(releases.root, "1.0.0")
    local = releases.object_of("1.0.0", releases.root / ".dvc" / "cache")
    with holding(local, b"PAR1"):
        fetch_release(release, tmp_path)
    both = pytest.raises(ReleaseError, match=r"(?s)has sha256 .*and from the DVC remote: .* is missing")
    with holding(local, b"PAR1"), holding(releases.object_of("1.0.0"), None), both:
        fetch_release(release, tmp_path / "other")


def test_a_cache_of_links_does_not_share_files_with_dvc(releases: Any, tmp_path: Path) -> None:
    folder = fetch_release(find_release(releases.root, "1.0.0"), tmp_path)
    assert all(p.stat().st_nlink == 1 and not p.is_symlink() for p in folder.rglob("*.parquet"))
    table = pyarrow.dataset.dataset(folder / "data" / "documents").to_table()
    assert table.num_rows == releases.documents["1.0.0"]


def test_two_processes_may_fetch_the_same(releases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = find_release(releases.root, "1.0.0")
    copy = release_cache._copy_files

    def slower(*arguments: Any) -> None:
        copy(*arguments)
        monkeypatch.setattr(release_cache, "_copy_files", copy)
        assert fetch_release(release, tmp_path).is_dir()

    monkeypatch.setattr(release_cache, "_copy_files", slower)
    folder = fetch_release(release, tmp_path)
    assert folders(tmp_path) == [folder]


def test_what_a_killed_process_left_is_cleared_away(releases: Any, tmp_path: Path) -> None:
    release = find_release(releases.root, "1.0.0")
    left = tmp_path / "scratch" / "part-killed" / "1.0.0-000000000000"
    with scratch("part", tmp_path) as at_work:
        left.mkdir(parents=True)
        (left / "README.md").write_bytes(b"half")
        folder = fetch_release(release, tmp_path)
        assert at_work.exists() and not left.exists()
    assert folders(tmp_path) == [folder] and not list((tmp_path / "scratch").iterdir())


def test_an_interrupted_fetch_leaves_nothing(releases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(release_cache, "_move_into_place", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch_release(find_release(releases.root, "1.0.0"), tmp_path)
    assert folders(tmp_path) == []


def test_a_branch_with_the_name_of_a_tag(releases: Any, tmp_path: Path) -> None:
    copy = tmp_path / "bare.git"
    shutil.copytree(releases.bare, copy)
    releases.run("git", "branch", "corpus@v1.0.0", "main", cwd=copy)
    assert fetch_release(find_release(f"file://{copy}", "1.0.0"), tmp_path / "cache").name.startswith("1.0.0-")


def test_a_full_disk_is_not_taken_for_a_bad_release(
    releases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(release_cache.os, "fsync", full)
        with pytest.raises(ReleaseError, match="No space left on device; make room"):
            fetch_release(find_release(releases.root, "1.0.0"), tmp_path)
    assert folders(tmp_path) == []
    assert fetch_release(find_release(releases.root, "1.0.0"), tmp_path).is_dir()


def test_no_remote_is_said(releases: Any, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    releases.run("git", "clone", "-q", str(releases.root), str(copy))
    releases.run("dvc", "config", "--unset", "core.remote", cwd=copy)
    releases.run("git", "commit", "-q", "-a", "-m", "no remote", cwd=copy)
    releases.run("git", "tag", "corpus@v5.0.0", cwd=copy)
    with pytest.raises(ReleaseError, match=r"no default DVC remote at \w+; set one with dvc remote add --default"):
        fetch_release(find_release(f"file://{copy}"), tmp_path / "cache")


def test_what_is_not_there_is_said(releases: Any, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"work: no release 3\.0\.0; there are 1\.0\.0, 1\.1\.0"):
        load(version="3.0.0", repo=releases.root)
    with pytest.raises(
        ReleaseError, match=r"release 1.0.0 of .*: no table 'words'; it has documents, edits, raw, sentences"
    ):
        load("words", version="1.0.0", repo=releases.root, cache=tmp_path)
    with pytest.raises(ReleaseError, match="its releases cannot be listed"):
        release_versions(tmp_path)
    with pytest.raises(ReleaseError, match="cannot be listed"):
        release_versions(f"file://{tmp_path}/nowhere.git")
    releases.run("git", "init", "-q", cwd=tmp_path)
    assert release_versions(tmp_path) == []
    with pytest.raises(ReleaseError, match=r"no releases; expected git tags such as corpus@v1\.0\.0"):
        load(repo=tmp_path)


@pytest.mark.parametrize("repo", ["--upload-pack=touch x", "", "-x", "ext::sh -c 'touch x'", "a\nb", "$(x)"])
def test_what_git_might_obey_is_refused(repo: str) -> None:
    with pytest.raises(ReleaseError, match="not a repository"):
        release_versions(repo)


def test_passwords_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: None, *arguments: str, own: bool) -> str:
        raise ReleaseError(f"git {' '.join(arguments)}: no")

    monkeypatch.setattr(release_cache, "git", fail)
    with pytest.raises(ReleaseError) as caught:
        release_versions("https://me:secret@example.org/corpus.git")
    assert "secret" not in str(caught.value)
    assert "https://example.org/corpus.git" in str(caught.value)


def test_a_tag_on_another_version_is_refused(releases: Any, tmp_path: Path) -> None:
    copy = tmp_path / "bare.git"
    shutil.copytree(releases.bare, copy)
    releases.run("git", "tag", "corpus@v4.0.0", "corpus@v1.0.0^{commit}", cwd=copy)
    code = f"""
try:
    count("4.0.0", repo={str(copy)!r})
except Exception as error:
    found.append(f"{{type(error).__name__}}: {{error}}")
"""
    (said,) = counts(code, copy, tmp_path)
    assert said.startswith("ReleaseError: release 4.0.0 of")
    assert fetch_release(find_release(copy, "1.0.0"), tmp_path / "cache").name.startswith("1.0.0-")
    assert "says version 1.0.0" in said


def test_the_cache_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, releases: Any) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert fetch_release(find_release(releases.root, "1.0.0")).parent == tmp_path / "copydesk"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert fetch_release(find_release(releases.root, "1.0.0")).parent == tmp_path / "home" / ".cache" / "copydesk"


def test_the_working_tree_is_not_touched(releases: Any, tmp_path: Path) -> None:
    fetch_release(find_release(releases.root, "1.0.0"), tmp_path)
    assert releases.run("git", "status", "--porcelain") == ""
    assert verify.verify(releases.root).ok
