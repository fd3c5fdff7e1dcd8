"""DVC, builds and checks of loading in forks of one process that has imported them: imports take longer than the work.

The process is started when it is first needed, one for each process of tests. It runs nothing itself: for each command
it forks, and the fork has the working folder, the environment and the output that the command was given. DVC and the
stages are the real ones. Tests that kill what they started, or measure what a process inherits, start real processes.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NoReturn
from unittest.mock import patch

#: Environment variable with the address of the process, for commands that a fork starts: ``build.py`` of repositories.
ADDRESS = "COPYDESK_TEST_FORKS"
_IMPORTED = (
    "copydesk.pipeline dvc.cli dvc.cli.parser dvc._debug dvc.cachemgr dvc.data_cloud dvc.dependency.param dvc.fs.dvc "
    "dvc.ignore dvc.lock dvc.output dvc.repo dvc.repo.artifacts dvc.repo.brancher dvc.repo.datasets dvc.repo.graph "
    "dvc.repo.index dvc.repo.init dvc.repo.metrics dvc.repo.open_repo dvc.repo.params dvc.repo.plots "
    "dvc.repo.reproduce dvc.repo.stage dvc.repo.trie dvc.repo.worktree dvc.rwlock dvc.scm dvc.stage.cache "
    "dvc.stage.run dvc.utils.strictyaml dvc_data.hashfile._progress dvc_data.hashfile.db.index "
    "dvc_data.hashfile.db.local dvc_data.hashfile.status dvc_data.index.checkout dvc_data.index.fetch "
    "dvc_data.index.push dvc_objects.fs.local configobj dulwich.porcelain dulwich.worktree fsspec.implementations.memory networkx "
    "platformdirs.unix pygit2 rich.json rich.status ruamel.yaml scmrepo.git.backend.pygit2.filter"
).split()

_REPOSITORY = Path(__file__).parents[1]
_started: list[subprocess.Popen[bytes]] = []


#: Modules that validation runs in a process of their own, and what they import.
CHECKS = {"copydesk.validation.loader_check": "datasets", "copydesk.validation.croissant_check": "mlcroissant"}


def completed(
    command: list[str],
    root: Path,
    environment: dict[str, str],
    said: Callable[[str], None] | None = None,
    given: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run ``dvc ARGUMENTS``, ``build`` or ``MODULE ARGUMENTS`` of a check in a fork, as ``subprocess.run`` does.

    The lines of standard error are passed to ``said`` at the end; ``given`` is standard input.
    """
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        outputs_of = (stdout.fileno(), stderr.fileno())
        status = ask(_address(), command, root, {**environment, ADDRESS: _address()}, outputs_of, given)
        outputs = []
        for file in (stdout, stderr):
            file.seek(0)
            outputs.append(file.read().decode("utf-8", "replace"))
    if said is not None:
        for line in outputs[1].splitlines():
            said(line)
    return subprocess.CompletedProcess(command, status, *outputs)


