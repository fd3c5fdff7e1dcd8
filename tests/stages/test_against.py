"""Documents that other corpora hold already: real releases, the signatures of one compared in the other."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from copydesk.cli import app
from copydesk.description.duplicates.clusters import near_groups
from copydesk.description.duplicates.minhash import minhash, normalised, text_keys
from copydesk.description.duplicates.seen_elsewhere import seen_in
from copydesk.errors import BuildError, ReleaseError
from copydesk.project import Project
from copydesk.validation import validate
from support import articles, run_command, run_stages

SMALL = {"shards": {"target": 6, "minimum": 3, "maximum": 18}, "engine": {"workers": 1}}
THEIRS = "https://git.example.org/theirs@v1.0.0"
WORDS = " ".join(f"word{number}" for number in range(60))


def documents(project: Project) -> dict[str, dict[str, Any]]:
    return {row["doc_id"]: row for row in pq.read_table(project.corpus / "data" / "documents").to_pylist()}


def write_signatures(folder: Path, rows: pa.Table, **about: Any) -> None:
    """A file as `copydesk signatures` writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {"release": THEIRS, "rensa": "0.5.0", "normalise": True, **about}
    path = folder / "theirs@v1.0.0.signatures.parquet"
    pq.write_table(rows.replace_schema_metadata({"copydesk": json.dumps(known)}), path)


def test_what_another_corpus_holds_is_flagged_or_left_out(make_corpus: Callable[..., Project]) -> None:
    texts = articles(8)
    nearly = WORDS.replace("word7 ", "other ")
    theirs = make_corpus({**texts, "words.txt": WORDS}, {**SMALL, "publish": {"signatures": True}}, "theirs")
    assert validate(theirs.corpus, theirs.schemas).ok
    rows = pq.read_table(theirs.corpus / "data" / "signatures").sort_by("doc_id")
    assert rows.column_names == ["doc_id", "text_key", "minhash"] and rows.num_rows == 9

    ours = {"same.txt": texts["article-0003.txt"].upper(), "nearly.txt": nearly, "own.txt": "An article of our own."}
    settings = {**SMALL, "deduplicate": {"against": [THEIRS]}}
    with pytest.raises(BuildError, match=r"the signatures of https://git\.example\.org/theirs@v1\.0\.0 are not in"):
        make_corpus(ours, settings, "ours")
    project = make_corpus(ours, SMALL, "ours")
    assert {name: row["seen_in"] for name, row in documents(project).items()} == {
        name: [] for name in ("same", "nearly", "own")
    }
    write_signatures(project.seeds / "against", rows)
    project.params["deduplicate"]["against"] = [THEIRS]
    run_stages(project)
    seen = {name: row["seen_in"] for name, row in documents(project).items()}
    assert seen == {"same": [THEIRS], "nearly": [THEIRS], "own": []}
    assert validate(project.corpus, project.schemas).ok
    assert "signatures" not in json.loads((project.corpus / "manifest.json").read_text())["tables"]

    project.params["deduplicate"]["duplicates"] = "drop"
    run_stages(project)
    assert documents(project).keys() == {"own"}
    dropped = [json.loads(line) for line in (project.reports / "dropped.jsonl").read_text().splitlines()]
    assert {row["doc_id"]: (row["reason"], json.loads(row["values"])) for row in dropped} == dict.fromkeys(
        ("nearly", "same"), ("seen-elsewhere", {"seen_in": [THEIRS]})
    )


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"rensa": "0.1.0"}, r"made with rensa 0\.1\.0, expected 0\.5\.0; fetch it again"),
        ({"normalise": False}, "made with normalise False, expected True; fetch it again"),
    ],
)
def test_signatures_that_cannot_be_compared(
    make_corpus: Callable[..., Project], about: dict[str, Any], message: str
) -> None:
    project = make_corpus({"own.txt": "An article of our own."}, SMALL)
    write_signatures(
        project.seeds, pa.table({"doc_id": ["a"], "text_key": ["0" * 64], "minhash": [[1] * 128]}), **about
    )
    project.params["deduplicate"]["against"] = [THEIRS]
    with pytest.raises(BuildError, match=message):
        run_stages(project)


def test_a_damaged_file_of_signatures(make_corpus: Callable[..., Project]) -> None:
    project = make_corpus({"own.txt": "An article of our own."}, SMALL)
    project.params["deduplicate"]["against"] = [THEIRS]
    write_signatures(project.seeds, pa.table({"doc_id": ["a"], "text_key": ["0" * 64], "minhash": [[1, 2]]}))
    with pytest.raises(BuildError, match="signatures of 2 numbers, expected 128 or none"):
        run_stages(project)
    (project.seeds / "theirs@v1.0.0.signatures.parquet").write_bytes(b"PAR1")
    with pytest.raises(BuildError, match=r"no signatures .*; remove it, or run copydesk signatures"):
        run_stages(project)


