"""A takedown: gone from the next build under any name, reported where it resembles, told of past releases."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from copydesk import validate
from copydesk.cli import app
from copydesk.errors import BuildError, ConfigError, ReleaseError
from copydesk.project import Project
from copydesk.releases import git_remotes, upstream
from copydesk.revisions import dvc_storages
from copydesk.revisions.dvc_storages import DvcStorage, DvcStorages
from copydesk.takedowns import occurrences, purge
from copydesk.takedowns.delivered_records import DeliveredRecords
from copydesk.takedowns.git_search import Blob, blobs_with_document
from copydesk.takedowns.object_search import SearchResult
from copydesk.takedowns.occurrences import AffectedVersion, Occurrences
from copydesk.takedowns.purge import PurgePlan, PurgeResult
from copydesk.takedowns.reissue import Reissue
from copydesk.takedowns.takedown import ledger_of, takedown_row, write_to_ledger
from label_history import documents, keep, label
from support import articles, run_command, run_stages, write_seeds

Make = Callable[..., Project]
SEEDS = articles(4)
TEXT = SEEDS["article-0003.txt"]


def ids(project: Project) -> set[str]:
    return {i for path in project.corpus.glob("data/documents/*") for i in pq.read_table(path)["doc_id"].to_pylist()}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def taken(make_corpus: Make, more: dict[str, str]) -> Project:
    project = make_corpus(SEEDS)
    write_to_ledger(project, takedown_row(project, "article-0003", "asked for by the author", "the author"))
    write_seeds(project.seeds, more)
    return run_stages(project)


def test_a_document_leaves_the_next_build_and_its_copies_with_it(make_corpus: Make) -> None:
    project = taken(
        make_corpus,
        {
            "same-bytes.txt": TEXT,
            "same-text.txt": TEXT.replace("  ", " ").upper(),
            "near.txt": TEXT + " One more sentence was added here.",
        },
    )
    assert ids(project) == {"article-0000", "article-0001", "article-0002", "near"}
    refused = {row["path"]: (row["reason"], row["detail"]) for row in lines(project.reports / "quarantine.jsonl")}
    assert {path: reason for path, (reason, _) in refused.items()} == {
        "article-0003.txt": "taken-down",
        "same-bytes.txt": "taken-down",
    }
    assert "the same bytes as document article-0003" in refused["same-bytes.txt"][1]
    assert [
        (row["doc_id"], row["reason"], json.loads(row["values"])) for row in lines(project.reports / "dropped.jsonl")
    ] == [("same-text", "takedown", {"takedown": "article-0003"})]
    (similar,) = lines(project.reports / "takedowns.jsonl")
    assert (similar["doc_id"], similar["reason"]) == ("near", "resembles a takedown")
    assert json.loads(similar["values"])["similarity"] > 0.8
    assert validate(project.corpus, project.schemas, load=False).ok


def test_the_ledger_holds_no_text_and_is_kept(make_corpus: Make) -> None:
    project = make_corpus(SEEDS)
    first = takedown_row(project, "article-0003", "asked for")
    write_to_ledger(project, first)
    write_to_ledger(project, takedown_row(project, "article-0001", "asked for", "somebody"))
    assert list(ledger_of(project)) == ["article-0003", "article-0001"]
    assert ledger_of(project)["article-0003"] == first
    words = set(TEXT.split()) - {"asked", "for"}
    assert not any(f'"{word}' in (project.seeds / "takedowns.jsonl").read_text("utf-8") for word in words)
    ledger = project.seeds / "takedowns.jsonl"
    with pytest.raises(ReleaseError, match=rf"^{ledger}: article-0003 is in the ledger already$"):
        takedown_row(project, "article-0003", "again")
    missing = rf"^{project.corpus}: no document 'nobody'; expected the id of a document of the corpus$"
    with pytest.raises(ReleaseError, match=missing):
        takedown_row(project, "nobody", "asked for")
    with pytest.raises(ReleaseError, match=r"^article-0002: reason: "):
        takedown_row(project, "article-0002", "")
    before = ledger.read_text("utf-8").rstrip()
    ledger.write_text(before, "utf-8")  # an editor left no line feed
    write_to_ledger(project, {**first, "doc_id": "é", "reason": "中"})
    assert ledger.read_text("utf-8").splitlines()[:-1] == before.splitlines()
    assert '{"doc_id": "é", "reason": "中", ' in ledger.read_text("utf-8") and list(ledger_of(project))[-1] == "é"


def test_a_ledger_that_is_damaged_stops_the_build(make_corpus: Make) -> None:
    project = make_corpus(SEEDS)
    (project.seeds / "takedowns.jsonl").write_text('{"doc_id": "article-0003", "reason": "x"}\n')
    with pytest.raises(ConfigError, match=r"takedowns.jsonl:1: .*'date' is a required property"):
        run_stages(project)
    (project.seeds / "takedowns.jsonl").unlink()
    assert ids(run_stages(project)) == {name[:-4] for name in SEEDS}


def test_a_ledger_obeys_the_schema_of_its_project(make_corpus: Make, tmp_path: Path) -> None:
    project = make_corpus({"only.txt": TEXT})
    write_to_ledger(project, takedown_row(project, "only", "long"))
    shutil.copytree(project.schemas, tmp_path / "own")
    schema = tmp_path / "own" / "takedown.schema.json"
    told = json.loads(schema.read_text("utf-8"))
    told["properties"]["reason"]["maxLength"] = 3
    schema.write_text(json.dumps(told), "utf-8")
    own = replace(project, schemas=tmp_path / "own")
    with pytest.raises(ConfigError, match="'long' is too long"):
        ledger_of(own)
    (project.seeds / "takedowns.jsonl").unlink()
    with pytest.raises(ReleaseError, match=r"^only: reason: .*too long"):
        takedown_row(own, "only", "long")
    assert takedown_row(own, "only", "why")["requested_by"] is None


def test_a_takedown_of_everything_is_an_error_that_says_so(make_corpus: Make) -> None:
    project = make_corpus({"only.txt": TEXT})
    write_to_ledger(project, takedown_row(project, "only", "asked for"))
    with pytest.raises(BuildError, match="no documents"):
        run_stages(project)


def test_the_command(make_corpus: Make) -> None:
    project = make_corpus(SEEDS)
    root = str(replace(project).corpus.parent)
    call = lambda *given: CliRunner().invoke(app, ["takedown", *given, "--root", root])  # noqa: E731
    assert call("article-0002").exit_code == 2
    shown = call("article-0002", "--reason", "asked for", "--dry-run")
    ledger = project.seeds / "takedowns.jsonl"
    first, last = shown.output.splitlines()
    assert first.startswith(f'{ledger} would have the line {{"doc_id": "article-0002"') and "minhash" not in first
    assert last == "dry run: 1 line would be added and 0 removed; nothing was changed"
    assert not (project.seeds / "takedowns.jsonl").exists()
    seed = project.seeds / "article-0002.txt"
    told = call("article-0002", "--reason", "asked for").output
    assert f"article-0002 is taken down; now remove its seed {seed}, run dvc repro, commit" in told
    assert list(ledger_of(project)) == ["article-0002"]
    assert call("other", "x").exit_code == 2
    assert "expected DOC_ID, or status DOC_ID" in call("other", "x").output
    assert "Invalid value for --reason: give the reason" in call("article-0001").output
    told = call("article-0001", "--reason", "é", "--requested-by", "you", "--dry-run").output
    assert '"reason": "é", "requested_by": "you"' in told
    assert call("article-0001", "--reason", "x").output == (
        f"{project.seeds / 'takedowns.jsonl'}: article-0001 is taken down; now remove its seed "
        f"{project.seeds / 'article-0001.txt'}, run dvc repro, commit; then copydesk release, and copydesk takedown article-0001 --purge for past releases\n"
    )


class Found:
    """What a search found, and what a purge would do and did, without one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        search = SearchResult(
            {}, frozenset(), {}, [], frozenset(), 0, [], DeliveredRecords(frozenset(), frozenset(), {})
        )
        alone = AffectedVersion(
            ["a" * 40], frozenset({"gone"}), {"raw/x": "1", "documents/x": "2", "documents/y": "3"}
        )
        copied = AffectedVersion(["b" * 40, "c" * 40, "d" * 40], frozenset({"gone", "x", "y"}), {"edits/x": "4"})
        blobs = [Blob("e" * 40, "seeds/gone.txt", ["1" * 40, "2" * 40]), Blob("f" * 40, "x", [])]
        self.occurrences = Occurrences(
            releases={"1.0.0": alone, "1.1.0": copied},
            withdrawn={"1.1.0", "0.1.0"},
            other_versions=[alone, copied],
            objects={"aa": [], "bb": ["documents/x", "raw/y"]},
            delete_last=frozenset(),
            shards=[Path("/store/1")],  # type: ignore[list-item]
            kept_releases=[Path("/kept/2")],
            blobs=blobs,
            search=search,
            leftovers=(Path("/left/3"),),
        )
        readable = [
            DvcStorage("cache", None, frozenset({"aa", "bb"})),
            DvcStorage("remote r", None, frozenset({"bb"})),
        ]
        self.storages = DvcStorages(readable, {}, None)
        recuts = [Reissue(v, "", f"{v[:-1]}7", state, search, {}) for v, state in self.occurrences.releases.items()]
        self.plan = PurgePlan(
            "gone", recuts, [recuts[0]._replace(version="0.2.0")], self.occurrences, frozenset({"aa"})
        )
        self.done = PurgeResult({"1.0.0": "1.0.7", "0.2.0": None}, 3, 44, [], {})
        self.asked: list[Any] = []
        self.unknown: list[str] = []
        for module, name, value in (
            (dvc_storages, "open_storages", self.open_storages),
            (occurrences, "find_occurrences", lambda *given: self.asked.append(given[::2]) or self.occurrences),
            (purge, "plan_purge", lambda *given: self.asked.append(given[::2]) or self.plan),
            (purge, "purge", lambda *given: self.asked.append(given) or self.done),
            (upstream, "known_releases", lambda root: SimpleNamespace(shallow=False)),
            (upstream, "shortfalls", lambda root, known: self.unknown),
            (git_remotes, "git_remotes", lambda root: []),
            (git_remotes, "push_advice", lambda root, tags: f"push them with git push {' '.join(tags)}"),
        ):
            monkeypatch.setattr(module, name, value)

    @contextmanager
    def open_storages(self, root: Path, *, own: bool = False) -> Iterator[DvcStorages]:
        assert root.is_absolute()
        yield self.storages


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Found:
    return Found(monkeypatch)


