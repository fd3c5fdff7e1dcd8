"""The programs that releases call: whatever the environment, whatever they answer, and when they do not."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copydesk.errors import ReleaseError
from copydesk.publishing.manifest import NAME, SIGNATURE
from copydesk.releases import revisions, signing, trees
from copydesk.releases.signing import allowing, sign, signer
from copydesk.releases.trees import CommitTree, FolderTree, git, read_small, tree_at
from support import run_command

Program = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Return a function that puts a shell script in the place of a program."""

    def put(name: str, script: str) -> None:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(stat.S_IRWXU)
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")

    return put


def test_the_repository_of_a_hook_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    run_command(root, "git", "init", "--quiet")
    (root / "file").write_text("x")
    run_command(root, "git", "add", "file")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
        assert git("-C", str(root), "status", "--porcelain") == "A  file\n"
        monkeypatch.delenv(name)


def test_git_is_asked_in_english_and_asks_nothing(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "1")
    monkeypatch.setenv("OTHER", "kept")
    program("git", "printf '%s %s %s \\303\\244\\377' $LC_ALL $GIT_TERMINAL_PROMPT $OTHER")
    assert git("x") == "C 0 kept ä\ufffd"
    assert revisions.git(Path(), "x").stdout.startswith(b"C ")


def test_what_git_says_is_told(program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program("git", f"echo out; echo ' no{'o' * 600}: \\303\\244\\377 ' >&2; exit 3")
    with pytest.raises(ReleaseError) as caught:
        git("one", "two", "three", "four", "five")
    said = f"no{'o' * 600}: ä\ufffd"
    assert str(caught.value) == f"git one two three four: {said[-500:]}"
    program("git", "exit 3")
    with pytest.raises(ReleaseError, match=r"^git one: exit status 3$"):
        git("one")
    monkeypatch.setattr(trees, "TIMEOUT", 0.2)
    program("git", "exec sleep 600")
    with pytest.raises(ReleaseError, match=r"^git gave no answer in 0\.2 seconds; is the repository's host there\?$"):
        git("one")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReleaseError, match=r"^git is not installed; install it$"):
        git("one")
    with pytest.raises(ReleaseError, match=r"^git cannot be run: .*'git'"):
        revisions.git(tmp_path, "one")


def test_small_files_and_names(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"\xff")
    (tmp_path / "folder").symlink_to(tmp_path / "a")
    tree = FolderTree(tmp_path)
    assert tree.names() == {"a/b/c", "folder"}
    assert read_small(tree, "a/b/c", "here") == b"\xff"
    with pytest.raises(ReleaseError, match=r"^here: none: cannot be read \(.*No such.*\); is this a corpus made by"):
        read_small(tree, "none", "here")


class System:
    """A file system of DVC, which can lose the list of a folder."""

    def __init__(self, lost: bool) -> None:
        self._lost = lost

    def find(self, root: str) -> list[str]:
        assert root == "/corpus"
        if self._lost:
            raise OSError("the list of objects is lost")
        return ["/corpus/README.md", "/corpus/data/raw/x"]

    def ls(self, root: str, detail: bool) -> list[dict[str, str]]:
        assert (root, detail) == ("/corpus", True)
        return [{"name": "/corpus/README.md", "type": "file"}, {"name": "/corpus/data", "type": "directory"}]

    def open(self, path: str, mode: str) -> tuple[str, str]:
        return path, mode


def test_a_commit_is_listed_as_far_as_it_can_be() -> None:
    assert CommitTree(System(lost=False)).names() == {"README.md", "data/raw/x"}
    assert CommitTree(System(lost=True)).names() == {"README.md"}
    assert CommitTree(System(lost=True)).open("data/x") == ("/corpus/data/x", "rb")


