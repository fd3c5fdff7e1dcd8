"""The programs that releases call: whatever the environment, whatever they answer, and when they do not."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copydesk.dataset.manifest import NAME, SIGNATURE
from copydesk.errors import ReleaseError
from copydesk.proofs import signing
from copydesk.proofs.signing import allowed_signers_line, sign, verified_signer
from copydesk.revisions.dataset_tree import FolderTree, read_dataset_file, tree_at
from copydesk.revisions.git import git
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


def test_small_files_and_names(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"\xff")
    (tmp_path / "folder").symlink_to(tmp_path / "a")
    tree = FolderTree(tmp_path)
    assert tree.names() == {"a/b/c", "folder"}
    assert read_dataset_file(tree, "a/b/c", "here") == b"\xff"
    with pytest.raises(ReleaseError, match=r"^here: none: no such file; expected a dataset that copydesk built"):
        read_dataset_file(tree, "none", "here")


def test_a_link_in_git_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "secret").write_text("x")
    (tmp_path / "corpus" / "README.md").symlink_to(tmp_path / "secret")
    (tmp_path / "corpus" / "file").write_bytes(b"\xff")
    run_command(tmp_path, "git", "init", "--quiet")
    run_command(tmp_path, "git", "add", "corpus")
    run_command(tmp_path, "git", "commit", "--quiet", "--message", "x")
    tree = tree_at(tmp_path, git(tmp_path, "rev-parse", "HEAD").strip())
    assert tree.names() == {"README.md", "file"}
    assert tree.open("file").read() == b"\xff"
    with pytest.raises(ReleaseError, match=r"README\.md: cannot be read \(a link, which is not followed\)"):
        read_dataset_file(tree, "README.md", "here")
    with pytest.raises(FileNotFoundError):
        tree.open("nothing")


def test_a_hash_that_is_a_path_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    run_command(tmp_path, "git", "init", "--quiet")
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "file").write_text("x")
    way_out = f"../../../../{secret.relative_to(tmp_path)}"
    (tmp_path / "dvc.lock").write_text(f"stages:\n  x:\n    outs:\n    - {{path: corpus/data/x, md5: {way_out}}}\n")
    run_command(tmp_path, "git", "add", "corpus", "dvc.lock")
    run_command(tmp_path, "git", "commit", "--quiet", "--message", "x")
    (tmp_path / ".dvc" / "cache" / "files" / "md5").mkdir(parents=True)
    tree = tree_at(tmp_path, git(tmp_path, "rev-parse", "HEAD").strip())
    with pytest.raises(ReleaseError, match="is not the MD5 of an object"):
        tree.open("data/x")


def test_settings_that_dvc_cannot_read_are_named(releases: Any, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(releases.root, copy, ignore=shutil.ignore_patterns("build", "cache"))
    for text, said in (
        ("[core", ".dvc/config at {}: DVC cannot read it ("),
        ("", "no default DVC remote at {}; set one "),
    ):
        (copy / ".dvc" / "config").write_text(text)
        releases.run("git", "commit", "--quiet", "--all", "--message", "x", cwd=copy)
        commit = releases.run("git", "rev-parse", "HEAD", cwd=copy).strip()
        with pytest.raises(ReleaseError) as caught:
            tree_at(copy, commit, remote=True)
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
    assert verified_signer(tree, manifest, allowed) is None
    assert sign(str(corpus), str(key)) == corpus / SIGNATURE
    assert verified_signer(tree, manifest, allowed) == "me"
    assert verified_signer(tree, manifest + b".", allowed) is None
    allowed.write_text(allowed_signers_line(key))
    assert (
        allowed_signers_line(key)
        == allowed_signers_line(key.with_suffix(".pub"))
        == f'release namespaces="copydesk" {public}'
    )
    assert verified_signer(tree, manifest, allowed) == "release"
    allowed.write_text(allowed_signers_line(other))
    assert verified_signer(tree, manifest, allowed) is None
    assert list(here.iterdir()) == []
    (corpus / SIGNATURE).unlink()
    (corpus / SIGNATURE).symlink_to(tmp_path / "gone")
    with pytest.raises(ReleaseError, match=r"^MANIFEST\.sha256: MANIFEST\.sha256\.sig: cannot be read"):
        verified_signer(tree, manifest, allowed)
    with pytest.raises(
        ReleaseError, match=r"nowhere: no such file; expected the keys of allowed signers, one on each line$"
    ):
        verified_signer(tree, manifest, tmp_path / "nowhere")


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
        allowed_signers_line(key)
    public.write_text(text)
    if good:
        assert allowed_signers_line(str(key)) == f'release namespaces="copydesk" {text.strip()}\n'
    else:
        with pytest.raises(ReleaseError, match=rf"^{public}: not the public half of an SSH key; expected one line"):
            allowed_signers_line(key)
    public.write_bytes(b"\xff")
    with pytest.raises(ReleaseError, match="not the public half"):
        allowed_signers_line(key)


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
    with pytest.raises(
        ReleaseError,
        match=r"^ssh-keygen sign: not finished in 0\.2 seconds; if the key has a passphrase, add it to ssh-agent$",
    ):
        sign(corpus, "key")
    (corpus / NAME).unlink()
    with pytest.raises(ReleaseError, match=rf"^{corpus}: MANIFEST\.sha256: no such file"):
        sign(corpus, "key")
