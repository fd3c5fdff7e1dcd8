"""A steward's desk: the repository of a corpus as `copydesk init` makes it, and what a steward does there.

Git and DVC are real. A DVC command runs in a fork of this process, which has DVC imported: its start would take
longer than its work. The stages run in this process, or below `dvc repro`, each in its own.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import dvc.cli
from model import Banned, Row, Seeds, rows_of

from copydesk.pipeline import STAGES
from copydesk.project import Project
from copydesk.releases import check, prove
from copydesk.releases.release import ReleaseResult, release
from copydesk.revisions import dvc_command
from copydesk.revisions.dvc_command import run_dvc
from copydesk.revisions.git import git
from copydesk.scaffold.repository import init
from copydesk.stages import share, validate
from copydesk.takedowns.takedown import ledger_of, takedown_row, write_to_ledger

ENVIRONMENT = {
    "DVC_NO_ANALYTICS": "1",
    "CI": "true",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{who}_{what}": "soak@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def forked(
    command: list[str], root: Path, environment: dict[str, str], said: object = None
) -> subprocess.CompletedProcess[str]:
    """Run a command of DVC in a fork of this process; nobody looks at its lines as they come."""
    del said
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        pid = os.fork()
        if pid == 0:
            status = 255
            with contextlib.suppress(BaseException):
                os.environ.update(environment)
                os.chdir(root)
                warnings.simplefilter("ignore")  # which tests take for errors
                os.dup2(stdout.fileno(), 1)
                os.dup2(stderr.fileno(), 2)
                sys.stdout, sys.stderr = (os.fdopen(os.dup(n), "w") for n in (1, 2))
                status = dvc.cli.main(command[1:])
                sys.stdout.flush()
            os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        outputs = []
        for file in (stdout, stderr):
            file.seek(0)
            outputs.append(file.read().decode(errors="replace"))
    return subprocess.CompletedProcess(command, status, *outputs)


@contextlib.contextmanager
def at_work() -> Iterator[None]:
    """Releases run DVC in forks and leave loading by `datasets` to the steps that load."""
    run, checks, path = dvc_command._completed, check.validate, os.environ["PATH"]
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{path}"
    os.environ.update(ENVIRONMENT)
    dvc_command._completed = forked
    check.validate = prove.validate = partial(checks, load=False)
    try:
        yield
    finally:
        dvc_command._completed, os.environ["PATH"] = run, path
        check.validate = prove.validate = checks


class Desk:
    """The repository, and the model of what lies in it.

    Attributes
    ----------
    root, remote : Path
        The repository; the folder that is its DVC remote.
    seeds : Seeds
        The model of ``seeds/``.
    ledger : list of Banned
        The model of ``seeds/takedowns.jsonl``.
    releases : dict
        Of each version the seeds and rows that it was cut from.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.remote = root / "corpus-desk", root / "remote"
        self.seeds, self.ledger = Seeds(), list[Banned]()
        self.releases: dict[str, tuple[Seeds, dict[str, Row]]] = {}
        init(self.root)
        self.set("engine", "workers", "1")
        self.set("publish", "allow", '["*"]')
        self.dvc("remote", "add", "--quiet", "--default", "storage", str(self.remote))

    @property
    def rows(self) -> dict[str, Row]:
        """The documents that the corpus must hold."""
        return rows_of(self.seeds, self.ledger)

    @property
    def last(self) -> str | None:
        """The release with the highest version."""
        return max(self.releases, key=lambda v: [int(n) for n in v.split(".")], default=None)

    def git(self, *arguments: str) -> str:
        """Run git in the repository."""
        return git(self.root, *arguments, hooks=True).strip()

    def dvc(self, *arguments: str) -> str:
        """Run DVC in the repository."""
        return run_dvc(self.root, *arguments)

    def set(self, section: str, key: str, value: str) -> None:
        """Write a setting into params.yaml."""
        path = self.root / "params.yaml"
        text, times = re.subn(
            rf"(?m)(^{section}:\n(?:  .*\n)*?  {key}:).*$", rf"\g<1> {value}", path.read_text("utf-8")
        )
        assert times == 1, (section, key)
        path.write_text(text, "utf-8")

    def write(self) -> None:
        """Make the folder of seeds what the model says; the ledger is left alone."""
        folder, wanted = self.root / "seeds", self.seeds.on_disk()
        for name, data in self.on_disk().items():
            if wanted.get(name) != data:
                (folder / name).unlink()
        for name, data in wanted.items():
            if not (folder / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)

    def on_disk(self) -> dict[str, bytes]:
        """The seeds that lie there, without the ledger."""
        folder = self.root / "seeds"
        files = (p for p in folder.rglob("*") if p.is_file() and p.name not in (".gitkeep", "takedowns.jsonl"))
        return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}

    def build(self) -> None:
        """Run the stages in this process, but the one that validates."""
        project = Project.open(self.root)
        for name, run in STAGES.items():
            if name != "validate":
                run(project)

    def settle(self, repro: bool) -> None:
        """Bring DVC and git up to date: by `dvc repro`, or by telling DVC of what was built here.

        A release validates, and so does the pipeline that it runs.
        """
        if repro:
            self.dvc("repro", "--quiet")
        else:
            self.build()
            if not (self.root / "reports" / "validation.json").exists():
                validate.run(Project.open(self.root))
            share.run(Project.open(self.root))
            self.dvc("commit", "--quiet", "--force")
        self.git("add", "--all")
        if self.git("status", "--porcelain"):
            self.git("commit", "--quiet", "--no-verify", "--message", "Documents")

    def release(self, at_least: str) -> ReleaseResult:
        """Cut a release."""
        return release(self.root, at_least=at_least)  # type: ignore[arg-type]

    def recorded(self, version: str) -> None:
        """Remember what a release was cut from."""
        self.releases[version] = (self.seeds.copy(), self.rows)

    def take_down(self, doc_id: str) -> None:
        """Put a document into the ledger, and its seed away."""
        project, row = Project.open(self.root), self.rows[doc_id]
        write_to_ledger(project, takedown_row(project, doc_id, "asked for"))
        self.ledger.append(Banned(doc_id, row.sha256, row.text))
        assert list(ledger_of(project)) == [b.doc_id for b in self.ledger]

    def checkout(self, revision: str) -> None:
        """Go to a commit, with its data."""
        self.git("checkout", "--quiet", revision)
        self.dvc("checkout", "--quiet")

    def killed(self, work: Callable[[], object], after: float) -> bool:
        """Start something in a process group of its own and kill it after some seconds; whether it had not ended."""
        pid = os.fork()
        if pid == 0:
            os.setsid()
            with contextlib.suppress(BaseException):
                work()
            os._exit(0)
        deadline = time.monotonic() + after
        while not (ended := os.waitpid(pid, os.WNOHANG)[0]) and time.monotonic() < deadline:
            time.sleep(0.005)
        if not ended:
            with contextlib.suppress(ProcessLookupError):  # it has not come to setsid yet
                os.killpg(pid, signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            # A fork of DVC holds the lock of the release until it is gone too.
            while time.monotonic() < deadline + 10 and _alive(pid):
                time.sleep(0.01)
        return not ended

    def state(self) -> tuple[str, str, str]:
        """What a release that fails must leave as it was."""
        return self.git("rev-parse", "HEAD"), self.git("tag", "--list"), self.git("status", "--porcelain")


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def repro(root: Path) -> None:
    """Build by `dvc repro`, as a process that can be killed with all that it started."""
    subprocess.run(["dvc", "repro", "--quiet"], cwd=root, capture_output=True, check=False)
