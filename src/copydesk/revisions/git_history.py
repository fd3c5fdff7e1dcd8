"""The history of git: every version of a file, contents of objects, and commits made without a checkout."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from copydesk.errors import ReleaseError
from copydesk.revisions.git import error_output, git, git_command, git_environment


def file_versions(root: Path, path: str) -> dict[bytes, list[str]]:
    """Every version of a file on any branch or tag, each with the commits that wrote it, newest first."""
    commits = git(root, "log", "--all", "HEAD", "--full-history", "--format=%H", "--", path).split()
    versions: dict[bytes, list[str]] = {}
    for commit, content in zip(
        commits, read_git_objects(root, [f"{commit}:{path}" for commit in commits]), strict=True
    ):
        if content is not None:
            versions.setdefault(content, []).append(commit)
    return versions


def dvc_tracked_names(root: Path) -> dict[str, str]:
    """Paths by object hash of everything that a .dvc file tracks, anywhere in history."""
    import yaml

    paths: dict[str, str] = {}
    listed = git(root, "log", "--all", "HEAD", "--format=", "--name-only", "-z", "--", "*.dvc").split("\0")
    for name in sorted({name.strip() for name in listed} - {""}):
        for content in file_versions(root, name):
            try:
                outs = yaml.safe_load(content)["outs"]
                paths |= {out["md5"]: str(PurePosixPath(name).parent / out["path"]) for out in outs if "md5" in out}
            except (yaml.YAMLError, LookupError, TypeError, RecursionError):
                continue  # not a .dvc file
    return paths


def read_git_objects(root: Path, names: Iterable[str]) -> Iterator[bytes | None]:
    """Contents of objects, in order; None for one that does not exist. One process reads them all."""
    with tempfile.TemporaryFile() as requests, tempfile.TemporaryFile() as errors:
        requests.write("".join(f"{_name_without_newline(root, name)}\n" for name in names).encode())
        requests.seek(0)
        command = git_command(root, "cat-file", "--batch")
        with subprocess.Popen(
            command, stdin=requests, stdout=subprocess.PIPE, stderr=errors, env=git_environment()
        ) as process:
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
            errors.seek(0)
            result = subprocess.CompletedProcess(command, process.returncode, b"", errors.read())
            reason = error_output(result)
            advice = "" if "run git" in reason else "; run git fsck"
            raise ReleaseError(f"{root}: git cat-file: {reason}{advice}")


def _name_without_newline(root: Path, name: str) -> str:
    """The name of an object; its hash if the name has a newline."""
    return git(root, "rev-parse", "--verify", name).strip() if "\n" in name else name


def commit_on(root: Path, reference: str, parent: str, message: str, files: Mapping[str, bytes | None]) -> str:
    """Commit on top of another commit, touching neither branch nor index nor working tree; return its hash.

    Parameters
    ----------
    root : Path
        The repository.
    reference : str
        The full name of the reference that keeps the commit, such as ``refs/copydesk/recut/1.0.0``.
    parent : str
        Hash of the commit before it.
    message : str
    files : mapping
        Contents by path; None removes a file.

    Raises
    ------
    ReleaseError
        If git refuses it.
    """
    committer = git(root, "var", "GIT_COMMITTER_IDENT").strip()
    header = f"commit {reference}\ncommitter {committer}\n"
    stream = [header.encode(), _data(message.encode()), f"from {parent}\n".encode()]
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