def ask(
    address: str,
    command: list[str],
    root: Path | str,
    environment: dict[str, str],
    outputs: tuple[int, int],
    given: str = "",
) -> int:
    """Have a command run in a fork that writes to the given files; return its exit status."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        request = json.dumps([command, str(root), environment, given]).encode()
        socket.send_fds(connection, [len(request).to_bytes(8, "big")], list(outputs))
        connection.sendall(request)
        answer = connection.makefile("rb").read()
    return int(answer) if answer else 255


@cache
def _address() -> str:
    address = f"{tempfile.mkdtemp(prefix='forks-')}/socket"
    server = subprocess.Popen([sys.executable, __file__, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None and server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    server.stdout.close()
    _started.append(server)
    return address


def stop() -> None:
    """End the process, if it was started; it ends with this one in any case."""
    for server in _started:
        server.communicate()
    _started.clear()
    _address.cache_clear()


def _serve(address: str) -> None:
    for name in _IMPORTED:
        with suppress(ImportError):  # another version of DVC; then its forks import what they need
            import_module(name)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen(16)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            readable, _, _ = select.select([server, sys.stdin], [], [], 1)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            if sys.stdin in readable:  # nothing is ever written there: it was closed
                shutil.rmtree(Path(address).parent)
                return
            if not readable:
                continue
            connection, _ = server.accept()
            size, outputs, _, _ = socket.recv_fds(connection, 8, 2)
            request = connection.makefile("rb").read(int.from_bytes(size, "big"))
            command = json.loads(request)[0]
            if command == ["build"]:
                _build_once()
            if command[0] in CHECKS:
                import_module(CHECKS[command[0]])
            gc.freeze()  # forks need not look at, and so copy, what is there already
            if os.fork() == 0:
                server.close()
                _answer(connection, outputs, request)
            connection.close()
            for file in outputs:
                os.close(file)


@cache
def _build_once() -> None:
    """Build the corpus of the two articles, so that forks find loaded what every build loads and computes once."""
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nothing, redirect_stderr(nothing):
        shutil.copytree(_REPOSITORY / "seeds", f"{folder}/seeds")
        shutil.copytree(_REPOSITORY / "schemas", f"{folder}/schemas")
        Path(folder, "params.yaml").write_text("engine: {workers: 1}\n")
        _build(Path(folder))


def _build(root: Path) -> None:
    from copydesk.pipeline import STAGES
    from copydesk.project import Project

    for name, run in STAGES.items():
        if name != "validate":
            run(Project.open(root))


def _answer(connection: socket.socket, outputs: list[int], request: bytes) -> NoReturn:
    status = 255
    with suppress(BaseException):
        command, root, environment, given = json.loads(request)
        for number, file in enumerate(outputs, 1):
            os.dup2(file, number)
            os.close(file)
        sys.stdout, sys.stderr = (os.fdopen(os.dup(number), "w") for number in (1, 2))
        with tempfile.TemporaryFile() as stdin:
            stdin.write(given.encode())
            stdin.seek(0)
            os.dup2(stdin.fileno(), 0)
        sys.stdin = os.fdopen(0)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(root)
        try:
            status = _run(command)
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
    connection.sendall(str(status).encode())
    os._exit(status)


def _run(command: list[str]) -> int:
    warnings.simplefilter("ignore")
    if command[0] == "dvc":
        import dvc.cli

        sys.argv = command
        return int(dvc.cli.main(command[1:]))
    if command[0] in CHECKS:
        _set_caches(command[0])
        sys.argv = command
        with patch("os._exit", sys.exit):  # the status is answered before the fork ends
            runpy.run_module(command[0], run_name="__main__")
        return 0
    assert command == ["build"], command
    _build(Path())
    return 0


def _set_caches(check: str) -> None:
    """Have a library that was imported before use the cache folder that the environment names."""
    if check.endswith("loader_check"):
        import datasets.config

        datasets.config.HF_DATASETS_CACHE = Path(os.environ["HF_DATASETS_CACHE"])
    else:
        from mlcroissant._src.core import constants

        constants.DOWNLOAD_PATH = Path(os.environ["CROISSANT_CACHE"], "download")


class Check:
    """A check of loading in a fork, as much of :class:`subprocess.Popen` as validation uses."""

    def __init__(self, command: list[str], *, env: dict[str, str], **_: object) -> None:
        self._command = command[command.index("-m") + 1 :]
        self._environment = env
        self.returncode: int | None = None

    def communicate(self, given: str = "") -> tuple[str, str]:
        if self.returncode is None:
            done = completed(self._command, Path.cwd(), self._environment, given=given)
            self.returncode, self._outputs = done.returncode, (done.stdout, done.stderr)
        return self._outputs

    def kill(self) -> None:
        """Nothing runs before ``communicate``, or after it."""
        self.returncode, self._outputs = self.returncode or 0, ("", "")


def run_check(command: list[str], *, env: dict[str, str], **_: object) -> subprocess.CompletedProcess[str]:
    """Run a check of loading in a fork, as :func:`subprocess.run`."""
    return completed(command[command.index("-m") + 1 :], Path.cwd(), env)


if __name__ == "__main__":
    _serve(sys.argv[1])
