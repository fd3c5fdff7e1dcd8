"""Releases signed with Sigstore: the real library, against a double of Sigstore's services on loopback."""

from __future__ import annotations

import json
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sigstore.models import Bundle
from typer.testing import CliRunner

from copydesk.cli import app
from copydesk.dataset.manifest import NAME, STATEMENT, bundle_of
from copydesk.errors import ReleaseError
from copydesk.proofs.sigstore_bundles import TOKEN, BundleCheck, ExpectedSigner, SigstoreSigning
from copydesk.releases.release import release
from copydesk.releases.verify import verify
from copydesk.revisions.dataset_tree import FolderTree
from sigstore_double import ISSUER, SigstoreDouble, sigstore_double, token, write_trust
from stated_releases import make_stated
from support import GIT
from support import run_stripped as run

ADA = "ada@example.org"
WORKFLOW = "https://example.com/desk/corpus/.github/workflows/release.yml@refs/heads/main"
SIGNED = b"the lines of a manifest\n"


class Served(NamedTuple):
    double: SigstoreDouble
    config: Path
    root: Path

    @property
    def ada(self) -> ExpectedSigner:
        return ExpectedSigner(ADA, ISSUER, self.root)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with sigstore_double() as double:
        yield Served(double, *write_trust(double, tmp_path_factory.mktemp("trust")))


@pytest.fixture(autouse=True)
def _no_token_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, token(ADA))


