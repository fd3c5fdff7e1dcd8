"""Plug-ins: rules and readers of a project's own, imported by builds and by nothing else."""

from __future__ import annotations

import json
import pickle
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

import copydesk
from copydesk.ci.hand_written_files import check_inputs
from copydesk.cleaning.plan import RULES, plan, rules_in_force
from copydesk.cli import app
from copydesk.core.plugins import Plugin, deciding, load_plugins, read_plugins
from copydesk.errors import BuildError, ConfigError
from copydesk.project import Project
from copydesk.revisions.toolkit_lock import check_plugins
from support import ROOT, articles, run_command, run_python, run_stages, write_seeds

RULE = """
import copydesk
from my_desk import words

@copydesk.rule("double-comma", tier="probable", screen=",,", repairs=("in Kiev,, he said", "in Kiev, he said"),
               leaves="in Kiev, he said")
def double_commas(text):
    start = text.find(words.DOUBLE)
    while start >= 0:
        yield copydesk.Found(start, start + 2, _single())
        start = text.find(words.DOUBLE, start + 2)

def _single():
    return ","
"""
READER = """
import copydesk

@copydesk.reader(".tsv")
def read_tsv(file, options):
    for number, line in enumerate(file, start=1):
        doc_id, text = line.decode().rstrip("\\n").split("\\t")
        yield copydesk.Record(number, {options.id: doc_id, options.text: text})
"""
FILES = {"my_desk/rules.py": RULE, "my_desk/words.py": 'DOUBLE = ",,"\n', "my_desk/tables.py": READER}


@pytest.fixture(autouse=True)
def nothing_left_in_force() -> Iterator[None]:
    yield
    load_plugins(())
    assert not [name for name in sys.modules if name.partition(".")[0] in ("my_desk", "desk")]


def make(root: Path, plugins: list[str], files: dict[str, str], clean: dict[str, Any] | None = None) -> Project:
    """A project with plug-ins and two articles, not built."""
    write_seeds(root, {**files, "seeds/one.txt": "In Kiev,, he  said.", "seeds/two.txt": "Nothing, to repair here."})
    settings = {"plugins": plugins, "engine": {"workers": 1}, **({"clean": clean} if clean else {})}
    (root / "params.yaml").write_text(yaml.safe_dump(settings))
    return Project.open(root)


def texts(project: Project) -> dict[str, str]:
    rows = pq.read_table(project.corpus / "data" / "documents").to_pylist()
    return {row["doc_id"]: row["text"] for row in rows}


def computed(said: str) -> dict[str, str]:
    """What each stage computed and took from the store, from what a build prints."""
    lines = (line for line in said.splitlines() if " shards" in line or " shard" in line)
    return {line.partition(":")[0]: line.partition(": ")[2] for line in lines}


def test_rules_and_readers_of_a_project_take_part_in_its_build(tmp_path: Path) -> None:
    files = {**FILES, "seeds/table.tsv": "three\tIn Lviv,, she said.\nfour\tPlain.\n"}
    project = run_stages(make(tmp_path, ["my_desk.rules", "my_desk.tables"], files))
    assert texts(project) == {
        "one": "In Kiev, he said.",
        "two": "Nothing, to repair here.",
        "three": "In Lviv, she said.",
        "four": "Plain.",
    }
    listing = json.loads((project.corpus / "manifest.json").read_text("utf-8"))
    assert listing["plugins"] == {plugin.name: plugin.sha256 for plugin in project.plugins}
    assert "plugins" not in listing["params"]
    metrics = json.loads((project.reports / "metrics.json").read_text("utf-8"))
    assert metrics["edits"]["double-comma"] == 2
    assert not list((tmp_path / "my_desk").glob("__pycache__"))
    # Each takes part where it adds something.
    assert (list(deciding("rule")), list(deciding("reader"))) == (["my_desk.rules"], ["my_desk.tables"])


def test_a_plugin_may_read_general_endings_in_its_own_way(tmp_path: Path) -> None:
    code = READER.replace(".tsv", ".json")
    files = {"my_desk/tables.py": code, "seeds/table.json": "three\tIn Lviv.\n", "seeds/no.xml": "three\tIn Lviv.\n"}
    project = run_stages(make(tmp_path, ["my_desk.tables"], files))
    assert texts(project)["three"] == "In Lviv."
    (refused,) = (json.loads(line) for line in (project.reports / "quarantine.jsonl").read_text().splitlines())
    assert refused["detail"].startswith("at line 1: not XML")


