"""The commands about releases: what they print, how they end, and that each option arrives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from copydesk.cli import app
from copydesk.differences.diff import diff
from copydesk.differences.rendering import diff_as_markdown
from copydesk.errors import ReleaseError
from copydesk.proofs.signing import sign
from copydesk.proofs.sigstore_bundles import SigstoreSigning
from copydesk.releases import release as module
from copydesk.releases.commands import register, schema
from copydesk.releases.release import ReleaseResult
from copydesk.revisions.revision import open_revision

BOTH = ("corpus@v1.0.0", "corpus@v1.1.0")


def call(root: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--root", str(root)], env={"COLUMNS": "200"})


def test_every_command_is_there() -> None:
    made = typer.Typer()
    register(made)
    names = [command.name for command in made.registered_commands]
    assert names == ["changes", "diff", "pull", "release", "releases", "signatures", "splits"]
    assert [(group.name, group.typer_instance) for group in made.registered_groups] == [("schema", schema)]


def test_a_difference(releases: Any) -> None:
    found = diff(*(open_revision(releases.root, rev) for rev in BOTH))
    table = call(releases.root, "diff", *BOTH)
    assert (table.exit_code, table.output.splitlines()[0]) == (
        0,
        "corpus@v1.0.0 → corpus@v1.1.0: documents: 2 added, 0 removed, 0 changed, 0 moved",
    )
    assert "article-0003" in table.output and "\nAdded" in table.output
    told = call(releases.root, "diff", *BOTH, "--json").output
    assert json.loads(told)["added"] == found.added == ["article-0003", "article-0004"]
    assert told.startswith('{\n  "old"') and "\\u" not in told
    assert call(releases.root, "diff", *BOTH, "--markdown").output == diff_as_markdown(found) + "\n"
    assert json.loads(call(releases.root, "diff", BOTH[0], "--json").output)["new"] == "working tree"
    one = call(releases.root, "diff", *BOTH, "--document", "article-0004")
    assert one.exit_code == 0 and one.output.startswith("article-0004\nonly in the new revision\n")
    assert isinstance(call(releases.root, "diff", "nowhere").exception, ReleaseError)


def test_schemas(releases: Any, tmp_path: Path) -> None:
    same = call(releases.root, "schema", "diff", *BOTH)
    assert (same.exit_code, same.output) == (0, "0 changes, 0 breaking\n")
    copy = tmp_path / "copy"
    shutil.copytree(releases.root, copy, ignore=shutil.ignore_patterns("build", "tmp"))
    for name, edit in (("raw", {"size": None}), ("edits", {"rules": {"description": "Another."}})):
        path = copy / "schemas" / f"{name}.schema.json"
        told = json.loads(path.read_text("utf-8"))
        for column, more in edit.items():
            told["properties"][column] |= more or {}
            if more is None:
                del told["properties"][column]
        path.write_text(json.dumps(told), "utf-8")
    changed = call(copy, "schema", "diff", BOTH[0])
    assert (changed.exit_code, changed.output.splitlines()) == (
        0,
        [
            "compatible: edits.rules: description changed",
            "breaking: raw.size: column removed",
            "2 changes, 1 breaking: needs a MAJOR release",
        ],
    )
    params = copy / "params.yaml"
    params.write_text(
        params.read_text("utf-8").replace("schema_contract: evolve", "schema_contract: freeze"), "utf-8"
    )
    frozen = call(copy, "schema", "diff", BOTH[0])
    assert (frozen.exit_code, frozen.output.splitlines()[-1]) == (
        1,
        "schema_contract is freeze: undo the breaking changes, or set it to evolve in params.yaml",
    )
    assert call(copy, "schema", "diff", *BOTH).exit_code == 0  # that of NEW counts


def test_a_release(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Any] = []

    def cut(root: Path, **options: Any) -> ReleaseResult:
        asked.append((root, options))
        return ReleaseResult("1.0.0", "corpus@v1.0.0", None if options["dry_run"] else "abc", None)

    monkeypatch.setattr(module, "release", cut)
    assert call(tmp_path, "release").output == "corpus@v1.0.0 at abc\n"
    every = ("--at-least", "minor", "--remote", "there", "--sign", "key", "--dry-run", "--allow-moves")
    assert call(tmp_path, "release", *every).output == "corpus@v1.0.0 would be the next release\n"
    none = {"sigstore": None}
    assert asked == [
        (tmp_path, {"at_least": "patch", "remote": None, "dry_run": False, "allow_moves": False, "key": None} | none),
        (
            tmp_path,
            {"at_least": "minor", "remote": "there", "dry_run": True, "allow_moves": True, "key": Path("key")} | none,
        ),
    ]
    call(tmp_path, "release", "--sigstore")
    call(tmp_path, "release", "--sigstore", "--trust-config", "file")
    assert [options["sigstore"] for _, options in asked[2:]] == [SigstoreSigning(), SigstoreSigning(Path("file"))]
    assert str(call(tmp_path, "release", "--trust-config", "file").exception) == "--trust-config needs --sigstore"


def test_a_list_of_releases(releases: Any, tmp_path: Path) -> None:
    assert call(releases.root, "releases").output == "1.0.0\n1.1.0\n"
    copy = tmp_path / "bare.git"
    shutil.copytree(releases.bare, copy)
    replaced = "Replaced-by: 1.10.0\n"
    for tag, message in (("corpus@v1.10.0", "x"), ("corpus@v1.1.0!", replaced), ("corpus@v1.0.0!", "gone")):
        commit = f"{'corpus@v1.1.0' if tag == 'corpus@v1.10.0' else tag[:-1]}^{{commit}}"
        releases.run("git", "tag", "--annotate", "--message", message, tag, commit, cwd=copy)
    listed = call(tmp_path, "releases", "--repo", f"file://{copy}")
    assert (listed.exit_code, listed.output.splitlines()) == (
        0,
        ["1.0.0 (withdrawn)", "1.1.0 (withdrawn; 1.10.0 replaces it)", "1.10.0"],
    )


def test_verification(releases: Any, holding: Any, tmp_path: Path) -> None:
    count = len((releases.root / "corpus" / "MANIFEST.sha256").read_text().splitlines())
    good = f"all {count} files match the manifest\n"
    assert call(releases.root, "verify", BOTH[1]).output == f"corpus at {BOTH[1]}: {good}"
    with holding(releases.object_of("1.1.0"), None):
        assert call(releases.root, "verify", BOTH[1]).exit_code == 0
        lost = call(releases.root, "verify", BOTH[1], "--remote")
    assert lost.exit_code == 1 and "found nothing, expected sha256 " in lost.output
    assert lost.output.endswith("; restore it: dvc pull here, or dvc push from a checkout that has it\n")
    root = tmp_path / "wörk"
    shutil.copytree(releases.root / "corpus", root / "corpus")
    assert call(root, "verify").output == f"{tmp_path}/wörk/corpus: {good}"
    key, allowed = tmp_path / "key", tmp_path / "allowed"
    releases.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    allowed.write_text(f"me {key.with_name('key.pub').read_text()}")
    assert "found no signature, expected" in call(root, "verify", "--allowed-signers", str(allowed)).output
    sign(root / "corpus", key)
    signed = call(root, "verify", "--allowed-signers", str(allowed))
    assert (signed.exit_code, signed.output) == (0, f"{tmp_path}/wörk/corpus: {good[:-1]}, signed by me\n")