def call(*words: str, answer: str | None = None) -> tuple[int, list[str]]:
    done = CliRunner().invoke(
        app, ["takedown", "gone", *words] if words[0] != "status" else ["takedown", *words], answer
    )
    return done.exit_code, done.output.splitlines()


IN_GIT = [
    f"git {'e' * 40}: seeds/gone.txt, added or removed by {'1' * 12}, {'2' * 12}",
    f"git {'f' * 40}: x, added or removed by no commit of a branch or tag",
    "git's history in . contains it; copydesk does not rewrite it, because every clone and tag would change: if it "
    "must go, write these hashes into a file, one on each line, run git filter-repo --strip-blobs-with-ids FILE in a "
    "fresh clone, "
    "push it by force with all tags, and have all other clones made anew; past versions of a .jsonl file go as a whole "
    "then, with the lines about other documents",
]


def test_what_holds_it_is_listed(found: Found) -> None:
    listed = [
        "corpus@v1.0.0: documents, raw",
        "corpus@v1.1.0 (withdrawn): edits; 2 exact copies with other ids",
        f"commit {'a' * 12}, no release: documents, raw",
        f"commit {'b' * 12} and 2 more, no release: edits; 2 exact copies with other ids",
        "object aa: in cache",
        "object bb: in cache, remote r: documents/x, raw/y",
        "file /store/1",
        "file /kept/2",
        "/left/3: left by a command that was killed; it may contain the document",
        *IN_GIT,
    ]
    count = "'gone' is in 2 releases, 2 other versions of the data, 2 objects, 2 files outside DVC and 2 files in git"
    assert call("status", "gone") == (0, [*listed, count])
    assert found.asked == [(Path.cwd(), "gone")]
    found.occurrences.search.unreadable.append("object zz: no table")
    assert call("status", "gone") == (1, [*listed, "object zz: no table", count])
    found.storages.unreadable["remote web"] = "no"
    said = [*listed, "remote web: cannot be searched: no", "object zz: no table", count]
    assert call("status", "gone") == (1, said)
    found.occurrences.search.unreadable.clear()
    assert call("status", "gone")[0] == 1
    found.storages.unreadable.clear()
    assert call("status", "gone") == (0, [*listed, count])
    found.unknown.append("a release is unknown here")
    assert call("status", "gone") == (1, [*listed, count, "a release is unknown here"])
    found.occurrences.blobs.clear()
    assert not any(line.startswith("git") for line in call("status", "gone")[1])