def test_several_processes_import_it(tmp_path: Path) -> None:
    project = make(tmp_path, ["my_desk.rules"], FILES)
    write_seeds(tmp_path / "seeds", {name: f"{text},, and" for name, text in articles(40).items()})
    settings = {"plugins": ["my_desk.rules"], "shards": {"target": 4, "minimum": 1, "maximum": 8}}
    outcomes = []
    for workers in (1, 2):
        (tmp_path / "params.yaml").write_text(yaml.safe_dump({**settings, "engine": {"workers": workers}}))
        shutil.rmtree(project.build, ignore_errors=True)
        code = (
            "import copydesk.engines.local as local\n"
            "from copydesk.project import Project\n"
            "from copydesk.pipeline import STAGES\n"
            "if __name__ == '__main__':\n"
            "    local.Local.__init__.__defaults__ = (None, (), 0.0)\n"
            "    for name in ('ingest', 'clean'): STAGES[name](Project.open('.'))\n"
        )
        (tmp_path / "build.py").write_text(code)
        run_command(tmp_path, sys.executable, "-P", "build.py")
        outcomes.append(project.receipts("clean").read_bytes())
    assert outcomes[0] == outcomes[1]
    assert outcomes[0].count(b"\n") > 4


def test_a_worker_that_does_not_see_the_folder_runs_the_code_that_was_hashed(tmp_path: Path) -> None:
    plugins = make(tmp_path, ["my_desk.rules"], FILES).plugins
    (tmp_path / "task").write_bytes(pickle.dumps(plugins))
    shutil.rmtree(tmp_path / "my_desk")
    code = (
        "import pickle; from copydesk.core.plugins import load_plugins\n"
        "from copydesk.cleaning.plan import plan; from copydesk.cleaning.apply import clean_text\n"
        "load_plugins(pickle.load(open('task', 'rb')))\n"
        "print(clean_text('a,, b', plan({'apply': ['probable'], 'rules': {}})).edited.text)\n"
    )
    done = run_python(code, cwd=tmp_path)
    assert done.stdout == "a, b\n", done.stderr


def test_a_change_of_its_code_computes_the_stages_it_takes_part_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {**FILES, "seeds/table.tsv": "three\tIn Lviv,, she said.\n"}
    files["desk_tables/__init__.py"] = files.pop("my_desk/tables.py")
    project = run_stages(make(tmp_path, ["my_desk.rules", "desk_tables"], files))
    capsys.readouterr()
    (tmp_path / "my_desk" / "words.py").write_text('DOUBLE = ",,"  # as before\n')
    run_stages(project)
    stages = computed(capsys.readouterr().err)
    assert ", 0 computed" in stages["ingest"] and ", 0 computed" in stages["split"]
    assert ", 1 computed" in stages["clean"]
    (tmp_path / "desk_tables" / "__init__.py").write_text(
        READER.replace("line.decode()", "line.decode().replace('L', 'K')")
    )
    run_stages(project)
    stages = computed(capsys.readouterr().err)
    assert ", 1 computed" in stages["ingest"] and ", 1 computed" in stages["clean"]  # its input is another
    assert texts(project)["three"] == "In Kviv, she said."


def test_its_rules_are_set_and_listed_with_the_others(tmp_path: Path) -> None:
    clean = {"rules": {"double-comma": "suggest"}}
    project = run_stages(make(tmp_path, ["my_desk.rules"], FILES, clean))
    assert texts(project)["one"] == "In Kiev,, he said."
    # It comes before what hides personal data.
    names = [rule.name for rule in rules_in_force()]
    assert names.index("double-comma") == len(RULES) - 3
    shown = CliRunner().invoke(app, ["rules", "--root", str(tmp_path)])
    assert shown.exit_code == 0, shown.output
    assert "double-comma" in shown.output and "suggest" in shown.output
    cleaned = CliRunner().invoke(
        app, ["clean", str(tmp_path / "seeds" / "one.txt"), "--root", str(tmp_path), "--diff"]
    )
    assert "double-comma" in cleaned.output, cleaned.output
    with pytest.raises(ConfigError, match=r"rules\.double-commas: no rule .*; write double-comma,"):
        plan({"apply": [], "rules": {"double-commas": "off"}})
    load_plugins(())
    assert rules_in_force() is RULES


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("one article without a tab", r"after record 1: my_desk/tables.py:7 failed: ValueError: not enough values"),
        ("two\t\ud800", r"after record 1: my_desk/tables.py:7 failed: UnicodeDecodeError: "),
    ],
)
def test_an_error_of_a_reader_refuses_its_file_and_no_other(tmp_path: Path, line: str, detail: str) -> None:
    root = make(tmp_path, ["my_desk.tables"], FILES)
    rows = f"first\t{articles(1)['article-0000.txt']}".replace("\n", " ") + f"\n{line}\nthird\tA third article.\n"
    (tmp_path / "seeds" / "more.tsv").write_bytes(rows.encode("utf-8", "surrogatepass"))
    project = run_stages(root)
    assert {"one", "first"} <= texts(project).keys() and "third" not in texts(project)
    refused = [json.loads(row) for row in (project.reports / "quarantine.jsonl").read_text().splitlines()]
    assert [(row["path"], row["reason"]) for row in refused] == [("more.tsv", "bad-container")]
    assert re.match(detail, refused[0]["detail"]), refused
    assert refused[0]["detail"].endswith("mend the file or the plug-in")


