"""verify finds what DVC does not: bytes that changed, files that came or went, remotes that lost or spoilt them."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copydesk.errors import ReleaseError
from copydesk.proofs.signing import sign
from copydesk.releases.verify import Verification, verify

DOCUMENTS = "data/documents/train-00000-of-00001.parquet"


@pytest.fixture
def work(releases: Any, tmp_path: Path) -> Path:
    """A working tree that a test may break."""
    shutil.copytree(releases.root / "corpus", tmp_path / "work" / "corpus")
    return tmp_path / "work"


@pytest.fixture(scope="module")
def key(releases: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Path]]:
    """Make a key and the file that allows its owner."""
    folder = tmp_path_factory.mktemp("keys")

    def make(name: str) -> tuple[Path, Path]:
        if not (folder / name).exists():
            releases.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name))
            public = (folder / f"{name}.pub").read_text()
            (folder / f"{name}.allowed").write_text(f"{name}@example.org,{name}@example.com {public}")
        return folder / name, folder / f"{name}.allowed"

    return make


def found(verification: Verification) -> list[tuple[str, str]]:
    assert verification.ok is (not verification.problems)
    assert all(problem.action and problem.expected for problem in verification.problems)
    return [(problem.file, problem.found) for problem in verification.problems]


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize("rev", [None, "HEAD", "corpus@v1.0.0"])
def test_what_is_whole_is_found_whole(releases: Any, rev: str | None, remote: bool) -> None:
    verification = verify(releases.root, rev, remote=remote)
    assert found(verification) == []
    listed = (releases.root / "corpus" / "MANIFEST.sha256").read_text("utf-8").splitlines()
    assert verification.files == len(listed) > len(list((releases.root / "corpus" / "data").rglob("*.parquet")))
    assert verification.signed_by is None
    assert releases.run("git", "status", "--porcelain") == ""


def test_nothing_is_written_where_it_is_run(releases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    tags = releases.run("git", "tag")
    assert verify(releases.root, "HEAD", remote=True).subject == "corpus at HEAD in the DVC remote"
    assert verify(releases.root, "corpus@v1.0.0").subject == "corpus at corpus@v1.0.0"
    assert list(tmp_path.iterdir()) == []
    assert releases.run("git", "tag") == tags


def test_after_another_commit_was_checked_out_dvc_must_follow(releases: Any, tmp_path: Path) -> None:
    root = tmp_path / "clone"
    releases.run("git", "clone", "--quiet", str(releases.root), str(root))
    shutil.copytree(releases.root / "corpus" / "data", root / "corpus" / "data", dirs_exist_ok=True)
    git = ("git", "-C", str(root))
    releases.run(*git, "checkout", "--quiet", "corpus@v1.0.0")
    problems = [problem for problem in verify(root).problems if problem.file.startswith("data/")]
    assert problems and all(problem.action.endswith("run dvc checkout") for problem in problems), problems


def test_a_changed_byte(work: Path) -> None:
    path = work / "corpus" / DOCUMENTS
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    path.write_bytes(data)
    (problem,) = verify(work).problems
    assert str(problem).startswith(f"{DOCUMENTS}: found sha256 {hashlib.sha256(data).hexdigest()}, expected sha256 ")
    assert problem.action == "restore it: delete the damaged copy, then dvc pull or dvc push from a good checkout"


def test_an_extra_file(work: Path) -> None:
    (work / "corpus" / "data" / "documents" / "train-00001-of-00002.parquet").write_bytes(b"")
    (work / "corpus" / "notes.txt").symlink_to(work / "nowhere")
    expected = [("data/documents/train-00001-of-00002.parquet", "a file"), ("notes.txt", "a file")]
    assert found(verify(work)) == expected
    assert [(problem.expected, problem.action) for problem in verify(work).problems] == [
        ("no file that MANIFEST.sha256 does not list", "remove it, or build again")
    ] * 2


def test_a_missing_file(work: Path) -> None:
    (work / "corpus" / DOCUMENTS).unlink()
    assert found(verify(work)) == [(DOCUMENTS, "nothing")]


def test_a_listing_that_disagrees(work: Path) -> None:
    corpus = work / "corpus"
    listing = json.loads((corpus / "manifest.json").read_text("utf-8"))
    manifest = (corpus / "MANIFEST.sha256").read_text("utf-8")

    def write(content: str) -> list[tuple[str, str]]:
        old = hashlib.sha256((corpus / "manifest.json").read_bytes()).hexdigest()
        (corpus / "manifest.json").write_text(content, "utf-8")
        new = hashlib.sha256(content.encode()).hexdigest()
        text = (corpus / "MANIFEST.sha256").read_text("utf-8").replace(old, new)
        (corpus / "MANIFEST.sha256").write_text(text, "utf-8")
        return found(verify(work))

    listing["tables"]["documents"]["files"][DOCUMENTS]["sha256"] = "0" * 64
    assert write(json.dumps(listing)) == [(DOCUMENTS, f"{'0' * 64} in manifest.json")]
    del listing["tables"]["documents"]
    assert write(json.dumps(listing)) == [(DOCUMENTS, "nothing in manifest.json")]
    assert write("[]")[0][0] == write("{")[0][0] == "manifest.json"
    without = "".join(line for line in manifest.splitlines(True) if "manifest.json" not in line)
    (corpus / "MANIFEST.sha256").write_text(without, "utf-8")
    assert found(verify(work)) == [("manifest.json", "a file"), ("manifest.json", "nothing")]


def test_no_corpus_or_no_manifest_worth_the_name(work: Path, releases: Any, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"MANIFEST\.sha256: no such file"):
        verify(tmp_path)
    (work / "corpus" / "MANIFEST.sha256").write_text(f"{'0' * 64}  ../seeds/secret.txt\n")
    with pytest.raises(ReleaseError, match=r"MANIFEST\.sha256:1: expected a SHA-256"):
        verify(work)
    for rev in ("nowhere", "--all", ""):
        with pytest.raises(ReleaseError, match=r"no revision .* names releases"):
            verify(releases.root, rev or "HEAD:nowhere")


def test_a_remote_that_lost_an_object(releases: Any, holding: Any) -> None:
    with holding(releases.object_of("1.0.0"), None):
        assert verify(releases.root, "corpus@v1.0.0").ok
        assert found(verify(releases.root, "corpus@v1.0.0", remote=True)) == [(DOCUMENTS, "nothing")]
        assert verify(releases.root, "corpus@v1.1.0", remote=True).ok


def test_a_remote_that_lost_a_listing(releases: Any, holding: Any) -> None:
    with holding(releases.listing_of("1.0.0"), None):
        lost = found(verify(releases.root, "corpus@v1.0.0", remote=True))
        assert verify(releases.root, "corpus@v1.0.0").ok
    listing = releases.listing_of("1.0.0")
    object_of_it = f"object {listing.parent.name}{listing.name}"
    assert {what for _, what in lost} == {f"OSError: {object_of_it}, the list of the files, is missing or damaged"}
    assert DOCUMENTS in {file for file, _ in lost}


def test_a_remote_whose_object_was_overwritten(releases: Any, holding: Any) -> None:
    other = releases.object_of("1.1.0").read_bytes()
    with holding(releases.object_of("1.0.0"), other):
        assert verify(releases.root, "corpus@v1.0.0").ok
        expected = [(DOCUMENTS, f"sha256 {hashlib.sha256(other).hexdigest()}")]
        assert found(verify(releases.root, "corpus@v1.0.0", remote=True)) == expected


def test_no_remote_is_not_taken_for_a_good_one(releases: Any, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(releases.root, copy)
    releases.run("dvc", "config", "--unset", "core.remote", cwd=copy)
    releases.run("git", "commit", "-q", "-a", "-m", "no remote", cwd=copy)
    assert verify(copy, "HEAD").ok
    with pytest.raises(ReleaseError, match="no default DVC remote"):
        verify(copy, "HEAD", remote=True)


def test_a_tag_on_another_version(releases: Any, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(releases.root, copy)
    releases.run("git", "tag", "corpus@v4.0.0", cwd=copy)
    assert found(verify(copy, "corpus@v4.0.0")) == [("manifest.json", "version 1.1.0")]


def test_signatures(work: Path, key: Callable[[str], tuple[Path, Path]]) -> None:
    mine, allowed = key("mine")
    _, others = key("others")
    corpus = work / "corpus"
    assert found(verify(work, allowed_signers=allowed)) == [("MANIFEST.sha256", "no signature")]
    assert sign(corpus, mine) == sign(corpus, mine) == corpus / "MANIFEST.sha256.sig"
    assert verify(work).ok
    good = verify(work, allowed_signers=allowed)
    assert (good.ok, good.signed_by) == (True, "mine@example.org")
    bad = ("MANIFEST.sha256", "a signature that does not fit")
    assert found(verify(work, allowed_signers=others)) == [bad]
    # Another manifest under the same signature.
    manifest = corpus / "MANIFEST.sha256"
    lines = manifest.read_text("utf-8").splitlines(keepends=True)
    manifest.write_text("".join(reversed(lines)), "utf-8")
    assert found(verify(work, allowed_signers=allowed)) == [bad]
    with pytest.raises(ReleaseError, match="no such file"):
        verify(work, allowed_signers=work / "nowhere")
    with pytest.raises(ReleaseError, match="cannot sign"):
        sign(corpus, work / "nowhere")


def test_a_signature_made_for_something_else(work: Path, releases: Any, key: Any) -> None:
    mine, allowed = key("mine")
    manifest = work / "corpus" / "MANIFEST.sha256"
    releases.run("ssh-keygen", "-q", "-Y", "sign", "-f", str(mine), "-n", "git", str(manifest))
    problems = found(verify(work, allowed_signers=allowed))
    assert problems == [("MANIFEST.sha256", "a signature that does not fit")]


def test_no_program_that_signs(work: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        ReleaseError,
        match=r"^ssh-keygen is not installed; install OpenSSH 8\.2 or newer, or leave out the signature options$",
    ):
        sign(work / "corpus", tmp_path / "key")
    with pytest.raises(ReleaseError, match="git is not installed"):
        verify(work, "HEAD")
