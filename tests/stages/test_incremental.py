"""Rows that a change left alone are taken over, and every byte is as if they had been computed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from copydesk.core.config import check_params
from copydesk.project import Project
from copydesk.stages import runner
from copydesk.stages.runner import read_receipts
from copydesk.store.shard_store import Part
from support import articles, run_stages, write_seeds

ONE: dict[str, Any] = {"shards": {"target": 1000, "minimum": 250, "maximum": 4000}, "engine": {"workers": 1}}
DROPPING: dict[str, Any] = {**ONE, "select": {"keep": "words >= 60"}}
STAGES = ("clean", "split", "describe")


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The documents that the function of each stage was given."""
    found: dict[str, list[str]] = {}
    plain = runner._made

    def recorded(task: Any, given: Any) -> Any:
        first = given[task.stage.reads[0]] if task.stage.reads else None
        found.setdefault(task.stage.name, []).extend(first["doc_id"].to_pylist() if first is not None else [])
        return plain(task, given)

    monkeypatch.setattr(runner, "_made", recorded)
    return found


def parts(project: Project) -> dict[str, list[dict[str, Part]]]:
    return {stage: read_receipts(project, stage) for stage in STAGES}


def from_nothing(project: Project) -> dict[str, list[dict[str, Part]]]:
    """What the stages make where nothing was made before."""
    root = project.build.with_name("again") / str(random.random())
    return parts(run_stages(replace(project, build=root / "build", corpus=root / "corpus", reports=root / "reports")))


@pytest.fixture
def forty(make_corpus: Callable[..., Project]) -> Project:
    project = make_corpus(articles(40), DROPPING)
    assert [len(read_receipts(project, stage)) for stage in STAGES] == [1, 1, 1]
    return project


def test_only_the_document_that_changed_is_looked_at(forty: Project, looked_at: dict[str, list[str]]) -> None:
    write_seeds(forty.seeds, {"article-0017.txt": "Entirely new  text.War? It"})
    run_stages(forty)
    assert [looked_at[stage] for stage in STAGES] == [["article-0017"]] * 3
    assert parts(forty) == from_nothing(forty)


@pytest.mark.parametrize("seed", range(4))
def test_after_any_changes_every_byte_is_as_if_it_were_made_anew(forty: Project, seed: int) -> None:
    chosen = random.Random(seed)
    spare = list(articles(60).values())[40:]
    for _ in range(4):
        for _ in range(chosen.choice([1, 1, 2, 5])):
            name = chosen.choice(sorted(path.name for path in forty.seeds.glob("*.txt")))
            match chosen.randrange(4):
                case 0:
                    (forty.seeds / name).unlink()
                case 1:
                    write_seeds(forty.seeds, {name: chosen.choice(spare)})
                case 2:
                    write_seeds(forty.seeds, {f"{name[:-4]}-b.txt": chosen.choice(spare)})
                case _:
                    write_seeds(forty.seeds, {name: (forty.seeds / name).read_text("utf-8")[:-40] + " End.Here"})
        run_stages(forty)
        assert parts(forty) == from_nothing(forty)


@pytest.mark.parametrize("where", [0, 39])
def test_documents_at_either_end_come_and_go(forty: Project, looked_at: dict[str, list[str]], where: int) -> None:
    path = forty.seeds / f"article-{where:04d}.txt"
    text = path.read_text("utf-8")
    path.unlink()
    run_stages(forty)
    assert looked_at.get("clean", []) == []
    assert parts(forty) == from_nothing(forty)
    looked_at.clear()
    path.write_text(text + "\nAnother line.", "utf-8")
    run_stages(forty)
    assert looked_at["clean"] == [path.stem]
    assert parts(forty) == from_nothing(forty)


def test_with_other_settings_nothing_is_taken_over(forty: Project, looked_at: dict[str, list[str]]) -> None:
    changed = replace(forty, params=check_params({**DROPPING, "clean": {"rules": {"spaces": "off"}}}))
    write_seeds(forty.seeds, {"article-0017.txt": "Entirely new  text.War? It"})
    run_stages(changed)
    assert len(looked_at["clean"]) == 40
    assert parts(changed) == from_nothing(changed)


@pytest.mark.parametrize("damage", ["gone", "other bytes", "no memory", "no JSON"])
def test_where_the_last_build_was_cleared_away_all_is_made_again(
    forty: Project, looked_at: dict[str, list[str]], damage: str
) -> None:
    path = forty.store.path(read_receipts(forty, "clean")[0]["edits"])
    memory = forty.finished("clean")
    match damage:
        case "gone":
            path.unlink()
        case "other bytes":
            path.write_bytes(path.read_bytes()[:-1] + b"x")
        case "no memory":
            memory.unlink()
        case "no JSON":
            memory.write_text('{"portable": ["x"], "shards": 1}')
    write_seeds(forty.seeds, {"article-0017.txt": "Entirely new  text.War? It"})
    run_stages(forty)
    assert len(looked_at["clean"]) == 40
    assert parts(forty) == from_nothing(forty)