@pytest.fixture
def offline(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From when the corpus is signed nothing can be reached, loopback neither."""

    def refused(*_: Any) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


@pytest.fixture
def corpus(served: Served, tmp_path: Path) -> Path:
    """A folder with a signed manifest, which is the second entry of the log or a later one."""
    for name, data in ((NAME, SIGNED), (STATEMENT, b"{}\n")):
        (tmp_path / name).write_bytes(data)
    SigstoreSigning(served.config).sign(tmp_path, (STATEMENT, NAME))
    return tmp_path


def found(corpus: Path, expected: ExpectedSigner, signed: bytes = SIGNED) -> str | None:
    problem = BundleCheck(expected).problem(FolderTree(corpus), signed, NAME)
    return problem and problem.found


@pytest.mark.usefixtures("offline")
def test_the_expected_signer_is_accepted_without_a_network(corpus: Path, served: Served) -> None:
    assert found(corpus, served.ada) is None
    assert found(corpus, served.ada._replace(trusted_root=served.config)) is None


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    "other",
    [{"identity": "eve@example.org"}, {"identity": ADA.upper()}, {"issuer": f"{ISSUER}/"}, {"identity": WORKFLOW}],
)
def test_another_identity_or_issuer_is_refused(corpus: Path, served: Served, other: dict[str, Any]) -> None:
    expected = served.ada._replace(**other)
    problem = BundleCheck(expected).problem(FolderTree(corpus), SIGNED, NAME)
    assert problem is not None
    assert (problem.file, problem.found) == (NAME, f"a Sigstore bundle of {ADA} of {ISSUER}")
    assert problem.expected == f"one of {expected.identity} of {expected.issuer}"


@pytest.mark.parametrize("parts", [("", ISSUER), (ADA, "")])
def test_an_empty_identity_or_issuer_is_no_permission(parts: tuple[str, str], served: Served) -> None:
    with pytest.raises(ReleaseError, match=r"expected both, such as ada@example\.org and https://accounts"):
        BundleCheck(ExpectedSigner(*parts, served.root))


def test_the_certificate_of_a_workflow_names_it_by_its_address(
    corpus: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, token(WORKFLOW, issuer="https://ci.example.com"))
    signing = SigstoreSigning(served.config)
    signing.sign(corpus, [NAME])
    signer = ExpectedSigner(WORKFLOW, "https://ci.example.com", served.config)
    assert signing.signer_of(corpus, NAME) == signer
    assert found(corpus, signer) is None
    assert found(corpus, served.ada) == f"a Sigstore bundle of {WORKFLOW} of https://ci.example.com"


@pytest.mark.usefixtures("offline")
def test_each_bit_of_what_is_signed(corpus: Path, served: Served) -> None:
    check = BundleCheck(served.ada)
    for place in range(len(SIGNED) * 8):
        changed = bytearray(SIGNED)
        changed[place // 8] ^= 1 << place % 8
        problem = check.problem(FolderTree(corpus), bytes(changed), NAME)
        assert problem is not None and "does not fit (VerificationError: Bundle message digest" in problem.found


@pytest.mark.usefixtures("offline")
def test_a_bit_of_each_byte_of_the_bundle(corpus: Path, served: Served) -> None:
    path = corpus / bundle_of(NAME)
    data = path.read_bytes()
    check = BundleCheck(served.ada)
    accepted = []
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 7
        path.write_bytes(changed)
        if check.problem(FolderTree(corpus), SIGNED, NAME) is None:
            accepted.append(bytes(changed))
    # What is not noticed says the same: bits that Base64 ignores, and a name that the proof does not rest on.
    assert len(accepted) < len(data) // 100
    assert {content(bundle) for bundle in accepted} <= {content(data)}


def content(bundle: bytes) -> str:
    """What a bundle says, without the name that stands beside the signature of the log."""
    return re.sub("\\\\u2014 [^ ]+ ", "", json.dumps(json.loads(Bundle.from_json(bundle).to_json())))


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("bundle", [b"", b"{}", b"[" * 5000, b"\xff", b'{"mediaType": 7}', b"null"])
def test_what_is_no_bundle(corpus: Path, served: Served, bundle: bytes) -> None:
    (corpus / bundle_of(NAME)).write_bytes(bundle)
    assert "a Sigstore bundle that does not fit (InvalidBundle: " in str(found(corpus, served.ada))
    assert len(str(found(corpus, served.ada))) < 350
    (corpus / bundle_of(NAME)).unlink()
    assert found(corpus, served.ada) == "no Sigstore bundle"


def test_the_bundle_of_another_file_or_of_another_sigstore(corpus: Path, served: Served, tmp_path: Path) -> None:
    own = (corpus / bundle_of(NAME)).read_bytes()
    shutil.copy(corpus / bundle_of(STATEMENT), corpus / bundle_of(NAME))
    assert "Bundle message digest mismatch" in str(found(corpus, served.ada))
    (tmp_path / "other").mkdir()
    with sigstore_double() as double:  # whoever runs one may give a certificate for any identity
        config, _ = write_trust(double, tmp_path / "other")
        SigstoreSigning(config).sign(corpus, [NAME])
    assert found(corpus, served.ada._replace(trusted_root=config)) is None
    assert "failed to build timestamp certificate chain" in str(found(corpus, served.ada))
    (corpus / bundle_of(NAME)).write_bytes(own)
    assert found(corpus, served.ada) is None


@pytest.mark.parametrize(("key", "reason"), [("ct", "SCT"), ("rekor", "log entry")])
def test_a_log_that_the_trust_root_does_not_name(
    served: Served, corpus: Path, tmp_path: Path, key: str, reason: str
) -> None:
    root = served.double.trusted_root()
    other = SigstoreDouble()
    other.url = served.double.url
    logs = "ctlogs" if key == "ct" else "tlogs"
    path = tmp_path / "other-root.json"
    path.write_text(json.dumps({**root, logs: other.trusted_root()[logs]}))
    assert reason in str(found(corpus, served.ada._replace(trusted_root=path)))


def test_a_bundle_without_the_time_of_the_log(corpus: Path, served: Served) -> None:
    path = corpus / bundle_of(NAME)
    bundle = json.loads(path.read_bytes())
    (entry,) = bundle["verificationMaterial"]["tlogEntries"]
    del entry["inclusionPromise"]
    path.write_text(json.dumps(bundle))
    assert "must contain an inclusion promise or signed timestamp" in str(found(corpus, served.ada))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "JSONDecodeError"),
        ("{}", "ValidationError"),
        ('{"signingConfig": {}}', "ValidationError"),
        (None, "no such"),
    ],
)
def test_a_trust_root_that_cannot_be_read(tmp_path: Path, content: str | None, reason: str) -> None:
    path = tmp_path / "root.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ReleaseError, match=rf"root\.json: .*{reason}.*expected .*client trust config of Sigstore"):
        BundleCheck(ExpectedSigner(ADA, ISSUER, path))
    with pytest.raises(ReleaseError, match=r"root\.json: .*expected a client trust config of Sigstore"):
        SigstoreSigning(path).check()


def test_a_service_that_refuses_says_why(served: Served, corpus: Path) -> None:
    served.double.refusal = 400, "the token is too old"
    try:
        with pytest.raises(ReleaseError, match=r"Sigstore cannot sign: .*400.*the token is too old"):
            SigstoreSigning(served.config).sign(corpus, [NAME])
    finally:
        served.double.refusal = None


def test_an_identity_that_cannot_be_had(served: Served, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "no token")
    with pytest.raises(ReleaseError, match="Sigstore cannot sign: IdentityError: Identity token is malformed"):
        SigstoreSigning(served.config).sign(corpus, [NAME])
    monkeypatch.setattr("sigstore.oidc.detect_credential", lambda: None)
    monkeypatch.delenv(TOKEN)
    with pytest.raises(ReleaseError, match=f"run this in a terminal, give the CI job .*, or set {TOKEN}$"):
        SigstoreSigning(served.config).sign(corpus, [NAME])
    monkeypatch.setattr("sigstore.oidc.detect_credential", lambda: token(ADA))  # what a CI host gives its job
    SigstoreSigning(served.config).sign(corpus, [NAME])


def test_a_release_that_was_begun_without_sigstore_is_finished_without(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"MANIFEST\.sha256\.sigstore\.json: no such file: the release was begun"):
        SigstoreSigning().signer_of(tmp_path, NAME)


def test_without_the_library(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sigstore", None)
    for use in (lambda: BundleCheck(served.ada), SigstoreSigning().check):
        with pytest.raises(ReleaseError, match=r"^sigstore is not installed; .*copydesk\[sigstore\]"):
            use()


class Release(NamedTuple):
    root: Path
    tag: str


@pytest.fixture(scope="module")
def released(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """A release that is signed with a key and with Sigstore."""
    place = tmp_path_factory.mktemp("released")
    key = place / "key"
    run(place, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "desk", "-f", str(key))
    (place / "allowed").write_text(f"desk@example.org {key.with_suffix('.pub').read_text()}")
    with pytest.MonkeyPatch.context() as patched:
        for name, value in {**GIT, TOKEN: token(ADA)}.items():
            patched.setenv(name, value)
        yield Release(place / "work", make_stated(place / "work", key, sigstore=SigstoreSigning(served.config)))


def test_a_release_is_signed_with_a_key_and_with_sigstore(released: Release, served: Served) -> None:
    root, tag = released
    names = run(root, "git", "ls-tree", "-r", "--name-only", tag, "corpus")
    assert {f"corpus/{bundle_of(name)}" for name in (NAME, STATEMENT)} <= {*names.split()}
    allowed = root.parent / "allowed"
    both = verify(root, tag, allowed_signers=allowed, sigstore=served.ada)
    assert (both.problems, both.signed_by, both.stated) == ([], f"desk@example.org and {ADA}", True)
    assert verify(root, tag).ok and verify(root, tag, allowed_signers=allowed).signed_by == "desk@example.org"
    eve = verify(root, tag, sigstore=served.ada._replace(identity="eve@example.org"))
    assert [problem.file for problem in eve.problems] == [NAME, STATEMENT]
    assert eve.signed_by is None
    # The key counts as before, whatever a bundle says, and the other way round.
    (root.parent / "none").write_text("")
    unknown = verify(root, tag, allowed_signers=root.parent / "none", sigstore=served.ada)
    assert [problem.found for problem in unknown.problems] == ["a signature that does not fit"] * 2


def test_the_command_sigstore_accepts_the_bundles(released: Release, served: Served) -> None:
    """Anybody can check them without copydesk."""
    corpus = released.root / "corpus"
    arguments = ["--cert-identity", ADA, "--cert-oidc-issuer", ISSUER, str(corpus / NAME), str(corpus / STATEMENT)]
    config = ["--trust-config", str(served.config)]
    run(corpus, sys.executable, "-m", "sigstore", *config, "verify", "identity", *arguments)


def test_the_command_verify(released: Release, served: Served, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(released.root / "corpus", root / "corpus", symlinks=False)

    def call(*options: str) -> Any:
        return CliRunner().invoke(app, ["verify", "--root", str(root), *options])

    options = ("--identity", ADA, "--issuer", ISSUER, "--trusted-root", str(served.root))
    done = call(*options)
    assert (done.exit_code, done.output.count(f"signed by {ADA}; the statement")) == (0, 1), done.output
    (root / "corpus" / bundle_of(STATEMENT)).unlink()
    done = call(*options)
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert done.output.startswith(f"{STATEMENT}: found no Sigstore bundle, expected one of {ADA} of {ISSUER}; do not")
    for some in (options[:2], options[2:4], options[4:]):
        done = call(*some)
        assert isinstance(done.exception, ReleaseError), some
        assert str(done.exception) == "--identity and --issuer need each other, and --trusted-root needs both"


def test_a_release_that_sigstore_does_not_sign_leaves_nothing_behind(
    released: Release, served: Served, tmp_path: Path
) -> None:
    root = tmp_path / "work"
    served.double.refusal = 403, "not today"
    try:
        with pytest.raises(ReleaseError, match="not today"):
            make_stated(root, None, sigstore=SigstoreSigning(served.config))
    finally:
        served.double.refusal = None
    assert run(root, "git", "tag") == run(root, "git", "status", "--porcelain") == ""
    with pytest.raises(ReleaseError, match=r"nowhere: no such file; expected a client trust config"):
        release(root, sigstore=SigstoreSigning(tmp_path / "nowhere"))
    tag = release(root).tag
    assert not (root / "corpus" / bundle_of(NAME)).exists()
    assert verify(root, tag, sigstore=served.ada).problems[0].found == "no Sigstore bundle"
