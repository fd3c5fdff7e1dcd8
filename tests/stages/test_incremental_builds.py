"""After a change only what it touches is computed, and every byte equals a build from nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from copydesk.core.config import check_params
from copydesk.engines import local
from copydesk.engines.local import Local
from copydesk.errors import BuildError, StoreError
from copydesk.pipeline import STAGES
from copydesk.project import Project
from copydesk.stages import runner
from copydesk.stages.runner import Task, compute, read_receipts
from support import articles, file_bytes, run_stages, square, write_seeds

SMALL: dict[str, Any] = {"shards": {"target": 6, "minimum": 3, "maximum": 18}, "engine": {"workers": 1}}


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the stages whose function was run, once for each shard."""
    names: list[str] = []

    def counting(task: Task) -> Any:
        names.append(task.stage.name)
        return compute(task)

    monkeypatch.setattr(runner, "compute", counting)
    return names


def outputs(project: Project) -> dict[str, bytes]:
    return file_bytes(project.corpus) | file_bytes(project.reports)


def from_nothing(project: Project) -> dict[str, bytes]:
    """What a build from nothing makes of the same seeds, schemas and settings."""
    root = project.corpus.parent.with_name("from-nothing")
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(project.seeds, root / "seeds")
    fresh = {name: root / name for name in ("seeds", "corpus", "reports", "build")}
    return outputs(run_stages(replace(project, **fresh)))


def shards(project: Project) -> int:
    return len(read_receipts(project, "package"))


@pytest.fixture
def forty(make_corpus: Callable[..., Project]) -> Project:
    project = make_corpus(articles(40), SMALL)
    assert shards(project) >= 4
    return project


def test_nothing_new_computes_nothing(forty: Project, computed: list[str]) -> None:
    before, receipts = outputs(forty), {p.name: p.read_bytes() for p in forty.build.glob("*.jsonl")}
    run_stages(forty)
    assert computed == []
    assert outputs(forty) == before
    assert {p.name: p.read_bytes() for p in forty.build.glob("*.jsonl")} == receipts


@pytest.mark.parametrize("change", ["edit", "add", "remove", "append", "source"])
def test_one_document_touches_its_shards_alone(forty: Project, computed: list[str], change: str) -> None:
    match change:
        case "edit":
            write_seeds(forty.seeds, {"article-0017.txt": "Entirely new  text.War? It"})
        case "add":
            write_seeds(forty.seeds, {"article-0017b.txt": "Entirely new  text."})
        case "remove":
            (forty.seeds / "article-0017.txt").unlink()
        case "append":
            write_seeds(forty.seeds, {"article-9999.txt": "Entirely new  text."})
        case "source":
            write_seeds(forty.seeds, {"sources.jsonl": '{"doc_id": "article-0017", "source": "The Paper"}\n'})
    total = shards(forty)
    run_stages(forty)
    assert 0 < computed.count("ingest") <= 2 < total
    assert computed.count("clean") <= 2
    assert computed.count("package") <= 2
    assert outputs(forty) == from_nothing(forty)


def test_another_source_leaves_the_text_alone(forty: Project, computed: list[str]) -> None:
    write_seeds(forty.seeds, {"sources.jsonl": '{"doc_id": "article-0017", "source": "The Paper"}\n'})
    run_stages(forty)
    assert sorted(set(computed)) == ["describe", "ingest", "package"]


def test_duplicates_that_appear_and_vanish_touch_the_shards_they_stand_in(
    forty: Project, computed: list[str]
) -> None:
    text = (forty.seeds / "article-0035.txt").read_text("utf-8")
    write_seeds(forty.seeds, {"article-0002.txt": text})
    run_stages(forty)
    # The copy's own shard, and the one whose document is a repetition now.
    assert computed.count("clean") == 1
    assert computed.count("package") == 2
    assert outputs(forty) == from_nothing(forty)
    computed.clear()
    write_seeds(forty.seeds, {"article-0002.txt": "Something else."})
    run_stages(forty)
    # The other document stands alone again, as it did at first: its shard is still in the store.
    assert computed.count("package") == 1
    assert outputs(forty) == from_nothing(forty)


