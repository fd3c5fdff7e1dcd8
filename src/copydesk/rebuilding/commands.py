"""The command verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from copydesk.core.plural import plural
from copydesk.core.progress import show
from copydesk.errors import ReleaseError


def verify_command(  # noqa: PLR0917  (options are given by name)
    rev: Annotated[Optional[str], typer.Argument(help="A git revision; the working tree if left out.")] = None,  # noqa: UP045
    root: Annotated[
        Path, typer.Option("--root", file_okay=False, help="Folder with the repository of the corpus.")
    ] = Path(),
    remote: Annotated[
        bool, typer.Option("--remote", help="Read the data from the DVC remote, not from the cache.")
    ] = False,
    allowed_signers: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Require a signature by one of the keys in this file of ssh-keygen."),
    ] = None,
    identity: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Require a Sigstore bundle of this identity, such as an e-mail address; needs --issuer."),
    ] = None,
    issuer: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Where the identity was proved, such as https://accounts.google.com."),
    ] = None,
    trusted_root: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="A file with the keys of Sigstore: nothing is fetched. Else those of the public one."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--rebuild", help="Also build REV again from its inputs, elsewhere, and compare.")
    ] = False,
    trust_plugins: Annotated[
        bool, typer.Option("--trust-plugins", help="With --rebuild: run the plug-ins of the corpus, which are code.")
    ] = False,
    workers: Annotated[int, typer.Option(min=0, help="With --rebuild: worker processes.")] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --rebuild: say what it would need; build nothing.")
    ] = False,
) -> None:
    """Check a checkout, a revision or a remote against its manifest, and against its statement of provenance.

    With --rebuild the release is also built again in a folder of its own, by the installed copydesk, from the inputs
    in git and DVC. Nothing of the repository runs. Every file is compared by its hash, every table by its logical
    hash. Without REV, that is HEAD.

    Exits with 0 when everything matches, with 1 otherwise.
    """
    from copydesk.proofs.sigstore_bundles import ExpectedSigner
    from copydesk.releases.verify import verify

    if not again and (trust_plugins or workers or dry_run):
        raise ReleaseError("--trust-plugins, --workers and --dry-run need --rebuild")
    if (identity is None) != (issuer is None) or (trusted_root and identity is None):
        raise ReleaseError("--identity and --issuer need each other, and --trusted-root needs both")
    sigstore = None if identity is None or issuer is None else ExpectedSigner(identity, issuer, trusted_root)
    verification = verify(root, rev, remote=remote, allowed_signers=allowed_signers, sigstore=sigstore)
    for problem in verification.problems:
        show(str(problem))
    if not verification.ok:
        raise typer.Exit(1)
    signed = f", signed by {verification.signed_by}" if verification.signed_by else ""
    stated = "; the statement of provenance agrees" if verification.stated else ""
    show(f"{verification.subject}: all {plural(verification.files, 'file')} match the manifest{signed}{stated}")
    if again:
        _rebuild(root, rev or "HEAD", trust_plugins=trust_plugins, workers=workers, dry_run=dry_run)


def _rebuild(root: Path, rev: str, *, trust_plugins: bool, workers: int, dry_run: bool) -> None:
    from copydesk.rebuilding.rebuild import rebuild

    rebuilt = rebuild(root, rev, trust_plugins=trust_plugins, workers=workers, dry_run=dry_run)
    for problem in rebuilt.problems:
        show(str(problem))
    if rebuilt.problems:
        raise typer.Exit(1)
    compared = f"{plural(rebuilt.files, 'file')} and {plural(rebuilt.tables, 'table')}"
    if dry_run:
        needs = f"a clone, and {plural(rebuilt.fetched, 'object')} of DVC"
        show(f"{rebuilt.subject}: can be built again with what is installed; needs {needs}; would compare {compared}")
    else:
        show(f"{rebuilt.subject}: built again, {compared} are the same")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("verify")(verify_command)