def test_what_would_be_removed_is_listed_asked_and_told(found: Found) -> None:
    planned = [
        "corpus@v1.0.0: will be reissued as corpus@v1.0.7 without gone, and withdrawn",
        "corpus@v1.1.0: will be reissued as corpus@v1.1.7 without gone, x, y, and withdrawn",
        "corpus@v0.2.0: will be withdrawn; no document would remain",
        "object bb: will be deleted from cache, remote r",
        "object aa: will be kept, since a release without the document needs it",
        "file /store/1: will be deleted",
        "file /kept/2: will be deleted",
        "file /left/3: will be deleted",
    ]
    counts = "2 releases would be reissued, 3 withdrawn, 1 object and 3 files deleted"
    would = [line.replace("will be", "would be") for line in planned]
    assert call("--purge", "--dry-run") == (0, [*would, f"dry run: {counts}; nothing was changed"])
    question = "Purge 'gone' from all of these? Deleted data cannot be restored. [y/N]: "
    assert call("--purge", answer="n\n") == (1, [*planned, f"{question}n", "Aborted!"])
    assert found.asked == [(Path.cwd(), "gone")] * 2
    done = [
        *IN_GIT,
        "not published yet: push them with git push corpus@v1.0.7 corpus@v1.0.0! corpus@v0.2.0!",
        "3 copies deleted; searched 44 objects, and none contains 'gone'",
    ]
    assert call("--purge", answer="y\n") == (0, [*planned, f"{question}y", *done])
    assert found.asked[-1] == (Path(), "gone", found.plan)
    assert call("--purge", "--yes") == (0, [*planned, *done])
    found.occurrences.blobs.clear()
    found.done.pushed["theirs"] = ["corpus@v1.0.7", "corpus@v1.0.0!"]
    pushed = [
        "pushed to theirs: corpus@v1.0.7, corpus@v1.0.0!",
        "not published yet: push them with git push corpus@v0.2.0!",
        done[-1],
    ]
    assert call("--purge", "--yes") == (0, [*planned, *pushed])
    found.storages.unreadable["remote web"] = "no"
    found.done = PurgeResult({}, 0, 1, ["aa: still in cache"], {})
    assert call("--purge", "--yes") == (
        1,
        [
            *planned,
            "remote web: cannot be searched: no",
            "aa: still in cache",
            "'gone' was not purged from everything; see above",
        ],
    )


