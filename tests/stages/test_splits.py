"""Which documents are in which split, in whole builds: by the list, by source, by day, and what leaves for it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from copydesk import validate
from copydesk.core.escaping import markdown
from copydesk.errors import ConfigError
from copydesk.project import Project
from copydesk.tables.table import PUBLISHED
from support import articles, file_bytes, run_stages

Make = Callable[..., Project]
SHARES = {"train": 0.5, "validation": 0.25, "test": 0.25, "minimum": 1}


def splits(project: Project) -> dict[str, str]:
    rows: dict[str, str] = {}
    for path in sorted(project.corpus.glob("data/documents/*.parquet")):
        table = pq.read_table(path, columns=["doc_id", "split"])
        rows |= dict(zip(table["doc_id"].to_pylist(), table["split"].to_pylist(), strict=True))
    return rows


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def keep(project: Project, listed: dict[str, str]) -> None:
    rows = (json.dumps({"doc_id": doc_id, "split": split}) for doc_id, split in listed.items())
    project.split_list.write_text("".join(f"{row}\n" for row in rows), "utf-8")


def text(number: int) -> str:
    """A text that has no words in common with those of other numbers."""
    return " ".join(f"Item {number}x{n} of shelf{number} was counted{number} twice{n}." for n in range(20))


def test_listed_documents_keep_their_split_whatever_the_settings_say(make_project: Make) -> None:
    project = make_project(articles(30), {"splits": SHARES})
    dealt = splits(run_stages(project))
    assert set(dealt.values()) == {"train", "validation", "test"}
    keep(project, dealt)
    for other in (
        {"train": 0.0, "validation": 0.0, "test": 1.0, "minimum": 1},
        {"minimum": 1000},
        {"group_by": "source"},
        {"group_by": "", "test_from": "2020-01-01"},
    ):
        project.params["splits"] |= other
        assert splits(run_stages(project)) == dealt, other
    assert validate(project.corpus, project.schemas, load=False).ok


def test_what_resembles_a_held_out_document_leaves_train_and_is_listed(make_project: Make) -> None:
    sources = '{"doc_id": "copy", "source": "Wire"}\n{"doc_id": "held", "source": "Post"}\n'
    files = {
        "copy.txt": f"{text(1)} One sentence more.",
        "held.txt": text(1),
        "new.txt": f"{text(1)} Another sentence more.",
        "other.txt": text(2),
        "sources.jsonl": sources,
    }
    project = make_project(files)
    keep(project, {"held": "test", "copy": "train", "unknown": "test"})
    run_stages(project)
    assert splits(project) == {"held": "test", "other": "train"}
    dropped = lines(project.reports / "dropped.jsonl")
    assert [(row["doc_id"], row["reason"], row["source"]) for row in dropped] == [
        ("copy", "near-held-out", "Wire"),
        ("new", "near-held-out", None),
    ]
    assert [json.loads(row["values"]) for row in dropped] == [
        {"resembles": "held", "split": "test", "given": "train"},
        {"resembles": "held", "split": "test", "given": None},
    ]
    assert json.loads((project.corpus / "manifest.json").read_text("utf-8"))["dropped"] == dropped
    assert f"| {markdown('near-held-out')} | 2 |" in (project.corpus / "README.md").read_text("utf-8")
    assert validate(project.corpus, project.schemas, load=False).ok

    (project.seeds / "held.txt").unlink()  # nothing is held out any more, so they are in train again
    assert splits(run_stages(project)) == {"copy": "train", "new": "train", "other": "train"}


def test_copies_that_are_dropped_do_not_hide_that_they_leave(make_project: Make) -> None:
    """Equal texts, and the longer one is not the one that stays."""
    project = make_project(
        {"a.txt": f"{text(1)} More and more.", "b.txt": text(1), "c.txt": text(1)},
        {"deduplicate": {"duplicates": "drop"}},
    )
    keep(project, {"a": "train", "b": "test"})
    run_stages(project)
    assert splits(project) == {"b": "test"}
    assert {row["doc_id"]: row["reason"] for row in lines(project.reports / "dropped.jsonl")} == {
        "a": "near-held-out",
        "c": "near-held-out",
    }


def test_equal_texts_leave_too_where_similar_ones_are_not_looked_for(make_project: Make) -> None:
    project = make_project({"a.txt": text(1), "b.txt": text(1)}, {"deduplicate": {"near": False}})
    keep(project, {"a": "train", "b": "validation"})
    assert splits(run_stages(project)) == {"b": "validation"}


def test_documents_that_are_not_kept_expel_none(make_project: Make) -> None:
    """What select.keep or a steward leaves out is in no split."""
    files = {"a.txt": f"{text(1)} A word more.", "b.txt": text(1)}
    project = make_project(files, {"select": {"keep": "words > 100"}})
    rows = splits(run_stages(project))
    assert rows.keys() == {"a", "b"}
    keep(project, {"a": "train", "b": "test"})
    words = len(text(1).split())
    project.params["select"]["keep"] = f"words > {words}"
    assert splits(run_stages(project)) == {"a": "train"}


def test_a_source_is_in_one_split(make_project: Make) -> None:
    files = {f"d{n}.txt": text(n) for n in range(60)}
    rows = [{"doc_id": f"d{n}", "source": f"Source {n % 12}"} for n in range(0, 60, 2)]
    rows += [{"doc_id": f"d{n}", "publisher": f"Source {n % 12}"} for n in range(1, 60, 2)]
    given = {**files, "sources.jsonl": "".join(f"{json.dumps(row)}\n" for row in rows)}
    project = make_project(given, {"splits": {**SHARES, "group_by": "source"}})
    by_source = defaultdict(set)
    first = splits(run_stages(project))
    for doc_id, split in first.items():
        by_source[int(doc_id[1:]) % 12].add(split)
    assert all(len(found) == 1 for found in by_source.values())
    assert {split for found in by_source.values() for split in found} == {"train", "validation", "test"}

    # A new document goes where its source is, also if the shares are other ones now.
    keep(project, first)
    project.params["splits"] |= {"train": 0.0, "validation": 1.0, "test": 0.0}
    (project.seeds / "d99.txt").write_text(text(99))
    (project.seeds / "sources.jsonl").write_text(given["sources.jsonl"] + '{"doc_id": "d99", "source": "Source 3"}\n')
    assert splits(run_stages(project)) == {**first, "d99": first["d3"]}


def test_a_source_of_two_splits_goes_on_in_train(make_project: Make, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f'{{"doc_id": "d{n}", "byline": "A. Writer"}}\n' for n in range(3))
    files = {**{f"d{n}.txt": text(n) for n in range(3)}, "sources.jsonl": rows}
    project = make_project(files, {"splits": {**SHARES, "train": 0, "test": 0.75, "group_by": "byline"}})
    keep(project, {"d0": "test", "d1": "train"})
    assert splits(run_stages(project)) == {"d0": "test", "d1": "train", "d2": "train"}
    message = "1 byline with documents in several splits, which keep them (splits.jsonl): A. Writer"
    assert message in capsys.readouterr().err


def test_the_split_follows_from_the_day(make_project: Make) -> None:
    days = {"a": "2021-12-31", "b": "2022-01-01", "c": "2022-12-31T23:59:59-08:00", "d": "2023-01-01", "e": None}
    rows = "".join(f"{json.dumps({'doc_id': i, 'published': day})}\n" for i, day in days.items() if day)
    files = {**{f"{i}.txt": text(n) for n, i in enumerate(days)}, "sources.jsonl": rows}
    first_days = {"validation_from": "2022-01-01", "test_from": "2023-01-01"}
    project = make_project(files, {"splits": first_days})
    assert splits(run_stages(project)) == {
        "a": "train",
        "b": "validation",
        "c": "validation",
        "d": "test",
        "e": "train",
    }
    (project.seeds / "a.txt").write_text(f"{text(3)} This is a report of it from before the year.")
    assert splits(run_stages(project)) == {"b": "validation", "c": "validation", "d": "test", "e": "train"}
    for first, expected in (({"test_from": ""}, "validation"), ({"validation_from": ""}, "train")):
        project.params["splits"] |= {**first_days, **first}
        assert splits(run_stages(project))["b"] == expected
    project.params["splits"] |= {"validation_from": "2024-01-01", "test_from": "2023-01-01"}
    with pytest.raises(ConfigError, match=r"validation_from \(2024-01-01\) is after test_from \(2023-01-01\)"):
        run_stages(project)
    project.params["splits"] |= {"validation_from": "2022-01-01", "group_by": "source"}
    with pytest.raises(ConfigError, match=r"group_by \(source\) and a first day \(2022-01-01\) are both set"):
        run_stages(project)


def test_the_same_list_in_another_order_makes_the_same_bytes(make_project: Make) -> None:
    files = {**articles(20), "held.txt": text(1), "copy.txt": f"{text(1)} More.", "third.txt": f"{text(1)} And more."}
    listed = {"held": "validation", "copy": "train", "article-0003": "test", "article-0004": "train"}
    small = {"target": 4, "minimum": 2, "maximum": 6}
    made = []
    for name, order, shards in (
        ("one", list(listed), {}),
        ("two", list(listed)[::-1], {}),
        ("three", list(listed), small),
    ):
        project = make_project(files, {"splits": SHARES, **({"shards": shards} if shards else {})}, name)
        keep(project, {doc_id: listed[doc_id] for doc_id in order})
        run_stages(project)
        made.append((splits(project), file_bytes(project.corpus), (project.reports / "dropped.jsonl").read_bytes()))
    assert made[0] == made[1]
    assert (made[0][0], made[0][2]) == (made[2][0], made[2][2])


def test_a_line_that_is_none_is_named(make_project: Make) -> None:
    project = make_project({"a.txt": text(1)})
    project.split_list.write_text('{"doc_id": "a", "split": "train"}\n{"doc_id": "b", "split": "dev"}\n')
    with pytest.raises(ConfigError, match=r"splits\.jsonl:2: split: 'dev' is not one of"):
        run_stages(project)
    project.split_list.write_text('{"doc_id": "a", "split": "train"}\n{"doc_id": "a", "split": "test"}\n')
    with pytest.raises(ConfigError, match=r"splits\.jsonl:2: doc_id 'a' is given twice; keep one line"):
        run_stages(project)


def test_every_row_has_the_split_of_its_document_and_its_file(make_project: Make) -> None:
    """A document that moves takes its rows of all tables along, and the bytes are those of a build from nothing."""
    settings = {"splits": SHARES, "shards": {"target": 6, "minimum": 3, "maximum": 18}}
    project = run_stages(make_project(articles(24), settings))
    before = splits(project)
    moved = next(doc_id for doc_id, split in sorted(before.items()) if split == "train")
    keep(project, {moved: "test"})
    run_stages(project)
    assert splits(project) == {**before, moved: "test"}
    for name in PUBLISHED:
        found: dict[str, str] = {}
        for path in (project.corpus / "data" / name).glob("*.parquet"):
            rows = pq.read_table(path, columns=["doc_id", "split"])
            assert set(rows["split"].to_pylist()) == {path.name.partition("-")[0]}
            found |= zip(rows["doc_id"].to_pylist(), rows["split"].to_pylist(), strict=True)
        assert found.items() <= {**before, moved: "test"}.items()
        assert found[moved] == "test"
    fresh = make_project(articles(24), settings, "fresh")
    keep(fresh, {moved: "test"})
    assert file_bytes(run_stages(fresh).corpus) == file_bytes(project.corpus)
