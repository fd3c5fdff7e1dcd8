"""A repository in which columns and fields have their old names is moved, and moved once."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copydesk.ci.hand_written_files import check_inputs
from copydesk.cli import app
from copydesk.core.atomic_files import sha256_file
from copydesk.core.decisions import read_decisions
from copydesk.core.json_schema import PACKAGED
from copydesk.errors import ConfigError
from copydesk.pipeline import STAGES
from copydesk.project import Project
from copydesk.revisions.toolkit_lock import NAME
from copydesk.scaffold.repository import init, upgrade
from copydesk.tables.parquet import read_parquet
from old_names import write_old_schemas
from support import file_bytes, run_stages, write_seeds
from support import run_command as run

CONDITION = 'licence == "MIT"  # what the donor allows, by its licence'
SOURCES = '{"doc_id":"a", "licence":"MIT", "outlet": "The Paper"}\n\n{"doc_id": "b", "license": "MIT"}\n'
DECISION = {"doc_id": "a", "raw_sha256": "0" * 64, "decision": "correct", "date": "2025-01-01"}
DECISIONS = json.dumps({**DECISION, "field": "licence", "value": "CC0-1.0"}) + "\n"
HAND_WRITTEN = ("params.yaml", "seeds/sources.jsonl", "seeds/decisions.jsonl")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A repository as the version before the rename made it, with an article and what was written about it."""
    root = tmp_path / "my-corpus"
    init(root)
    write_old_schemas(root / "schemas")
    told = json.loads((root / NAME).read_text("utf-8"))
    for path in (root / "schemas").iterdir():
        told["files"][f"schemas/{path.name}"] = sha256_file(path)
    (root / NAME).write_text(json.dumps(told))
    params = (root / "params.yaml").read_text("utf-8")
    assert params.count('  keep: ""') == 1
    (root / "params.yaml").write_text(params.replace('  keep: ""', f"  keep: {CONDITION} "), "utf-8")
    write_seeds(root / "seeds", {"a.txt": "One text.\n", "sources.jsonl": SOURCES, "decisions.jsonl": DECISIONS})
    return root


def command(root: Path, *options: str, status: int = 0) -> list[str]:
    done = CliRunner().invoke(app, ["upgrade", "--root", str(root), *options])
    assert done.exit_code == status, done.output
    return done.stdout.splitlines()


def test_a_dry_run_shows_every_change_and_makes_none(old: Path) -> None:
    before = file_bytes(old)
    shown = command(old, "--dry-run")
    assert file_bytes(old) == before
    assert [line for line in shown if line.startswith("schemas/")] == [
        f"schemas/{name}.schema.json: would be written" for name in ("decision", "documents", "source")
    ]
    number = before["params.yaml"].decode().split("\n").index(f"  keep: {CONDITION}   # such as: words >= 50 and "
        'dup_line_frac < 0.3 and language in ["en", "de"]') + 1  # fmt: skip
    place = shown.index("params.yaml: 1 line would be rewritten with the new names of fields")
    assert shown[place + 1].startswith(f"  {number} -   keep: licence ==")
    assert shown[place + 2].startswith(f"  {number} +   keep: license ==")
    assert shown[place + 3 :] == [
        "seeds/sources.jsonl: 1 line would be rewritten with the new names of fields",
        '  1 - {"doc_id":"a", "licence":"MIT", "outlet": "The Paper"}',
        '  1 + {"doc_id":"a", "license":"MIT", "source": "The Paper"}',
        "seeds/decisions.jsonl: 1 line would be rewritten with the new names of fields",
        f"  1 - {DECISIONS.strip()}",
        f"  1 + {DECISIONS.strip().replace('licence', 'license')}",
    ]