def test_other_settings_touch_what_follows_from_them(forty: Project, computed: list[str]) -> None:
    changed = replace(forty, params=check_params({**SMALL, "clean": {"rules": {"spaces": "off"}}}))
    run_stages(changed)
    assert computed.count("ingest") == 0
    assert computed.count("clean") == shards(forty)
    assert outputs(changed) == from_nothing(changed)


def test_other_sizes_cut_again(forty: Project) -> None:
    changed = replace(forty, params=check_params({**SMALL, "shards": {"target": 20, "minimum": 3, "maximum": 60}}))
    before = shards(forty)
    run_stages(changed)
    assert shards(changed) < before
    assert outputs(changed) == from_nothing(changed)


def test_workers_do_not_change_a_byte(forty: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    several = check_params({**SMALL, "engine": {"workers": 2}})
    list(Local(several["engine"], patience=0).run(square, range(40)))  # processes that are there are used
    root = forty.corpus.parent / "several"
    parallel = replace(forty, params=several, corpus=root / "corpus", reports=root / "reports", build=root / "build")
    submit, submitted = local._pool.submit, []
    monkeypatch.setattr(local._pool, "submit", lambda *given: (submitted.append(given[1]), submit(*given))[1])
    assert outputs(run_stages(parallel)) == outputs(forty)
    assert submitted.count(compute) >= shards(forty)


def test_a_build_that_was_stopped_goes_on_where_it_was(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(articles(40), SMALL)
    names: list[str] = []

    def failing(task: Task) -> Any:
        names.append(task.stage.name)
        if names.count("clean") == 3:
            raise KeyboardInterrupt
        return compute(task)

    monkeypatch.setattr(runner, "compute", failing)
    with pytest.raises(KeyboardInterrupt):
        run_stages(project)
    assert not project.corpus.exists()
    names.clear()
    monkeypatch.setattr(runner, "compute", lambda task: (names.append(task.stage.name), compute(task))[1])
    run_stages(project)
    assert names.count("ingest") == 0
    assert names.count("clean") == shards(project) - 2
    assert outputs(project) == from_nothing(project)


def test_a_finished_shard_that_has_gone_is_made_again(forty: Project, computed: list[str]) -> None:
    before = outputs(forty)
    parts = read_receipts(forty, "clean")[1]
    forty.store.path(parts["text"]).unlink()
    run_stages(forty)
    assert computed == ["clean"]
    assert outputs(forty) == before


def test_a_finished_shard_whose_bytes_changed_is_never_served(forty: Project) -> None:
    before = outputs(forty)
    path = forty.store.path(read_receipts(forty, "package")[0]["sentences_train"])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    run_stages(forty)  # the dataset has the bytes still
    assert outputs(forty) == before
    shutil.rmtree(forty.corpus)
    with pytest.raises(StoreError, match=r"its bytes do not match its name; delete it and the folder build/"):
        run_stages(forty)


def test_files_of_the_dataset_that_stay_are_not_written_again_and_others_are(forty: Project) -> None:
    before = outputs(forty)
    files = sorted(forty.corpus.glob("data/*/*.parquet"))
    stamps = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}
    files[0].write_bytes(files[0].read_bytes()[:-1])
    files[1].unlink()
    files[2].rename(files[2].with_name("elsewhere"))
    files[2].symlink_to("elsewhere")
    run_stages(forty)
    assert outputs(forty) == before
    assert not any(path.is_symlink() for path in files)
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files[3:]} == {
        path: stamps[path] for path in files[3:]
    }
    assert files[0].stat().st_ino != stamps[files[0]][0]


def test_stages_run_out_of_order_say_so(make_project: Callable[..., Project]) -> None:
    project = make_project({"a.txt": "One."})
    with pytest.raises(BuildError, match=r"ingest/shards\.jsonl: missing; run the stage ingest first"):
        STAGES["clean"](project)
    STAGES["ingest"](project)
    project.receipts("ingest").write_text('{"raw": 1}')
    with pytest.raises(BuildError, match=r"ingest/shards\.jsonl: damaged"):
        STAGES["clean"](project)


def test_stages_that_disagree_on_shards_say_so(make_corpus: Callable[..., Project]) -> None:
    project = make_corpus({"a.txt": "One.", "b.txt": "Two."})
    with project.receipts("split").open("a") as file:
        file.write(project.receipts("split").read_text())
    with pytest.raises(BuildError, match="disagree on the number of shards"):
        STAGES["package"](project)
