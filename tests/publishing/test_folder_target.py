"""A release in a folder, a bucket, on another machine: whole and unchanged, or not there at all."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import fsspec  # type: ignore[import-untyped]
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

import copydesk
from copydesk.errors import ReleaseError
from copydesk.publishing import publish as publishing
from copydesk.publishing.folder_target import FolderTarget
from copydesk.publishing.publish import Published, publish
from copydesk.releases.verify import verify
from servers import HOST, S3, Ssh, wire
from stated_releases import Stated
from support import ROOT


class Outside(NamedTuple):
    """A place that releases go to: its URL by the port of a wire to it, and a view into it from outside."""

    kind: str
    url: Callable[[int | None], str]
    files: Any
    root: str
    port: int

    def names(self) -> set[str]:
        self.files.invalidate_cache()
        return {path.removeprefix(f"{self.root}/") for path in self.files.find(self.root)}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests of this module keep what they fetched."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(params=["local", "s3", "ssh"])
def outside(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    if request.param == "local":
        yield Outside("local", lambda _: str(tmp_path / "out"), fsspec.filesystem("file"), str(tmp_path / "out"), 0)
        return
    if request.param == "s3":
        s3: S3 = request.getfixturevalue("s3")
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)

        def bucket_url(port: int | None) -> str:
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{HOST}:{port or s3.port}")
            return f"s3://{root}"

        root = f"{s3.bucket()}/corpus"
        yield Outside("s3", bucket_url, s3.files(), root, s3.port)
        return
    ssh: Ssh = request.getfixturevalue("ssh")
    folder = ssh.new_folder()
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "config").write_text(f"Host {HOST}\n  IdentityFile {ssh.key}\n  IdentitiesOnly yes\n")
    host_key = ssh.key.with_name("host.pub").read_text()
    (home / ".ssh" / "known_hosts").write_text(f"* {host_key}")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    files = fsspec.filesystem("file")
    yield Outside("ssh", lambda port: ssh.url(folder / "corpus", port), files, str(folder / "corpus"), ssh.port)


def test_a_release_goes_there_whole_and_stays_as_it_is(
    outside: Outside, releases: Any, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = outside.url(None)
    planned = publish(releases.root, to, dry_run=True, cache=cache)
    manifest = releases.run("git", "show", "corpus@v1.1.0:corpus/MANIFEST.sha256")
    assert planned == Published("1.1.0", f"{to}/v1.1.0", len(manifest.splitlines()) + 1, planned.size, False)
    assert not outside.files.exists(outside.root)
    assert publish(releases.root, to, cache=cache) == planned
    expected = {
        name: releases.run("git", "show", f"corpus@v1.1.0:corpus/{name}")
        for name in (
            "README.md",
            "MANIFEST.sha256",
            "manifest.json",
            "croissant.json",
            "LICENSE",
            "plots/quality.svg",
        )
    }
    for name, text in expected.items():
        assert outside.files.cat(f"{outside.root}/v1.1.0/{name}").decode() == text
    listed = {line.split("  ")[1] for line in expected["MANIFEST.sha256"].splitlines()}
    assert outside.names() == {f"v1.1.0/{name}" for name in {*listed, "MANIFEST.sha256"}}
    # Again: nothing is written, everything is read back.
    before = {p: outside.files.info(f"{outside.root}/{p}") for p in outside.names()}
    assert publish(releases.root, to, cache=cache) == planned._replace(before=True)
    outside.files.invalidate_cache()
    after = {p: outside.files.info(f"{outside.root}/{p}") for p in outside.names()}
    stamp = "LastModified" if outside.kind == "s3" else "mtime"
    assert {p: i[stamp] for p, i in before.items()} == {p: i[stamp] for p, i in after.items()}
    # An older one beside it.
    assert publish(releases.root, to, version="1.0.0", cache=cache).address == f"{to}/v1.0.0"
    assert FolderTarget(to).versions() == {"1.0.0", "1.1.0"}
    # What readers get.
    for version, count in releases.documents.items():
        paths = [f"{outside.root}/v{version}/data/documents/train-00000-of-00001.parquet"]
        assert pyarrow.dataset.dataset(paths, filesystem=outside.files).count_rows() == count
    # What changed since is never taken for the release, and never written over.
    card = f"{outside.root}/v1.0.0/README.md"
    outside.files.pipe(card, b"another card")
    with pytest.raises(ReleaseError, match=r"v1\.0\.0: README\.md: found sha256 .* never changes"):
        publish(releases.root, to, version="1.0.0", cache=cache)
    assert outside.files.cat(card) == b"another card"
    said = capsys.readouterr().err.splitlines()
    assert said and all(re.fullmatch(r"publish: release .*: [35] of unknown license", line) for line in said)


def test_interrupted_it_is_not_there_and_goes_on(
    outside: Outside, releases: Any, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if outside.kind == "local":
        sent = FolderTarget._send

        def full(self: FolderTarget, work: str, file: Any) -> None:
            if file.path == "croissant.json":
                raise OSError(28, "No space left on device")
            sent(self, work, file)

        with monkeypatch.context() as patched, pytest.raises(OSError, match="No space"):
            patched.setattr(FolderTarget, "_send", full)
            publish(releases.root, outside.url(None), cache=cache)
    else:
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        with wire(outside.port) as laid:
            laid.cut_after(60_000)
            with pytest.raises(ReleaseError, match=r"cannot be written to \(.*run it again"):
                publish(releases.root, outside.url(laid.port), cache=cache)
            assert laid.was_cut
    arrived = outside.names()
    assert arrived
    assert not any(name.endswith("v1.1.0/MANIFEST.sha256") for name in arrived)
    if outside.kind != "s3":
        assert not any(name.startswith("v1.1.0/") for name in arrived)
    done = publish(releases.root, outside.url(None), cache=cache)
    assert not done.before
    assert len(outside.names()) == done.files
    assert publish(releases.root, outside.url(None), cache=cache).before


def test_what_was_damaged_on_the_way_is_sent_again_and_strangers_are_refused(
    releases: Any, cache: Path, tmp_path: Path
) -> None:
    part = tmp_path / "out" / ".v1.1.0.part"
    (part / "data").mkdir(parents=True)
    same_size = cache.glob("1.1.0-*/CITATION.cff")
    publish(releases.root, str(tmp_path), dry_run=True, cache=cache)
    size = next(same_size).stat().st_size
    (part / "CITATION.cff").write_bytes(b"x" * size)
    (part / "README.md").write_bytes(b"half")
    (part / "data" / "other.parquet").write_bytes(b"")
    with pytest.raises(ReleaseError, match=r"data/other\.parquet is not part of the release; remove it"):
        publish(releases.root, str(tmp_path / "out"), cache=cache)
    assert not (tmp_path / "out" / "v1.1.0").exists()
    (part / "data" / "other.parquet").unlink()
    publish(releases.root, str(tmp_path / "out"), cache=cache)
    assert copydesk.validate(tmp_path / "out" / "v1.1.0", ROOT / "schemas").ok


def test_rows_that_differ_from_the_manifest_are_refused(
    releases: Any, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = publishing.release_files

    def other(*given: Any) -> Any:
        release = made(*given)
        release.logical["sentences"]["train"] = "0" * 64
        return release

    monkeypatch.setattr(publishing, "release_files", other)
    with pytest.raises(
        ReleaseError,
        match=r"table sentences, split train: the rows read back have the logical hash [0-9a-f]{64}, expected 0{64}",
    ):
        publish(releases.root, str(tmp_path / "out"), cache=cache)
    assert not (tmp_path / "out" / "v1.1.0").exists()


@pytest.fixture
def copy(releases: Any, tmp_path: Path) -> Path:
    """The repository, to be changed."""
    root = tmp_path / "work"
    shutil.copytree(releases.root, root, ignore=shutil.ignore_patterns("build", "reports"))
    return root


def test_what_may_not_be_handed_on_is_refused(copy: Path, releases: Any, cache: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    parameters = copy / "params.yaml"
    before = parameters.read_text("utf-8")
    # Allowed when it was released, and no more.
    parameters.write_text(before.replace('allow: ["*"]', "allow: [CC-BY-4.0]"))
    with pytest.raises(ReleaseError, match=r"5 documents without a license of publish\.allow \(CC-BY-4\.0\)"):
        publish(copy, out, cache=cache)
    parameters.write_text(before)
    # Taken down, and the release still holds it.
    entry = (
        '{"doc_id": "other-name", "reason": "asked", "requested_by": null, "date": "2026-01-02", '
        f'"raw_sha256": "{_raw_hash(releases)}", "text_key": "{"0" * 64}", "minhash": []}}\n'
    )
    (copy / "seeds" / "takedowns.jsonl").write_text(entry)
    with pytest.raises(ReleaseError, match=r"article-0004 was taken down .* --purge"):
        publish(copy, out, cache=cache)
    assert publish(copy, out, version="1.0.0", dry_run=True, cache=cache).version == "1.0.0"
    (copy / "seeds" / "takedowns.jsonl").unlink()
    # Withdrawn; what is still there of it is named.
    publish(copy, out, cache=cache)
    releases.run("git", "tag", "-a", "corpus@v1.1.0!", "corpus@v1.1.0^{}", "-m", "withdrawn", cwd=copy)
    with pytest.raises(ReleaseError, match=r"release 1\.1\.0 was withdrawn by a takedown"):
        publish(copy, out, version="1.1.0", cache=cache)
    assert publish(copy, out, cache=cache).version == "1.0.0"


def test_withdrawn_releases_that_are_still_there_are_named(
    copy: Path, releases: Any, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(copy, str(tmp_path / "out"), cache=cache)
    releases.run("git", "tag", "-a", "corpus@v1.1.0!", "corpus@v1.1.0^{}", "-m", "withdrawn", cwd=copy)
    publish(copy, str(tmp_path / "out"), cache=cache)
    assert "the withdrawn release 1.1.0 is still published; delete v1.1.0" in capsys.readouterr().err


def test_the_proofs_of_a_release_go_with_it(stated: Stated, cache: Path, tmp_path: Path) -> None:
    done = publish(stated.root, str(tmp_path / "out"), cache=cache)
    folder = tmp_path / "out" / "v1.0.0"
    for name in ("MANIFEST.sha256.sig", "provenance.intoto.json", "provenance.intoto.json.sig"):
        assert (folder / name).read_bytes() == (stated.corpus / name).read_bytes()
    assert done.files == len([p for p in folder.rglob("*") if p.is_file()])
    # What was published is a dataset that anybody can verify.
    (tmp_path / "there").mkdir()
    folder.rename(tmp_path / "there" / "corpus")
    verified = verify(tmp_path / "there", allowed_signers=stated.allowed)
    assert (verified.ok, verified.stated) == (True, True)


def _raw_hash(releases: Any) -> str:
    rows = pq.read_table(releases.root / "corpus" / "data" / "documents").to_pylist()
    return next(row["raw_sha256"] for row in rows if row["doc_id"] == "article-0004")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"to": "hub"}, "--repo-id ORG/NAME is required with --to hub"),
        ({"to": "out", "repo_id": "a/b"}, "--repo-id ORG/NAME is required with --to hub"),
        ({"to": "out", "private": True}, "--private is allowed only with --to hub"),
        ({"to": "nothing://there"}, "nothing://there: cannot be written to (ValueError: Protocol not known"),
        ({"to": f"ssh://me:secret@{HOST}:1/x"}, f"ssh://me@{HOST}:1/x: cannot be written to"),
        ({"to": "out", "version": "9.9.9"}, "no release 9.9.9; there are 1.0.0, 1.1.0"),
    ],
)
def test_what_cannot_be(options: dict[str, Any], said: str, releases: Any, cache: Path) -> None:
    with pytest.raises(ReleaseError) as caught:
        publish(releases.root, cache=cache, **options)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_unknown_host_is_not_trusted(ssh: Ssh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ReleaseError, match="Host key is not trusted"):
        FolderTarget(ssh.url(tmp_path / "out"))