def test_it_is_moved_once_and_then_builds(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = file_bytes(old)
    upgraded = upgrade(old)
    assert (upgraded.differing, upgraded.missing) == ([], [])
    assert [rewrite.path for rewrite in upgraded.renamed] == list(HAND_WRITTEN)
    after = file_bytes(old)
    assert after["params.yaml"] == before["params.yaml"].replace(b"keep: licence", b"keep: license")
    assert after["seeds/sources.jsonl"] == SOURCES.replace("licence", "license").replace("outlet", "source").encode()
    assert after["seeds/decisions.jsonl"] == DECISIONS.replace("licence", "license").encode()
    for path in PACKAGED.iterdir():
        assert after[f"schemas/{path.name}"] == path.read_bytes()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {
        *HAND_WRITTEN,
        *(f"schemas/{n}.schema.json" for n in ("decision", "documents", "source")),
        NAME,
    }

    assert not any(upgrade(old))
    assert command(old) == ["nothing to do"]
    assert file_bytes(old) == after
    assert check_inputs(old).ok
    project = run_stages(Project.open(old))
    (path,) = (project.corpus / "data" / "documents").iterdir()
    (row,) = read_parquet(path).to_pylist()
    assert (row["license"], row["source"]) == ("MIT", "The Paper")
    warnings = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert all("no such document: b" in line for line in warnings), warnings


def test_before_it_is_moved_the_build_says_what_to_do(old: Path) -> None:
    report = check_inputs(old)
    assert {(finding.file, finding.message) for finding in report.findings} == {
        (f"schemas/{name}.schema.json", f"{before} is now {now}; run copydesk upgrade to rename it")
        for name, before, now in (
            ("decision", "licence", "license"),
            ("decision", "source_outlet", "source"),
            ("documents", "licence", "license"),
            ("documents", "source_outlet", "source"),
            ("source", "licence", "license"),
            ("source", "outlet", "source"),
        )
    }
    assert all(finding.line > 1 for finding in report.findings)
    with pytest.raises(Exception, match="licence is now license; run copydesk upgrade"):
        STAGES["ingest"](Project.open(old))


def test_what_people_wrote_is_read_as_it_is_with_the_new_schemas(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    params, sources, decisions = (old.joinpath(name).read_bytes() for name in HAND_WRITTEN)
    upgrade(old)
    for name, data in zip(HAND_WRITTEN, (params, sources, decisions), strict=True):
        (old / name).write_bytes(data)
    assert check_inputs(old).ok
    project = run_stages(Project.open(old))
    (path,) = (project.corpus / "data" / "documents").iterdir()
    (row,) = read_parquet(path).to_pylist()
    assert (row["license"], row["source"]) == ("MIT", "The Paper")
    seeds = old / "seeds"
    warnings = {line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")}
    assert {line for line in warnings if "no such document: b" not in line} == {
        f"warning: {seeds / 'sources.jsonl'}: licence is now license (1 line); run copydesk upgrade to rename it",
        f"warning: {seeds / 'sources.jsonl'}: outlet is now source (1 line); run copydesk upgrade to rename it",
        f"warning: {seeds / 'decisions.jsonl'}: licence is now license (1 line); run copydesk upgrade to rename it",
        "warning: params.yaml: select.keep: licence is now license; run copydesk upgrade to rename it",
    }
    (decision,) = read_decisions(seeds)
    assert decision.field == "license"


def test_nothing_is_written_where_two_values_are_given(old: Path) -> None:
    path = old / "seeds" / "sources.jsonl"
    path.write_text('{"doc_id": "a", "licence": "MIT"}\n{"doc_id": "b", "licence": "MIT", "license": "CC0-1.0"}\n')
    before = file_bytes(old)
    with pytest.raises(ConfigError) as refused:
        upgrade(old)
    assert str(refused.value) == f"{path}:2: license: licence is 'MIT' and license is 'CC0-1.0'; keep license alone"
    assert file_bytes(old) == before
    findings = [(f.file, f.line, f.field) for f in check_inputs(old).findings if f.check == "lines"]
    assert findings == []  # the schema is mended first
    path.write_text('{"doc_id": "b", "licence": "MIT", "license": "MIT"}\n')
    upgrade(old)
    assert path.read_text() == '{"doc_id": "b", "license": "MIT"}\n'
    path.write_text('{"doc_id": "a"}\n{"doc_id": "b", "licence": "MIT", "license": "CC0-1.0"}\n')
    findings = [(f.file, f.line, f.field) for f in check_inputs(old).findings]
    assert findings == [("seeds/sources.jsonl", 2, "license")]


@pytest.mark.parametrize(
    ("tracked", "link"),
    [
        ("seeds", "symlink"),
        ("seeds", "copy"),
        ("seeds/sources.jsonl", "hardlink"),
        ("seeds/sources.jsonl", "symlink"),
    ],
)
def test_files_that_dvc_tracks_are_moved_and_its_cache_is_not(old: Path, tracked: str, link: str) -> None:
    (old / "seeds" / ".gitkeep").unlink()
    run(old, "dvc", "config", "cache.type", link)
    run(old, "dvc", "add", "--quiet", tracked)
    cache = file_bytes(old / ".dvc" / "cache")
    missing = old / "seeds" / "sources.jsonl"
    kept = missing.read_bytes()
    missing.unlink()
    if tracked != "seeds":
        advice = "DVC tracks it and it is not checked out; run dvc checkout or dvc pull, then this again"
        assert command(old, "--dry-run", status=1)[-1] == f"{tracked}: {advice}"
    run(old, "dvc", "checkout", "--quiet", f"{tracked}.dvc")
    assert missing.read_bytes() == kept

    shown = command(old)
    assert f"seeds/sources.jsonl: DVC tracks it; run dvc add {tracked}" in shown
    assert b'"license":"MIT"' in missing.read_bytes()
    assert not missing.is_symlink() and os.access(missing, os.W_OK)
    assert file_bytes(old / ".dvc" / "cache") == cache
    assert "modified" in run(old, "dvc", "status", f"{tracked}.dvc")
    run(old, "dvc", "add", "--quiet", tracked)
    assert command(old) == ["nothing to do"]


def test_a_folder_of_seeds_that_is_not_checked_out_is_named(old: Path) -> None:
    (old / "seeds" / ".gitkeep").unlink()
    run(old, "dvc", "add", "--quiet", "seeds")
    for path in (old / "seeds").iterdir():
        path.unlink()
    (old / "seeds").rmdir()
    advice = "seeds: DVC tracks it and it is not checked out; run dvc checkout or dvc pull, then this again"
    assert advice in command(old, status=1)
    assert command(old, status=1) == [advice]
