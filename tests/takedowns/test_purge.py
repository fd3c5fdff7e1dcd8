"""A purge: releases reissued without a document, and no object left that holds it. Real git, real DVC, real kills."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner, Result

from copydesk.cli import app
from copydesk.core.scratch import scratch
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.releases.release import only_release, release
from copydesk.releases.release_cache import fetch_release
from copydesk.releases.release_tags import find_release, release_versions, withdrawn_versions
from copydesk.releases.verify import verify
from copydesk.revisions.dvc_storages import open_storages
from copydesk.tables.table import PUBLISHED
from copydesk.takedowns import purge as module
from copydesk.takedowns.lines_about import LinesAbout, remove_lines
from copydesk.takedowns.purge import plan_purge, purge
from copydesk.takedowns.takedown import takedown_row, write_to_ledger
from copydesk.validation import validate
from support import articles, file_bytes, make_repository, run_command, write_seeds
from support import run_stripped as run

DVC = """
stages:
  package:
    cmd: python build.py
    deps: [seeds, build.py]
    params: [corpus, shards]
    outs:
      - corpus/data
      - corpus/README.md: {cache: false}
      - corpus/manifest.json: {cache: false}
      - corpus/MANIFEST.sha256: {cache: false}
      - reports/dropped.jsonl: {cache: false}
    metrics:
      - reports/metrics.json: {cache: false}
"""
PARAMS = """\
corpus:
  name: small
  version: 0.1.0
