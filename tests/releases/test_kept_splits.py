"""No document of a release is in another split in the next one, unless the steward says so: real git, real DVC."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copydesk.cli import app
from copydesk.differences.diff import diff
from copydesk.errors import ReleaseError
from copydesk.releases import write
from copydesk.releases.kept_splits import keep_splits_of
from copydesk.releases.release import release
from copydesk.revisions.revision import open_revision
from support import GIT, OUTS, articles, make_repository, write_seeds
from support import run_stripped as run

DVC = f"""
stages:
  package:
    cmd: python build.py
    deps: [seeds, splits.jsonl, build.py]
    params: [corpus, splits]
    outs:
{OUTS}"""
PARAMS = """\
corpus:
  version: 0.1.0
engine: {workers: 1}
splits: {train: 0.6, validation: 0.2, test: 0.2, minimum: 100}
"""
#: A text that no other document has, twice in near the same words.
TEXT = " ".join(f"Sentence {n} of the report says that item {n * 7} was counted and found right." for n in range(12))


@pytest.fixture(autouse=True)
def _environment(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIT.items():
        monkeypatch.setenv(name, value)


def commit(root: Path, message: str) -> None:
    run(root, "dvc", "repro", "--quiet")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", message)


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def listed(root: Path) -> dict[str, str]:
    lines = (root / "splits.jsonl").read_text("utf-8").splitlines()
    assert lines == sorted(lines)
    return {row["doc_id"]: row["split"] for row in map(json.loads, lines)}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of 12 documents, fewer than are split, with a release."""
    root = tmp_path_factory.mktemp("template") / "repository"
    write_seeds(root / "seeds", articles(12))
    make_repository(root, DVC, PARAMS)
    (root / "splits.jsonl").touch()
    commit(root, "first")
    return root