def test_the_stage_runs_again_if_signatures_change(
    make_corpus: Callable[..., Project], tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = make_corpus({"own.txt": "An article of our own."}, SMALL)
    path = project.seeds / "theirs@v1.0.0.signatures.parquet"

    def passed_on() -> bytes:
        run_stages(project)
        return project.passed_on.read_bytes()  # the stage depends on this file

    path.write_bytes(b"PAR1")
    first = passed_on()
    path.write_bytes(b"PAR2")
    second = passed_on()
    assert first != second == passed_on()
    path.unlink()
    (secret := tmp_path_factory.mktemp("outside") / "secret").write_text("not ours")
    path.symlink_to(secret)
    assert json.loads(passed_on())["signatures"] == {path.name: None}
    path.unlink()
    path.symlink_to("/dev/zero")
    assert json.loads(passed_on())["signatures"] == {path.name: None}


def test_a_file_of_signatures_whose_name_is_not_utf8_stops_no_build(make_corpus: Callable[..., Project]) -> None:
    project = make_corpus({"own.txt": "An article of our own."}, SMALL)
    try:
        (project.seeds / os.fsdecode(b"\xff.signatures.parquet")).write_bytes(b"PAR1")
    except OSError:
        pytest.skip("this file system has no such names")
    run_stages(project)
    assert list(json.loads(project.passed_on.read_bytes())["signatures"]) == ["\\xff.signatures.parquet"]


def test_signatures_behind_a_link_out_of_the_project_are_refused(
    make_corpus: Callable[..., Project], tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = make_corpus({"own.txt": "An article of our own."}, SMALL)
    texts = normalised(pa.array(["An article of our own."]))
    hashes = pa.array([row.tolist() for row in minhash(texts)], pa.list_(pa.uint32()))
    rows = pa.table({"doc_id": ["theirs"], "text_key": text_keys(texts), "minhash": hashes})
    outside = tmp_path_factory.mktemp("outside")
    write_signatures(outside, rows)
    (path,) = outside.iterdir()
    link = project.seeds / path.name
    link.symlink_to(path)
    run_stages(project)  # no other corpus is named
    project.params["deduplicate"]["against"] = [THEIRS]
    with pytest.raises(BuildError, match="a link that leads out of the project; copy the file instead"):
        run_stages(project)
    link.unlink()
    cached = outside / "files" / "md5" / "ab" / ("0" * 30)  # a link into DVC's cache
    cached.parent.mkdir(parents=True)
    path.rename(cached)
    link.symlink_to(cached)
    run_stages(project)
    assert documents(project)["own"]["seen_in"] == [THEIRS]


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=12),
    st.lists(st.lists(st.integers(0, 5), max_size=6), min_size=1, max_size=3),
)
def test_it_is_the_duplicates_of_the_joined_corpus(own: list[int], others: list[list[int]]) -> None:
    texts = [WORDS, WORDS.replace("word3 ", "x "), WORDS.upper(), "short", WORDS[::-1], WORDS[:150]]
    chosen = [*own, *(number for other in others for number in other)]
    column = normalised(pa.array([texts[number] for number in chosen]))
    ids = pa.array([f"{place:03d}" for place in range(len(chosen))])
    owners = np.array([-1] * len(own) + [n for n, other in enumerate(others) for _ in other], dtype=np.int64)
    names = [f"release-{2 - number}" for number in range(len(others))]
    found = seen_in(ids, text_keys(column), minhash(column), owners, names).to_pylist()
    joined = near_groups(ids, text_keys(column), minhash(column), np.zeros(len(ids), dtype=np.int64))
    groups = [group or name for group, name in zip(joined.duplicate_group.to_pylist(), ids.to_pylist(), strict=True)]
    for place in range(len(own)):
        members = {
            names[owner] for owner, group in zip(owners, groups, strict=True) if owner >= 0 and group == groups[place]
        }
        assert found[place] == sorted(members)


@pytest.mark.parametrize("published", [True, False])
def test_signatures_are_fetched_from_a_release(
    make_corpus: Callable[..., Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: bool
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    theirs = make_corpus({"words.txt": WORDS}, {**SMALL, "publish": {"signatures": published}}, "theirs")
    root = theirs.corpus.parent
    (root / ".gitignore").write_text("/build/\n/reports/\n")
    (root / "dvc.yaml").write_text("stages: {package: {cmd: make, deps: [seeds], outs: [corpus/data]}}")
    for command in ("git init -q", "dvc init -q", "dvc commit -q -f", "git add --all", "git commit -q -m built"):
        run_command(root, *command.split())
    run_command(root, "git", "tag", "--annotate", "--message", "1.0.0", "corpus@v1.0.0")

    release = f"{root}@v1.0.0"
    ours = make_corpus({"mine.txt": f"{WORDS}."}, SMALL, "ours")
    (ours.seeds.parent / "params.yaml").write_text(f"deduplicate: {{against: [{json.dumps(release)}]}}\n")
    done = CliRunner().invoke(app, ["signatures", "--root", str(ours.seeds.parent)])
    path = ours.seeds / "against" / "theirs@v1.0.0.signatures.parquet"
    if not published:
        assert isinstance(done.exception, ReleaseError) and "no configuration signatures; ask" in str(done.exception)
        assert not path.exists()
        return
    assert (done.exit_code, done.output) == (0, f"{path}: 1 signature of {release}\n")
    ours.params["deduplicate"]["against"] = [release]
    run_stages(ours)
    assert documents(ours)["mine"]["seen_in"] == [release]
    assert WORDS.encode() not in path.read_bytes() and "text" not in pq.read_schema(path).names


def test_the_command_without_a_setting(make_project: Callable[..., Project]) -> None:
    root = make_project({"own.txt": "An article of our own."}).seeds.parent
    done = CliRunner().invoke(app, ["signatures", "--root", str(root)])
    assert (done.exit_code, done.output) == (0, "params.yaml names no releases under deduplicate.against\n")
