"""Who installs the wheel has its types: in their code mypy finds what is wrong, and nothing in what is right."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import copydesk
from scaffold.conftest import Run

_RIGHT = """
from pathlib import Path

import copydesk
from copydesk import Alignment, Built, ComposedEdit, CopydeskError, Edit, EditedText, Finding, Project, Report


def documents(folder: Path) -> int:
    built: Built = copydesk.build(folder / "seeds", folder / "corpus", params={"engine": {"workers": 1}})
    count = built.metrics["documents"]
    return int(count)


def wrong(corpus: str) -> list[tuple[str, int]]:
    report: Report = copydesk.validate(corpus, load=False)
    found: list[Finding] = report.findings
    return [(finding.document, finding.line) for finding in found]


def edits(text: str) -> tuple[ComposedEdit, ...]:
    edited: EditedText = EditedText(text).apply([Edit(0, 1, "", "first")])
    alignment: Alignment = edited.alignment
    print(alignment, Project.open(".").corpus, copydesk.logical_hash({}), copydesk.__version__)
    return edited.edits


def one_text(text: str) -> list[str]:
    cleaned: copydesk.CleanedText = copydesk.clean(text, copydesk.detect_language(text).code)
    print(cleaned.revert(), [flag.kind for flag in cleaned.flags], copydesk.extract_article("<p>").title)
    print([change.doc_id for change in copydesk.diff("HEAD", root=".").changed])
    return [sentence.text for sentence in copydesk.split_sentences(cleaned.text)]


try:
    print(copydesk.load("raw", version="1.0.0", split="train"))
except CopydeskError as error:
    print(error)
"""
_WRONG = """
import copydesk

copydesk.build("seeds")
number: int = copydesk.build("seeds", "corpus").corpus
copydesk.validate("corpus").finding
copydesk.Edit(0, 1, 2, "rule")
copydesk.nothing
version: int = copydesk.__version__
"""


def test_mypy_checks_the_code_of_a_user(installed: Run, wheel: Path, tmp_path: Path) -> None:
    assert wheel.name.startswith(f"copydesk-{copydesk.__version__}-")
    (tmp_path / "right.py").write_text(_RIGHT)
    (tmp_path / "wrong.py").write_text(_WRONG)
    python = installed(tmp_path, "python", "-c", "import sys; print(sys.executable)").stdout.strip()
    command = ["mypy", "--strict", "--no-error-summary", "--no-incremental", "--python-executable", python]
    known = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MYPYPATH")}
    done = subprocess.run(
        [sys.executable, "-m", *command, "right.py", "wrong.py"],
        cwd=tmp_path,
        env=known,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [
        [*line.split(":", 2)[:2], line.rpartition(" ")[2]] for line in done.stdout.splitlines() if "error:" in line
    ]
    assert found == [
        ["wrong.py", "4", "[call-arg]"],
        ["wrong.py", "5", "[assignment]"],
        ["wrong.py", "6", "[attr-defined]"],
        ["wrong.py", "7", "[arg-type]"],
        ["wrong.py", "8", "[attr-defined]"],
        ["wrong.py", "9", "[assignment]"],
    ], done.stdout + done.stderr
