"""With --changed the rows of files that were there before are not looked at again, and all else is."""

from __future__ import annotations

import copy
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import copydesk.validation as module
from broken import rewrite, set_cell, write_manifest
from copydesk.ci.base_manifest import base_listing
from copydesk.core.findings import Report
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.validation import validate
from support import articles, run_command, run_stages, write_seeds

Listing = dict[str, Any]


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("changed")
    write_seeds(root / "seeds", articles(24))
    shards = {"target": 4, "minimum": 2, "maximum": 8}
    params = {"shards": shards, "splits": {"minimum": 1_000}, "engine": {"workers": 1}}
    (root / "params.yaml").write_text(json.dumps(params))
    return run_stages(Project.open(root))


@pytest.fixture
def project(made_once: Project, tmp_path: Path) -> Project:
    """A corpus of several shards that a test may break."""
    shutil.copytree(made_once.corpus, tmp_path / "corpus")
    return replace(made_once, corpus=tmp_path / "corpus")


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of documents that were read."""
    files: list[str] = []
    whole = module.check_unit

    def watched(unit: Any) -> Any:
        files.extend(shard.path for shard in unit.files["documents"])
        return whole(unit)

    monkeypatch.setattr(module, "check_unit", watched)
    return files


def listing(project: Project) -> Listing:
    made: Listing = json.loads((project.corpus / "manifest.json").read_text("utf-8"))
    return made


def check(project: Project, base: Listing | None = None) -> Report:
    return validate(project.corpus, project.schemas, load=False, base=base)


def test_what_did_not_change_is_counted(project: Project, looked_at: list[str]) -> None:
    whole = check(project)
    everything = list(looked_at)
    assert len(everything) > 3
    looked_at.clear()
    again = check(project, listing(project))
    assert (again.ok, again.checked, looked_at) == (True, whole.checked, [])


def test_a_fault_in_what_changed_is_found(project: Project, looked_at: list[str]) -> None:
    before = listing(project)
    rewrite(project, "sentences", set_cell("text", 1, "Another sentence."), 1)
    report = check(project, before)
    assert [(f.check, f.file, f.field) for f in report.findings] == [("content", "data/sentences", "[1].text")]
    assert len(looked_at) == 1
    looked_at.clear()
    # The same fault, passed over where the base is said to have had it: the base is what was checked before.
    assert check(project, listing(project)).ok
    assert looked_at == []
    assert not check(project).ok


def test_a_logical_hash_that_changes_while_the_files_do_not(project: Project) -> None:
    before = listing(project)
    after = copy.deepcopy(before)
    after["tables"]["raw"]["splits"]["train"]["logical_sha256"] = "0" * 64
    (project.corpus / "manifest.json").write_text(json.dumps(after))
    write_manifest(project)
    (finding,) = check(project, before).findings
    assert finding[:4] == ("rows", "manifest.json", "", "tables.raw.splits.train.logical_sha256")
    assert "of the same files; run the stage package" in finding.message


@pytest.mark.parametrize("change", [{"schemas": {}}, {"withheld": ["article-0001"]}, {"tables": {}}])
def test_another_base_holds_nothing(project: Project, looked_at: list[str], change: Listing) -> None:
    assert check(project, {**listing(project), **change}).ok
    assert len(looked_at) > 3


def test_an_id_of_what_did_not_change_is_not_given_again(project: Project) -> None:
    before = listing(project)
    rewrite(project, "documents", set_cell("duplicate_of", 0, "nobody"), 1)
    assert [(f.check, f.field) for f in check(project, before).findings] == [("ids", "duplicate_of")]


def test_the_base_is_where_the_branch_was_left(own_copy: Project, tmp_path: Path) -> None:
    root = own_copy.corpus.parent
    run = run_command
    with pytest.raises(ReleaseError, match="no default branch"):
        base_listing(root, own_copy.corpus)
    run(root, "git", "init", "-q", "-b", "main")
    run(root, "git", "add", "params.yaml")
    run(root, "git", "commit", "-q", "-m", "no corpus")
    assert base_listing(root, own_copy.corpus) == {}
    run(root, "git", "add", "corpus/manifest.json")
    run(root, "git", "commit", "-q", "-m", "corpus")
    run(root, "git", "tag", "left")
    run(root, "git", "checkout", "-q", "-b", "work")
    path = own_copy.corpus / "manifest.json"
    first = path.read_text("utf-8")
    for said in ("{}", "[1]", "{"):
        path.write_text(said)
        run(root, "git", "commit", "-q", "-a", "-m", "changed")
        assert base_listing(root, own_copy.corpus, "HEAD") == {}
    assert base_listing(root, own_copy.corpus) == base_listing(root, own_copy.corpus, "left") == json.loads(first)
    with pytest.raises(ReleaseError, match="nope: unknown revision"):
        base_listing(root, own_copy.corpus, "nope")
    with pytest.raises(ReleaseError, match=re.escape(f"{tmp_path}: not below {root}")):
        base_listing(root, tmp_path)
    shutil.rmtree(root / ".git")
