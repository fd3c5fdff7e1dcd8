"""verify --rebuild builds a release again elsewhere: a real clone of a real origin, data and seeds in a real remote."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from copydesk.cli import app
from copydesk.core.atomic_files import json_text
from copydesk.errors import ReleaseError
from copydesk.proofs.build_inputs import build_inputs
from copydesk.proofs.statement import with_identifier
from copydesk.rebuilding import same_toolkit
from copydesk.rebuilding.rebuild import rebuild
from stated_releases import Stated, make_stated
from support import run_stripped as run

STATEMENT = "corpus/provenance.intoto.json"


def call(root: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["verify", *words, "--root", str(root)], env={"COLUMNS": "200"})


@pytest.fixture
def clone(stated: Stated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a stranger has: a clone of the origin, and no data."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "elsewhere").mkdir()
    return stated.clone(tmp_path / "elsewhere" / "clone")


def test_a_release_is_built_again_elsewhere(
    stated: Stated, clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COPYDESK_STORE", str(tmp_path / "store"))  # finished shards there would prove nothing
    told = call(clone, stated.tag, "--rebuild", "--allowed-signers", str(stated.allowed))
    assert told.exit_code == 0, (told.output, told.exception)
    listed = (stated.corpus / "MANIFEST.sha256").read_text("utf-8").count("\n")
    assert told.stdout.splitlines() == [
        f"corpus at {stated.tag}: all {listed} files match the manifest, signed by desk@example.org; the statement of "
        "provenance agrees",
        f"corpus at {stated.tag}: built again, {listed + 1} files and 4 tables are the same",
    ]
    assert not (tmp_path / "store").exists()
    assert run(clone, "git", "status", "--porcelain") == ""
    assert not (clone / "seeds").exists()  # the clone is as it was
    assert not list((tmp_path / "cache").rglob("rebuild-*"))  # and nothing is left of the other one


def test_no_filter_of_the_users_runs_because_a_repository_asks_for_it(
    stated: Stated, clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[filter "theirs"]\n    smudge = touch {ran}; cat\n    clean = cat\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    (clone / ".gitattributes").write_text("* filter=theirs\n")
    run(clone, "git", "-c", "user.name=x", "-c", "user.email=x@y.example", "add", ".gitattributes")
    run(clone, "git", "-c", "user.name=x", "-c", "user.email=x@y.example", "commit", "-q", "-m", "filtered")
    ran.unlink(missing_ok=True)
    with contextlib.suppress(ReleaseError):
        rebuild(clone, "HEAD")
    assert not ran.exists()


def test_what_it_would_need(stated: Stated, clone: Path) -> None:
    told = call(clone, stated.tag, "--rebuild", "--dry-run")
    assert told.exit_code == 0, (told.output, told.exception)
    assert (
        "can be built again with what is installed; needs a clone, and 4 objects of DVC; would compare" in told.output
    )
    for words in (["--dry-run"], ["--trust-plugins"], ["--workers", "2"]):
        refused = call(clone, stated.tag, *words)
        assert isinstance(refused.exception, ReleaseError) and "need --rebuild" in str(refused.exception)


def commit_statement(root: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Commit another statement, as somebody would who wants to be believed."""
    statement = json.loads((root / STATEMENT).read_text("utf-8"))
    edit(statement)
    (root / STATEMENT).write_text(json_text(with_identifier(statement)), "utf-8")
    run(root, "git", "commit", "--quiet", "--all", "--message", "edited")


def entry(statement: dict[str, Any], name: str) -> dict[str, Any]:
    entries = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    found: dict[str, Any] = next(e for e in entries if e["name"] == name)
    return found


def test_what_the_inputs_do_not_give_is_named(stated: Stated, clone: Path) -> None:
    """A release that was edited after its build: hashes and statement agree, its inputs do not lead to it."""

    def edit(statement: dict[str, Any]) -> None:
        for subject in statement["subject"]:
            if subject["name"] in ("README.md", "table documents"):
                subject["digest"] = dict.fromkeys(subject["digest"], "0" * 64)
        statement["subject"].append({"name": "more.txt", "digest": {"sha256": "1" * 64}})

    commit_statement(clone, edit)
    rebuilt = rebuild(clone, "HEAD")
    assert [(p.file, p.expected) for p in rebuilt.problems] == [
        ("README.md", f"sha256 {'0' * 64} as released"),
        ("more.txt", f"sha256 {'1' * 64} as released"),
        ("table documents", f"copydeskLogicalHash {'0' * 64} as released"),
    ]
    assert all(" in the new build" in p.found for p in rebuilt.problems)


def test_other_inputs_are_named_before_anything_is_built(stated: Stated, clone: Path) -> None:
    seeds = build_inputs(stated.root)["seeds"]
    commit_statement(clone, lambda s: entry(s, "seeds")["digest"].update(sha256="0" * 64))
    (problem,) = rebuild(clone, "HEAD").problems
    assert str(problem).startswith(
        f"seeds: found 4 files with the digest {seeds.sha256}, expected 4 files with the digest {'0' * 64}; "
    )
    commit_statement(
        clone, lambda s: s["predicate"]["buildDefinition"]["resolvedDependencies"].remove(entry(s, "seeds"))
    )
    (problem,) = rebuild(clone, "HEAD").problems
    assert problem.expected == "nothing"


