"""Nothing is installed that is not named with its hash, and what is named is listed for others."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import copydesk
from support import ROOT

LOCKS = [ROOT / "requirements.lock", ROOT / ".ci" / "tools.txt"]
PACKAGE = re.compile(r"[A-Za-z0-9._-]+==[^\s;\\]+(?: ; [^\\]+)?")


def sbom(root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / ".ci" / "sbom.py")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def listed() -> dict[str, Any]:
    done = sbom()
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def unhashed(lock: str) -> Iterator[str]:
    """Entries of a lock that are not one version of a package of the index, with its hashes."""
    for entry in lock.replace("\\\n", " ").splitlines():
        package, *hashes = entry.split("--hash=")
        hashed = hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64} *", each) for each in hashes)
        if not hashed or not PACKAGE.fullmatch(package.strip()):
            yield entry


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_package_of_a_lock_has_its_hashes(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert list(unhashed(text)) == []
    assert text.count("==") >= 20
    assert not re.search(r"https?:|file:|git\+", text)


@pytest.mark.parametrize(
    "entry", ["a==1", "a>=1 --hash=sha256:" + "0" * 64, "a==1 --hash=md5:0", "-r other.txt", "-e ."]
)
def test_a_package_without_a_hash_is_noticed(entry: str) -> None:
    assert list(unhashed(entry)) == [entry]


def test_the_lock_holds_what_pyproject_asks_for() -> None:
    locked = {
        canonicalize_name(name) for name in re.findall(r"^([^\s=]+)==", LOCKS[0].read_text("utf-8"), re.MULTILINE)
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [*project["dependencies"], *(each for some in project["optional-dependencies"].values() for each in some)]
    assert {canonicalize_name(Requirement(each).name) for each in asked} - locked == {"copydesk"}, "run make lock"


def test_locks_are_installed_with_their_hashes_and_ci_installs_nothing_else() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", " ")
    installs = [line.strip() for line in makefile.splitlines() if "pip install" in line]
    # Measured, or written and read with, in folders of their own; not for CI.
    apart = [f"--target $({name})" for name in ("PEERS", "ANNOTATORS", "EXPORT_READERS", "FORMATS", "PRESIDIO")]
    peers = [line for line in installs if any(folder in line for folder in apart)]
    own = "python -m pip install --quiet --no-deps --no-build-isolation -e ."
    for line in {*installs} - {*peers, own}:
        assert "--require-hashes" in line, line
    assert sum("--require-hashes -r requirements.lock" in line for line in installs) == 1
    ci = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "pip " not in ci
    assert ci.rstrip().endswith("\nmake test")


def test_the_list_is_cyclonedx(listed: dict[str, Any]) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(listed)) is None
    listed_wrongly = {**listed, "components": [{"name": "no type"}]}
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(listed_wrongly)) is not None


def test_the_list_is_the_lock(listed: dict[str, Any]) -> None:
    lock = LOCKS[0].read_text("utf-8")
    assert [f"{c['name']}=={c['version']}" for c in listed["components"]] == [
        f"{canonicalize_name(name)}=={version}" for name, version in re.findall(r"^(\S+?)==(\S+)", lock, re.MULTILINE)
    ]
    hashes = [each["content"] for c in listed["components"] for each in c["externalReferences"][0]["hashes"]]
    assert hashes == re.findall(r"sha256:([0-9a-f]{64})", lock)
    assert listed["metadata"]["component"]["version"] == copydesk.__version__


def test_the_list_says_what_is_needed_at_run_time(listed: dict[str, Any]) -> None:
    scope = {c["name"]: c["scope"] for c in listed["components"]}
    expected = {
        "pyarrow": "required",
        "jsonschema-rs": "required",
        "xxhash": "optional",
        "ray": "optional",
        "pytest": "excluded",
        "ruff": "excluded",
    }
    assert {name: scope[name] for name in expected} == expected
    needs = {each["ref"]: each["dependsOn"] for each in listed["dependencies"]}
    todo, reached = [listed["metadata"]["component"]["bom-ref"]], set()
    while todo:
        todo += {*needs[ref := todo.pop()]} - reached
        reached.add(ref)
    assert {c["name"] for c in listed["components"] if c["bom-ref"] in reached} == {
        name for name, kind in scope.items() if kind == "required"
    }


def test_the_list_is_the_same_each_time(listed: dict[str, Any]) -> None:
    assert json.loads(sbom().stdout) == listed
    assert "timestamp" not in listed["metadata"]


def test_a_lock_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "sbom.py").write_bytes((ROOT / ".ci" / "sbom.py").read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (tmp_path / "requirements.lock").write_text("numpy==2.4.6\n")
    done = sbom(tmp_path)
    assert (done.returncode, done.stderr) == (
        1,
        "requirements.lock: 'numpy==2.4.6': expected NAME==VERSION and hashes; run make lock\n",
    )
