"""The command line: help, exit codes, errors in a line."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import copydesk
from copydesk.cli import app
from copydesk.pipeline import STAGES
from copydesk.project import Project
from fuzz.outputs import check_log
from support import ROOT, articles, write_seeds


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("copydesk")), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_version_and_help() -> None:
    assert run("--version").stdout.strip() == copydesk.__version__
    shown = run("--help").stdout
    listed = re.findall(r"(?m)^  ([a-z]+)  ", shown)
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert sorted(listed) == sorted(name for name, command in commands.items() if not command.hidden)
    assert shown.count("...") == 1  # of the usage
    for command in ("build", "rules", "clean", "check", "validate", "report", "publish"):
        assert "Exits with 0" in " ".join(run(command, "--help").stdout.split())


def test_build_and_validate(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    done = run("build", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "corpus: 2 documents, 0 seeds refused\n"
    assert run("validate", "--no-load", cwd=tmp_path).returncode == 0
    assert run("validate", "--no-load", "--root", str(tmp_path)).returncode == 0
    card = tmp_path / "corpus" / "README.md"
    card.write_text("broken")
    done = run("validate", "--no-load", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ValidationError: corpus: 2 violations")
    assert "Traceback" not in done.stderr


def test_strict_stops_at_a_refused_seed(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a.txt").write_text("Fine.")
    (tmp_path / "seeds" / "b.txt").write_bytes(b"")
    done = run("build", "--strict", cwd=tmp_path)
    assert done.returncode == 1
    assert "b.txt: empty: 0 bytes" in done.stderr
    assert not (tmp_path / "corpus").exists()


def test_names_and_words_say_nothing_to_a_terminal_or_a_host(tmp_path: Path) -> None:
    write_seeds(tmp_path / "seeds", {"a\n::error::b\x1b[2J ##[error]c.txt": b""})
    done = run("build", "--strict", "--root", str(tmp_path))
    assert done.returncode == 1
    assert r"  \x3a:error::b\x1b[2J #\x23[error]c.txt: bad-name: " in done.stderr
    told = json.loads(run("build", "--log-json", "--strict", "--root", str(tmp_path)).stderr.splitlines()[-1])
    assert told["event"] == "error" and "a\n::error::b\x1b[2J" in told["message"]
    done = run("check", "--a\n::error::b\x1b[2J")
    assert done.returncode == 2
    check_log(done.stderr)
    assert done.stderr.startswith("Usage: copydesk check [OPTIONS]\n")


def test_a_text_is_printed_as_it_is_to_another_program(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Fine.\n::error::\u2028b".encode())
    assert run("clean", str(tmp_path / "a.txt"), "--root", str(tmp_path)).stdout == "Fine.\n::error::\nb\n"


def test_a_record_is_cleaned_by_its_id(tmp_path: Path) -> None:
    records = [{"id": "one", "text": "The  first."}, {"id": "two", "text": "The second,, said he."}]
    path = tmp_path / "wire.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in records))
    assert run("clean", f"{path}#one", "--root", str(tmp_path)).stdout == "The first.\n"
    for name, message in (
        (f"{path}", "a file of records; write wire.jsonl#ID (it has one, two)"),
        (f"{path}#three", "no record 'three'; write wire.jsonl#ID (it has one, two)"),
        (f"{tmp_path / 'none.txt'}", "no such file"),
    ):
        done = run("clean", name, "--root", str(tmp_path))
        assert (done.returncode, message in done.stderr) == (1, True), done.stderr
    (tmp_path / "packed.txt.gz").write_bytes(gzip.compress(b"Two  spaces."))
    for name in ("packed.txt.gz", "packed.txt.gz#packed"):
        assert run("clean", str(tmp_path / name), "--root", str(tmp_path)).stdout == "Two spaces.\n"
    (tmp_path / "a#b.txt").write_text("Fine.")
    assert run("clean", str(tmp_path / "a#b.txt"), "--root", str(tmp_path)).stdout == "Fine.\n"


def test_a_seed_is_cleaned_by_the_settings_for_it(tmp_path: Path) -> None:
    write_seeds(tmp_path, {"seeds/letters/a.txt": "Two  spaces.", "letters/a.txt": "Two  spaces."})
    (tmp_path / "params.yaml").write_text('clean: {for: [{match: "letters/*", rules: {spaces: "off"}}]}\n')
    assert run("clean", "seeds/letters/a.txt", cwd=tmp_path).stdout == "Two  spaces.\n"
    assert run("clean", "letters/a.txt", cwd=tmp_path).stdout == "Two spaces.\n"
    assert run("clean", "../seeds/letters/a.txt", "--root", "..", cwd=tmp_path / "letters").stdout == "Two  spaces.\n"


def test_a_root_that_is_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    for command in (
        ["build"],
        ["check"],
        ["clean", "a.txt"],
        ["diff", "HEAD"],
        ["merge"],
        ["takedown", "a"],
        ["doctor"],
    ):
        done = run(*command, "--root", str(path))
        assert done.returncode == 2
        assert f"Invalid value for '--root': dir '{path}' is a file." in " ".join(done.stderr.split()), command
        done = run(*command, "--root", "x" * 5000)
        assert done.returncode in (1, 2) and "Traceback" not in done.stderr


@pytest.mark.parametrize("script", ["clean", "validate"])
def test_a_script_prints_its_error_in_a_line(tmp_path: Path, script: str) -> None:
    command = [sys.executable, str(ROOT / "scripts" / f"{script}.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Error: " in done.stderr


def test_the_validate_script_exits_with_0_or_1(own_copy: Project) -> None:
    root = own_copy.corpus.parent
    command = [sys.executable, str(ROOT / "scripts" / "validate.py")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads((root / "reports" / "validation.json").read_text("utf-8"))["ok"] is True
    (root / "corpus" / "data" / "raw" / "train-00000-of-00001.parquet").unlink()
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the manifest lists it" in " ".join(done.stderr.split())


def test_a_profile_says_where_the_time_went(tmp_path: Path) -> None:
    write_seeds(tmp_path / "seeds", articles(3))
    done = run("build", "--root", str(tmp_path), "--profile")
    assert done.returncode == 0, done.stderr
    table = [line.split() for line in done.stdout.splitlines()]
    assert [row[0] for row in table[1:10]] == [*STAGES, "all"]
    assert float(table[9][-1]) > 0
    assert {row[0] for row in table[10:20]} == {"clean"}  # and the rule


def test_a_validation_in_part_leaves_the_report_of_the_pipeline_alone(own_copy: Project) -> None:
    report = own_copy.reports / "validation.json"
    report.parent.mkdir(exist_ok=True)
    report.write_text("of the pipeline")
    assert run("validate", "--no-load", cwd=own_copy.corpus.parent).returncode == 0
    assert json.loads((own_copy.build / "validation.json").read_text("utf-8"))["ok"] is True
    assert report.read_text() == "of the pipeline"
