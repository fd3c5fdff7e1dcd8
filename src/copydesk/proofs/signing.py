"""Sign files of a release with an SSH key, and verify their signatures, by ``ssh-keygen -Y``.

Each signature is a file of its own, as ``ssh-keygen`` writes it, so anybody can check it without copydesk. An
envelope such as DSSE would add a format of its own around the same signature.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from copydesk.core.atomic_files import replacing
from copydesk.dataset.manifest import NAME
from copydesk.errors import ReleaseError
from copydesk.revisions.dataset_tree import FolderTree, Tree, read_dataset_file
from copydesk.revisions.git import TIMEOUT, error_output

NAMESPACE = "copydesk"


def sign(corpus: Path | str, key: Path | str, name: str = NAME) -> Path:
    """Sign a file of a corpus, by default the manifest, with an SSH key; return the file with the signature.

    Raises
    ------
    ReleaseError
        If there is no such file, no ssh-keygen, or it refuses the key.
    """
    corpus = Path(corpus)
    signed = read_dataset_file(FolderTree(corpus), name, str(corpus))
    result = _ssh_keygen(["sign", "-f", str(key), "-n", NAMESPACE], signed)
    if result.returncode:
        raise ReleaseError(f"{key}: ssh-keygen cannot sign {name} with it: {error_output(result)}")
    path = corpus / signature_of(name)
    with replacing(path) as file:
        file.write(result.stdout)
    return path


def signature_of(name: str) -> str:
    """The name of the file with the signature of a file."""
    return f"{name}.sig"


def allowed_signers_line(key: Path | str) -> str:
    """The line of a file for ``--allowed-signers`` that allows one key: its public half.

    Raises
    ------
    ReleaseError
        If there is no such key, or its public half cannot be found.
    """
    key = Path(key)
    public = key if key.suffix == ".pub" else key.with_name(f"{key.name}.pub")
    if not key.is_file():
        raise ReleaseError(f"{key}: no such file; expected an SSH key, such as ssh-keygen -t ed25519 makes")
    if not public.is_file():
        raise ReleaseError(f"{public}: no such file; write it there: ssh-keygen -y -f {key} > {public}")
    text = public.read_text("utf-8", "replace").strip()
    if not re.fullmatch(r"[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?", text):
        raise ReleaseError(f"{public}: not the public half of an SSH key; expected one line: its type, then base64")
    return f'release namespaces="{NAMESPACE}" {text}\n'


def verified_signer(tree: Tree, signed: bytes, allowed: Path, name: str = NAME) -> str | None:
    """The principal who signed a file, by default the manifest; None without a good signature by an allowed key."""
    if not allowed.is_file():
        raise ReleaseError(f"{allowed}: no such file; expected the keys of allowed signers, one on each line")
    if signature_of(name) not in tree.names():
        return None
    with tempfile.TemporaryDirectory(prefix="copydesk-") as folder:
        signature = Path(folder, "signature")
        signature.write_bytes(read_dataset_file(tree, signature_of(name), name))
        arguments = ["-f", str(allowed), "-n", NAMESPACE, "-s", str(signature)]
        principals = _ssh_keygen(["find-principals", *arguments], b"").stdout.decode(errors="replace")
        for principal in filter(None, principals.split("\n")):
            if not _ssh_keygen(["verify", *arguments, "-I", principal], signed).returncode:
                return principal
    return None


def _ssh_keygen(arguments: list[str], stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise ReleaseError(
            "ssh-keygen is not installed; install OpenSSH 8.2 or newer, or leave out the signature options"
        )
    try:
        return subprocess.run(
            [program, "-Y", *arguments], input=stdin, capture_output=True, check=False, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        raise ReleaseError(
            f"ssh-keygen {arguments[0]}: not finished in {TIMEOUT} seconds; if the key has a passphrase, add it to "
            "ssh-agent"
        ) from None