def test_settings_that_dvc_cannot_read_are_named(releases: Any, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(releases.root, copy, ignore=shutil.ignore_patterns("build", "cache"))
    for text, said in (
        ("[core", "DVC cannot open the repository at {}: "),
        ("", "no default DVC remote at {}; set one "),
    ):
        (copy / ".dvc" / "config").write_text(text)
        releases.run("git", "commit", "--quiet", "--all", "--message", "x", cwd=copy)
        commit = releases.run("git", "rev-parse", "HEAD", cwd=copy).strip()
        with pytest.raises(ReleaseError) as caught, tree_at(copy, commit, remote=True):
            pass
        assert str(caught.value).startswith(f"{copy}: {said.format(commit[:12])}")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / NAME).write_text("a manifest")
    return folder


def make_key(folder: Path, name: str) -> Path:
    run_command(folder, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "the desk", "-f", name)
    return folder / name


def test_the_first_signer_whose_signature_is_good_is_named(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    key, other = make_key(tmp_path, "key"), make_key(tmp_path, "other")
    manifest, tree = (corpus / NAME).read_bytes(), FolderTree(corpus)
    public, others = (path.with_suffix(".pub").read_text() for path in (key, other))
    allowed = tmp_path / "allowed"
    allowed.write_text(f'o {others}late valid-after="20990101" {public}me,she {public}')
    assert signer(tree, manifest, allowed) is None
    assert sign(str(corpus), str(key)) == corpus / SIGNATURE
    assert signer(tree, manifest, allowed) == "me"
    assert signer(tree, manifest + b".", allowed) is None
    allowed.write_text(allowing(key))
    assert allowing(key) == allowing(key.with_suffix(".pub")) == f'release namespaces="copydesk" {public}'
    assert signer(tree, manifest, allowed) == "release"
    allowed.write_text(allowing(other))
    assert signer(tree, manifest, allowed) is None
    assert list(here.iterdir()) == []
    (corpus / SIGNATURE).unlink()
    (corpus / SIGNATURE).symlink_to(tmp_path / "gone")
    with pytest.raises(ReleaseError, match=r"^MANIFEST\.sha256: MANIFEST\.sha256\.sig: cannot be read"):
        signer(tree, manifest, allowed)
    with pytest.raises(
        ReleaseError, match=r"nowhere: no such file; expected the keys of allowed signers, one a line$"
    ):
        signer(tree, manifest, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "good"),
    [("ssh-ed25519 AAAA+/=\n", True), ("sk-a@b.c AA a b\n\n", True), ("ssh-rsa\n", False), ("a b\nc d\n", False)],
    ids=["plain", "long", "short", "two"],
)
def test_a_public_key_is_one_line(text: str, good: bool, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("")
    public = tmp_path / "key.pub"
    with pytest.raises(
        ReleaseError, match=rf"^{public}: no such file; write it there: ssh-keygen -y -f {key} > {public}$"
    ):
        allowing(key)
    public.write_text(text)
    if good:
        assert allowing(str(key)) == f'release namespaces="copydesk" {text.strip()}\n'
    else:
        with pytest.raises(ReleaseError, match=rf"^{public}: not the public half of an SSH key; expected one line"):
            allowing(key)
    public.write_bytes(b"\xff")
    with pytest.raises(ReleaseError, match="not the public half"):
        allowing(key)


def test_what_the_program_that_signs_says_is_told(
    corpus: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("ssh-keygen", "echo out; echo ' no ' >&2; exit 1")
    with pytest.raises(ReleaseError, match=r"^key: ssh-keygen cannot sign MANIFEST\.sha256 with it: no$"):
        sign(corpus, "key")
    assert not (corpus / SIGNATURE).exists()
    program("ssh-keygen", 'echo "$@"; cat')
    assert sign(corpus, "key").read_text() == "-Y sign -f key -n copydesk\na manifest"
    monkeypatch.setattr(signing, "TIMEOUT", 0.2)
    program("ssh-keygen", "exec sleep 600")
    with pytest.raises(ReleaseError, match=r"^ssh-keygen sign: no answer in 0\.2 seconds; is a key locked\?$"):
        sign(corpus, "key")
    (corpus / NAME).unlink()
    with pytest.raises(ReleaseError, match=rf"^{corpus}: MANIFEST\.sha256: cannot be read"):
        sign(corpus, "key")
