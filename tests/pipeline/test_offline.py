"""From an empty folder to rows in a reader's hands without a network: nothing is fetched, and nothing asks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT


def alone() -> list[str] | None:
    """How a command is run in a network of its own, in which there is nothing and loopback is down; None if it cannot."""
    for way in (["unshare", "--net"], ["unshare", "--net", "--map-root-user"]):  # as root, or as anybody
        if (
            shutil.which("unshare")
            and subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0
        ):
            return way
    return None


ALONE = alone()
needs_a_network_of_its_own = pytest.mark.skipif(
    ALONE is None and not os.environ.get("CI"), reason="the kernel lets nobody leave its network (unshare --net)"
)

#: Run by every Python process when it starts: notes whom it asks for, be it in vain.
_WATCH = """
import os, sys
def watch(event, args):
    if event == "socket.getaddrinfo" or (event == "socket.connect" and isinstance(args[1], tuple)):
        with open(os.environ["ASKED"], "a") as file:
            file.write(f"{sys.argv} {event} {args[1:] if event == 'socket.connect' else args}\\n")
sys.addaudithook(watch)
"""
_LINE = """
import socket
try:
    socket.create_connection(("127.0.0.1", 9), timeout=5)
except OSError as error:
    assert "unreachable" in str(error), error
else:
    raise SystemExit("there is a network")
"""
_LOAD = """
from datasets import load_dataset
for config in ("documents", "sentences", "raw", "edits"):
    mapped = load_dataset("corpus", config, split="train")
    assert list(load_dataset("corpus", config, split="train", streaming=True)) == list(mapped)
print(len(load_dataset("corpus", split="train")))
"""


@needs_a_network_of_its_own
def test_the_whole_line_without_a_network(tmp_path: Path) -> None:
    assert ALONE is not None, "CI must be able to run unshare --net: as root, or with user namespaces"
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(_WATCH)
    (tmp_path / "line.py").write_text(_LINE)
    (tmp_path / "load.py").write_text(_LOAD)
    # As a user has it: nothing tells the libraries that they are offline, or that this is CI.
    told = ("CI", "HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "DVC_NO_ANALYTICS", "PYTHONPATH")
    environment = {name: value for name, value in os.environ.items() if name not in told}
    environment |= {
        "ASKED": str(tmp_path / "asked"),
        "HOME": str(tmp_path),
        "HF_HOME": str(tmp_path / "hf"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(tmp_path / "watch"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
    }

    def run(*command: str, cwd: Path = tmp_path) -> str:
        assert ALONE is not None
        done = subprocess.run(
            [*ALONE, *command], cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("python", "line.py")
    assert (tmp_path / "asked").read_text().count("socket.connect") == 1  # it is watched
    (tmp_path / "asked").unlink()

    run("copydesk", "init", "my-corpus")
    root = tmp_path / "my-corpus"
    for path in (ROOT / "seeds").iterdir():
        shutil.copy(path, root / "seeds")
    run("dvc", "repro", cwd=root)
    assert "up to date" in run("dvc", "status", cwd=root)
    run("copydesk", "report", cwd=root)
    assert (root / "build" / "report" / "index.html").is_file()
    assert run("python", "../load.py", cwd=root).strip() == "2"
    assert not (tmp_path / "asked").exists(), (tmp_path / "asked").read_text()