def test_decisions_that_quote_words_of_the_document_alone_go_with_it(make_corpus: Make) -> None:
    texts = {"a.txt": "A woodful  ofsilence lay\nthere. Others said (so.", "b.txt": "Nobody spoke. Others said (so."}
    project = make_corpus({**SEEDS, **texts})
    alone, shared, unknown = "woodful ofsilence", "Others said", "ofnothing"
    wordings = [
        {"rule": "glued-words", "before": before, "after": "x", "decision": "reject"}
        for before in (alone, shared, unknown)
    ]
    of_rule = {"rule": "glued-words", "decision": "reject", "source": "The Paper"}
    path = project.seeds / "decisions.jsonl"
    path.write_text("".join(json.dumps({**row, "date": "2026-01-02"}) + "\n" for row in (*wordings, of_rule)))
    call = ["takedown", "a", "--reason", "asked for", "--root", str(project.seeds.parent)]
    told = CliRunner().invoke(app, call).output
    assert f"{path}: 1 line about it removed\n" in told
    assert [row.get("before") for row in lines(path)] == [shared, unknown, None]


@pytest.mark.parametrize("space", ["  ", "\n", "\v", "\x1c", "\x85", "\u3000"])
def test_a_decision_stays_if_another_document_has_its_words_between_any_white_space(
    make_corpus: Make, space: str
) -> None:
    project = make_corpus({"a.txt": "A woodful ofsilence lay there.", "b.txt": f"The woodful{space}ofsilence came."})
    _decide(project, "woodful ofsilence")
    _take_down(project, "a")
    assert [row["before"] for row in lines(project.seeds / "decisions.jsonl")] == ["woodful ofsilence"]
    _take_down(project, "b")  # the corpus still has the first document
    assert lines(project.seeds / "decisions.jsonl") == []


