"""Verify a corpus against its manifest: in a folder, at a git revision, in the DVC remote.

DVC may report success with missing or corrupt data, so every file is read and hashed here.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from copydesk.dataset.manifest import LISTING, NAME, PROOFS, STATEMENT, read_manifest
from copydesk.errors import ConfigError, ReleaseError, ValidationError
from copydesk.proofs.problem import Problem
from copydesk.proofs.signing import signature_of, verified_signer
from copydesk.proofs.sigstore_bundles import BundleCheck, ExpectedSigner
from copydesk.proofs.statement_check import is_about, read_statement, statement_problems
from copydesk.revisions.dataset_tree import FOLDER, TAG, FolderTree, Tree, read_dataset_file, tree_at
from copydesk.revisions.git import git, git_result

#: Files that may be in the dataset's folder without being part of the dataset.
_BESIDE = {".gitignore", NAME, *PROOFS}
_BUILD_AGAIN = "build the corpus again: dvc repro package"
_BLOCK = 1 << 20
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Verification:
    """The result of a verification.

    Attributes
    ----------
    subject : str
        What was verified, for messages.
    files : int
        How many files were read and hashed.
    signed_by : str or None
        The principal whose signature is good; None if no signature was checked or it is bad.
    stated : bool
        Whether a statement of provenance was checked; False if there is none, or it is about an earlier build.
    problems : list of Problem
        Everything that failed.
    """

    subject: str
    files: int = 0
    signed_by: str | None = None
    stated: bool = False
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.problems


def verify(
    root: Path | str = ".",
    rev: str | None = None,
    *,
    remote: bool = False,
    allowed_signers: Path | str | None = None,
    sigstore: ExpectedSigner | None = None,
) -> Verification:
    """Check every file of a corpus against its manifest, and the statement of provenance that a release has.

    Parameters
    ----------
    root : path
        The repository's folder; the corpus is ``corpus`` in it.
    rev : str, optional
        A git revision, such as ``corpus@v1.0.0``; the working tree otherwise. Data is read from DVC's cache, or
        from its remote where the cache lacks it; the working tree is not touched.
    remote : bool
        Read the data from the DVC remote and not from the cache, to find objects that the remote lost or damaged.
        Without ``rev``, the data of the commit that is checked out.
    allowed_signers : path, optional
        A file in the format of ``ssh-keygen``. Manifest and statement must then be signed by one of its keys.
    sigstore : ExpectedSigner, optional
        Manifest and statement must also be signed with Sigstore, by this identity.

    Raises
    ------
    ReleaseError
        If the corpus cannot be read at all: no such revision, no manifest, no DVC, no ssh-keygen; or the release
        was withdrawn.
    """
    root = Path(root)
    signers = _Signers(None if allowed_signers is None else Path(allowed_signers), sigstore)
    if rev is None and not remote:
        verification = _verified(f"{root / FOLDER}", FolderTree(root / FOLDER), None, signers)
        return verification if verification.ok else _asking_for_checkout(root, verification)
    rev = rev or "HEAD"
    try:
        commit = git(root, "rev-parse", "--verify", "--end-of-options", f"{rev}^{{commit}}").strip()
    except ReleaseError as error:
        raise ReleaseError(
            f"{root}: no revision {rev!r} ({error}); git tag --list 'corpus@v*' names releases"
        ) from None
    tag = TAG.fullmatch(rev)
    if tag and git(root, "tag", "--list", f"{rev}!").strip():
        raise ReleaseError(f"{root}: {rev} was withdrawn by a takedown; copydesk releases names its replacement")
    tree = tree_at(root, commit, remote=remote)
    subject = f"{FOLDER} at {rev}{' in the DVC remote' if remote else ''}"
    return _verified(subject, tree, _Tagged(tag[1], _parents(root, commit)) if tag else None, signers)


def _asking_for_checkout(root: Path, verification: Verification) -> Verification:
    """Say so if the files are those of another commit: git has changed commits, and DVC was not asked to follow."""
    found = {problem.file: problem.found.removeprefix("sha256 ") for problem in verification.problems}
    first = next((sha256 for sha256 in found.values() if _SHA256.fullmatch(sha256)), "")
    manifest = f"{FOLDER}/{NAME}"
    search = ("log", "--all", "--format=%H", "--max-count=1", f"-S{first}", "--", manifest)
    result = git_result(root, *search) if first else None
    commit = result.stdout.decode().strip() if result and not result.returncode else ""
    if not commit:
        return verification
    # The search finds the commit that brought the hash into the manifest, or the one that took it out.
    shown = (git_result(root, "show", f"{at}:./{manifest}") for at in (commit, f"{commit}^"))
    listed = next((text for one in shown if first in (text := one.stdout.decode("utf-8", "replace"))), "")
    action = f"it is that of another commit, such as {commit[:12]} or the one before it: run dvc checkout"
    problems = [
        problem._replace(action=action) if found[problem.file] in listed else problem
        for problem in verification.problems
    ]
    return replace(verification, problems=problems)


class _Signers(NamedTuple):
    """Who must have signed: one of the keys of a file, and with Sigstore one identity; None where nobody must."""

    allowed: Path | None
    sigstore: ExpectedSigner | None


class _Tagged(NamedTuple):
    """A release in git: the version in its tag, and the parents of its commit."""

    version: str
    parents: list[str]


def _parents(root: Path, commit: str) -> list[str]:
    """The parents of a commit; also in a shallow clone, which lacks the parents themselves."""
    head = git(root, "cat-file", "commit", commit).partition("\n\n")[0]
    return re.findall(r"(?m)^parent ([0-9a-f]+)$", head)


def _verified(subject: str, tree: Tree, tag: _Tagged | None, signers: _Signers) -> Verification:
    manifest = read_dataset_file(tree, NAME, subject)
    hashes = parse_manifest(manifest, f"{subject}: {NAME}")
    listing, problems = _read_listing(tree, hashes)
    problems = [*compare_files(tree, hashes), *problems]
    if listing is not None:
        problems += _listing_problems(listing, hashes, tag)
    signed = {NAME: manifest}
    if STATEMENT in tree.names():
        statement = read_dataset_file(tree, STATEMENT, subject)
        of_manifest = {**hashes, NAME: hashlib.sha256(manifest).hexdigest()}
        about_this, found = _statement_problems(statement, of_manifest, listing)
        if about_this or tag is not None:  # a build after a release leaves the statement of the release behind
            signed[STATEMENT] = statement
            problems += found
    signed_by, found = _signature_problems(tree, signed, signers)
    return Verification(subject, len(hashes), signed_by, STATEMENT in signed, [*problems, *found])


def _signature_problems(tree: Tree, signed: dict[str, bytes], signers: _Signers) -> tuple[str | None, list[Problem]]:
    """Who signed the manifest, of those who must have signed, and which files they did not sign."""
    names, problems = [], []
    if signers.allowed is not None:
        principals = {name: verified_signer(tree, data, signers.allowed, name) for name, data in signed.items()}
        names.append(principals[NAME])
        for name in (name for name, principal in principals.items() if principal is None):
            action = "do not use the files unless you know why; sign it, or ask whoever released them"
            signature = "a signature that does not fit" if signature_of(name) in tree.names() else "no signature"
            problems.append(Problem(name, signature, f"one of a signer in {signers.allowed}", action))
    if signers.sigstore is not None:
        check = BundleCheck(signers.sigstore)
        found = {name: check.problem(tree, data, name) for name, data in signed.items()}
        names.append(None if found[NAME] else signers.sigstore.identity)
        problems += filter(None, found.values())
    return " and ".join(filter(None, names)) or None, problems


def _statement_problems(
    data: bytes, hashes: dict[str, str], listing: dict[str, Any] | None
) -> tuple[bool, list[Problem]]:
    """Whether a statement is about these files, as far as can be told, and what is wrong with it."""
    try:
        statement = read_statement(data)
        about_this = is_about(statement, hashes[NAME])
        return about_this, [] if listing is None else list(statement_problems(statement, hashes, listing))
    except ConfigError as error:
        found, _, expected = str(error).removeprefix("found ").partition(", expected ")
        action = "restore it from the commit of the release, or do not trust what it says"
        return True, [Problem(STATEMENT, found, expected or "a statement as copydesk release writes it", action)]
    except (LookupError, TypeError, AttributeError) as error:
        found = f"{type(error).__name__}: {error}"
        return True, [Problem(LISTING, found, "what copydesk writes, as there is a statement about it", _BUILD_AGAIN)]


def compare_files(tree: Tree, hashes: dict[str, str]) -> list[Problem]:
    """Yield files that differ from the manifest's hashes, are missing, or are not in the manifest."""
    problems = []
    for name, expected in hashes.items():
        try:
            sha256 = _sha256(tree, name)
        except Exception as error:  # DVC remotes raise backend-specific exceptions
            is_missing = isinstance(error, FileNotFoundError)
            found = "nothing" if is_missing else f"{type(error).__name__}: {error}"
            action = "restore it: dvc pull here, or dvc push from a checkout that has it"
            problems.append(Problem(name, found, f"sha256 {expected}", action))
        else:
            if sha256 != expected:
                action = "restore it: delete the damaged copy, then dvc pull or dvc push from a good checkout"
                problems.append(Problem(name, f"sha256 {sha256}", f"sha256 {expected}", action))
    for name in sorted(tree.names() - set(hashes) - _BESIDE):
        problems.append(Problem(name, "a file", f"no file that {NAME} does not list", "remove it, or build again"))
    return problems