def test_projects_in_one_process_do_not_share_plugins(tmp_path: Path) -> None:
    first = run_stages(make(tmp_path / "1", ["my_desk.rules"], FILES))
    other = {**FILES, "my_desk/words.py": 'DOUBLE = ", "\n', "my_desk/rules.py": RULE.replace('",,"', '", "').replace(
        '"in Kiev,, he said", "in Kiev, he said"', '"a, b", "a,b"').replace('leaves="in Kiev, he said"', 'leaves="a"')}  # fmt: skip
    second = run_stages(make(tmp_path / "2", ["my_desk.rules"], other))
    third = run_stages(make(tmp_path / "3", [], FILES))
    assert [texts(p)["one"] for p in (first, second, third)] == [
        "In Kiev, he said.",
        "In Kiev,,he said.",
        "In Kiev,, he said.",
    ]


def failing(tmp_path: Path, names: list[str], files: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as raised:
        load_plugins(make(tmp_path, names, files).plugins)
    load_plugins(())
    return str(raised.value)


def test_a_module_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert failing(tmp_path, ["my_desk.rule"], FILES).endswith(
        f"params.yaml: plugins: my_desk.rule: no such module; expected {tmp_path / 'my_desk' / 'rule.py'}"
    )
    for name in ("../desk", "my_desk/rules", "", ".rules", "my desk", 3):
        with pytest.raises(ConfigError, match=r"plugins\[0\]: "):
            make(tmp_path, [name], FILES)  # type: ignore[list-item]


@pytest.mark.parametrize("linked", ["my_desk", "my_desk/rules.py", "my_desk/words.py"])
def test_a_module_outside_the_project_is_refused(tmp_path: Path, linked: str) -> None:
    write_seeds(tmp_path / "elsewhere", FILES)
    root = tmp_path / "project"
    write_seeds(root, FILES if "/" in linked else {"seeds/one.txt": "one"})
    if "/" in linked:
        (root / linked).unlink()
    (root / linked).symlink_to(tmp_path / "elsewhere" / linked)
    message = failing(root, ["my_desk.rules"], {})
    assert "leads outside the project's folder; copy it into" in message
    assert not check_inputs(root).ok


def test_what_a_plugin_imports_lies_in_its_own_folder(tmp_path: Path) -> None:
    files = {"my_desk/rules.py": "import other_desk\n", "other_desk.py": ""}
    message = failing(tmp_path, ["my_desk.rules"], files)
    assert message == (
        f"{tmp_path}/my_desk/rules.py: cannot be imported: ModuleNotFoundError: No module named 'other_desk' (line 1)"
    )


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("x = 1\nx +* 2\n", "cannot be imported: SyntaxError: invalid syntax (rules.py, line 2) (line 2)"),
        ("\n\nraise ValueError('no')\n", "cannot be imported: ValueError: no (line 3)"),
        ("import sys\nsys.exit('enough')\n", "cannot be imported: SystemExit: enough (line 2)"),
    ],
)
def test_a_module_that_does_not_import_is_named_with_its_line(tmp_path: Path, code: str, why: str) -> None:
    assert failing(tmp_path, ["my_desk.rules"], {"my_desk/rules.py": code}) == f"{tmp_path}/my_desk/rules.py: {why}"


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ('"in Kiev, he said"),', '"in Kiev he said"),', "makes 'in Kiev, he said' of 'in Kiev,, he said', expected "
         "'in Kiev he said' (repairs)"),
        ('leaves="in Kiev, he said"', 'leaves="a,,b"', "makes 'a,b' of 'a,,b', expected 'a,,b' (leaves)"),
        ('screen=",,"', 'screen=";"', "its screen ';' does not match in 'in Kiev,, he said' (repairs)"),
        ('screen=",,"', 'screen="("', "its screen is no RE2 pattern: "),
        ('tier="probable"', 'tier="surely"', "no tier 'surely'; expected one of safe, probable, suggest, off"),
        ('screen=",,"', 'screen=",,", kinds={"prosa"}', "no kinds ['prosa']; expected some of prose, verse, code"),
        # It does not act where its own example stands.
        ('screen=",,"', 'screen=",,", kinds={"table"}', "makes 'in Kiev,, he said' of 'in Kiev,, he said', expected"),
        ('screen=",,"', 'screen=",,", languages={"fr"}', "makes 'in Kiev,, he said' of 'in Kiev,, he said', expected"),
        ('"double-comma"', '"Double Comma"', "expected a name of small letters and hyphens, such as double-comma"),
        ('"double-comma"', '"spaces"', "the rule spaces is one of copydesk's own; choose another name"),
        ('return ","', "return 1 / 0", "fails on 'in Kiev,, he said': ZeroDivisionError: "),
    ],
)  # fmt: skip
def test_a_rule_whose_examples_do_not_hold_is_refused(tmp_path: Path, before: str, after: str, why: str) -> None:
    assert RULE.count(before) == 1
    message = failing(tmp_path, ["my_desk.rules"], {**FILES, "my_desk/rules.py": RULE.replace(before, after)})
    assert message.startswith(f"{tmp_path}/my_desk/rules.py: ")
    assert why in message