def test_a_decision_stays_if_a_document_that_was_dropped_needs_it(make_corpus: Make) -> None:
    words = " ".join(f"word{number}" for number in range(60))
    texts = {"a.txt": f"{words} full ofsilence. Thenothers came.", "b.txt": f"{words} full ofsilence."}
    project = make_corpus(texts, {"deduplicate": {"duplicates": "drop"}})
    assert ids(project) == {"a"}
    _decide(project, "ofsilence", "Thenothers")
    _take_down(project, "a")
    assert [row["before"] for row in lines(project.seeds / "decisions.jsonl")] == ["ofsilence"]


def _decide(project: Project, *wordings: str) -> None:
    rows = [
        {"rule": "glued-words", "before": before, "after": "x", "decision": "reject", "date": "2026-01-02"}
        for before in wordings
    ]
    (project.seeds / "decisions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def _take_down(project: Project, doc_id: str) -> None:
    call = ["takedown", doc_id, "--reason", "asked for", "--root", str(project.seeds.parent)]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output


def test_what_people_wrote_about_the_document_goes_with_it_and_is_found_in_history(make_corpus: Make) -> None:
    project = make_corpus(SEEDS)
    root, rows, names = project.seeds.parent, documents(project.seeds.parent), ("article-0001", "article-0003")
    decided = {"decision": "correct", "field": "title", "value": "A headline", "date": "2026-01-02"}
    written = {
        "sources.jsonl": [{"doc_id": name, "title": "A headline"} for name in names],
        "decisions.jsonl": [{"doc_id": n, "raw_sha256": rows[n]["raw_sha256"], **decided} for n in names],
    }
    for name, about in written.items():
        (project.seeds / name).write_text("".join(json.dumps(row) + "\n" for row in about))
    paths = [project.seeds / name for name in written]
    paths.append(keep(root, "words", [label(rows[name], "Report") for name in names]))
    before = [path.read_bytes() for path in paths]
    run_command(root, "git", "init", "-q")
    run_command(root, "git", "add", *(path.relative_to(root).as_posix() for path in paths))
    run_command(root, "git", "commit", "-q", "-m", "written by people")
    call = ["takedown", "article-0003", "--reason", "asked for", "--root", str(root)]
    told = CliRunner().invoke(app, [*call, "--dry-run"]).output
    assert all(f"{path}: 1 line about it would be removed\n" in told for path in paths)
    assert told.endswith("dry run: 1 line would be added and 3 removed; nothing was changed\n")
    assert [path.read_bytes() for path in paths] == before
    told = CliRunner().invoke(app, call).output
    assert all(f"{path}: 1 line about it removed\n" in told for path in paths)
    assert all([row["doc_id"] for row in lines(path)] == ["article-0001"] for path in paths)
    records = DeliveredRecords(frozenset({"article-0003"}), frozenset(), project.params["ingest"])
    blobs, _ = blobs_with_document(root, "article-0003", records)
    assert [(blob.path, len(blob.commits)) for blob in blobs] == [
        *(("labels/words.jsonl", 1), ("seeds/decisions.jsonl", 1), ("seeds/sources.jsonl", 1))
    ]
    assert blobs_with_document(root, "article-0002", records._replace(ids=frozenset({"article-0002"})))[0] == []
