"""A new repository works at once, follows the toolkit, and contains no copies kept by hand."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

import copydesk
from copydesk.core.config import load_params
from copydesk.errors import BuildError, ConfigError
from copydesk.merging.drivers import set_command, unset_drivers
from copydesk.pipeline import STAGES
from copydesk.revisions.git import git
from copydesk.revisions.toolkit_lock import NAME, check_toolkit, read_toolkit
from copydesk.revisions.toolkit_lock import STAGES as NAMES
from copydesk.scaffold.doctor import _CHECKS
from copydesk.scaffold.repository import init, upgrade
from copydesk.scaffold.template_files import files, pipeline
from scaffold.conftest import Run
from support import GIT, ROOT, file_bytes

VENV = "import copydesk; print(copydesk.__file__)"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    root = tmp_path / "my-corpus"
    init(root)
    return root


def test_from_the_wheel_to_a_corpus_and_on(installed: Run, tmp_path: Path) -> None:
    assert str(ROOT) not in installed(tmp_path, "python", "-c", VENV).stdout
    installed(tmp_path, "copydesk", "init", "my-corpus")
    first = tmp_path / "my-corpus"
    for path in (ROOT / "seeds").iterdir():
        shutil.copy(path, first / "seeds")
    params = first / "params.yaml"
    params.write_text(params.read_text("utf-8").replace("allow: []", 'allow: ["*"]'))
    installed(first, "git", "add", "--all")
    installed(first, "git", "commit", "-q", "-m", "First articles")

    # What was committed is complete: on a clone of it CI's script builds a valid dataset.
    root = tmp_path / "clone"
    installed(tmp_path, "git", "clone", "-q", str(first), "clone")
    (script,) = (step["run"] for step in workflow(root)["jobs"]["corpus"]["steps"] if "run" in step)
    stdout = installed(root, "bash", "-c", script).stdout
    assert [name for name in STAGES if f"Running stage '{name}'" in stdout] == list(STAGES)
    assert json.loads((root / "reports" / "validation.json").read_text("utf-8"))["ok"] is True
    # Its rows are those that the pipeline of this repository produces.
    theirs, ours = (json.loads((r / "corpus" / "manifest.json").read_text("utf-8")) for r in (root, ROOT))
    assert theirs["tables"] == ours["tables"]
    assert "my corpus" in (root / "corpus" / "README.md").read_text("utf-8")

    # The hook accepts a dataset that is up to date and refuses one that is not.
    installed(root, "git", "config", "core.hooksPath", ".githooks")
    installed(root, "git", "add", "--all")
    installed(root, "git", "commit", "-q", "-m", "The dataset")
    (root / "seeds" / "more.txt").write_text("One more article.\n")
    installed(root, "git", "add", "--all")
    refused = installed(root, "git", "commit", "-q", "-m", "Not built", status=1)
    assert "run dvc repro" in refused.stderr
    check, current = hooks(root)
    assert (check["id"], current["entry"]) == ("copydesk-check", ".githooks/pre-commit")
    installed(root, "bash", "-c", check["entry"])
    (root / "params.yaml").write_text("clean: nothing\n")
    assert "clean: 'nothing' is not of type" in installed(root, "bash", ".ci/run", status=1).stdout
    installed(root, "git", "checkout", "-q", "params.yaml")

    # With another toolkit a stage refuses to run; after an upgrade DVC runs it again.
    recorded = json.loads((root / NAME).read_text("utf-8"))
    recorded["stages"]["split"], recorded["copydesk"] = "0" * 64, "0.0.9"
    (root / NAME).write_text(json.dumps(recorded))
    assert "split" in installed(root, "dvc", "status", "--json").stdout
    stderr = installed(root, "python", "scripts/split.py", status=1).stderr
    assert stderr.startswith("BuildError: toolkit.json: names copydesk 0.0.9, and ")
    assert "run copydesk upgrade, or install copydesk==0.0.9" in stderr
    assert installed(root, "copydesk", "upgrade").stdout.splitlines()[0] == "toolkit.json: written"
    assert "split" not in installed(root, "dvc", "status", "--json").stdout


def workflow(root: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((root / ".github" / "workflows" / "corpus.yml").read_text("utf-8")))


def hooks(root: Path) -> list[dict[str, Any]]:
    (local,) = yaml.safe_load((root / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert local["repo"] == "local"
    return list(local["hooks"])


def test_hooks_look_at_what_people_write_and_the_workflow_may_only_read(made: Path) -> None:
    (published,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    shared = ("id", "name", "entry", "language", "files", "pass_filenames")
    (check,) = (hook for hook in hooks(made) if hook["id"] == published["id"])
    assert check == {key: published[key] for key in shared}
    written = ["params.yaml", "schemas/raw.schema.json", "seeds/sources.jsonl", "seeds/decisions.jsonl"]
    assert all(re.search(check["files"], path) for path in written)
    assert not any(re.search(check["files"], path) for path in ("seeds/a.txt", "corpus/manifest.json", "dvc.yaml"))
    told = workflow(made)
    assert told["permissions"] == {"contents": "read"}
    assert set(told[True]) == {"push", "pull_request"}  # YAML 1.1 reads the key "on" so
    assert "${{" not in str(told["jobs"])  # nothing that somebody else named becomes a command
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    uses = [step["uses"] for step in told["jobs"]["corpus"]["steps"] if "uses" in step]
    assert next(step["uses"] for step in action["runs"]["steps"] if "uses" in step) in uses


def test_the_pipeline_is_ours_without_the_code(made: Path) -> None:
    ours, theirs = (yaml.safe_load((root / "dvc.yaml").read_text("utf-8")) for root in (ROOT, made))
    assert tuple(ours["stages"]) == NAMES == (*STAGES, "share")
    for name, stage in ours["stages"].items():
        stage["deps"] = [path for path in stage["deps"] if not path.startswith("src/")]
        stage["params"] = [{NAME: [f"stages.{name}"]}, *stage.get("params", [])]
    assert theirs == ours
    known = set(files("x")) | {"seeds"}
    folders: set[str] = set()
    for name, stage in theirs["stages"].items():
        built = {next(iter(out)) if isinstance(out, dict) else out for out in stage["outs"]}
        known |= built
        folders |= built & {f"build/{name}"}
    deps = {dep for stage in theirs["stages"].values() for dep in stage["deps"]}
    needed = {dep for dep in deps if dep.rpartition("/")[0] not in folders} - known
    assert needed == {"labels", "schemas"}
    assert folders == {f"build/{name}" for name in STAGES}


def test_a_pipeline_in_which_a_stage_has_neither_params_nor_outs_is_noticed() -> None:
    assert "toolkit.json" in pipeline("stages:\n  one:\n    cmd: x\n    outs:\n      - a\n")


def test_settings_and_files_are_ours(made: Path) -> None:
    ours, theirs = load_params(ROOT / "params.yaml"), load_params(made / "params.yaml")
    assert theirs["corpus"]["name"] == "my-corpus"
    assert theirs["corpus"]["title"] == "my corpus"
    assert theirs["publish"].pop("allow") == []  # the steward decides what may be public
    assert ours["publish"].pop("allow") == ["*"]
    assert {**ours, "corpus": None} == {**theirs, "corpus": None}
    for path in ("scripts", "schemas"):
        assert file_bytes(made / path) == {
            name: data for name, data in file_bytes(ROOT / path).items() if "__pycache__" not in name
        }
    for path in (".gitattributes", ".gitignore", ".dvcignore", ".dvc/config", ".dvc/.gitignore"):
        assert (made / path).read_bytes() == (ROOT / path).read_bytes()
    for path in (".ci/run", ".githooks/pre-commit"):
        assert os.access(made / path, os.X_OK)


@pytest.mark.parametrize("name", ["2026", "1e5", "no", "a.b", "x" * 96])
def test_names_that_yaml_reads_as_something_else(tmp_path: Path, name: str) -> None:
    init(tmp_path / name)
    assert load_params(tmp_path / name / "params.yaml")["corpus"]["name"] == name


@pytest.mark.parametrize("name", ["-corpus", "корпус", "two words", "x" * 97, "a'b"])
def test_names_that_no_corpus_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="the corpus is named after its folder"):
        init(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "params.yaml").write_text("mine: true\n")
    with pytest.raises(ConfigError, match=r"a: holds params.yaml \(1 file in all\); expected an empty folder"):
        init(tmp_path / "a")
    assert file_bytes(tmp_path / "a") == {"params.yaml": b"mine: true\n"}
    (tmp_path / "b").write_text("a file")
    with pytest.raises(ConfigError, match="b: a file; expected an empty folder"):
        init(tmp_path / "b")


def test_it_goes_on_where_it_was_killed(made: Path) -> None:
    whole = file_bytes(made)
    for name in ("toolkit.json", "seeds/.gitkeep", ".ci/run"):
        (made / name).unlink()
    shutil.rmtree(made / ".git")
    init(made)
    assert {n: d for n, d in file_bytes(made).items() if n[:5] != ".git/"} == {
        n: d for n, d in whole.items() if n[:5] != ".git/"
    }


def test_an_empty_clone_is_as_good_as_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIT.items():
        monkeypatch.setenv(name, value)
    root = tmp_path / "cloned"
    (root / ".git").mkdir(parents=True)
    shutil.copytree(_repository(tmp_path), root / ".git", dirs_exist_ok=True)
    init(root)
    assert read_toolkit(root) is not None


@pytest.mark.parametrize("name", ["splits.jsonl", "labels/README.md"])
def test_upgrade_makes_what_a_stage_depends_on(made: Path, name: str) -> None:
    """Repositories of an earlier toolkit have none, and DVC refuses to run a stage without what it depends on."""
    (made / name).unlink()
    assert upgrade(made).written == [name]
    assert (made / name).read_bytes() == files("x")[name]
    (made / name).write_bytes(b"mine")
    assert upgrade(made).written == [] and (made / name).read_bytes() == b"mine"


def _repository(folder: Path) -> Path:
    init(folder / "other")
    return folder / "other" / ".git"


def test_upgrade_writes_what_is_as_it_was_and_keeps_what_was_changed(made: Path) -> None:
    told = json.loads((made / NAME).read_text("utf-8"))
    steward = {
        "README.md": b"mine",
        "params.yaml": b"corpus: {name: mine}\nplugins: []\n",
        ".dvc/config": b"[core]\n",
        "splits.jsonl": b'{"doc_id": "a", "split": "test"}\n',
    }
    for name, data in steward.items():
        (made / name).write_bytes(data)
    (made / "scripts" / "clean.py").write_text("as the last version wrote it")
    told["files"]["scripts/clean.py"] = hashlib.sha256(b"as the last version wrote it").hexdigest()
    (made / "dvc.yaml").write_text("both changed it")
    told["files"]["dvc.yaml"] = "0" * 64
    (made / ".gitignore").write_text("the steward changed it")
    (made / "schemas" / "raw.schema.json").unlink()
    (made / NAME).write_text(json.dumps(told))

    moved = upgrade(made)
    assert sorted(moved.written) == ["schemas/raw.schema.json", "scripts/clean.py", NAME]
    assert moved.differing == ["dvc.yaml"]
    assert (made / "dvc.yaml").read_text() == "both changed it"
    assert (made / "dvc.yaml.new").read_bytes() == files("x")["dvc.yaml"]
    assert (made / ".gitignore").read_text() == "the steward changed it"
    assert {name: (made / name).read_bytes() for name in steward} == steward
    assert (made / NAME).read_bytes() == files("x")[NAME]
    assert upgrade(made).written == []


def test_dvc_is_not_asked_for_a_setting_that_an_older_repository_does_not_have(made: Path) -> None:
    (made / "params.yaml").write_text("corpus: {name: mine}\n")
    assert upgrade(made).written == ["dvc.yaml", NAME]
    assert "plugins" not in (made / "dvc.yaml").read_text("utf-8")
    (made / "params.yaml").write_text("corpus: {name: mine}\nplugins: [my_desk]\n")
    (made / "my_desk.py").write_text("raise SystemExit('imported')\n")
    assert upgrade(made).written == ["dvc.yaml", NAME]
    stages = yaml.safe_load((made / "dvc.yaml").read_text("utf-8"))["stages"]
    assert [name for name, stage in stages.items() if "plugins" in stage["params"]] == ["ingest", "clean", "package"]
    assert [name for name, stage in stages.items() if "my_desk.py" in stage["deps"]] == ["ingest", "clean", "package"]


def test_upgrade_wants_a_repository_that_init_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"toolkit\.json: missing; only a repository made by copydesk init"):
        upgrade(tmp_path)


@pytest.mark.parametrize("damage", ["", "[]", '{"copydesk": 1, "stages": {}, "files": {}}', '{"stages": {}}'])
def test_a_damaged_toolkit_file_is_named(made: Path, damage: str) -> None:
    (made / NAME).write_text(damage)
    with pytest.raises(BuildError, match=r"toolkit\.json: damaged"):
        check_toolkit(made, "ingest")


def test_where_no_toolkit_is_named_nothing_is_checked(tmp_path: Path) -> None:
    check_toolkit(tmp_path, *STAGES)
    assert copydesk.__version__


def test_dvc_takes_nothing_of_the_template_for_a_pipeline() -> None:
    names = {path.name for path in (ROOT / "src").rglob("*")}
    assert not names & {"dvc.yaml", "dvc.lock", ".dvc", ".dvcignore"}


def test_upgrade_sets_the_merge_drivers_of_a_clone(made: Path) -> None:
    assert unset_drivers(made) == []
    key = "merge.copydesk.driver"
    git(made, "config", "--unset", key)
    assert upgrade(made, dry_run=True).drivers == [key]
    assert upgrade(made).drivers == [key]
    assert upgrade(made).drivers == []
    assert found_by_doctor(made) == ("ok", "git merges by document and field here")
    git(made, "config", key, "other")
    verdict, advice = found_by_doctor(made)
    assert verdict == "warn" and advice.endswith(f"set them: {set_command(key)}")
    (made / ".gitattributes").write_text("* -text\n")
    assert found_by_doctor(made)[1].startswith(".gitattributes names no merge drivers; run copydesk upgrade")


def found_by_doctor(root: Path) -> tuple[str, str]:
    return _CHECKS["merges"](root)