def test_a_name_given_twice_is_refused(tmp_path: Path) -> None:
    files = {**FILES, "my_desk/more.py": RULE}
    assert failing(tmp_path, ["my_desk.rules", "my_desk.more"], files) == (
        f"{tmp_path}/my_desk/more.py: the rule double-comma is given twice, also in the plug-in my_desk.rules; "
        "rename one"
    )


@pytest.mark.parametrize(
    ("ending", "why"),
    [
        (".txt", "a reader for .txt: copydesk has one already; choose another ending for these files"),
        (".jsonl", "a reader for .jsonl: copydesk has one already; choose another ending for these files"),
        (".gz", "a reader for .gz: copydesk has one already; choose another ending for these files"),
        ("tsv", "a reader for 'tsv': expected an ending in lower case with one dot, such as .tsv"),
    ],
)
def test_a_reader_for_an_ending_that_is_taken_is_refused(tmp_path: Path, ending: str, why: str) -> None:
    message = failing(tmp_path, ["my_desk.tables"], {"my_desk/tables.py": READER.replace(".tsv", ending)})
    assert message == f"{tmp_path}/my_desk/tables.py: {why}"


def test_two_readers_for_one_ending_are_refused(tmp_path: Path) -> None:
    files = {"desk.py": READER, "my_desk/tables.py": READER}
    assert failing(tmp_path, ["desk", "my_desk.tables"], files) == (
        f"{tmp_path}/my_desk/tables.py: the reader .tsv is given twice, also in the plug-in desk; rename one"
    )


@pytest.mark.parametrize("name", ["json", "yaml", "copydesk", "__main__"])
def test_a_plugin_that_would_hide_an_installed_module_is_refused(tmp_path: Path, name: str) -> None:
    message = failing(tmp_path, [name], {f"{name}.py": "", "my_desk/rules.py": ""})
    assert f"a module {name} is installed already (" in message


def test_a_module_that_is_imported_by_its_user_is_left_as_it_is(tmp_path: Path) -> None:
    """In a user's own tests the decorators change nothing and add nothing."""
    write_seeds(tmp_path, FILES)
    code = (
        "from my_desk.rules import double_commas\n"
        "from copydesk.cleaning.plan import RULES, rules_in_force\n"
        "print(len(list(double_commas('a,, b,, c'))), rules_in_force() is RULES)"
    )
    assert run_python(code, cwd=tmp_path).stdout == "2 True\n"


MARK = "from pathlib import Path\nPath({place!r}).touch()\n"


