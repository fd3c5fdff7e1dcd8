"""Compiled modules write the bytes that their sources write, and have their fingerprints."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from copydesk.cleaning.plan import RULES
from copydesk.revisions.toolkit_lock import stage_hashes
from support import ROOT, build_wheel, copy_repository, file_bytes, run_python

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["copydesk"]["compile"]
DOCUMENTS = 100

#: Builds the seeds of a folder, in processes of their own, and says what ran.
BUILD = """
import json, sys
from pathlib import Path
import copydesk
from copydesk.store.compiled_modules import compiled_sources
from copydesk.revisions.toolkit_lock import stage_hashes
from copydesk.scaffold import doctor
if __name__ == "__main__":
    for name, settings in {settings!r}.items():
        copydesk.build(Path({seeds!r}, name), Path({out!r}, name, "corpus"), params=settings, schemas={schemas!r})
    loaded = [m.__file__ for name, m in sys.modules.items() if name.startswith("copydesk.") and m.__file__]
    print()
    print(json.dumps([stage_hashes(), doctor._modules(Path()), loaded, sorted(compiled_sources())]))
"""


def missing_for_compilation() -> str:
    """What C code cannot be compiled without, and is not there. Where it is missing, tests are skipped but in CI."""
    command = os.environ.get("CC") or sysconfig.get_config_var("CC") or ""
    if shutil.which(command.partition(" ")[0]) is None:
        return "C compiler"
    return "" if Path(sysconfig.get_path("include"), "Python.h").is_file() else "Python.h"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of a compiled wheel: the one of ``make compiled``, or one that is not optimised, which takes less time."""
    if given := os.environ.get("COMPILED_SITE"):
        return Path(given)
    missing = missing_for_compilation()
    if missing:
        said = f"no {missing} on this machine; install it (apt-get install gcc python3-dev)"
        pytest.fail(said) if os.environ.get("CI") else pytest.skip(said)
    out = tmp_path_factory.mktemp("compiled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPYDESK_COMPILE", "1")
        patch.setenv("MYPYC_OPT_LEVEL", "0")
        wheel = build_wheel(out / "source", out)
    assert wheel.name.endswith(f"-{sysconfig.get_platform().replace('-', '_')}.whl")
    shutil.unpack_archive(wheel, out / "site", "zip")
    return out / "site"


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders: the seeds of this repository, and documents of the benchmarks with the examples of the rules."""
    root = tmp_path_factory.mktemp("seeds")
    shutil.copytree(ROOT / "seeds", root / "own")
    sys.path.insert(0, str(ROOT / "benchmarks" / "speed"))
    try:
        from corpus import documents, write_files

        write_files(root / "made", documents(DOCUMENTS, "defects"))
    finally:
        sys.path.remove(str(ROOT / "benchmarks" / "speed"))
    for rule in RULES:
        (root / "made" / f"{rule.name}.txt").write_text(f"{rule.repairs[0]}\n\n{rule.leaves}\n", "utf-8")
    return root


def built(seeds: Path, out: Path, **environment: str) -> list[Any]:
    settings = {
        "own": str(ROOT / "params.yaml"),
        "made": {"engine": {"workers": 2}, "shards": {"minimum": 10, "target": 40}},
    }
    code = BUILD.format(settings=settings, seeds=str(seeds), out=str(out), schemas=str(ROOT / "schemas"))
    done = run_python(code, cwd=out, home=out / "home", **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


def test_compiled_modules_write_the_same_bytes(compiled: Path, seeds: Path, tmp_path: Path) -> None:
    for name in ("pure", "machine"):
        (tmp_path / name).mkdir()
    hashes, diagnosis, loaded, names = built(seeds, tmp_path / "machine", PYTHONPATH=str(compiled))
    assert names == SETTINGS["modules"]
    machine = [path for path in loaded if not path.endswith(".py")]
    assert len(machine) == len(names) and all(path.startswith(str(compiled)) for path in loaded)
    assert diagnosis == ["ok", f"{len(names)} compiled modules, the others pure Python"]
    pure_hashes, pure_diagnosis, loaded, _ = built(seeds, tmp_path / "pure")
    assert all(path.endswith(".py") for path in loaded)
    assert pure_diagnosis == ["ok", "pure Python"]
    assert hashes == pure_hashes == stage_hashes()
    for folder in ("own", "made"):
        for part in ("corpus", "reports"):
            pure, other = (file_bytes(tmp_path / name / folder / part) for name in ("pure", "machine"))
            assert len(pure) >= 3
            assert [name for name in pure.keys() | other.keys() if pure.get(name) != other.get(name)] == []


def test_the_sources_are_beside_the_machine_code(compiled: Path) -> None:
    for name in SETTINGS["modules"]:
        assert (compiled / "copydesk" / name).read_bytes() == (ROOT / "src" / "copydesk" / name).read_bytes()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_repository(tmp_path_factory.mktemp("repository"))


def asked(root: Path, call: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call a function of the build backend."""
    return run_python(f"import setup\nprint(setup.{call})", cwd=root, **environment)


def requirements(root: Path, **environment: str) -> list[str]:
    done = asked(root, "get_requires_for_build_wheel()", **environment)
    return re.findall(r"'([^']+)'", done.stdout.splitlines()[-1])


def test_mypy_and_a_compiler_are_required_only_on_request(repository: Path) -> None:
    mypy, compiler = SETTINGS["mypy"], SETTINGS["compiler"]
    assert requirements(repository) == requirements(repository, COPYDESK_COMPILE="0") == []
    assert requirements(repository, COPYDESK_COMPILE="1", CC=sys.executable) == [mypy]
    assert requirements(repository, COPYDESK_COMPILE="1", CC="no-such-compiler -O1") == [mypy, compiler]
    # mypy decides what the C code is: one version, that of the lock.
    assert f"\n{mypy} " in (ROOT / "requirements.lock").read_text("utf-8")


@pytest.mark.parametrize(
    ("call", "value", "message"),
    [
        ("get_requires_for_build_wheel()", "yes", "COPYDESK_COMPILE: found 'yes', expected 1 to compile"),
        ("build_editable('build')", "1", "an editable install cannot be compiled"),
    ],
)
def test_what_cannot_be_compiled_is_refused(repository: Path, call: str, value: str, message: str) -> None:
    done = asked(repository, call, COPYDESK_COMPILE=value)
    assert done.returncode == 1
    assert message in done.stderr


@pytest.fixture(autouse=True)
def without_request(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The variable of whoever runs the tests decides nothing here."""
    for name in ("COPYDESK_COMPILE", "CC", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    yield