engine: {workers: 1}
shards: {target: 3, minimum: 1, maximum: 4, max_bytes: 1048576}
"""
SEEDS = articles(12)
GONE = "article-0003"
#: The same text under another name, a copy in other bytes, and what resembles it; in the second release only.
COPIES = {
    "copy-bytes.txt": SEEDS[f"{GONE}.txt"],
    "copy-text.txt": SEEDS[f"{GONE}.txt"].upper(),
    "near.txt": SEEDS[f"{GONE}.txt"].replace("Report 3.", "An account."),
}
#: What can be read, in any case of letters, where the document or a copy of it is stored, and nowhere else.
MARKS = (f'"{GONE}"', '"copy-bytes"', '"copy-text"', "report 3.")


class Made(NamedTuple):
    """A repository, and the folder of its DVC remote where that is one of this machine."""

    root: Path
    remote: Path


def cut(root: Path, version: str) -> None:
    """A release, as quick as it can be made: built, committed, tagged and pushed."""
    params = root / "params.yaml"
    params.write_text(PARAMS.replace("0.1.0", version))
    commit(root, f"Release {version}")
    run(root, "git", "tag", "--annotate", "--message", version, f"corpus@v{version}")
    run(root, "dvc", "push", "--quiet")


def commit(root: Path, message: str) -> None:
    run(root, "dvc", "repro", "--quiet")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", message)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    """Return a function that makes the repository, once for seeds in git and once for seeds in DVC."""
    return cache(lambda seeds: withdrawn_from(tmp_path_factory.mktemp(seeds), seeds))


def withdrawn_from(place: Path, kind: str) -> Made:
    """Two releases that hold the document, one of them also its copies; an untagged commit that does too; one
    release before it came; the document in the ledger and gone from the working tree. Seeds lie in git or in DVC."""
    root = place / "repository"
    root.mkdir()
    make_repository(root, DVC, PARAMS)
    run(root, "dvc", "remote", "add", "--quiet", "--default", "storage", str(place / "remote"))

    def seeds(add: dict[str, str], *remove: str) -> None:
        write_seeds(root / "seeds", add)
        for name in remove:
            (root / "seeds" / name).unlink()
        if kind == "dvc":
            run(root, "dvc", "add", "--quiet", "seeds")

    seeds({name: text for name, text in SEEDS.items() if name > f"{GONE}.txt"})
    cut(root, "0.9.0")
    lines = [{"doc_id": GONE, "title": "Known only of it"}, {"doc_id": "article-0001", "title": "Of another"}]
    decided = [{**line, "raw_sha256": "0" * 64, "decision": "exclude", "date": "2026-01-02"} for line in lines]
    for line in decided:
        line["reason"] = line.pop("title")
    written = {"sources.jsonl": lines, "decisions.jsonl": decided}
    seeds({**SEEDS, **{name: "".join(json.dumps(row) + "\n" for row in about) for name, about in written.items()}})
    cut(root, "1.0.0")
    seeds(COPIES)
    cut(root, "1.1.0")
    seeds({"another.txt": "Something else, of which nobody ever asked that it be taken down."}, *COPIES)
    commit(root, "no release")
    run(root, "dvc", "push", "--quiet")
    project = Project.open(root)
    write_to_ledger(project, takedown_row(project, GONE, "asked for", "the author"))
    seeds({name: json.dumps(about[1]) + "\n" for name, about in written.items()}, f"{GONE}.txt")
    commit(root, "taken down")
    run(root, "dvc", "push", "--quiet")
    return Made(root, place / "remote")


@pytest.fixture
def made(request: pytest.FixtureRequest, template: Callable[[str], Made], tmp_path: Path) -> Made:
    """A copy that a test may change, with seeds in git where it does not say otherwise."""
    original = template(getattr(request, "param", "git"))
    shutil.copytree(original.root, tmp_path / "repository", symlinks=True)
    shutil.copytree(original.remote, tmp_path / "remote")
    root = tmp_path / "repository"
    run(root, "dvc", "remote", "modify", "--local", "storage", "url", str(tmp_path / "remote"))
    return Made(root, tmp_path / "remote")


def takedown(root: Path, *words: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, ["takedown", *words, "--root", str(root)], input=answer)


def objects(folder: Path) -> Iterator[Path]:
    return (p for p in sorted(folder.rglob("*")) if p.is_file())


def places(made: Made) -> list[Path]:
    return [made.root / ".dvc" / "cache" / "files", made.remote / "files", made.root / "build" / "store" / "objects"]


def mentions(made: Made) -> list[str]:
    """Every stored file in which the document, its text or a copy of it can be read: a search of our own."""
    found = []
    for path in (p for place in places(made) for p in objects(place)):
        data = path.read_bytes()
        if data[:4] == b"PAR1":
            content = json.dumps(pq.read_table(path).to_pylist())
        elif path.suffix == ".dir" or b'"minhash"' in data:
            continue  # names and hashes, and the ledger
        else:
            content = data.decode()
        if any(mark in content.lower() for mark in MARKS):
            found.append(str(path))
    return found


def rows(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [row for path in sorted(folder.glob(f"data/{name}/*")) for row in pq.read_table(path).to_pylist()]
        for name in PUBLISHED
    }


def state(made: Made) -> dict[str, Any]:
    return {
        "refs": run(made.root, "git", "for-each-ref"),
        "tree": run(made.root, "git", "status", "--porcelain"),
        "files": {str(place): file_bytes(place) for place in places(made)},
    }


both = pytest.mark.parametrize("made", ["git", "dvc"], indirect=True)


@both
def test_status_lists_everything_that_holds_it(made: Made) -> None:
    before = state(made)
    shown = takedown(made.root, "status", GONE)
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    assert "corpus@v1.0.0: documents, edits, raw, sentences" in lines
    assert "corpus@v1.1.0: documents, edits, raw, sentences; 2 exact copies with other ids" in lines
    assert not any(line.startswith("corpus@v0.9.0") for line in lines)
    (untagged,) = (line for line in lines if line.endswith("no release: documents, edits, raw, sentences"))
    assert untagged.startswith(f"commit {run(made.root, 'git', 'rev-parse', 'HEAD~1')[:12]}")
    listed = {line.split()[1].rstrip(":") for line in lines if line.startswith("object ")}
    stored = {Path(p).parent.name + Path(p).name for p in mentions(made) if "store" not in Path(p).parts}
    assert stored <= listed
    assert all("in cache, remote storage" in line for line in lines if line.startswith("object "))
    assert {line.split()[1] for line in lines if line.startswith("file ")} >= {
        p for p in mentions(made) if "build/store" in p
    }
    in_git = not (made.root / "seeds.dvc").exists()
    assert any("git filter-repo --strip-blobs-with-ids FILE" in line for line in lines)
    files = dict(line.split(":")[0:2] for line in lines if line.startswith("git "))
    written = {sha: path for sha, path in files.items() if "jsonl" in path}
    about = {"reports/decisions.jsonl", *(("seeds/decisions.jsonl", "seeds/sources.jsonl") if in_git else ())}
    assert {path.partition(",")[0].strip() for path in written.values()} == about
    blobs = {sha.removeprefix("git ") for sha in files.keys() - written.keys()}
    texts = (SEEDS[f"{GONE}.txt"], COPIES["copy-text.txt"]) if in_git else ()
    assert blobs == {hashlib.sha1(b"blob %d\0%s" % (len(t.encode()), t.encode())).hexdigest() for t in texts}
    assert state(made) == before
    nothing = takedown(made.root, "status", "nobody")
    assert nothing.output.startswith("'nobody' is in 0 releases, 0 other versions of the data, 0 objects,")


def test_the_whole_way(made: Made) -> None:
    old = {v: rows(fetch_release(find_release(made.root, v))) for v in ("0.9.0", "1.0.0", "1.1.0")}
    kept = {v: run(made.root, "git", "rev-parse", f"corpus@v{v}") for v in old}
    head, branch = run(made.root, "git", "rev-parse", "HEAD"), file_bytes(made.root / "corpus")
    assert len(mentions(made)) > 20
    asked = takedown(made.root, GONE, "--purge", answer="n\n")
    assert asked.exit_code == 1 and "Deleted data cannot be restored" in asked.output and mentions(made)
    done = takedown(made.root, GONE, "--purge", answer="y\n")
    assert done.exit_code == 0, done.output
    assert "and none contains 'article-0003'" in done.output
    assert mentions(made) == []

    # The old releases are withdrawn, and stay what they were in git.
    assert release_versions(made.root) == ["0.9.0", "1.0.1", "1.1.1"]
    assert withdrawn_versions(made.root) == {"1.0.0": "1.0.1", "1.1.0": "1.1.1"}
    assert kept == {v: run(made.root, "git", "rev-parse", f"corpus@v{v}") for v in kept}
    assert "git push --atomic origin corpus@v1.0.1 corpus@v1.1.1 'corpus@v1.0.0!' 'corpus@v1.1.0!'" in done.output
    with pytest.raises(
        ReleaseError, match=r"release 1\.0\.0 was withdrawn by a takedown; release 1\.0\.1 replaces it"
    ):
        find_release(made.root, "1.0.0")
    shown = CliRunner().invoke(app, ["releases", "--root", str(made.root)]).output.splitlines()
    assert shown[:3] == ["0.9.0", "1.0.0 (withdrawn; 1.0.1 replaces it)", "1.0.1"]
    with pytest.raises(ReleaseError, match=r"corpus@v1\.0\.0 was withdrawn by a takedown; copydesk releases names"):
        verify(made.root, "corpus@v1.0.0")
    assert verify(made.root, "corpus@v1.0.1", remote=True).ok
    for version in ("1.0.0", "1.1.0"):
        assert not any(f"/{version}-" in p.as_posix() for p in (made.root.parent / "xdg").rglob("*"))

    compared = CliRunner().invoke(app, ["diff", "corpus@v1.0.0", "corpus@v1.1.1", "--root", str(made.root)])
    withdrawn = "release 1.0.0 was withdrawn by a takedown; release 1.0.1 replaces it"
    assert isinstance(compared.exception, ReleaseError) and str(compared.exception).endswith(withdrawn)

    # The new ones have all the rest, as it was.
    for version, new in (("1.0.0", "1.0.1"), ("1.1.0", "1.1.1")):
        folder = fetch_release(find_release(made.root, new))
        gone = {GONE, "copy-bytes", "copy-text"} if version == "1.1.0" else {GONE}
        now = rows(folder)
        for name in PUBLISHED:
            expected = [row for row in old[version][name] if row["doc_id"] not in gone]
            for row in expected if name == "documents" else ():
                if row["duplicate_of"] in gone or row["duplicate_group"] in gone:
                    row.update(duplicate_of=None, duplicate_kind=None, duplicate_group=None)
            assert now[name] == expected
        assert validate(folder, made.root / "schemas", load=False).ok
        listing = json.loads((folder / "manifest.json").read_text())
        assert (listing["version"], {row["doc_id"] for row in listing["dropped"]}) == (new, gone)
        assert json.loads(listing["dropped"][0]["values"]) == {"takedown": GONE, "replaces": version}
        show = lambda path, new=new: run(made.root, "git", "show", f"corpus@v{new}:{path}")  # noqa: E731
        assert f"which was taken down. This release replaces {version}" in show("CHANGELOG.md")
        assert json.loads(show("reports/metrics.json"))["documents"] == len(now["documents"])
        (out,) = (
            o
            for o in yaml.safe_load(show("dvc.lock"))["stages"]["package"]["outs"]
            if o["path"] == "corpus/README.md"
        )
        assert out["md5"] == hashlib.md5((folder / "README.md").read_bytes()).hexdigest()
        assert run(made.root, "git", "rev-parse", f"corpus@v{new}~1") == kept_commit(made, version)
        tree = run(made.root, "git", "ls-tree", "-r", "--name-only", f"corpus@v{new}").splitlines()
        assert not {f"seeds/{doc_id}.txt" for doc_id in gone} & set(tree)

    # A release that never held it, the working tree and its branch are untouched.
    assert rows(fetch_release(find_release(made.root, "0.9.0"))) == old["0.9.0"]
    assert (run(made.root, "git", "rev-parse", "HEAD"), file_bytes(made.root / "corpus")) == (head, branch)
    assert run(made.root, "git", "status", "--porcelain") == ""
    assert run(made.root, "dvc", "status") == "Data and pipelines are up to date."
    assert run(made.root, "git", "for-each-ref", "refs/copydesk") == ""
    again = takedown(made.root, GONE, "--purge", "--yes")
    assert again.exit_code == 0 and "0 copies deleted" in again.output
    assert (
        takedown(made.root, "status", GONE).output.splitlines()[-1].startswith(f"'{GONE}' is in 0 releases, 0 other")
    )


def test_each_release_is_reissued_on_top_of_itself(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    proved: list[Any] = []
    monkeypatch.setattr(module, "verify_fresh_clone", lambda *given: proved.append(given) or [])
    known = len(set(objects(made.root / ".dvc" / "cache" / "files")))
    done = purge(made.root, GONE)
    assert (done.replaced, done.problems) == ({"1.0.0": "1.0.1", "1.1.0": "1.1.1"}, [])
    show = lambda rev, path: run_command(made.root, "git", "show", f"{rev}:{path}")  # noqa: E731
    said = []
    for old, new in done.replaced.items():
        commit, before = kept_commit(made, str(new)), kept_commit(made, old)
        assert proved.pop(0) == (made.root, commit, new, None)
        date, told = run(made.root, "git", "log", "-1", "--format=%cs%n%B", before).split("\n", 1)
        assert told == f"Release {old}"
        message = f"corpus {new}\n\nReplaces: {old}\nTakedown: {GONE}"
        assert run(made.root, "git", "log", "-1", "--format=%B", commit) == message
        shown = run(
            made.root, "git", "for-each-ref", "--format=%(objecttype) %(contents)", f"refs/tags/corpus@v{new}"
        )
        assert shown == f"tag {message}"
        shown = run(made.root, "git", "for-each-ref", "--format=%(contents)", f"refs/tags/corpus@v{old}!")
        assert shown == f"corpus {old} is withdrawn\n\nTakedown: {GONE}\nReplaced-by: {new}"
        assert kept_commit(made, f"{old}!") == before
        params = show(commit, "params.yaml")
        assert yaml.safe_load(params)["corpus"] == {"name": "small", "version": new, "commit": before, "date": date}
        assert params.startswith("corpus:\n  name: small\n  version: ")
        listing = json.loads(show(commit, "corpus/manifest.json"))
        assert [listing[key] for key in ("version", "commit", "date")] == [new, before, date]
        gone = sorted({row["doc_id"] for row in listing["dropped"]})
        assert listing["dropped"] == [
            {
                "doc_id": doc_id,
                "reason": "takedown",
                "source": None,
                "values": json.dumps({"takedown": GONE, "replaces": old}),
            }
            for doc_id in gone
        ]
        lock, was = (yaml.safe_load(show(rev, "dvc.lock"))["stages"]["package"] for rev in (commit, before))
        assert lock["params"]["params.yaml"]["corpus"] == yaml.safe_load(params)["corpus"]
        assert [out["path"] for out in lock["outs"]] == [out["path"] for out in was["outs"]]
        tree = set(run(made.root, "git", "ls-tree", "-r", "--name-only", commit).splitlines())
        for out in lock["outs"]:
            if out["path"] in tree:
                data = show(commit, out["path"]).encode()
                assert (out["md5"], out["size"]) == (hashlib.md5(data).hexdigest(), len(data))
        (data_out,) = (out for out in lock["outs"] if out["path"] == "corpus/data")
        listed = json.loads(
            (made.root / ".dvc/cache/files/md5" / data_out["md5"][:2] / data_out["md5"][2:]).read_text()
        )
        files = [made.remote / "files" / "md5" / row["md5"][:2] / row["md5"][2:] for row in listed]
        assert (data_out["nfiles"], data_out["size"]) == (len(files), sum(p.stat().st_size for p in files))
        assert show(commit, ".dvc/config") == show("HEAD", ".dvc/config")
        assert show(commit, "reports/metrics.json").startswith('{\n  "')
        assert show(commit, "schemas/raw.schema.json") == show(before, "schemas/raw.schema.json")
        said += [f"takedown: corpus@v{new} replaces {old}", f"takedown: {old} is withdrawn"]
    assert [line for line in capsys.readouterr().err.splitlines() if line.startswith("takedown")] == said
    assert proved == [] and run(made.root, "git", "for-each-ref", "refs/copydesk") == ""
    left = len(set(objects(made.root / ".dvc" / "cache" / "files")))
    everywhere = {p.parent.name + p.name for place in places(made)[:2] for p in objects(place)}
    assert done.objects_read == len(everywhere) + len(list(objects(places(made)[2])))
    assert done.deleted > known - left > 0


def test_a_second_document_goes_out_of_what_the_first_has_left(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "verify_fresh_clone", lambda *_: [])
    assert purge(made.root, GONE).problems == []
    second = "article-0001"
    project = Project.open(made.root)
    write_to_ledger(project, takedown_row(project, second, "asked for too"))
    (made.root / "seeds" / f"{second}.txt").unlink()
    assert len(remove_lines(project, LinesAbout({second}, ()))) == 2
    commit(made.root, "taken down too")
    done = purge(made.root, second)
    assert (done.replaced, done.problems) == ({"1.0.1": "1.0.2", "1.1.1": "1.1.2"}, [])
    assert release_versions(made.root) == ["0.9.0", "1.0.2", "1.1.2"]
    assert withdrawn_versions(made.root) == {"1.0.0": "1.0.2", "1.0.1": "1.0.2", "1.1.0": "1.1.2", "1.1.1": "1.1.2"}
    listing = json.loads(run(made.root, "git", "show", "corpus@v1.1.2:corpus/manifest.json"))
    told = [(row["doc_id"], json.loads(row["values"])) for row in listing["dropped"]]
    assert told == [
        *((i, {"takedown": GONE, "replaces": "1.1.0"}) for i in (GONE, "copy-bytes", "copy-text")),
        (second, {"takedown": second, "replaces": "1.1.1"}),
    ]
    ledger = run(made.root, "git", "show", "corpus@v1.1.2:seeds/takedowns.jsonl").splitlines()
    assert [json.loads(line)["doc_id"] for line in ledger] == [GONE, second]
    assert mentions(made) == []


def kept_commit(made: Made, version: str) -> str:
    return run(made.root, "git", "rev-parse", f"corpus@v{version}^{{commit}}")


@both
def test_a_checkout_of_the_new_release_can_be_pulled_whole(made: Made, quick: None, tmp_path: Path) -> None:
    assert purge(made.root, GONE).problems == []
    clone = tmp_path / "clone"
    run(tmp_path, "git", "clone", "--quiet", "--branch", "corpus@v1.1.1", str(made.root), str(clone))
    shutil.copy(made.root / ".dvc" / "config.local", clone / ".dvc" / "config.local")
    run(clone, "dvc", "pull", "--quiet")
    assert validate(clone / "corpus", clone / "schemas", load=False).ok
    names = {p.name for p in (clone / "seeds").iterdir()}
    assert not names & {f"{GONE}.txt", "copy-bytes.txt", "copy-text.txt"}
    assert names >= {"article-0001.txt", "near.txt"}
    assert "Known only of it" not in (clone / "seeds" / "sources.jsonl").read_text()
    assert "Of another" in (clone / "seeds" / "sources.jsonl").read_text()
    assert json.loads((clone / "seeds" / "takedowns.jsonl").read_text())["doc_id"] == GONE


def test_a_dry_run_changes_nothing(made: Made, tmp_path: Path) -> None:
    run(tmp_path, "git", "clone", "--quiet", "--bare", str(made.root), "origin.git")
    run(made.root, "git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    before = state(made)
    shown = takedown(made.root, GONE, "--purge", "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert (
        "corpus@v1.1.0: would be reissued as corpus@v1.1.1 without article-0003, copy-bytes, copy-text"
        in shown.output
    )
    assert "the tags of these releases would be pushed to origin before anything is deleted" in shown.output
    removed = {
        line.split()[1].rstrip(":") for line in shown.output.splitlines() if "deleted from cache, remote" in line
    }
    stored = {Path(p).parent.name + Path(p).name for p in mentions(made) if "store" not in Path(p).parts}
    assert removed == stored
    with open_storages(made.root) as opened:
        planned = plan_purge(made.root, opened, GONE)
        assert (planned.objects_to_keep, planned.without_replacement, len(planned.reissues)) == (frozenset(), [], 2)
        for places, said in (
            (
                opened._replace(default=None),
                "no default DVC remote to prove a release from; dvc remote add --default NAME URL",
            ),
            (
                opened._replace(unreadable={"remote storage": "no"}),
                "the default DVC remote storage cannot be searched: no",
            ),
        ):
            with pytest.raises(ReleaseError) as caught:
                plan_purge(made.root, places, GONE)
            assert str(caught.value) == f"{made.root}: {said}"
    assert state(made) == before


def test_what_is_not_ready_is_refused(made: Made) -> None:
    def said(doc_id: str = GONE) -> str:
        done = takedown(made.root, doc_id, "--purge", "--yes")
        assert done.exit_code == 1
        return str(done.exception)

    before = state(made)
    assert "no line for 'article-0002'; first say why, with copydesk takedown article-0002 --reason" in said(
        "article-0002"
    )
    (made.root / "stray").write_text("")
    assert "working tree is not clean" in said()
    (made.root / "stray").unlink()
    assert state(made) == before
    seeds = made.root / "seeds"
    for name, text, expected in (
        ("copy-text.txt", COPIES["copy-text.txt"], "copy-text.txt: this seed is the document"),
        ("lo\u2028wer.txt", SEEDS[f"{GONE}.txt"].lower(), "the seed of lo\u2028wer has the text that was taken down"),
    ):
        write_seeds(seeds, {name: text})
        commit(made.root, "back again")
        assert expected in said()
        (seeds / name).unlink()
    project = Project.open(made.root)
    commit(made.root, "gone again")
    assert validate(project.corpus, project.schemas, load=False).ok
    write_to_ledger(project, takedown_row(project, "article-0002", "asked for"))
    run(made.root, "git", "add", "--all")
    run(made.root, "git", "commit", "--quiet", "--message", "not built")
    assert "this seed is the document" in said("article-0002")
    run(made.root, "dvc", "config", "--unset", "core.remote")
    run(made.root, "git", "commit", "--quiet", "--all", "--message", "no default remote")
    assert "no default DVC remote to prove a release from" in said()
    assert mentions(made)


def test_a_release_of_which_nothing_is_left_is_withdrawn(made: Made, quick: None) -> None:
    # All documents of a release go, one after the other.
    project = Project.open(made.root)
    only = project.seeds / "only.txt"
    only.write_text("A single article, which is all that this release ever held.")
    rest = {p: p.read_bytes() for p in project.seeds.iterdir() if p != only and p.suffix == ".txt"}
    for path in rest:
        path.unlink()
    cut(made.root, "2.0.0")
    row = takedown_row(project, "only", "asked for")
    for path, data in rest.items():
        path.write_bytes(data)
    only.unlink()
    write_to_ledger(project, row)
    commit(made.root, "taken down")
    done = purge(made.root, "only")
    assert (done.replaced, done.problems) == ({"2.0.0": None}, [])
    with pytest.raises(ReleaseError, match=r"release 2\.0\.0 was withdrawn by a takedown; there are 0\.9\.0, "):
        find_release(made.root, "2.0.0")
    assert find_release(made.root).version == "1.1.0"
    # Its number is not given again.
    assert release(made.root, dry_run=True).version == "3.0.0"


@pytest.mark.parametrize(
    ("step", "after"),
    [
        pytest.param("commit_reissue", True, marks=pytest.mark.slow),
        ("verify_fresh_clone", True),
        ("_withdraw_release", True),
        pytest.param("_delete_occurrences", False, marks=pytest.mark.slow),
    ],
)
def test_killed_at_any_step_the_next_run_finishes(made: Made, quick: None, step: str, after: bool) -> None:
    """A process of its own kills itself at a step of the second release, with no chance to tidy up."""
    code = f"""
