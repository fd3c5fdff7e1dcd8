"""A cleaning rule that is new to the package and changes no text computes nothing but cleaning again."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from support import BUILD, ROOT, run_python, write_seeds

#: It finds nothing in the article.
_RULE = '    Rule("thrice-at", "safe", "@@@", lambda text: (), repairs=("@@@", "@"), leaves="@@"),\n'


def computed(root: Path) -> dict[str, int]:
    """For each stage the number of shards that a build computes, with the copy of the package in the folder."""
    done = run_python(BUILD, cwd=root)
    assert done.returncode == 0, done.stderr
    return {
        stage: int(count) for stage, count in re.findall(r"^(\w+): \d+ shards?, (\d+) computed", done.stderr, re.M)
    }


def test_a_rule_that_changes_no_text_computes_cleaning_alone(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src" / "copydesk", tmp_path / "copydesk")
    write_seeds(tmp_path, {"seeds/one.txt": "The outcome of the war?Russia  does not say.\n", "params.yaml": ""})
    stages = ("ingest", "clean", "split", "describe", "package")
    assert computed(tmp_path) == dict.fromkeys(stages, 1)
    assert computed(tmp_path) == dict.fromkeys(stages, 0)
    rules = tmp_path / "copydesk" / "cleaning" / "rules" / "white_space.py"
    code = rules.read_text("utf-8")
    assert code.count("\nRULES = (\n") == 1
    rules.write_text(code.replace("\nRULES = (\n", f"\nRULES = (\n{_RULE}"), "utf-8")
    assert computed(tmp_path) == {**dict.fromkeys(stages, 0), "clean": 1}