def test_other_code_or_libraries_are_refused(stated: Stated, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = same_toolkit.installed_version
    monkeypatch.setattr(
        same_toolkit, "installed_version", lambda n: {"ftfy": "6.0", "rensa": None}.get(n, installed(n))
    )
    with pytest.raises(
        ReleaseError, match=r"(?s)other code or libraries.*ftfy: found 6\.0, expected 6\.3\.1\n"
    ) as error:
        rebuild(clone, stated.tag, dry_run=True)
    assert "rensa: found nothing, expected 0.5.0" in str(error.value) and "copydesk:" not in str(error.value)
    monkeypatch.undo()
    stages = same_toolkit.stage_hashes()
    changed = {**stages, "clean": "0" * 64, "validate": "0" * 64}  # the last one writes no file of the dataset
    monkeypatch.setattr(same_toolkit, "stage_hashes", lambda: changed)
    with pytest.raises(ReleaseError, match=r"copydesk: found \S+, expected \S+, other code .* \(stages clean\)"):
        rebuild(clone, stated.tag)


def test_a_release_without_a_statement_or_with_a_damaged_one(stated: Stated, clone: Path) -> None:
    (clone / STATEMENT).write_text("{}")
    run(clone, "git", "commit", "--quiet", "--all", "--message", "damaged")
    with pytest.raises(ReleaseError, match=r"provenance\.intoto\.json: found KeyError"):
        rebuild(clone)
    run(clone, "git", "rm", "--quiet", STATEMENT)
    run(clone, "git", "commit", "--quiet", "--message", "none")
    with pytest.raises(ReleaseError, match=r"HEAD has no corpus/provenance\.intoto\.json, so it is not known"):
        rebuild(clone)


def test_a_commit_after_the_release_is_none(clone: Path) -> None:
    manifest = clone / "corpus" / "MANIFEST.sha256"
    manifest.write_text(manifest.read_text("utf-8").replace("LICENSE", "LICENCE"), "utf-8")
    run(clone, "git", "commit", "--quiet", "--all", "--message", "built again")
    with pytest.raises(ReleaseError, match=r"HEAD is no release: .* is that of 1\.0\.0; name .* corpus@v1\.0\.0$"):
        rebuild(clone)


def test_seeds_that_the_remote_lost(stated: Stated, clone: Path, holding: Any) -> None:
    listing = (stated.root / "seeds.dvc").read_text().partition("md5: ")[2].partition("\n")[0]
    lost = stated.remote / "files" / "md5" / listing[:2] / listing[2:]
    with holding(lost, None), pytest.raises(ReleaseError, match=rf"object {listing}: cannot be fetched"):
        rebuild(clone, stated.tag)
    seed = next(row["md5"] for row in json.loads(lost.read_bytes()))
    damaged = stated.remote / "files" / "md5" / seed[:2] / seed[2:]
    with holding(damaged, b"other bytes"), pytest.raises(ReleaseError, match=r"it has other bytes there"):
        rebuild(clone, stated.tag)


def test_links_that_lead_out_are_not_followed(stated: Stated, clone: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (clone / "build").symlink_to(tmp_path / "outside")
    run(clone, "git", "add", "--force", "build")
    run(clone, "git", "commit", "--quiet", "--message", "a link")
    with pytest.raises(ReleaseError, match=r"build: a link leads out of the repository"):
        rebuild(clone)
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize("path", ["../../outside", "/etc"])
def test_a_path_of_dvc_that_leads_out(stated: Stated, clone: Path, tmp_path: Path, path: str) -> None:
    """A list of files that a stranger wrote: its objects are real, its paths lead elsewhere."""
    md5 = hashlib.md5(b"bytes", usedforsecurity=False).hexdigest()
    data = json.dumps([{"md5": md5, "relpath": path}]).encode()
    oid = hashlib.md5(data, usedforsecurity=False).hexdigest() + ".dir"
    remote = tmp_path / "remote"
    for name, content in ((oid, data), (md5, b"bytes")):
        (remote / "files" / "md5" / name[:2]).mkdir(parents=True, exist_ok=True)
        (remote / "files" / "md5" / name[:2] / name[2:]).write_bytes(content)
    config = (clone / ".dvc" / "config").read_text().replace(str(stated.remote), str(remote))
    (clone / ".dvc" / "config").write_text(config)
    (clone / "seeds.dvc").write_text(f"outs:\n- md5: {oid}\n  path: seeds\n")
    run(clone, "git", "commit", "--quiet", "--all", "--message", "other seeds")
    with pytest.raises(ReleaseError, match=r"leads out of the repository; it is not fetched"):
        rebuild(clone)


def test_plug_ins_run_only_if_they_are_trusted(tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = tmp_path / "ran"
    plugin = (
        "from pathlib import Path\n\nimport copydesk\n\n"
        f"Path({str(ran)!r}).write_text('yes')\n\n\n"
        "@copydesk.rule('desk-mark', tier='safe', repairs=('Report 1.', 'Dispatch 1.'), leaves='A report')\n"
        "def desk_mark(text):\n    if text.startswith('Report'):\n        yield copydesk.Found(0, 6, 'Dispatch')\n"
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = tmp_path / "place"
    place.mkdir()
    tag = make_stated(place / "work", None, plugin=plugin)
    clone = tmp_path / "clone"
    run(tmp_path, "git", "clone", "--quiet", str(place / "work"), str(clone))
    ran.unlink()
    for dry_run in (True, False):
        with pytest.raises(ReleaseError, match=r"plug-ins \(desk\), which are code of that repository"):
            rebuild(clone, tag, dry_run=dry_run)
    assert not ran.exists()
    rebuilt = rebuild(clone, tag, trust_plugins=True)
    assert rebuilt.problems == [] and ran.exists()
    (clone / "desk.py").write_text(plugin + "# another\n")
    run(clone, "git", "commit", "--quiet", "--all", "--message", "another plug-in")
    (problem,) = rebuild(clone, trust_plugins=True).problems
    assert problem.file == "plugin desk"
