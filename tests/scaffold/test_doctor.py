"""Each test breaks one thing; the doctor reports it and says what to do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copydesk.cli import app
from copydesk.revisions.toolkit_lock import NAME
from copydesk.scaffold import doctor, services
from copydesk.scaffold.doctor import Diagnosis, examine
from copydesk.scaffold.repository import init
from copydesk.store.pinned_libraries import PINNED
from servers import S3
from support import GIT, run_command


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("doctor") / "corpus"
    init(root)
    (root / "seeds" / "a.txt").write_text("An article.")
    return root


@pytest.fixture
def root(healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in GIT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    # Python starts in a hundredth of the time that DVC needs.
    return Path(shutil.copytree(healthy, tmp_path / "corpus", symlinks=True))


def found(root: Path, subject: str) -> Diagnosis:
    (diagnosis,) = (Diagnosis(subject, *check(root)) for name, check in doctor._CHECKS.items() if name == subject)
    return diagnosis


def remotes(root: Path, *, ask: bool = True) -> list[Diagnosis]:
    return list(services.remote_diagnoses(root, ask=ask))


def test_nothing_is_wrong_and_the_exit_status_says_so(root: Path) -> None:
    verdicts = {diagnosis.subject: diagnosis.verdict for diagnosis in examine(root)}
    # These tests run a copydesk of a folder, which requirements.txt cannot name.
    expected = {"remotes": "warn", "requirements": "warn"}
    assert verdicts == dict.fromkeys(("python", *doctor._CHECKS), "ok") | expected
    runner, command = CliRunner(), ["doctor", "--no-remotes", "--root", str(root)]
    assert runner.invoke(app, command).exit_code == 0
    (root / "params.yaml").write_text("ingest: {max_bytes: many}\n")
    done = runner.invoke(app, command)
    assert done.exit_code == 1
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("error"))
    assert "settings" in line
    assert "ingest.max_bytes: 'many' is not of type 'integer'" in line


def test_another_toolkit(root: Path) -> None:
    recorded = json.loads((root / NAME).read_text("utf-8"))
    recorded["stages"]["clean"] = "0" * 64
    (root / NAME).write_text(json.dumps(recorded))
    (diagnosis,) = (diagnosis for diagnosis in examine(root, remotes=False) if diagnosis.subject == "copydesk")
    assert diagnosis.verdict == "error"
    assert "with other code for clean; run copydesk upgrade" in diagnosis.detail


def test_the_same_stages_in_another_version(root: Path) -> None:
    recorded = json.loads((root / NAME).read_text("utf-8"))
    (root / NAME).write_text(json.dumps({**recorded, "copydesk": "0.0.1"}))
    diagnosis = found(root, "copydesk")
    assert diagnosis.verdict == "warn" and "toolkit.json names 0.0.1, whose stages are the same" in diagnosis.detail


def test_web_pages_without_what_reads_them(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "installed_version", lambda name: None if name == "trafilatura" else "1")
    assert found(root, "extras").verdict == "ok"
    (root / "seeds" / "page.html").write_text("<p>A page.</p>")
    diagnosis = found(root, "extras")
    assert diagnosis.verdict == "warn"
    assert diagnosis.detail.startswith(
        "seeds/ has 1 file that may have web pages, and trafilatura is not installed; "
    )
    assert "pip install 'copydesk[web]" in diagnosis.detail


def test_requirements_that_install_nothing(root: Path) -> None:
    path = root / "requirements.txt"
    path.write_text("# copydesk[build] @ git+https://HOST/ORG/copydesk@COMMIT\n")
    assert found(root, "requirements").verdict == "warn"
    assert found(root, "requirements").detail.startswith("requirements.txt does not install copydesk, so colleagues")
    path.write_text("copydesk[build] @ git+https://host.example/desk/copydesk@0123456\n")
    assert found(root, "requirements").verdict == "ok"
    path.unlink()
    assert found(root, "requirements").verdict == "ok"


def test_another_version_of_a_library(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PINNED, "ftfy", "1.0")
    assert found(root, "libraries").detail.startswith("ftfy is 6.3.1, expected 1.0")
    assert found(root, "libraries").verdict == "error"


def test_a_library_of_an_extra_may_be_missing_but_no_other_version(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "PINNED", {"ftfy": "6.3.1"})
    monkeypatch.setattr(doctor, "PINNED_FOR_PAGES", {"not-there": "1.0"})
    assert found(root, "libraries") == Diagnosis("libraries", "ok", "ftfy 6.3.1")
    monkeypatch.setattr(doctor, "PINNED_FOR_PAGES", {"typer": "0.0.1"})
    assert found(root, "libraries").verdict == "error"
    assert "expected 0.0.1" in found(root, "libraries").detail
    monkeypatch.setattr(doctor, "PINNED", {"not-there": "1.0"})
    assert "not-there is missing, expected 1.0" in found(root, "libraries").detail


def test_another_python_none_and_one_without_the_toolkit(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = root / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    assert found(root, "scripts").detail.startswith("dvc.yaml runs python, but there is none on PATH")
    assert found(root, "git").detail == "not installed; install it"
    assert found(root, "dvc").detail.startswith("not on PATH")
    for line, expected in (("exit 1", "has no copydesk"), ("echo 9.9 /elsewhere/x.py", "another copydesk, 9.9 at ")):
        (folder / "python").write_text(f"#!/bin/sh\n{line}\n")
        (folder / "python").chmod(0o755)
        assert found(root, "scripts").verdict == "error"
        assert expected in found(root, "scripts").detail


def test_git_that_is_old_elsewhere_or_nameless(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "but the repository begins at" in found(root / "seeds", "git").detail
    shutil.rmtree(root / ".git")
    assert "is not in a git repository" in found(root, "git").detail
    run_command(root, "git", "init", "-q")
    run_command(root, "git", "config", "user.useConfigOnly", "true")
    for name in list(GIT):
        if name.startswith(("GIT_AUTHOR", "GIT_COMMITTER")):
            monkeypatch.delenv(name)
    assert found(root, "git").verdict == "warn"
    assert "no committer is set" in found(root, "git").detail
    (root / "git").write_text("#!/bin/sh\necho git version 1.8.3\n")
    (root / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(root))
    assert found(root, "git").detail == "git version 1.8.3; expected 2.26 or newer"


def test_no_dvc_no_seeds_no_room(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(root / ".dvc")
    assert "is not a DVC repository" in found(root, "dvc").detail
    with (root / "seeds" / "large.txt").open("wb") as file:
        file.truncate(10**12)
    free = shutil.disk_usage(root)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free._replace(free=10**12))
    assert found(root, "disk").verdict == "warn"
    assert "a build may need 4,000.0 GB" in found(root, "disk").detail
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free._replace(free=10**8))
    assert found(root, "disk").verdict == "error"
    shutil.rmtree(root / "seeds")
    assert found(root, "settings").verdict == "error"


def test_remotes_are_asked(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    (root / ".dvc" / "config").write_text(
        "[core]\n    remote = fine\n    analytics = false\n"
        f"['remote \"fine\"']\n    url = {tmp_path / 'there' / 'new'}\n"
        f"['remote \"gone\"']\n    url = {tmp_path / 'nowhere' / 'at' / 'all'}\n"
    )
    assert [(f.subject, f.verdict) for f in remotes(root)] == [("remote fine", "ok"), ("remote gone", "error")]
    assert "there is nothing at this address; see dvc remote modify" in remotes(root)[1].detail
    assert [f.verdict for f in remotes(root, ask=False)] == ["ok", "ok"]
    (root / ".dvc" / "config").write_text(f"['remote \"only\"']\n    url = {tmp_path / 'there'}\n")
    assert remotes(root)[0] == Diagnosis("remotes", "warn", "no default; run dvc remote default only")
    monkeypatch.setattr(services, "_REACH_REMOTE", "import time; time.sleep(600)")
    monkeypatch.setattr(services, "TIMEOUT", 3)
    assert "no answer in 3 seconds" in services._problem(root, services._REACH_REMOTE, str(root), "only")  # type: ignore[operator]


def test_the_store_is_asked(root: Path, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not list(services.store_diagnoses(root, ask=True))
    bucket = s3.bucket()
    for name, value in {**s3.environment, "COPYDESK_STORE": f"s3://{bucket}/shards"}.items():
        monkeypatch.setenv(name, value)
    assert list(services.store_diagnoses(root, ask=True)) == [Diagnosis("store", "ok", f"s3://{bucket}/shards")]
    assert not s3.files().find(bucket)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "other")
    assert [diagnosis.verdict for diagnosis in services.store_diagnoses(root, ask=False)] == ["ok"]
    (diagnosis,) = services.store_diagnoses(root, ask=True)
    assert diagnosis.verdict == "error"
    assert f"s3://{bucket}/shards/.doctor: cannot be written (PermissionError: " in diagnosis.detail
    assert "check the address, the network and the credentials" in diagnosis.detail


def test_the_shell_completes(root: Path) -> None:
    environment = {
        **os.environ,
        "_COPYDESK_COMPLETE": "complete_bash",
        "COMP_WORDS": "copydesk doc",
        "COMP_CWORD": "1",
    }
    copydesk = str(Path(sys.executable).with_name("copydesk"))
    done = subprocess.run([copydesk], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["doctor"]
    for shell in ("bash", "zsh", "fish"):
        shown = subprocess.run([copydesk, "--show-completion", shell], capture_output=True, text=True, check=False)
        assert "_COPYDESK_COMPLETE=complete_" in shown.stdout, shown.stderr