def parse_manifest(data: bytes, where: str) -> dict[str, str]:
    """Return the SHA-256 of each file by path, from the bytes of a manifest.

    Raises
    ------
    ReleaseError
        If a line is anything but a hash and a path below the folder.
    """
    with tempfile.TemporaryDirectory(prefix="copydesk-") as folder:
        Path(folder, NAME).write_bytes(data)
        try:
            return read_manifest(Path(folder))
        except ValidationError as error:
            raise ReleaseError(str(error).replace(str(Path(folder, NAME)), where)) from None


def _sha256(tree: Tree, name: str) -> str:
    digest = hashlib.sha256()
    with tree.open(name) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _read_listing(tree: Tree, hashes: dict[str, str]) -> tuple[dict[str, Any] | None, list[Problem]]:
    """The parsed manifest.json, or None and what is wrong with it."""
    if LISTING not in hashes:
        return None, [Problem(LISTING, "nothing", f"a line in {NAME}", _BUILD_AGAIN)]
    try:
        with tree.open(LISTING) as file:
            listing = json.loads(file.read())
        for table in listing["tables"].values():
            for file_entry in table["files"].values():
                file_entry["sha256"]
        listing["version"], listing.get("commit")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        found = f"{type(error).__name__}: {error}"
        return None, [Problem(LISTING, found, "version, tables and their files", _BUILD_AGAIN)]
    return listing, []


def _listing_problems(listing: dict[str, Any], hashes: dict[str, str], tag: _Tagged | None) -> Iterator[Problem]:
    """Yield entries of manifest.json that disagree with the manifest, or with the tag."""
    files = {path: file["sha256"] for table in listing["tables"].values() for path, file in table["files"].items()}
    released, commit = listing["version"], listing.get("commit")
    data = {name: digest for name, digest in hashes.items() if name.startswith("data/")}
    for name in sorted(files.keys() | data.keys()):
        if files.get(name) != data.get(name):
            found = f"{files.get(name, 'nothing')} in {LISTING}"
            yield Problem(name, found, f"{data.get(name, 'nothing')} as in {NAME}", _BUILD_AGAIN)
    if tag is not None and released != tag.version:
        expected = f"version {tag.version}, as the tag says"
        yield Problem(LISTING, f"version {released}", expected, "tag the right commit")
    if tag is not None and commit is not None and commit not in tag.parents:
        expected = f"the commit before the tag's: {' or '.join(tag.parents) or 'none'}"
        yield Problem(LISTING, f"made from commit {commit}", expected, "tag the commit that copydesk release made")
