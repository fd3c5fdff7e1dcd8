"""A release of a stranger reaches nothing: no program, no credentials, no file or address of its choosing."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from copydesk.cli import app
from copydesk.errors import ReleaseError
from copydesk.publishing.release_files import release_files
from copydesk.releases.load import load
from copydesk.releases.release_cache import fetch_release
from copydesk.releases.release_tags import find_release
from copydesk.releases.verify import parse_manifest, verify
from copydesk.scaffold import doctor, services
from copydesk.validation import validate
from copydesk.validation.card_files import refuse_other_files
from copydesk.validation.loader_check import Loader

TOKEN = "a-token-of-the-reader"


@pytest.fixture
def stranger(releases: Any, tmp_path: Path) -> Path:
    """A copy of the repository, without DVC's cache."""
    ignored = shutil.ignore_patterns("build", "cache", "tmp", "reports")
    return Path(shutil.copytree(releases.root, tmp_path / "stranger", ignore=ignored))


def tag(releases: Any, root: Path, version: str = "1.1.0") -> None:
    releases.run("git", "add", "--all", cwd=root)
    releases.run("git", "commit", "--quiet", "--message", "x", cwd=root)
    releases.run("git", "tag", "--annotate", "--force", f"corpus@v{version}", "--message", "x", cwd=root)


@pytest.fixture
def asked() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The address of a server that has nothing, and the headers of what it was asked."""
    requests: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(dict(self.headers))
            self.send_error(404)

        do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", requests
        server.shutdown()


def test_no_program_runs_and_no_credentials_are_sent(
    releases: Any,
    stranger: Path,
    asked: tuple[str, list[dict[str, str]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The repository names a file in which a program gives credentials, and an address; the reader has some."""
    endpoint, requests = asked
    ran = tmp_path / "ran"
    (stranger / "cloud.cfg").write_text(f"[default]\ncredential_process = touch {ran}\n")
    settings = f"url = s3://bucket/x\nendpointurl = {endpoint}\nprofile = work\nconfigpath = ../cloud.cfg\n"
    (stranger / ".dvc" / "config").write_text(f"[core]\nremote = store\n['remote \"store\"']\n{settings}")
    tag(releases, stranger)
    (tmp_path / "credentials").write_text(
        "".join(
            f"[{name}]\naws_access_key_id = id\naws_secret_access_key = key\naws_session_token = {TOKEN}\n"
            for name in ("default", "work")
        )
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ReleaseError, match="the list of the files, is missing"):
        load(repo=f"file://{stranger}", cache=tmp_path / "cache")
    with pytest.raises(ReleaseError, match="the list of the files, is missing"):
        load(repo=stranger, cache=tmp_path / "cache")
    assert not verify(stranger, "corpus@v1.1.0", remote=True).ok
    assert requests  # the address was asked, without a name
    assert not [name for headers in requests for name in headers if "authorization" in name.lower()]
    assert TOKEN not in str(requests)
    assert not ran.exists()


def with_card(releases: Any, root: Path, *changes: tuple[str, str]) -> None:
    """Change the card and its hash in the manifest, and tag that as the release."""
    card, manifest = root / "corpus" / "README.md", root / "corpus" / "MANIFEST.sha256"
    before = card.read_bytes()
    text = before.decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    card.write_text(text)
    digests = [hashlib.sha256(data).hexdigest() for data in (before, card.read_bytes())]
    manifest.write_text(manifest.read_text().replace(*digests))
    tag(releases, root)


def test_a_card_that_names_another_file_is_not_loaded(
    releases: Any, stranger: Path, asked: tuple[str, list[dict[str, str]]], tmp_path: Path
) -> None:
    endpoint, requests = asked
    with_card(releases, stranger, ("path: data/documents/train-*.parquet", f"path: {endpoint}/x.csv"))
    with pytest.raises(ReleaseError, match=r"configs: 'documents' names the files .*which are those of the manifest"):
        load(repo=f"file://{stranger}", cache=tmp_path / "cache")
    assert not requests