@pytest.fixture
def repository(template: Path, tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    shutil.copytree(template, root, symlinks=True)
    run(root, "dvc", "remote", "add", "--default", "--quiet", "storage", str(tmp_path / "remote"))
    run(root, "git", "commit", "--quiet", "--all", "--message", "remote")
    run(root, "dvc", "checkout", "--quiet")
    return root


def splits(root: Path, rev: str | None = None) -> dict[str, str]:
    from copydesk.releases.kept_splits import published_splits

    return published_splits(open_revision(root, rev))


def test_a_corpus_that_grows_past_the_minimum_keeps_the_splits_of_its_documents(repository: Path) -> None:
    release(repository)
    assert run(repository, "git", "status", "--porcelain") == ""
    first = listed(repository)
    assert len(first) == 12 and set(first.values()) == {"train"}
    replaced(repository / "params.yaml", "minimum: 100", "minimum: 10")
    write_seeds(
        repository / "seeds", {f"new-{n}.txt": f"{n}: {text}" for n, text in enumerate(articles(40).values())}
    )
    commit(repository, "forty more, many like the others")
    assert release(repository).version == "2.0.0"  # some old ones have duplicates now
    changes = diff(open_revision(repository, "corpus@v1.0.0"), open_revision(repository, "corpus@v2.0.0"))
    assert not changes.moved and not changes.removed and len(changes.added) == 40
    second = splits(repository)
    assert set(second.values()) == {"train", "validation", "test"}
    assert first.items() <= second.items() == listed(repository).items()

    # Without anything that was built before, the same inputs make the same bytes.
    shutil.rmtree(repository / "build")
    run(repository, "dvc", "repro", "--force", "--quiet")
    assert run(repository, "git", "status", "--porcelain") == ""


def test_a_split_that_somebody_lost_or_changed_is_refused_and_can_be_put_back(repository: Path) -> None:
    release(repository)
    path = repository / "splits.jsonl"
    replaced(path, '"article-0001", "split": "train"', '"article-0001", "split": "test"')
    replaced(path, '{"doc_id": "article-0002", "split": "train"}\n', "")
    commit(repository, "other splits")
    with pytest.raises(ReleaseError) as raised:
        release(repository)
    assert str(raised.value).splitlines() == [
        f"{repository}: 1 document in another split than in corpus@v1.0.0: article-0001 (train to test)",
        f"{path}: 1 line of corpus@v1.0.0 missing, or with another split: article-0002 (train)",
        "A model that was trained on 1.0.0 could be tested on what it was trained on. Decide: to keep the splits, run "
        "copydesk splits corpus@v1.0.0, dvc repro, and commit; to move the documents, run copydesk release "
        "--allow-moves",
    ]
    changes = diff(open_revision(repository, "corpus@v1.0.0"), open_revision(repository))
    assert [(c.doc_id, c.causes) for c in changes.changed] == [("article-0001", ("splits.jsonl",))]
    assert release(repository, dry_run=True, allow_moves=True).version == "2.0.0"

    told = CliRunner().invoke(app, ["splits", "corpus@v1.0.0", "--root", str(repository)], env={"COLUMNS": "200"})
    assert (told.exit_code, told.output) == (0, f"{path}: 2 lines added or changed\n")
    commit(repository, "as they were")
    with pytest.raises(ReleaseError, match=r"nothing differs from 1\.0\.0"):
        release(repository)


def test_a_steward_may_decide_to_move_documents(repository: Path) -> None:
    release(repository)
    replaced(repository / "splits.jsonl", '"article-0001", "split": "train"', '"article-0001", "split": "test"')
    commit(repository, "a test set")
    assert release(repository, allow_moves=True).version == "2.0.0"
    assert listed(repository)["article-0001"] == splits(repository)["article-0001"] == "test"


def test_a_document_that_left_a_release_is_not_forgotten(repository: Path) -> None:
    """What was trained on once is never tested on, also if it comes back after releases without it."""
    release(repository)
    seed = repository / "seeds" / "article-0003.txt"
    text = seed.read_text("utf-8")
    seed.unlink()
    commit(repository, "one less")
    release(repository)
    assert listed(repository)["article-0003"] == "train"
    replaced(repository / "splits.jsonl", '{"doc_id": "article-0003", "split": "train"}\n', "")
    commit(repository, "forgotten")
    with pytest.raises(
        ReleaseError, match=r"splits\.jsonl: 1 line of corpus@v2\.0\.0 missing.*article-0003 \(train\)"
    ):
        release(repository)
    assert CliRunner().invoke(app, ["splits", "corpus@v2.0.0", "--root", str(repository)]).exit_code == 0
    seed.write_text(text, "utf-8")
    replaced(
        repository / "params.yaml",
        "train: 0.6, validation: 0.2, test: 0.2, minimum: 100",
        "train: 0.0, validation: 0.0, test: 1.0, minimum: 1",
    )
    commit(repository, "back")
    assert splits(repository)["article-0003"] == "train"


def test_what_resembles_a_held_out_document_is_listed_as_removed(repository: Path) -> None:
    write_seeds(repository / "seeds", {"held-out.txt": TEXT})
    (repository / "splits.jsonl").write_text('{"doc_id": "held-out", "split": "test"}\n')
    commit(repository, "one for the test")
    release(repository)
    assert splits(repository, "corpus@v1.0.0")["held-out"] == "test"
    write_seeds(repository / "seeds", {"article-0004.txt": f"{TEXT} And one sentence more."})
    commit(repository, "now like the one for the test")
    release(repository)
    changes = diff(open_revision(repository, "corpus@v1.0.0"), open_revision(repository, "corpus@v2.0.0"))
    assert (changes.removed, changes.dropped, changes.moved) == (
        ["article-0004"],
        {"article-0004": "near-held-out"},
        [],
    )
    assert listed(repository)["article-0004"] == "train"


def test_a_release_before_there_was_a_list_is_kept_too(repository: Path) -> None:
    """A corpus whose releases were made by a toolkit that dealt all documents anew."""
    release(repository)
    (repository / "splits.jsonl").write_text("")
    run(repository, "git", "commit", "--quiet", "--all", "--amend", "--message", "Release corpus@v1.0.0")
    run(repository, "dvc", "repro", "--quiet")
    run(repository, "git", "commit", "--quiet", "--all", "--amend", "--no-edit")
    run(repository, "git", "tag", "--force", "--annotate", "corpus@v1.0.0", "--message", "corpus 1.0.0")
    replaced(repository / "params.yaml", "minimum: 100", "minimum: 10")
    commit(repository, "split")
    with pytest.raises(
        ReleaseError, match=r"documents in another split than in corpus@v1\.0\.0: article-00\d\d \(train to "
    ):
        release(repository)
    assert CliRunner().invoke(app, ["splits", "corpus@v1.0.0", "--root", str(repository)]).exit_code == 0
    assert set(listed(repository).values()) == {"train"} and len(listed(repository)) == 12
    commit(repository, "kept")
    changes = diff(open_revision(repository, "corpus@v1.0.0"), open_revision(repository))
    assert not changes.moved


def test_a_build_with_other_splits_than_were_checked_is_undone(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = write.write_splits
    monkeypatch.setattr(write, "write_splits", lambda root, given: real(root, {**given, "article-0000": "test"}))
    with pytest.raises(ReleaseError, match=r"built with other splits than were checked: article-0000; run dvc repro"):
        release(repository)
    assert run(repository, "git", "status", "--porcelain") == run(repository, "git", "tag") == ""
    assert (repository / "splits.jsonl").read_text() == ""


def test_lines_that_are_none_are_named(repository: Path) -> None:
    release(repository)
    (repository / "splits.jsonl").write_text('{"doc_id": "a"}\n')
    found = CliRunner().invoke(app, ["check", "--root", str(repository)])
    assert found.exit_code == 1 and 'splits.jsonl:1 a: "split" is a required property' in found.output
    with pytest.raises(
        ReleaseError, match=r"working tree: splits\.jsonl: expected lines with doc_id and split: 'split'"
    ):
        diff(open_revision(repository, "corpus@v1.0.0"), open_revision(repository))


def test_a_file_with_another_name_does_not_leave_its_split(repository: Path) -> None:
    replaced(repository / "params.yaml", "minimum: 100", "minimum: 10")
    commit(repository, "split")
    release(repository)
    held = listed(repository)
    doc_id, split = next((doc_id, split) for doc_id, split in sorted(held.items()) if split == "train")
    path = repository / "seeds" / f"{doc_id}.txt"
    # A name that the shares put into another split.
    for number in range(100):
        path = path.rename(path.with_name(f"renamed-{number}.txt"))
        commit(repository, "renamed")
        if splits(repository).get(path.stem) != split:
            break
    with pytest.raises(ReleaseError, match=rf"{path.stem} \({split} to [a-z]+; it was {doc_id}\)"):
        release(repository)
    assert keep_splits_of(repository, "corpus@v1.0.0") == 1
    commit(repository, "the splits of 1.0.0")
    assert splits(repository)[path.stem] == split
    release(repository)
    assert listed(repository)[path.stem] == split


def test_splits_are_put_back_in_a_clone_without_the_data(repository: Path) -> None:
    release(repository)
    (repository / "splits.jsonl").write_text("")
    shutil.rmtree(repository / "corpus" / "data")
    assert keep_splits_of(repository, "corpus@v1.0.0") == 12
    assert set(listed(repository).values()) == {"train"}