def test_nothing_but_a_build_imports_one(tmp_path: Path) -> None:
    """Reading a repository or a dataset runs no code of it."""
    root, ran = tmp_path / "theirs", tmp_path / "ran"
    run_stages(make(root, ["my_desk.rules"], {**FILES, ".gitignore": "/build/\n"}))
    shutil.copytree(ROOT / "schemas", root / "schemas")
    for message in ("one", "two"):
        run_command(root, "git", "init", "--quiet")
        run_command(root, "git", "add", ".")
        run_command(root, "git", "commit", "-m", message)
        (root / "my_desk" / "rules.py").write_text(MARK.format(place=str(ran)) + RULE)
    commands = [
        *("check", "validate --no-load", "diff HEAD~1 HEAD", "report", f"export {tmp_path / 'public'}", "doctor"),
        *("verify HEAD", "pull", "upgrade", f"publish {tmp_path / 'hub'}", "release --dry-run", "rules --markdown"),
    ]
    statuses = {}
    for command in commands:
        name, *arguments = command.split()
        result = CliRunner().invoke(app, [name, "--root", str(root), *arguments])
        statuses[name] = result.exit_code
        assert not ran.exists(), command
        assert result.exit_code != 2 or name == "publish", result.output
    assert [name for name, status in statuses.items() if status == 0][:4] == ["check", "validate", "diff", "report"]
    assert copydesk.validate(root / "corpus", load=False).findings is not None
    with pytest.raises(copydesk.CopydeskError):
        copydesk.load(str(root), version="1.0.0")
    assert not ran.exists()
    # That the mark works: a build of one's own makes it.
    run_stages(Project.open(root), until="clean")
    assert ran.exists()


def test_a_pipeline_that_would_not_run_again_is_refused(tmp_path: Path) -> None:
    make(tmp_path, ["my_desk.rules"], FILES)
    pipeline = {"stages": {name: {"cmd": "x", "deps": ["my_desk"]} for name in ("ingest", "clean", "package")}}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump(pipeline))
    for stage in ("ingest", "clean", "split", "package"):
        check_plugins(tmp_path, ["my_desk.rules"], stage)
    assert check_inputs(tmp_path).ok
    pipeline["stages"]["clean"]["deps"] = ["seeds"]
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump(pipeline))
    why = "the stage clean does not depend on the plug-in my_desk, so a change of it would go unnoticed; run copydesk"
    with pytest.raises(BuildError, match=why):
        check_plugins(tmp_path, ["my_desk.rules"], "clean")
    check_plugins(tmp_path, ["my_desk.rules"], "ingest")
    (finding,) = check_inputs(tmp_path).findings
    assert (finding.file, finding.message.partition(";")[0]) == ("dvc.yaml", why.partition(";")[0])
    (tmp_path / "dvc.yaml").write_text("stages: [")
    assert not check_inputs(tmp_path).ok
    (tmp_path / "dvc.yaml").write_text("stages: {clean: {deps: 3}}")
    assert not check_inputs(tmp_path).ok


def test_a_check_names_the_line_of_a_module_that_is_not_there(tmp_path: Path) -> None:
    make(tmp_path, [], FILES)
    (tmp_path / "params.yaml").write_text("plugins:\n  - my_desk.rules\n  - my_desk.nothing\n")
    (finding,) = check_inputs(tmp_path).findings
    assert (finding.file, finding.line, finding.field) == ("params.yaml", 3, "plugins[1]")
    assert finding.message == f"my_desk.nothing: no such module; expected {tmp_path / 'my_desk' / 'nothing.py'}"


def test_a_plugin_is_small_and_its_hash_follows_from_all_its_files(tmp_path: Path) -> None:
    def read() -> Plugin:
        (plugin,) = read_plugins(tmp_path, ["my_desk.rules"])
        return plugin

    write_seeds(tmp_path, FILES)
    before = read()
    write_seeds(tmp_path, {"my_desk/__pycache__/rules.pyc": "x", "my_desk/.rules.py.swp": "x", "other.py": "x"})
    assert read().sha256 == before.sha256
    (tmp_path / "my_desk" / "names.txt").write_text("Kiev\n")
    assert read().sha256 != before.sha256
    (tmp_path / "my_desk" / "names.txt").write_bytes(b"x" * (16 << 20))
    with pytest.raises(ConfigError, match="expected at most 16,777,216, since every task carries them"):
        read()


def test_a_plugin_reads_data_of_its_folder(tmp_path: Path) -> None:
    files = {"my_desk/rules.py": RULE.replace("from my_desk import words", "import pkgutil\nclass words:\n    DOUBLE = "
             "pkgutil.get_data(__name__, 'double.txt').decode()"), "my_desk/double.txt": ",,"}  # fmt: skip
    assert texts(run_stages(make(tmp_path, ["my_desk.rules"], files)))["one"] == "In Kiev, he said."


def test_the_example_of_the_documentation_is_a_plugin(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "extend.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(import copydesk\n.*?)^```", page, re.DOTALL | re.MULTILINE)
    files = {"my_desk/rules.py": code, "seeds/table.tsv": "three\tIn Lviv,, she said.\n"}
    project = run_stages(make(tmp_path, ["my_desk.rules"], files))
    assert (texts(project)["one"], texts(project)["three"]) == ("In Kiev, he said.", "In Lviv, she said.")
