"""A takedown of a document that was delivered as a record of a file, in git and in DVC."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from copydesk.cli import app
from copydesk.project import Project
from copydesk.releases.release_cache import fetch_release
from copydesk.releases.release_tags import find_release
from copydesk.takedowns.takedown import document_of, takedown_row, write_to_ledger
from support import GIT, OUTS, make_repository, run_command, write_seeds

DVC = f"""
stages:
  package:
    cmd: python build.py
    deps: [seeds]
    outs:
{OUTS}"""
PARAMS = "corpus:\n  name: small\n  version: 0.9.0\nengine: {workers: 1}\n"
TEXTS = {name: f"Report {name}. The mayor of {name} said that it had rained there all day." for name in "abcdx"}
COPY = hashlib.sha256(TEXTS["x"].encode()).hexdigest()


def lines(*names: str) -> str:
    return "".join(json.dumps({"id": name, "text": TEXTS[name]}) + "\n" for name in names)


def run(root: Path, *command: str) -> str:
    return run_command(root, *command).strip()


def takedown(root: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["takedown", *words, "--root", str(root)])


@pytest.fixture
def root(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release with a file of records in git, and one of a copy in DVC; the document in the ledger and gone."""
    for name, value in {**GIT, "XDG_CACHE_HOME": str(tmp_path / "xdg")}.items():
        monkeypatch.setenv(name, value)
    root = tmp_path / "repository"
    make_repository(root, DVC, PARAMS)
    run(root, "dvc", "remote", "add", "--quiet", "--default", "storage", str(tmp_path / "remote"))

    def commit(files: dict[str, bytes | str], message: str) -> None:
        write_seeds(root / "seeds", files)
        run(root, "dvc", "add", "--quiet", "seeds/more.csv")
        run(root, "dvc", "repro", "--quiet")
        run(root, "git", "add", "--all")
        run(root, "git", "commit", "--quiet", "--message", message)
        run(root, "dvc", "push", "--quiet")

    more = f"id,text\nd,{TEXTS['d']}\n"
    old = {"news.jsonl": lines("a", "x", "b"), "news-2.jsonl.gz": gzip.compress(lines("c").encode())}
    commit({**old, "more.csv": f"{more}y,{TEXTS['x']}\n"}, "with it")
    run(root, "git", "tag", "--annotate", "--message", "1", "corpus@v0.9.0")
    project = Project.open(root)
    write_to_ledger(project, takedown_row(project, "x", "asked for"))
    commit({"news.jsonl": lines("a", "b"), "more.csv": more}, "taken down")
    return root


def test_the_whole_way(root: Path) -> None:
    before = run(root, "git", "rev-parse", "HEAD~1:seeds/news.jsonl")
    delivered = hashlib.md5(f"id,text\nd,{TEXTS['d']}\ny,{TEXTS['x']}\n".encode()).hexdigest()
    shown = takedown(root, "status", "x")
    assert shown.exit_code == 0, shown.output
    assert "corpus@v0.9.0: documents, raw, sentences; 1 exact copy with another id" in shown.output.splitlines()
    assert f"object {delivered}: in cache, remote storage" in shown.output
    assert f"git {before}: seeds/news.jsonl, added or removed by" in shown.output
    assert "and 1 file in git" in shown.output

    done = takedown(root, "x", "--purge", "--yes")
    assert done.exit_code == 0, done.output
    assert "and none contains 'x'" in done.output
    folder = fetch_release(find_release(root, "0.9.1"))
    assert [document_of(folder, name) is not None for name in "abcdxy"] == [True, True, True, True, False, False]
    # The files it was a record of: JSON Lines without it, the others as they were numbered; of CSV nothing is left.
    tree = run(root, "git", "ls-tree", "-r", "--name-only", "corpus@v0.9.1", "seeds").splitlines()
    assert [name for name in tree if "more" in name] == []
    assert run_command(root, "git", "show", "corpus@v0.9.1:seeds/news.jsonl") == lines("a") + "\n" + lines("b")
    kept = run(root, "git", "rev-parse", "corpus@v0.9.0:seeds/news-2.jsonl.gz")
    assert run(root, "git", "rev-parse", "corpus@v0.9.1:seeds/news-2.jsonl.gz") == kept
    stored = [
        p for place in (root / ".dvc" / "cache", root.parent / "remote") for p in place.rglob("*") if p.is_file()
    ]
    assert stored
    assert not any(TEXTS["x"].encode() in p.read_bytes() for p in stored)
    tables = [path for path in root.glob("build/**/*") if path.is_file() and path.read_bytes()[:4] == b"PAR1"]
    assert len(tables) > 10
    assert not any(TEXTS["x"] in json.dumps(pq.read_table(path).to_pylist()) for path in tables)
    after = takedown(root, "status", "x").output.splitlines()[-1]
    assert after == (
        "'x' is in 0 releases, 0 other versions of the data, 0 objects, 0 files outside DVC and 1 file in git"
    )


TSV_READER = """
import copydesk


@copydesk.reader(".tsv")
def read_tsv(file, options):
    for number, line in enumerate(file, start=1):
        doc_id, text = line.decode().rstrip().split("\\t")
        yield copydesk.Record(number, {options.id: doc_id, options.text: text})
"""


def test_a_file_that_only_a_plug_in_reads_is_named_or_searched(root: Path) -> None:
    """Status imports no plug-in, so it says what it did not search; a purge of one's own project imports them."""
    (root / "desk.py").write_text(TSV_READER)
    params = PARAMS.replace("0.9.0", "0.10.0") + "plugins: [desk]\n"
    (root / "params.yaml").write_text(params)
    seed = root / "seeds" / "wire.tsv"
    text = "Report z. The mayor of z said that it had snowed there all day."
    seed.write_text(f"z\t{text}\nw\t{text.replace('snowed', 'hailed')}\n")
    run(root, "dvc", "repro", "--quiet")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", "a wire")
    run(root, "git", "tag", "--annotate", "--message", "1", "corpus@v0.10.0")
    project = Project.open(root)
    assert document_of(project.corpus, "z") is not None
    write_to_ledger(project, takedown_row(project, "z", "asked for"))
    blob = run(root, "git", "rev-parse", "HEAD:seeds/wire.tsv")
    seed.write_text(f"w\t{text.replace('snowed', 'hailed')}\n")
    run(root, "dvc", "repro", "--quiet")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", "taken down")
    run(root, "dvc", "push", "--quiet", "--all-tags")

    status = takedown(root, "status", "z")
    assert status.exit_code == 1, status.output
    assert "seeds/wire.tsv: 2 files ending in .tsv not searched: only a plug-in can read this format" in status.output
    assert f"git {blob}: seeds/wire.tsv" not in status.output

    purged = takedown(root, "z", "--purge", "--yes")
    assert purged.exit_code == 0, purged.output
    assert f"git {blob}: seeds/wire.tsv, added or removed by" in purged.output
    assert "not searched" not in purged.output

    # The plug-in is gone: nothing that is in force can say what the old file holds.
    (root / "params.yaml").write_text(params.replace("plugins: [desk]\n", ""))
    seed.unlink()
    run(root, "dvc", "repro", "--quiet")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", "no plug-in any more")
    without = takedown(root, "z", "--purge", "--yes")
    assert without.exit_code == 1, without.output
    assert "seeds/wire.tsv: 2 files ending in .tsv not searched" in without.output