import os, signal
from functools import partial
from pathlib import Path
from copydesk.releases import prove
from copydesk.takedowns import purge
prove.validate = partial(prove.validate, load=False)
real, calls = getattr(purge, {step!r}), []

def dying(*arguments):
    calls.append(1)
    last = len(calls) >= (1 if {step!r} == "_delete_occurrences" else 2)
    if last and not {after}:
        os.kill(os.getpid(), signal.SIGKILL)
    done = real(*arguments)
    if last:
        os.kill(os.getpid(), signal.SIGKILL)
    return done

setattr(purge, {step!r}, dying)
purge.purge(Path({str(made.root)!r}), {GONE!r})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert mentions(made)
    assert len(rows(fetch_release(find_release(made.root, "0.9.0")))["documents"]) == 8
    # As git leaves it, if it is killed while it writes a reference.
    lock = made.root / ".git" / "refs" / "copydesk" / "recut" / "1.1.0.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    with only_release(made.root), pytest.raises(ReleaseError, match="another release or purge is running here"):
        purge(made.root, GONE)
    finished = purge(made.root, GONE)
    assert finished.problems == []
    assert mentions(made) == []
    assert release_versions(made.root) == ["0.9.0", "1.0.1", "1.1.1"]
    assert withdrawn_versions(made.root) == {"1.0.0": "1.0.1", "1.1.0": "1.1.1"}
    for version in release_versions(made.root):
        assert GONE not in {
            row["doc_id"] for row in rows(fetch_release(find_release(made.root, version)))["documents"]
        }
    assert run(made.root, "git", "for-each-ref", "refs/copydesk") == ""


