"""A repository with a plug-in, from the wheel: DVC runs again what a change of its code outdates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scaffold.conftest import Run
from support import write_seeds

_RULE = """
import copydesk


@copydesk.rule("double-comma", tier="probable", screen=",,", repairs=("a,, b", "a, b"), leaves="a, b")
def double_commas(text):
    start = text.find(",,")
    if start >= 0:
        yield copydesk.Found(start, start + 2, ",")


@copydesk.reader(".tsv")
def read_tsv(file, options):
    for number, line in enumerate(file, start=1):
        doc_id, text = line.decode().rstrip("\\n").split("\\t")
        yield copydesk.Record(number, {options.id: doc_id, options.text: text})
"""


@pytest.mark.slow
def test_a_plugin_from_the_wheel(installed: Run, tmp_path: Path) -> None:
    installed(tmp_path, "copydesk", "init", "my-corpus")
    root = tmp_path / "my-corpus"
    write_seeds(root, {"seeds/one.txt": "In Kiev,, he said.", "seeds/more.tsv": "two\tIn Lviv,, she said.\n"})
    write_seeds(root, {"my_desk/rules.py": _RULE})
    settings = (root / "params.yaml").read_text("utf-8")
    assert settings.count("plugins: []") == 1
    (root / "params.yaml").write_text(settings.replace("plugins: []", "plugins: [my_desk.rules]"))
    # A pipeline that would not see a change of the plug-in does not run.
    advice = "run copydesk upgrade, or add my_desk to its deps"
    assert advice in installed(root, "copydesk", "check", status=1).stderr
    assert advice in installed(root, "dvc", "repro", status=255).stderr
    assert installed(root, "copydesk", "upgrade").stdout == "dvc.yaml: written\ntoolkit.json: written\n"
    installed(root, "copydesk", "check")
    installed(root, "dvc", "repro")
    listing = json.loads((root / "corpus" / "manifest.json").read_text("utf-8"))
    assert list(listing["plugins"]) == ["my_desk.rules"]
    assert json.loads((root / "reports" / "metrics.json").read_text("utf-8"))["edits"] == {"double-comma": 2}
    assert "double-comma" in installed(root, "copydesk", "rules").stdout
    assert "up to date" in installed(root, "dvc", "status").stdout
    assert installed(root, "copydesk", "upgrade").stdout == "nothing to do\n"
    # A change of its code is seen, and what follows from it is computed again.
    (root / "my_desk" / "rules.py").write_text(
        _RULE.replace('2, ","', '2, ", and"').replace('"a, b")', '"a, and b")', 1)
    )
    assert "my_desk" in installed(root, "dvc", "status").stdout
    installed(root, "dvc", "repro")
    assert json.loads((root / "corpus" / "manifest.json").read_text("utf-8"))["plugins"] != listing["plugins"]
    assert "Kiev, and he" in installed(root, "copydesk", "clean", "seeds/one.txt").stdout
    installed(root, "git", "add", "--all")
    installed(root, "git", "commit", "-q", "-m", "First articles")  # the hook lets it pass
