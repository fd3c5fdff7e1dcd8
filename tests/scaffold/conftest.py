"""A wheel of this repository, installed in an environment that cannot see this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from support import GIT, build_wheel, run_command

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of a test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "installed"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def wheel(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from the files of this repository, once for all processes of a test run."""
    with FileLock(shared / "wheel.lock"):
        if not (built := list(shared.glob("*.whl"))):
            built = [build_wheel(tmp_path_factory.mktemp("source"), shared)]
    return built[0]


@pytest.fixture(scope="session")
def installed(wheel: Path, shared: Path) -> Run:
    """Return a function that runs a program of a virtual environment in which the wheel is installed.

    The environment is made once for all processes of a test run. Its libraries are those of this environment: a .pth
    file names their folder. The .pth files in that folder are not read, so the development install is not seen.
    """
    home = shared / "environment"
    with FileLock(shared / "environment.lock"):
        if not (home / "bin" / "dvc").exists():
            _make_environment(home, wheel)
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


def _make_environment(home: Path, wheel: Path) -> None:
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