@pytest.mark.slow
def test_killed_while_objects_are_removed(made: Made, quick: None) -> None:
    command = [sys.executable, "-m", "copydesk", "takedown", GONE, "--purge", "--yes", "--root", str(made.root)]
    # What other commands left when they were killed, one of which is at work still.
    left = [made.root / "build" / "scratch" / "release-killed" / "text", made.remote / "files" / "md5" / ".x.tmp"]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SEEDS[f"{GONE}.txt"])
    with scratch("cache", made.root / "build") as at_work:
        shown = takedown(made.root, "status", GONE)
    assert shown.exit_code == 1
    assert f"{at_work}: a command is at work there; run this again when it has ended" in shown.output.splitlines()
    assert {
        f"{path}: left by a command that was killed; it may contain the document"
        for path in (left[0].parent, left[1])
    } <= set(shown.output.splitlines())
    known = set(mentions(made)) - set(map(str, left))
    doomed = [p for p in objects(made.remote) if str(p) in known]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 300
    while all(p.exists() for p in doomed):
        assert process.poll() is None and time.monotonic() < deadline, "ended before it could be killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert purge(made.root, GONE).problems == []
    assert mentions(made) == [] and not any(path.exists() for path in left)
    assert release_versions(made.root) == ["0.9.0", "1.0.1", "1.1.1"]


