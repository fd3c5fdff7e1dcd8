"""A double of Sigstore on loopback: what Fulcio, its CT log and Rekor (v1) answer, signed with keys of this process.

It stands in for the public services, which no test may contact. It gives a certificate to any token without checking
it. The library that signs and verifies is the real one. There is no timestamp authority: Rekor's time is used.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

ISSUER = "https://issuer.example.org"
_BEGAN = "2020-01-01T00:00:00Z"
_SCT_LIST = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_ISSUER_V1, _ISSUER_V2 = (ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}") for number in (1, 8))


def token(identity: str, *, issuer: str = ISSUER, seconds: int = 600) -> str:
    """An identity token that nobody vouches for; the double does not look at its signature."""
    now = int(time.time())
    claims = {"iss": issuer, "sub": identity, "aud": "sigstore", "iat": now, "exp": now + seconds}
    return jwt.encode(claims, "a key of thirty-two bytes or more", algorithm="HS256")


class SigstoreDouble:
    """Keys, the log, and the address under which they are served."""

    def __init__(self) -> None:
        self.ca, self.ct, self.rekor = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        self.root = self._root_certificate()
        self.leaves: list[bytes] = []
        self.url = ""
        #: The status and the message with which the next request for a certificate is refused.
        self.refusal: tuple[int, str] | None = None

    def trust_config(self) -> dict[str, Any]:
        """The client trust config that names this double and no other service."""
        service = {"majorApiVersion": 1, "validFor": {"start": _BEGAN}, "operator": "double", "url": self.url}
        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": self.trusted_root(),
            "signingConfig": {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": [service],
                "oidcUrls": [service],
                "rekorTlogUrls": [service],
                "tsaUrls": [],
                "rekorTlogConfig": {"selector": "ANY"},
                "tsaConfig": {"selector": "ANY"},
            },
        }

    def trusted_root(self) -> dict[str, Any]:
        """The keys of the double, as trusted_root.json has them."""
        valid = {"start": _BEGAN}
        authority = {
            "subject": {"organization": "double", "commonName": "double"},
            "uri": self.url,
            "certChain": {"certificates": [{"rawBytes": _base64(_der(self.root))}]},
            "validFor": valid,
        }
        logs = [
            {
                "baseUrl": self.url,
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": _base64(_public(key)),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": valid,
                },
                "logId": {"keyId": _base64(_key_id(key))},
            }
            for key in (self.rekor, self.ct)
        ]
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": logs[:1],
            "ctlogs": logs[1:],
            "certificateAuthorities": [authority],
            "timestampAuthorities": [],
        }

    def certificates(self, raw_token: str, request: bytes) -> list[str]:
        """What Fulcio answers: a certificate for the identity of a token, with a timestamp of the CT log, and the root."""
        claims = jwt.decode(raw_token, options={"verify_signature": False})
        public = x509.load_pem_x509_csr(request).public_key()
        now = datetime.now(UTC).replace(microsecond=0)
        identity = claims["sub"]
        name = x509.RFC822Name(identity) if "@" in identity else x509.UniformResourceIdentifier(identity)
        usage = x509.KeyUsage(True, *[False] * 8)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.root.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(seconds=5))
            .not_valid_after(now + timedelta(minutes=10))
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.ca.public_key()), critical=False)
            .add_extension(x509.SubjectAlternativeName([name]), critical=True)
            .add_extension(x509.UnrecognizedExtension(_ISSUER_V1, claims["iss"].encode()), critical=False)
            .add_extension(
                x509.UnrecognizedExtension(_ISSUER_V2, _der_bytes(0x0C, claims["iss"].encode())), critical=False
            )
        )
        before = builder.sign(self.ca, hashes.SHA256()).tbs_certificate_bytes
        stamped = x509.UnrecognizedExtension(_SCT_LIST, self._sct_list(before))
        leaf = builder.add_extension(stamped, critical=False).sign(self.ca, hashes.SHA256())
        return [c.public_bytes(serialization.Encoding.PEM).decode() for c in (leaf, self.root)]

    def entry(self, proposed: Any) -> dict[str, Any]:
        """What Rekor answers to a proposed entry: the entry with its promise, its proof and a signed checkpoint."""
        body = json.dumps(proposed, sort_keys=True, separators=(",", ":")).encode()
        self.leaves.append(body)
        index, size, log_id = len(self.leaves) - 1, len(self.leaves), _key_id(self.rekor)
        payload = {
            "body": _base64(body), "integratedTime": int(time.time()), "logID": log_id.hex(), "logIndex": index
        }  # fmt: skip
        promise = self._signed(self.rekor, json.dumps(payload, sort_keys=True, separators=(",", ":")).encode())
        root = _tree_hash(self.leaves)
        note = f"rekor.double - 1\n{size}\n{_base64(root)}\n"
        signature = _base64(log_id[:4] + self._signed(self.rekor, note.encode()))
        proof = {
            "logIndex": index,
            "treeSize": size,
            "rootHash": root.hex(),
            "hashes": [node.hex() for node in _path(index, self.leaves)],
            "checkpoint": f"{note}\n\u2014 rekor.double {signature}\n",
        }
        verification = {"signedEntryTimestamp": _base64(promise), "inclusionProof": proof}
        return {uuid.uuid4().hex: {**payload, "verification": verification}}

    def _root_certificate(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a double of Fulcio")])
        public, now = self.ca.public_key(), datetime.now(UTC)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self.ca, hashes.SHA256())
        )

    def _sct_list(self, certificate: bytes) -> bytes:
        """One signed certificate timestamp (RFC 6962, section 3.2) in the list of an extension."""
        moment = int(time.time() * 1000)
        entry = _key_id(self.ca) + len(certificate).to_bytes(3, "big") + certificate
        signature = self._signed(self.ct, struct.pack("!BBQH", 0, 0, moment, 1) + entry + b"\0\0")
        sct = struct.pack("!B32sQHBBH", 0, _key_id(self.ct), moment, 0, 4, 3, len(signature)) + signature
        return _der_bytes(0x04, struct.pack("!HH", len(sct) + 2, len(sct)) + sct)

    @staticmethod
    def _signed(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
        return key.sign(data, ec.ECDSA(hashes.SHA256()))


@contextmanager
def sigstore_double() -> Iterator[SigstoreDouble]:
    """Serve a double on loopback."""
    double = SigstoreDouble()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/api/v2/signingCert" and double.refusal:
                status, message = double.refusal
                self.answer(status, {"code": 3, "message": message})
            elif self.path == "/api/v2/signingCert":
                bearer = self.headers["Authorization"].removeprefix("Bearer ")
                chain = double.certificates(bearer, base64.b64decode(body["certificateSigningRequest"]))
                self.answer(200, {"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}})
            elif self.path == "/api/v1/log/entries":
                self.answer(201, double.entry(body))
            else:
                self.answer(404, {"code": 404, "message": self.path})

        def answer(self, status: int, value: Any) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    double.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write_trust(double: SigstoreDouble, folder: Path) -> tuple[Path, Path]:
    """Write the client trust config of a double, and its keys alone."""
    config, root = folder / "trust-config.json", folder / "trusted_root.json"
    config.write_text(json.dumps(double.trust_config()))
    root.write_text(json.dumps(double.trusted_root()))
    return config, root


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _public(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _key_id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(_public(key)).digest()


def _der_bytes(tag: int, data: bytes) -> bytes:
    size = bytes([len(data)]) if len(data) < 128 else bytes([0x81, len(data)])
    return bytes([tag]) + size + data


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _split(leaves: list[bytes]) -> int:
    """The largest power of two below the number of leaves."""
    return 1 << (len(leaves) - 1).bit_length() - 1


def _tree_hash(leaves: list[bytes]) -> bytes:
    """The root of a Merkle tree (RFC 6962, section 2.1)."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    middle = _split(leaves)
    return _node(_tree_hash(leaves[:middle]), _tree_hash(leaves[middle:]))


def _path(index: int, leaves: list[bytes]) -> list[bytes]:
    """The nodes that prove that a leaf is in the tree (RFC 6962, section 2.1.1)."""
    if len(leaves) == 1:
        return []
    middle = _split(leaves)
    if index < middle:
        return [*_path(index, leaves[:middle]), _tree_hash(leaves[middle:])]
    return [*_path(index - middle, leaves[middle:]), _tree_hash(leaves[:middle])]
