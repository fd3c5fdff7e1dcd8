"""What lies in git: every version of a file, the blobs that hold a document, and commits made without a checkout."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from copydesk.errors import ReleaseError
from copydesk.revisions.git import git, git_command, git_environment


def versions_of(root: Path, path: str) -> dict[bytes, list[str]]:
    """Every content that a file ever had on any branch or tag, each with the commits that wrote it, newest first."""
    listed = git(root, "log", "--all", "HEAD", "--full-history", "--format=%H", "--", path).split()
    found: dict[bytes, list[str]] = {}
    for commit, content in zip(listed, contents(root, [f"{commit}:{path}" for commit in listed]), strict=True):
        if content is not None:
            found.setdefault(content, []).append(commit)
    return found


def tracked_names(root: Path) -> dict[str, str]:
    """Paths by the hashes of the objects that .dvc files name, anywhere in history."""
    import yaml

    found: dict[str, str] = {}
    listed = git(root, "log", "--all", "HEAD", "--format=", "--name-only", "-z", "--", "*.dvc").split("\0")
    for name in sorted({name.strip() for name in listed} - {""}):
        for content in versions_of(root, name):
            try:
                outs = yaml.safe_load(content)["outs"]
                found |= {out["md5"]: str(PurePosixPath(name).parent / out["path"]) for out in outs if "md5" in out}
            except (yaml.YAMLError, LookupError, TypeError, RecursionError):
                continue  # it names nothing
    return found


def contents(root: Path, names: Iterable[str]) -> Iterator[bytes | None]:
    """Contents of objects, in order, None for what is not there; one process reads them all."""
    with tempfile.TemporaryFile() as asked:
        asked.write("".join(f"{_in_a_line(root, name)}\n" for name in names).encode())
        asked.seek(0)
        command = git_command(root, "cat-file", "--batch")
        with subprocess.Popen(command, stdin=asked, stdout=subprocess.PIPE, env=git_environment()) as process:
            assert process.stdout is not None
            for line in process.stdout:
                head = line.rsplit(maxsplit=2)
                if head[-1] in {b"missing", b"ambiguous"}:
                    yield None
                    continue
                content = process.stdout.read(int(head[-1]))
                process.stdout.read(1)
                yield content
        if process.returncode:
            raise ReleaseError(f"{root}: git cat-file failed with status {process.returncode}; run git fsck")


def _in_a_line(root: Path, name: str) -> str:
    """The name of an object, or its hash where a path in the name has more than one line."""
    return git(root, "rev-parse", "--verify", name).strip() if "\n" in name else name


def commit_on(root: Path, reference: str, parent: str, message: str, files: Mapping[str, bytes | None]) -> str:
    """Commit on top of another commit, touching neither branch nor index nor working tree; return its hash.

    Parameters
    ----------
    root : Path
        The repository.
    reference : str
        The full name that the commit is kept under, such as ``refs/copydesk/recut/1.0.0``.
    parent : str
        Hash of the commit before it.
    message : str
    files : mapping
        Contents by path; None removes a file.

    Raises
    ------
    ReleaseError
        If git does not take it.
    """
    who = git(root, "var", "GIT_COMMITTER_IDENT").strip()
    stream = [f"commit {reference}\ncommitter {who}\n".encode(), _data(message.encode()), f"from {parent}\n".encode()]
    for path, content in sorted(files.items()):
        quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        if content is None:
            stream.append(f"D {quoted}\n".encode())
        else:
            stream += [f"M 100644 inline {quoted}\n".encode(), _data(content)]
    git(root, "fast-import", "--quiet", "--force", "--done", stdin=b"".join([*stream, b"done\n"]))
    return git(root, "rev-parse", reference).strip()


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)