PATH = "path: data/documents/train-*.parquet"
SETTING = "- config_name: documents\n  version: 1.1.0"
TEXT = "  - name: text\n    dtype: string"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (PATH, "path: /etc/hostname", "configs: 'documents' names"),
        (PATH, "path: ../other/*.parquet", "configs: 'documents' names"),
        (PATH, "path: data/../../*.parquet", "configs: 'documents' names"),
        (PATH, "path: zip://x::http://127.0.0.1:9/x", "configs: 'documents' names"),
        (PATH, "path: data/**", "configs: 'documents' names"),
        (PATH, "path: data/raw/train-*.parquet", "configs: 'documents' names"),
        (f"- split: train\n    {PATH}", f"- split: test\n    {PATH}", "configs: 'documents' names"),
        (SETTING, f"{SETTING}\n  data_dir: /etc", "unknown settings data_dir"),
        (SETTING, f"{SETTING}\n  filters: x", "unknown settings filters"),
        ("configs:\n", "configs:\n- config_name: more\n  data_files: /etc/hostname\n", "configs: 'more' names"),
        ("configs:\n", "settings:\n", "configs: expected a list"),
        ("dataset_info:\n", "info:\n", "dataset_info: expected a list"),
        (TEXT, "  - name: text\n    dtype: image", "features of 'documents' are missing or not plain"),
        (
            TEXT,
            "  - name: text\n    dtype: {audio: {decode: true}}",
            "features of 'documents' are missing or not plain",
        ),
        ("---\n", "---\n- ", "no card that datasets can read"),
    ],
)
def test_what_a_card_may_not_say(
    old: str, new: str, said: str, releases: Any, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = fetch_release(find_release(releases.root, "1.1.0"), tmp_path_factory.getbasetemp() / "strangers-cache")
    card = (folder / "README.md").read_text()
    assert old in card
    (tmp_path / "README.md").write_text(card.replace(old, new, 1))
    names = parse_manifest((folder / "MANIFEST.sha256").read_bytes(), "here")
    refuse_other_files(folder, names, "here")
    with pytest.raises(ReleaseError, match=said):
        refuse_other_files(tmp_path, names, "here")


@pytest.mark.parametrize(
    "name", [".huggingface.yaml", "dataset_infos.json", "documents.py", "data/a.csv", "data/x/.y"]
)
def test_a_manifest_that_lists_a_file_that_would_be_obeyed(name: str, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="no file of a release"):
        refuse_other_files(tmp_path, [name], "here")


def test_links_out_of_a_folder_are_not_followed(stranger: Path, releases: Any, tmp_path: Path) -> None:
    corpus = Path(shutil.copytree(releases.root / "corpus", tmp_path / "corpus"))
    shard = next((corpus / "data" / "documents").iterdir())
    shutil.copy(shard, tmp_path / "elsewhere")
    shard.unlink()
    shard.symlink_to(tmp_path / "elsewhere")
    path = shard.relative_to(corpus).as_posix()
    problems = [(p.file, p.found) for p in verify(tmp_path).problems]
    assert problems == [(path, "OSError: a link that leads out of the folder, which is not followed")]
    report = validate(corpus, releases.root / "schemas", load=False)
    assert ("manifest", path) in {(f.check, f.file) for f in report.findings}
    assert "leads out" in str(report.findings)
    # DVC links to its cache where it is told to.
    kept = tmp_path / "files" / "md5" / "00" / ("0" * 30)
    kept.parent.mkdir(parents=True)
    shard.rename(tmp_path / "link")
    shutil.copy(tmp_path / "elsewhere", kept)
    shard.symlink_to(kept)
    assert verify(tmp_path).ok
    card = corpus / "README.md"
    card.rename(tmp_path / "card")
    card.symlink_to(tmp_path / "card")
    assert "leads out" in str(validate(corpus, releases.root / "schemas", load=False).findings)


def test_the_dataset_of_a_checkout_is_fetched(releases: Any, stranger: Path, holding: Any) -> None:
    def run(status: int = 0) -> str:
        done = CliRunner().invoke(app, ["pull", "--root", str(stranger)])
        assert done.exit_code == status, done.output
        return f"{done.output}{done.exception or ''}"

    shutil.rmtree(stranger / "corpus" / "data")
    assert "4 data files match the manifest, 4 fetched" in run()
    assert verify(stranger).ok
    shard = next((stranger / "corpus" / "data" / "documents").iterdir())
    shard.write_bytes(b"other")
    with holding(releases.object_of("1.1.0"), b"damaged"):
        assert "DVC has other bytes than MANIFEST.sha256 lists" in run(1)
    with holding(releases.object_of("1.1.0"), None):
        assert "cannot be fetched" in run(1)
    assert ", 1 fetched" in run()
    shutil.rmtree(stranger / "corpus" / "data")
    (stranger / "corpus" / "data").symlink_to(stranger.parent)
    assert "a link leads out of the repository" in run(1)


def test_a_listing_that_names_other_files_is_not_published(
    releases: Any, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    release = find_release(releases.root, "1.1.0")
    kept = fetch_release(release, tmp_path_factory.getbasetemp() / "strangers-cache")
    folder = Path(shutil.copytree(kept, tmp_path / "release"))
    listing = folder / "manifest.json"
    listing.write_text(listing.read_text().replace('"data/documents/train-', '"../elsewhere/train-'))
    with pytest.raises(
        ReleaseError, match=r"manifest\.json lists \.\./elsewhere/train-.*but MANIFEST\.sha256 does not"
    ):
        release_files(release, folder, tmp_path)


@pytest.mark.own_processes
def test_modules_in_the_current_folder_are_not_run(
    releases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    for name in ("copydesk", "datasets", "dvc"):
        (tmp_path / f"{name}.py").write_text(f"open({str(ran)!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    with Loader(releases.root / "corpus", releases.root / "schemas", ["streamed"]) as loader:
        assert loader.check(["documents"]).ok
    assert services._problem(tmp_path, "import copydesk, datasets, dvc") is None
    doctor._script_python(tmp_path)
    assert not ran.exists()
