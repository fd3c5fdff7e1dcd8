"""The action, the snippet for GitLab and the hook, run on a real repository by the shells that hosts run them in."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import pytest
import yaml

from broken import rewrite, set_cell
from copydesk.project import Project
from support import GIT, ROOT, run_command

ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
ARTICLE = "003_7f19f5ed8fd5d325"


class Outcome(NamedTuple):
    """The exit status of a step, and its output."""

    status: int
    output: str


class Runner:
    """As much of GitHub's runner as the action asks for: expressions, conditions, outputs, bash with its options."""

    def __init__(self, root: Path, temp: Path, **context: str) -> None:
        self.root, self.temp = root, temp
        temp.mkdir()
        self.outputs, self.summary = temp / "output", temp / "summary"
        given = {name: str(value.get("default", "")) for name, value in ACTION["inputs"].items()}
        self.context = {**{f"inputs.{name}": value for name, value in given.items()}, **context}

    def expression(self, text: str) -> str:
        """The value of an expression made of names, texts, ==, !=, && and ||."""
        values = dict(self.context)

        def term(part: str) -> str:
            part = part.strip()
            if part.startswith("!"):
                return "" if term(part[1:]) else "true"
            for sign in ("==", "!="):
                if sign in part:
                    left, right = map(term, part.split(sign))
                    return "true" if (left == right) is (sign == "==") else ""
            return part[1:-1] if part.startswith("'") else values.get(part, "")

        for choice in text.split("||"):
            parts = [term(part) for part in choice.split("&&")]
            if all(parts):
                return parts[-1]
        return ""

    def filled(self, text: str) -> str:
        return re.sub(r"\$\{\{(.+?)\}\}", lambda match: self.expression(match[1]), text, flags=re.DOTALL)

    def run(self, *skipped: str) -> dict[str, Outcome]:
        """Run the steps, except those that set up Python and those to skip; also after a failure, as a host would."""
        found: dict[str, Outcome] = {}
        failed = False
        for step in STEPS:
            if "uses" in step or step["id"] in ("install", *skipped):
                continue
            condition = step.get("if", "${{ !failure() }}")
            # A condition that asks for the state of the job is asked; any other runs only where all went well.
            asked = "cancelled()" in condition
            if (failed and not asked) or (condition != "${{ !failure() }}" and not self.filled(condition)):
                self.context[f"steps.{step['id']}.outcome"] = "skipped"
                continue
            done = self.step(step)
            failed |= done.status != 0
            found[step["id"]] = done
            self.context[f"steps.{step['id']}.outcome"] = "failure" if done.status else "success"
            for line in self.outputs.read_text("utf-8").splitlines() if self.outputs.exists() else ():
                name, _, value = line.partition("=")
                self.context[f"steps.{step['id']}.outputs.{name}"] = value
            self.outputs.unlink(missing_ok=True)
        return found

    def step(self, step: dict[str, Any]) -> Outcome:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]  # what is written into a script may be a command
        script = self.temp / "step.sh"
        script.write_text(step["run"], "utf-8")
        files = {"GITHUB_OUTPUT": str(self.outputs), "GITHUB_STEP_SUMMARY": str(self.summary)}
        environment = {name: self.filled(value) for name, value in step.get("env", {}).items()}
        more = {"GITHUB_ACTIONS": "true", "RUNNER_TEMP": str(self.temp), **files, **environment}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        done = shell(self.root / self.filled(step.get("working-directory", ".")), command, **more)
        return Outcome(done.returncode, done.stdout)


