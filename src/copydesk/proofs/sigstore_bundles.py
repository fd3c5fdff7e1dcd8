"""Sign files of a release with Sigstore, and verify their bundles: by an identity and not by a key.

A bundle is a file of its own, as ``sigstore sign`` writes it (``FILE.sigstore.json``), so anybody can check it
without copydesk. It holds a certificate that Sigstore gave for a few minutes to whoever proved an identity, and the
entry of a public log. The user alone says who is expected: neither the bundle nor the repository decides it.

Nothing here is imported, and no host is contacted, unless the user chose Sigstore.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from copydesk.core.atomic_files import replacing
from copydesk.core.escaping import shortened
from copydesk.core.progress import say
from copydesk.dataset.manifest import bundle_of
from copydesk.errors import ReleaseError
from copydesk.proofs.problem import Problem
from copydesk.revisions.dataset_tree import FolderTree, Tree, read_dataset_file
from copydesk.store.installed_from import install_extra

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.models import ClientTrustConfig, TrustedRoot
    from sigstore.oidc import IdentityToken

Content = TypeVar("Content")
#: Environment variable with an identity token, as the command sigstore reads it.
TOKEN = "SIGSTORE_IDENTITY_TOKEN"  # noqa: S105  (the name of a variable)
_ACTION = "do not use the files unless you know why; sign it, or ask whoever released them"
_LONGEST_REASON = 200


class ExpectedSigner(NamedTuple):
    """Who must have signed with Sigstore, as the user says.

    Attributes
    ----------
    identity : str
        An e-mail address, or the address of a workflow of a CI host.
    issuer : str
        The address of the service at which the signer proved the identity.
    trusted_root : Path or None
        A file with the keys of Sigstore's services: ``trusted_root.json``, or a client trust config. Nothing is
        fetched then. Without it the sigstore library asks the public Sigstore for its keys of today.
    """

    identity: str
    issuer: str
    trusted_root: Path | None = None

    def check(self) -> None:
        """Refuse an empty part: the library takes it for no condition."""
        if not self.identity or not self.issuer:
            raise ReleaseError(
                f"found the identity {self.identity!r} and the issuer {self.issuer!r}; expected both, such as "
                "ada@example.org and https://accounts.google.com"
            )

    def __str__(self) -> str:
        return f"{self.identity} of {self.issuer}"


class OwnSigners(NamedTuple):
    """Who signed a release that is being made.

    Attributes
    ----------
    line : str or None
        The line of ``--allowed-signers`` for the key that signed; None without a key.
    sigstore : ExpectedSigner or None
        Who signed with Sigstore; None if nobody did.
    """

    line: str | None = None
    sigstore: ExpectedSigner | None = None


NOBODY = OwnSigners()
#: The extension of a certificate of Fulcio that names the issuer.
_ISSUER = "1.3.6.1.4.1.57264.1.1"


class SigstoreSigning(NamedTuple):
    """How to sign with Sigstore: with the public one, or with that of a client trust config."""

    trust_config: Path | None = None

    def check(self) -> None:
        """Refuse what can be known before anything is written: a missing library, a config that cannot be read."""
        _require_sigstore()
        if self.trust_config is not None:
            _client_trust_config(self.trust_config)

    def sign(self, corpus: Path, names: Iterable[str]) -> None:
        """Sign files of a corpus with one identity, and write a bundle for each.

        Raises
        ------
        ReleaseError
            If no identity can be had, or a service of Sigstore refuses or cannot be reached.
        """
        _require_sigstore()
        from sigstore.models import ClientTrustConfig
        from sigstore.sign import SigningContext

        try:
            given = self.trust_config
            config = _client_trust_config(given) if given is not None else ClientTrustConfig.production()
            token = _identity_token(config)
            say(f"release: signing as {token.identity}; the log of Sigstore shows that and the hashes, for good")
            with SigningContext.from_trust_config(config).signer(token) as signer:
                for name in names:
                    bundle = signer.sign_artifact(read_dataset_file(FolderTree(corpus), name, str(corpus)))
                    with replacing(corpus / bundle_of(name)) as file:
                        file.write(bundle.to_json().encode())
        except ReleaseError:
            raise
        except Exception as error:  # of requests, of each service, of the token: the library has no common class
            raise ReleaseError(f"{corpus}: Sigstore cannot sign: {_reason(error)}") from error

    def signer_of(self, corpus: Path, name: str) -> ExpectedSigner:
        """Whom the bundle of one's own release names, for its proof.

        A token does not always say it: the certificate of a workflow has another name.

        Raises
        ------
        ReleaseError
            If there is no bundle: an earlier run committed the release without.
        """
        path = corpus / bundle_of(name)
        if not path.is_file():
            raise ReleaseError(
                f"{path}: no such file: the release was begun without Sigstore; finish it without, too"
            )
        from sigstore.models import Bundle

        identities, issuer = _named_in(Bundle.from_json(path.read_bytes()).signing_certificate)
        return ExpectedSigner(identities[0], issuer, self.trust_config)


class BundleCheck:
    """Checks bundles against one expected signer; the keys of Sigstore are read once."""

    def __init__(self, expected: ExpectedSigner) -> None:
        expected.check()
        _require_sigstore()
        from sigstore.verify import Verifier

        self.expected = expected
        self._verifier = Verifier(trusted_root=_trusted_root(expected.trusted_root))

    def problem(self, tree: Tree, signed: bytes, name: str) -> Problem | None:
        """What is wrong with the bundle of a file; None if the expected signer signed exactly these bytes."""
        from sigstore.models import Bundle

        expected = f"one of {self.expected}"
        if bundle_of(name) not in tree.names():
            return Problem(name, "no Sigstore bundle", expected, _ACTION)
        data = read_dataset_file(tree, bundle_of(name), name)
        try:
            self._verifier.verify_artifact(signed, Bundle.from_json(data), _Policy(self.expected))
        except _OtherSigner as error:
            return Problem(name, f"a Sigstore bundle of {error}", expected, _ACTION)
        except Exception as error:  # a damaged bundle also makes the library raise ValueError, TypeError and others
            return Problem(name, f"a Sigstore bundle that does not fit ({_reason(error)})", expected, _ACTION)
        return None


class _OtherSigner(Exception):
    """A certificate of Sigstore, and for somebody else."""


class _Policy:
    """Accepts the certificate of the expected signer; the library asks for it after it has verified the chain."""

    def __init__(self, expected: ExpectedSigner) -> None:
        self._expected = expected

    def verify(self, cert: Certificate) -> None:
        from sigstore.errors import VerificationError
        from sigstore.verify.policy import Identity

        try:
            Identity(identity=self._expected.identity, issuer=self._expected.issuer).verify(cert)
        except VerificationError:
            identities, issuer = _named_in(cert)
            named = " or ".join(identities)
            raise _OtherSigner(
                f"{shortened(named, _LONGEST_REASON)} of {shortened(issuer, _LONGEST_REASON)}"
            ) from None


def _named_in(certificate: Certificate) -> tuple[list[str], str]:
    """The identities and the issuer that a certificate of Sigstore names."""
    from cryptography import x509

    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    identities = [str(name.value) for name in names]
    by_oid = {extension.oid.dotted_string: extension.value for extension in certificate.extensions}
    value = by_oid.get(_ISSUER)
    return identities, value.value.decode("utf-8", "replace") if isinstance(value, x509.UnrecognizedExtension) else ""


def _identity_token(config: ClientTrustConfig) -> IdentityToken:
    """The identity token of the environment, of the CI job, or of a browser."""
    from sigstore.oidc import IdentityToken, Issuer, detect_credential

    if raw := os.environ.get(TOKEN) or detect_credential():
        return IdentityToken(raw)
    if not sys.stdin.isatty():  # the library would wait for an answer that nobody can give
        raise ReleaseError(
            f"Sigstore needs an identity: run this in a terminal, give the CI job the permission to ask for one "
            f"(id-token: write), or set {TOKEN}"
        )
    return Issuer(config.signing_config.get_oidc_url()).identity_token()


def _client_trust_config(path: Path) -> ClientTrustConfig:
    from sigstore.models import ClientTrustConfig

    config = _read(path, "a client trust config of Sigstore", lambda: ClientTrustConfig.from_json(path.read_text()))
    _read(path, "a client trust config of Sigstore", lambda: config.signing_config)
    return config


def _trusted_root(path: Path | None) -> TrustedRoot:
    from sigstore.models import ClientTrustConfig, TrustedRoot

    if path is None:
        try:
            return ClientTrustConfig.production().trusted_root
        except Exception as error:
            raise ReleaseError(
                f"the keys of Sigstore cannot be fetched: {_reason(error)}; name a file with them: --trusted-root"
            ) from error
    expected = "trusted_root.json or a client trust config of Sigstore"
    if _read(path, expected, lambda: "signingConfig" in json.loads(path.read_bytes())):
        return _client_trust_config(path).trusted_root
    return _read(path, expected, lambda: TrustedRoot.from_file(str(path)))


def _read(path: Path, expected: str, read: Callable[[], Content]) -> Content:
    if not path.is_file():
        raise ReleaseError(f"{path}: no such file; expected {expected}")
    try:
        return read()
    except Exception as error:  # pydantic's, json's and the library's own
        raise ReleaseError(f"{path}: found {_reason(error)}, expected {expected}") from error


def _require_sigstore() -> None:
    try:
        import sigstore  # noqa: F401
    except ModuleNotFoundError:
        raise ReleaseError(f"sigstore is not installed; {install_extra('sigstore')}") from None


def _reason(error: BaseException) -> str:
    """An error in one line, with the answer of the service that it came from."""
    causes = [error] if error.__cause__ is None else [error, error.__cause__]
    answers = [getattr(getattr(cause, "response", None), "text", "") for cause in causes]
    parts = [type(error).__name__, *map(str, causes), *answers]
    return shortened(" ".join(": ".join(filter(None, parts)).split()), _LONGEST_REASON)
