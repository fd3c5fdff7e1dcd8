"""A wheel of this repository, installed where nothing of this checkout is seen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from support import GIT, ROOT, run_command

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is made of the files of this repository."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    listed = run_command(ROOT, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists() and not name.startswith(("tests/", "benchmarks/", "corpus/")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name, follow_symlinks=False)
    command = ["pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps", "--no-index", "-w", str(out), "."]
    run_command(source, sys.executable, "-m", *command)
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a function that runs a program of a virtual environment in which the wheel is installed.

    The libraries are those of this environment: a line in a .pth file, which names a folder whose own .pth files, and
    so the checkout that is installed for development, are not obeyed.
    """
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    paths = sysconfig.get_paths(vars={"base": str(home), "platbase": str(home)})
    python = str(home / "bin" / "python")
    run_command(
        home, sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", str(wheel)
    )
    libraries = "\n".join(p for p in sys.path if p.endswith("-packages"))
    (Path(paths["purelib"]) / "libraries.pth").write_text(libraries)
    (home / "bin" / "dvc").write_text(f"#!{python}\nimport sys\nfrom dvc.cli import main\nsys.exit(main())\n")
    (home / "bin" / "dvc").chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment = {**kept, **GIT, "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"}

    def run(root: Path, *command: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(home / "bin" / command[0]) if (home / "bin" / command[0]).exists() else command[0], *command[1:]],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done

    return run
