"""Rules and changes as a person reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from copydesk.cleaning.plan import DETECTORS, RULES
from copydesk.report.rules_listing import as_markdown
from support import ROOT


def copydesk(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("copydesk")), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_the_page_of_rules_is_the_one_that_is_written() -> None:
    page = ROOT / "docs" / "rules.md"
    assert page.read_text("utf-8") == as_markdown(), (
        "rules have changed; run make docs-rules and commit docs/rules.md"
    )


def test_rules_are_listed_with_tier_and_counts(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text('clean: {rules: {spaces: suggest, line-end: "off"}}\n')
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "metrics.json").write_text(json.dumps({"edits": {"mojibake": 4711}, "flags": {}}))
    done = copydesk("rules", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = {line.split("│")[1].strip(): line for line in done.stdout.splitlines() if line.count("│") > 3}
    assert {rule.name for rule in RULES} | {d.kind for d in DETECTORS} <= set(rows)
    assert "suggest" in rows["spaces"]
    assert "off" in rows["line-end"]
    assert "4711" in rows["mojibake"]


def test_cleaning_a_file_writes_nothing_and_shows_each_change(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("the outcome of the war?Russia  does\x1b[31m not ** it\n", "utf-8")
    before = sorted(tmp_path.iterdir())
    assert copydesk("clean", "a.txt", cwd=tmp_path).stdout == "the outcome of the war? Russia does not ** it\n\n"
    shown = copydesk("clean", "a.txt", "--diff", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "23: missing-space" in shown.stdout
    assert "the outcome of the war?{+ +}Russia" in shown.stdout
    assert "[-\\x1b[31m-]" in shown.stdout
    assert "! 40: redaction  **" in shown.stdout
    assert "3 edits, 0 suggestions, 1 flag" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"caf\xe9")
    done = copydesk("clean", "a.txt", cwd=tmp_path)
    assert (done.returncode, done.stderr.split(":")[0]) == (1, "UnreadableError")
    assert "no such file" in copydesk("clean", "b.txt", cwd=tmp_path).stderr
