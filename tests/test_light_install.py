"""What ``pip install copydesk`` brings without an extra is enough to load, verify and carry labels."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from copydesk.store import installed_from
from support import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def closure(requirements: list[str]) -> set[str]:
    """The names of the distributions that some requirements bring, with all that those require."""
    found: set[str] = set()
    todo = [Requirement(line) for line in requirements]
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        todo += map(Requirement, distribution(name).requires or [])
    return found


LIGHT = closure(PROJECT["dependencies"])
#: Modules of all other packages that are installed here: a process without them is as after a light install.
ABSENT = sorted(
    module
    for module, owners in packages_distributions().items()
    if module != "copydesk" and not {canonicalize_name(owner) for owner in owners} & LIGHT
)

ONLY_LIGHT = f"""
import sys
class Absent:
    def find_spec(name, path=None, target=None):
        if name == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name=name)
sys.meta_path.insert(0, Absent)  # pyarrow takes a None of sys.modules for the module
sys.modules.update(dict.fromkeys({[name for name in ABSENT if name != "pandas"]!r}))
"""


def light(code: str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process that has only the packages of a light install."""
    command = [sys.executable, "-P", "-c", ONLY_LIGHT + code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def light_command(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line in such a process."""
    return light("from copydesk.cli import main; sys.argv[0] = 'copydesk'; main()", *arguments, cwd=cwd)


LOAD = """
import json, copydesk
from pathlib import Path
tables = copydesk.load("documents", version=sys.argv[2], repo=sys.argv[1], cache=Path(sys.argv[3]), library="pyarrow")
rows = [row for split in tables.values() for row in split.to_pylist()]
raw = copydesk.load("raw", version=sys.argv[2], repo=sys.argv[1], cache=Path(sys.argv[3]), library="pyarrow")
texts = {row["doc_id"]: row["text"] for split in raw.values() for row in split.to_pylist()}
print(json.dumps({row["doc_id"]: [row["text"], texts[row["doc_id"]]] for row in rows}))
print(*sorted(copydesk.logical_hash(table) for table in tables.values()))
"""


def test_the_packages_of_a_build_are_absent() -> None:
    assert {"datasets", "dvc", "ftfy", "pycld2", "huggingface_hub", "fsspec", "pandas"} <= {*ABSENT}
    assert not {"numpy", "pyarrow", "yaml", "typer"} & {*ABSENT}
    assert not [line for line in PROJECT["dependencies"] if re.search(r"==|<|~=|DVC|datasets", line)]


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_a_release_is_loaded_from_a_url_as_with_everything_installed(
    releases: Any, tmp_path: Path, version: str
) -> None:
    url = f"file://{releases.bare}"
    done = light(LOAD, url, version, str(tmp_path / "light"))
    assert done.returncode == 0, done.stderr
    code = f"import sys\n{LOAD}"
    command = [sys.executable, "-P", "-c", code, url, version, str(tmp_path / "whole")]
    assert done.stdout == subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert len(json.loads(done.stdout.splitlines()[0])) == releases.documents[version]


@pytest.fixture
def web_server(releases: Any) -> Iterator[str]:
    """The URL of a server of the files of the DVC remote."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(releases.remote))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def clone(releases: Any, tmp_path: Path) -> Path:
    """A fresh clone, without a cache of DVC."""
    subprocess.run(["git", "clone", "-q", str(releases.bare), str(tmp_path / "clone")], check=True)
    return tmp_path / "clone"


def with_remote(clone: Path, url: str) -> None:
    (clone / ".dvc" / "config.local").write_text(f"['remote \"store\"']\n    url = {url}\n")


def test_from_a_web_server(clone: Path, web_server: str, tmp_path: Path) -> None:
    with_remote(clone, web_server)
    done = light(LOAD, str(clone), "1.1.0", str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    with_remote(clone, f"{web_server}/nowhere")
    done = light(LOAD, str(clone), "1.0.0", str(tmp_path / "cache"))
    assert "is missing" in done.stderr and "Traceback" in done.stderr and "ReleaseError" in done.stderr


def test_of_another_kind_of_remote_it_is_said_what_to_install(clone: Path, tmp_path: Path) -> None:
    for url, extra in (("s3://bucket/path", "s3"), ("azure://container", "all")):
        with_remote(clone, url)
        done = light(LOAD, str(clone), "1.0.0", str(tmp_path / "cache"))
        assert f"which DVC reads: pip install 'copydesk[build]' 'dvc[{extra}]'" in done.stderr


def test_a_password_is_not_left_out_in_silence(clone: Path, web_server: str, tmp_path: Path) -> None:
    with_remote(clone, web_server.replace("//", "//me:secret@"))
    done = light(LOAD, str(clone), "1.0.0", str(tmp_path / "cache"))
    assert "has a password, which DVC uses: pip install 'copydesk[build]'" in done.stderr
    with_remote(clone, f"{web_server}\n    user = me")
    done = light(LOAD, str(clone), "1.0.0", str(tmp_path / "cache"))
    assert "has user, which DVC uses" in done.stderr


def test_rows_of_another_release_are_refused(releases: Any, clone: Path, tmp_path: Path) -> None:
    releases.run("git", "tag", "corpus@v4.0.0", "corpus@v1.0.0^{commit}", cwd=clone)
    with_remote(clone, str(releases.remote))
    done = light(LOAD, str(clone), "corpus@v4.0.0", str(tmp_path / "cache"))
    assert "ReleaseError" in done.stderr and "manifest.json says version 1.0.0" in done.stderr


def test_releases_are_verified_and_compared(releases: Any, clone: Path) -> None:
    done = light_command("verify", "corpus@v1.0.0", "--root", str(clone), "--remote")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "match the manifest" in done.stdout
    done = light_command("releases", "--root", str(clone))
    assert "1.0.0" in done.stdout and "1.1.0" in done.stdout
    done = light_command("diff", "corpus@v1.0.0", "corpus@v1.1.0", "--root", str(clone))
    assert "2 added" in done.stdout, done.stderr


def test_labels_are_carried(releases: Any, clone: Path, tmp_path: Path) -> None:
    code = """
import hashlib, json, copydesk
from pathlib import Path
clone, here = Path(sys.argv[1]), Path(sys.argv[2])
table = copydesk.load("documents", version="1.0.0", repo=clone, cache=here / "cache", split="train", library="pyarrow")
lines = []
for row in table.to_pylist():
    sha256 = hashlib.sha256(row["text"].encode()).hexdigest()
    lines.append({"doc_id": row["doc_id"], "start": 0, "end": 4, "label": "x", "text_sha256": sha256})
(here / "in.jsonl").write_text("".join(json.dumps(line) + "\\n" for line in lines))
"""
    assert (made := light(code, str(clone), str(tmp_path))).returncode == 0, made.stderr
    options = ["--from", "corpus@v1.0.0", "--to", "corpus@v1.1.0", "--out", str(tmp_path / "out.jsonl")]
    done = light_command("labels", "carry", str(tmp_path / "in.jsonl"), *options, "--root", str(clone))
    assert done.returncode == 0, done.stderr
    carried = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert carried and {row["status"] for row in carried} == {"kept"}


@pytest.mark.parametrize(
    "name", ["build", "clean", "detect_language", "extract_article", "split_sentences", "validate"]
)
def test_what_only_a_build_can_do_says_what_to_install(name: str) -> None:
    done = light(f"import copydesk; copydesk.{name}")
    line = done.stderr.splitlines()[-1]
    assert f"copydesk.{name}: needs datasets, which is not installed; " in line and "copydesk[build]" in line


def test_rows_of_datasets_are_asked_for() -> None:
    done = light("import copydesk; copydesk.load(repo='.')")
    assert "datasets is not installed; " in done.stderr and 'or give library="pyarrow"' in done.stderr


@pytest.mark.parametrize("arguments", [["build"], ["takedown", "status", "x"]])
def test_commands_of_a_build_end_with_one_line(clone: Path, arguments: list[str]) -> None:
    done = light_command(*arguments, "--root", str(clone))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and "is not installed; " in done.stderr and "copydesk[build]" in done.stderr


def test_the_modules_of_a_build_are_those_of_its_extra() -> None:
    brought = closure(PROJECT["optional-dependencies"]["build"]) - LIGHT
    owners = packages_distributions()
    for module in installed_from._OF_BUILD:
        assert {canonicalize_name(owner) for owner in owners[module]} <= brought, module
    named = {canonicalize_name(Requirement(line).name) for line in PROJECT["optional-dependencies"]["build"]}
    covered = {canonicalize_name(owner) for module in installed_from._OF_BUILD for owner in owners[module]}
    assert named - LIGHT <= covered


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"library": "pandas"}, "library: found 'pandas', expected datasets or pyarrow"),
        ({"library": "pyarrow", "streaming": True}, "leave out streaming, edits and signals"),
        ({"library": "pyarrow", "edits": "safe"}, "leave out streaming, edits and signals"),
        ({"library": "pyarrow", "split": "odd"}, "documents: no split 'odd'; it has train"),
    ],
)
def test_what_pyarrow_alone_cannot_do_is_said(
    releases: Any, tmp_path: Path, given: dict[str, Any], message: str
) -> None:
    import copydesk

    with pytest.raises(copydesk.CopydeskError, match=message):
        copydesk.load("documents", repo=releases.root, cache=tmp_path, **given)
