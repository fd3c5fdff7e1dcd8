"""Past releases, as docs/load.md says, with their data in a folder, behind SSH and in a bucket."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from copydesk.releases.dvc_push import push_data
from copydesk.releases.verify import verify
from support import ROOT, run_command, run_python

PAGE = (ROOT / "docs" / "load.md").read_text("utf-8")


def block(start: str) -> str:
    """The one block of code of the page that begins so, without its first line."""
    (found,) = re.findall(rf"^```({re.escape(start)}.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return str(found).partition("\n")[2]


def commands(start: str) -> list[str]:
    return [line.removeprefix("$ ") for line in block(start).splitlines()]


def test_a_release_from_a_url(published: Any, tmp_path: Path) -> None:
    example = block("python release").replace("https://example.org/corpus.git", published.url)
    code = f"""
{example}
count = lambda **which: len(list(copydesk.load("documents", repo=repo, split="train", **which)))
for streaming in (True, False):
    assert [count(version=v, streaming=streaming) for v in ("1.0.0", "1.1.0", None, "1.0.0")] == [3, 5, 5, 3]
whole = copydesk.load("sentences", version="1.0.0", repo=repo)
assert [str(rows.info.version) for rows in whole.values()] == ["1.0.0"]
"""
    done = run_python(code, home=tmp_path / "home", cwd=tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    kept = [p.name[:6] for p in sorted((tmp_path / "cache" / "copydesk").iterdir()) if p.name[0].isdigit()]
    assert kept == ["1.0.0-", "1.1.0-"]


def test_a_release_in_a_checkout_with_a_warm_cache(published: Any, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    run_command(tmp_path, "git", "clone", "-q", published.url, str(clone))
    run_command(clone, "bash", "-euc", "\n".join([*commands("console\n$ dvc fetch"), "dvc checkout --quiet"]))
    readers, (back,) = block("python\nimport duckdb"), commands("console\n$ git checkout")
    code = f"""
import subprocess
from datasets import load_dataset
documents = load_dataset("corpus", split="train")
assert (documents.num_rows, str(documents.info.version)) == (5, "1.1.0")
{readers}
subprocess.run(["bash", "-euc", {back!r}], check=True)
{block("python checkout")}
assert documents.num_rows == 3
{readers}
"""
    done = run_python(code, home=tmp_path / "home", cwd=clone)
    assert done.returncode == 0, done.stderr


def test_what_a_remote_lost_is_pushed_again(published: Any, releases: Any) -> None:
    """DVC looks for the list of a folder's files and takes the folder for whole when that is there."""
    assert verify(published.root, "corpus@v1.0.0", remote=True).ok
    assert verify(published.root, "corpus@v1.1.0", remote=True).ok
    whole = published.place.objects()
    path = releases.object_of("1.1.0", published.root / ".dvc" / "cache")
    lost = f"{path.parent.name}{path.name}"
    published.place.remove(lost)
    assert not verify(published.root, "corpus@v1.1.0", remote=True).ok
    run_command(published.root, "dvc", "push", "--quiet")
    assert published.place.objects().keys() == whole.keys() - {lost}
    push_data(published.root, None)
    assert published.place.objects() == whole