def shell(root: Path, command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    known = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    return subprocess.run(
        command,
        cwd=root,
        env={**known, **GIT, "PATH": path, "HF_HUB_OFFLINE": "1", **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def made_once(two_articles: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose default branch holds the corpus, with another branch checked out; DVC has its data."""
    root = tmp_path_factory.mktemp("hosts") / "corpus"
    shutil.copytree(two_articles.corpus.parent, root)
    (root / ".gitignore").write_text("/build/\n/reports/\n")
    run_command(root, "git", "init", "-q", "-b", "main")
    run_command(root, "dvc", "init", "-q")
    run_command(root, "dvc", "remote", "add", "-q", "-d", "store", str(root.parent / "remote"))
    (root / "dvc.yaml").write_text("stages: {package: {cmd: make, deps: [seeds], outs: [corpus/data]}}")
    run_command(root, "dvc", "commit", "-q", "-f")
    run_command(root, "dvc", "push", "-q")
    run_command(root, "git", "add", "--all")
    run_command(root, "git", "commit", "-q", "-m", "A corpus that holds")
    run_command(root, "git", "checkout", "-q", "-b", "change")
    shutil.rmtree(root / "build")
    return root


@pytest.fixture
def repository(made_once: Path, tmp_path: Path) -> Project:
    """A copy of it that a test may change."""
    root = tmp_path / "corpus"
    shutil.copytree(made_once, root, symlinks=True)
    return Project.open(root)


def break_it(project: Project) -> None:
    """A change that a reviewer must not take: a wrong setting, a wrong line, a sentence that is not in the text."""
    root = project.corpus.parent
    params = root / "params.yaml"
    params.write_text(params.read_text("utf-8").replace("  target: 1000\n", "  target: many\n"), "utf-8")
    with (root / "seeds" / "sources.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"doc_id": "x", "note": 7}\n')
    for path in (root / "corpus" / "data").rglob("*.parquet"):  # not through a link into DVC's cache
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data)
    rewrite(project, "sentences", set_cell("text", -1, "::stop-commands::x\n::error::y"))


def test_the_action_passes_what_holds_and_shows_what_changed(repository: Project, tmp_path: Path) -> None:
    root = repository.corpus.parent
    runner = Runner(root, tmp_path / "temp", **{"github.event.pull_request.base.sha": commit_of(root, "main")})
    found = runner.run()
    assert {name: done.status for name, done in found.items()} == dict.fromkeys(
        ("place", "pull", "check", "validate", "schema-diff", "diff"), 0
    ), found
    assert found["validate"].output.splitlines()[0] == "validate: 1 shard, 0 computed, 1 unchanged or cached"
    assert "0 changes, 0 breaking" in found["schema-diff"].output
    comment = Path(runner.filled(ACTION["outputs"]["comment"]["value"])).read_text("utf-8")
    assert "documents: 0 added, 0 removed, 0 changed, 0 moved" in comment
    assert runner.summary.read_text("utf-8") == comment


def test_the_action_names_file_and_line_of_every_fault(repository: Project, tmp_path: Path) -> None:
    root = repository.corpus.parent
    break_it(repository)
    runner = Runner(root, tmp_path / "temp", **{"inputs.against": "main", "inputs.pull": "false"})
    found = runner.run("schema-diff", "diff")
    text = (root / "params.yaml").read_text("utf-8")
    line = text[: text.index("target: many")].count("\n") + 1
    assert found["check"].status == 1
    annotations = [line for line in found["check"].output.splitlines() if line.startswith("::")]
    assert [a.split(",title")[0] for a in annotations] == [
        f"::error file=params.yaml,line={line}",
        "::error file=seeds/sources.jsonl,line=3",
    ]
    # The settings are wrong, so nothing that needs them can be done.
    assert found["validate"].status == 1
    text = text.replace("target: many", "target: 1000")
    (root / "params.yaml").write_text(text, "utf-8")
    again = Runner(root, tmp_path / "again", **{"inputs.against": "main", "inputs.pull": "false"})
    found = again.run()
    assert [found[name].status for name in ("check", "validate", "schema-diff", "diff")] == [1, 1, 0, 0], found
    commands = [line for line in found["validate"].output.splitlines() if line.lstrip().startswith("::")]
    assert len(commands) == 1, commands
    command = commands[0]
    assert command.startswith(
        f"::error file=seeds/{ARTICLE}.txt,line=1,title=copydesk validate%3A content::{ARTICLE}: "
    )
    assert r"'::stop-commands::x\n::error::y'" in command
    folder = Path(again.filled(ACTION["outputs"]["reports"]["value"]))
    assert ET.parse(folder / "validate.xml").getroot().attrib["failures"] == "1"
    (result,) = json.loads((folder / "validate.sarif").read_text("utf-8"))["runs"][0]["results"]
    assert result["ruleId"] == "content"
    assert {"check.xml", "check.sarif", "comment.md"} <= {path.name for path in folder.iterdir()}


def test_the_action_without_a_base_checks_everything(repository: Project, tmp_path: Path) -> None:
    root = repository.corpus.parent
    runner = Runner(root, tmp_path / "temp", **{"github.event.before": "0" * 40, "inputs.pull": "false"})
    found = runner.run("check")  # which needs no base, and is run above
    assert [*found] == ["place", "validate", "diff"]
    comment = Path(runner.filled(ACTION["outputs"]["comment"]["value"])).read_text("utf-8")
    assert comment == "There is no earlier commit to compare with; everything was checked.\n"
    assert found["validate"].output.splitlines()[0] == "validate: 1 shard, 1 computed, 0 cached"
    assert "all checks passed" in found["validate"].output


def test_the_first_pull_request_of_a_corpus_gets_its_comment(repository: Project, tmp_path: Path) -> None:
    root = repository.corpus.parent
    run_command(root, "git", "checkout", "-q", "--orphan", "empty")
    run_command(root, "git", "rm", "-rq", "--cached", ".")
    run_command(root, "git", "commit", "-q", "--allow-empty", "-m", "Nothing yet")
    base = commit_of(root, "HEAD")
    run_command(root, "git", "checkout", "-q", "--force", "change")
    runner = Runner(root, tmp_path / "temp", **{"inputs.against": base, "inputs.pull": "false"})
    found = runner.run("check")
    assert {name: done.status for name, done in found.items()} == dict.fromkeys(("place", "validate", "diff"), 0)
    comment = Path(runner.filled(ACTION["outputs"]["comment"]["value"])).read_text("utf-8")
    assert comment.startswith("**The first corpus: there is none at the base to compare with.**")
    assert "| documents | 2 |" in comment


def test_a_fork_without_secrets_is_checked_as_far_as_possible(repository: Project, tmp_path: Path) -> None:
    root = repository.corpus.parent
    shutil.rmtree(root / "corpus" / "data")
    shutil.rmtree(root / ".dvc" / "cache")
    run_command(root, "dvc", "remote", "modify", "-q", "store", "url", str(tmp_path / "nowhere"))
    given = {"github.event.pull_request.base.sha": commit_of(root, "main")}
    fork = Runner(root, tmp_path / "fork", **given, **{"github.event.pull_request.head.repo.fork": "true"})
    found = fork.run("schema-diff")
    assert {name: done.status for name, done in found.items()} == dict.fromkeys(("place", "pull", "check", "diff"), 0)
    assert "::warning::The dataset was not fetched" in found["pull"].output
    comment = Path(fork.filled(ACTION["outputs"]["comment"]["value"])).read_text("utf-8")
    assert "its rows were neither checked nor compared" in comment
    own = Runner(root, tmp_path / "own", **given)
    assert own.run("schema-diff")["pull"].status == 1


def test_the_action_fetches_the_base_into_a_shallow_clone(repository: Project, tmp_path: Path) -> None:
    root = repository.corpus.parent
    base = commit_of(root, "main")
    run_command(root, "git", "commit", "-q", "--allow-empty", "-m", "A change")
    run_command(root, "git", "config", "uploadpack.allowAnySHA1InWant", "true")
    clone = tmp_path / "clone"
    run_command(tmp_path, "git", "clone", "-q", "--depth=1", "--branch", "change", f"file://{root}", str(clone))
    runner = Runner(clone, tmp_path / "temp", **{"github.event.pull_request.base.sha": base})
    done = runner.step(next(step for step in STEPS if step.get("id") == "place"))
    assert done.status == 0, done.output
    assert runner.outputs.read_text("utf-8").splitlines()[::2] == [f"commit={base}", "corpus=true"]
    hostile = Runner(clone, tmp_path / "hostile", **{"inputs.against": "--upload-pack=touch x"})
    assert hostile.step(next(step for step in STEPS if step.get("id") == "place")).status == 2


def commit_of(root: Path, rev: str) -> str:
    return run_command(root, "git", "rev-parse", rev).strip()


def snippet(key: str) -> Any:
    """A block of docs/check.md that begins with a key."""
    text = (ROOT / "docs" / "check.md").read_text("utf-8")
    blocks = re.findall(r"^```yml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (block,) = (block for block in map(yaml.safe_load, blocks) if key in block)
    return block[key]


def test_the_snippet_for_gitlab(repository: Project) -> None:
    root = repository.corpus.parent
    job = snippet("copydesk")
    lines = [line for line in job["script"] if not line.startswith("pip install")]
    assert len(lines) == len(job["script"]) - 1
    with (root / "seeds" / "sources.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"doc_id": "x", "note": 7}\n')
    command = ["bash", "-eo", "pipefail", "-c", "\n".join(lines)]
    done = shell(root, command, CI_MERGE_REQUEST_DIFF_BASE_SHA=commit_of(root, "main"))
    assert done.returncode == 1
    assert "lines: seeds/sources.jsonl:3 x note: 7 is not of type" in done.stdout
    assert re.search("all (hold|checks passed)", done.stdout)
    assert "0 added" in (root / "comment.md").read_text("utf-8")
    failures = [ET.parse(root / name).getroot().attrib["failures"] for name in job["artifacts"]["reports"]["junit"]]
    assert failures == ["1", "0"]


def test_the_example_of_a_workflow_gives_the_action_what_it_takes() -> None:
    (job,) = snippet("jobs").values()
    (step,) = (step for step in job["steps"] if "copydesk" in step.get("uses", ""))
    assert step.get("with", {}).keys() <= ACTION["inputs"].keys()
    used = re.findall(r"steps\.copydesk\.outputs\.(\w+)", json.dumps(job))
    assert set(used) == ACTION["outputs"].keys()


def test_the_hook_stops_a_commit(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    root = tmp_path / "corpus"
    shutil.copytree(ROOT / "seeds", root / "seeds")
    shutil.copytree(ROOT / "schemas", root / "schemas")
    run_command(root, "git", "init", "-q", "-b", "main")
    script = root / ".git" / "hooks" / "pre-commit"
    script.parent.mkdir(exist_ok=True)
    script.write_text(f"#!/bin/sh\nexec {hook['entry']}\n")
    script.chmod(0o755)
    git = ["git", "commit", "-q", "-m", "x"]
    run_command(root, "git", "add", "--all")
    assert shell(root, git).returncode == 0
    (root / "seeds" / "decisions.jsonl").write_text('{"doc_id": "a"}\n')
    run_command(root, "git", "add", "--all")
    done = shell(root, git)
    assert done.returncode == 1
    assert "lines: seeds/decisions.jsonl:1 a: " in done.stdout
    watched = re.compile(hook["files"])
    for name in ("seeds/sources.jsonl", "sub/schemas/raw.schema.json", "params.yaml"):
        assert watched.search(name)
    assert not watched.search("seeds/article.txt")