def test_a_remote_that_refuses_is_told(made: Made, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from dvc_data.hashfile.db.local import LocalHashFileDB

    real = LocalHashFileDB.delete

    def refusing(self: Any, oid: str) -> None:
        if str(made.remote) in self.path:
            raise PermissionError(13, "Permission denied", self.oid_to_path(oid))
        real(self, oid)

    with monkeypatch.context() as patched:
        patched.setattr(LocalHashFileDB, "delete", refusing)
        done = takedown(made.root, GONE, "--purge", "--yes")
    assert done.exit_code == 1
    assert "remote storage did not delete it (PermissionError: [Errno 13] Permission denied" in done.output
    assert "'article-0003' was not purged from everything; see above" in done.output
    assert mentions(made) and all(str(made.remote) in p for p in mentions(made))
    finished = takedown(made.root, GONE, "--purge", "--yes")
    assert finished.exit_code == 0, finished.output
    assert mentions(made) == []


def test_a_remote_that_cannot_be_searched_is_told(made: Made, quick: None) -> None:
    run(made.root, "dvc", "remote", "add", "--local", "web", "http://127.0.0.1:9/corpus")
    shown = takedown(made.root, "status", GONE)
    assert shown.exit_code == 1 and "remote web: cannot be searched: this kind of remote cannot list" in shown.output
    done = takedown(made.root, GONE, "--purge", "--yes")
    assert done.exit_code == 1 and "remote web: not searched" in done.output
    assert mentions(made) == []


def test_other_remotes_are_kept_whole(made: Made, quick: None) -> None:
    mirror = made.root.parent / "mirror"
    shutil.copytree(made.remote, mirror)
    run(made.root, "dvc", "remote", "add", "--local", "mirror", str(mirror))
    assert purge(made.root, GONE).problems == []
    assert file_bytes(mirror) == file_bytes(made.remote)


def test_what_is_damaged_is_told(made: Made, quick: None) -> None:
    damaged = made.remote / "files" / "md5" / "ab" / ("c" * 30)
    damaged.parent.mkdir(exist_ok=True)
    damaged.write_bytes(b"PAR1 and nothing more")
    done = purge(made.root, GONE)
    assert [p.partition(": ")[0] for p in done.problems] == ["not searched"]
    assert f"object ab{'c' * 30}" in done.problems[0]


def test_a_release_that_is_damaged_is_not_taken_for_empty(made: Made) -> None:
    for place in (made.root / ".dvc" / "cache" / "files", made.remote / "files"):
        for path in objects(place):
            if path.read_bytes()[:4] == b"PAR1" and "raw_sha256" in pq.read_schema(path).names:
                path.chmod(0o644)
                path.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(
        ReleaseError, match=r"corpus@v1\.0\.0: corpus/data/documents/.* is damaged in cache, remote st"
    ):
        purge(made.root, GONE)
    assert withdrawn_versions(made.root) == {}
    assert any(pq.read_table(p).num_rows for p in objects(made.remote) if p.read_bytes()[-4:] == b"PAR1")


def test_a_release_whose_files_nobody_can_list_stops_a_purge(made: Made) -> None:
    lock = run(made.root, "git", "show", "corpus@v0.9.0:dvc.lock")
    lists = [p for place in places(made) for p in place.rglob("*.dir") if f"md5: {p.parent.name}{p.name}" in lock]
    assert len(lists) == 2
    for path in lists:
        path.unlink()
    before = state(made)
    with pytest.raises(ReleaseError) as caught:
        purge(made.root, GONE)
    oid = lists[0].parent.name + lists[0].name
    assert str(caught.value) == (
        f"{made.root}: corpus@v0.9.0: the list of its files cannot be read (object {oid} is in no storage), so it is not "
        "known which objects it needs; run dvc push --all-tags in a clone that has them, or withdraw it with git tag --annotate "
        "'corpus@v0.9.0!' corpus@v0.9.0"
    )
    assert state(made) == before


def test_the_hashes_find_what_has_another_name(made: Made) -> None:
    """Objects that no commit speaks of: found by what is in them."""
    tables = (p for p in objects(made.remote) if str(p) in mentions(made) and p.read_bytes()[:4] == b"PAR1")
    shard = next(p for p in tables if "raw_sha256" in pq.read_schema(p).names)
    table = pq.read_table(shard)
    renamed = table.set_column(0, "doc_id", [[f"x{n}" for n in range(table.num_rows)]])
    place = made.remote / "files" / "md5" / "00" / ("f" * 30)
    place.parent.mkdir(exist_ok=True)
    pq.write_table(renamed, place)
    old = b"An older text of it, which was never built."
    seed = made.root / "seeds" / f"{GONE}.txt"
    seed.write_bytes(old)
    run(made.root, "git", "add", "seeds")
    run(made.root, "git", "commit", "--quiet", "--message", "older")
    run(made.root, "git", "rm", "--quiet", f"seeds/{GONE}.txt")
    run(made.root, "git", "commit", "--quiet", "--message", "gone")
    lines = takedown(made.root, "status", GONE).output.splitlines()
    assert f"object 00{'f' * 30}: in remote storage" in lines
    blob = hashlib.sha1(b"blob %d\0%s" % (len(old), old)).hexdigest()
    commits = run(made.root, "git", "log", "-2", "--format=%H").split()
    brought = ", ".join(commit[:12] for commit in commits)
    assert f"git {blob}: seeds/{GONE}.txt, added or removed by {brought}" in lines
