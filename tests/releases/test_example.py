"""The example that needs releases is run: an index of embeddings is kept up to date through two of them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from support import ROOT, run_python, write_seeds
from support import run_command as run


def test_an_index_is_kept_up_to_date(releases: Any, tmp_path: Path) -> None:
    """After the two releases, which add documents, one that edits a document, removes one and adds one."""
    root, remote = tmp_path / "corpus", tmp_path / "remote"
    shutil.copytree(releases.root, root, symlinks=True)
    shutil.copytree(releases.remote, remote)
    run(root, "dvc", "remote", "modify", "--quiet", "store", "url", str(remote))
    edited = root / "seeds" / "article-0001.txt"
    edited.write_text("A sentence that was not there before.\n\n" + edited.read_text("utf-8"), "utf-8")
    (root / "seeds" / "article-0002.txt").unlink()
    write_seeds(root / "seeds", {"article-0020.txt": "A new report.  It has two sentences.\n"})
    params = (root / "params.yaml").read_text("utf-8")
    (root / "params.yaml").write_text(re.sub(r"^  version: .*$", "  version: 2.0.0", params, flags=re.MULTILINE))
    run(root, "dvc", "repro", "-q")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "-q", "-m", "Release 2.0.0")
    run(root, "git", "tag", "-a", "corpus@v2.0.0", "-m", "Release 2.0.0")
    run(root, "dvc", "push", "-q")

    page = (ROOT / "docs" / "example.md").read_text("utf-8")
    (block,) = re.findall(r"^```python index\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    done = run_python(f"{block}\nprint(*made)", cwd=root, home=tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    # Only what is new: two documents in the first step, and then three sentences.
    assert done.stdout.split()[1] == "3"
