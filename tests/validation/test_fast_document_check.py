"""The screens of validation prove that all is well, or leave it to the checks that look row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broken import write_manifest
from copydesk import validation
from copydesk.core.atomic_files import sha256_file
from copydesk.core.config import check_params
from copydesk.core.findings import Report
from copydesk.core.json_schema import PACKAGED, violations
from copydesk.dataset.card_metadata import Config, DataFile
from copydesk.errors import ValidationError
from copydesk.project import Project
from copydesk.stages.validate import PASSED, run
from copydesk.store.shard_store import Store
from copydesk.tables.table import PUBLISHED, table
from copydesk.validation import document_groups as module
from copydesk.validation import validate
from copydesk.validation.document_groups import check_unit, units_of
from copydesk.validation.fast_schema_check import surely_valid
from copydesk.validation.file_checks import check_files
from copydesk.validation.logical_hash_check import check_rows
from support import articles, run_stages

EDIT: dict[str, Any] = {
    "doc_id": "a", "index": 0, "raw_start": 0, "raw_end": 1, "start": 0, "end": 1, "before": "", "after": "",
    "rules": ["r"], "tiers": ["safe"], "tier": "safe", "applied": True, "confidence": 1.0, "otherwise": [], "split": "train",
    "parts": [{"step": 0, "start": 0, "end": 0, "replacement": "", "rule": "r", "confidence": 1.0}],
}  # fmt: skip
OTHERS = {
    "doc_id": st.text(alphabet="a/\n", max_size=2),
    "index": st.integers(-1, 1),
    "rules": st.lists(st.text(alphabet="r", max_size=1), max_size=2),
    "tiers": st.lists(st.sampled_from(["safe", "sure"]), max_size=2),
    "tier": st.sampled_from(["safe", "sure"]),
    "confidence": st.sampled_from([-0.1, 0.0, 1.0, 1.1, float("nan")]),
}


@given(st.lists(st.fixed_dictionaries({}, optional=OTHERS), min_size=1, max_size=4))
def test_columns_prove_what_the_reference_accepts(changes: list[dict[str, Any]]) -> None:
    shape = table("edits", PACKAGED)
    rows = [{**EDIT, **change} for change in changes]
    strange = any(
        row["confidence"] != row["confidence"] for row in rows
    )  # JSON has no NaN: not for the columns to say
    assert not violations(shape.schema, EDIT)
    expected = not strange and not any(violations(shape.schema, row) for row in rows)
    assert surely_valid(shape.schema, pa.Table.from_pylist(rows, schema=shape.arrow)) == expected


def test_every_table_of_a_good_corpus_is_proved_by_its_columns(two_articles: Project) -> None:
    for name in PUBLISHED:
        rows = pa.concat_tables(
            pq.read_table(p) for p in sorted((two_articles.corpus / "data" / name).glob("*.parquet"))
        )
        schema = table(name, two_articles.schemas).schema
        assert surely_valid(schema, rows)
        nulled = rows.set_column(0, "doc_id", pa.nulls(rows.num_rows, pa.string()))
        assert not surely_valid(schema, nulled)


@pytest.fixture
def corpus(make_corpus: Callable[..., Project]) -> Project:
    small = {"shards": {"target": 4, "minimum": 2, "maximum": 8}}
    return make_corpus(articles(20), small)


def parts_of(project: Project) -> list[module.Unit]:
    return units_of(
        project.corpus, project.schemas, check_files(project.corpus, project.schemas, Report()), frozenset()
    )


def test_good_units_need_no_row_by_row(corpus: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("looked row by row")

    monkeypatch.setattr(module, "check_records", never)
    monkeypatch.setattr(module, "check_references", never)
    found = [check_unit(part)[0] for part in parts_of(corpus)]
    assert len(found) > 1
    assert sum(report.checked["documents"] for report in found) == 20


def test_units_hold_every_file_once(corpus: Project) -> None:
    files = sorted(shard.path for part in parts_of(corpus) for shards in part.files.values() for shard in shards)
    assert files == sorted(
        p.relative_to(corpus.corpus).as_posix() for p in (corpus.corpus / "data").rglob("*.parquet")
    )


def test_which_files_belong_together_is_remembered_while_they_are_the_same(
    make_corpus: Callable[..., Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = make_corpus(articles(20), {"shards": {"target": 4, "minimum": 2, "maximum": 8}})
    memory = tmp_path / "units.json"
    read: list[str] = []
    for name in ("_ids", "_ends"):
        plain = getattr(module, name)
        monkeypatch.setattr(module, name, lambda folder, path, plain=plain: read.append(path) or plain(folder, path))

    def found() -> list[module.Unit]:
        files = check_files(corpus.corpus, corpus.schemas, Report())
        read.clear()
        units = units_of(corpus.corpus, corpus.schemas, files, frozenset(), module.Memory(memory))
        reads = list(read)
        assert units == units_of(corpus.corpus, corpus.schemas, files, frozenset())
        read[:] = reads
        return units

    assert len(found()) > 2
    assert read
    assert found()
    assert read == []
    (corpus.seeds / "article-0009.txt").write_text("Another text. With two sentences.")
    run_stages(corpus)
    assert found()
    assert 0 < len(set(read)) <= 8  # those of the unit that changed, and where the next begins
    for units in ("", "1", '{"documents": []}', '{"documents": 3}', '{"documents": ["a", ["b"]]}'):
        damage = f'{{"checks": "", "footers": {{}}, "units": [{units}]}}' if units != "1" else "[1]"
        memory.write_text(damage)
        assert found()
        assert len(set(read)) > 8


def test_what_held_is_not_looked_at_again(corpus: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "store")
    first = validate(corpus.corpus, corpus.schemas, load=False, store=store)
    looked: list[module.Unit] = []
    monkeypatch.setattr("copydesk.validation.check_unit", lambda unit: looked.append(unit) or check_unit(unit))
    again = validate(corpus.corpus, corpus.schemas, load=False, store=store)
    assert (again.ok, again.checked, looked) == (first.ok, first.checked, [])
    path = next((corpus.corpus / "data" / "raw").glob("*.parquet"))
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    assert not validate(corpus.corpus, corpus.schemas, load=False, store=store).ok
    assert len(looked) == 1


def test_what_held_is_looked_at_again_by_other_libraries(
    corpus: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "store")
    validate(corpus.corpus, corpus.schemas, load=False, store=store)
    looked: list[module.Unit] = []
    monkeypatch.setattr("copydesk.validation.check_unit", lambda unit: looked.append(unit) or check_unit(unit))
    monkeypatch.setattr("copydesk.validation.version", lambda _: "another")
    assert validate(corpus.corpus, corpus.schemas, load=False, store=store).ok
    assert len(looked) == len(parts_of(corpus))


def test_a_file_is_not_known_as_one_of_another_table(make_corpus: Callable[..., Project], tmp_path: Path) -> None:
    project = make_corpus(articles(2))
    memory = tmp_path / "units.json"
    assert validate(project.corpus, load=False, memory=memory).ok
    raw, documents = (next((project.corpus / "data" / name).iterdir()) for name in ("raw", "documents"))
    raw.write_bytes(documents.read_bytes())
    cold, warm = (
        {(finding.check, finding.file) for finding in validate(project.corpus, load=False, memory=kept).findings}
        for kept in (None, memory)
    )
    assert ("schema", "data/raw/train-00000-of-00001.parquet") in cold
    assert warm == cold


def test_rows_that_cannot_be_read_are_no_valid_rows(make_corpus: Callable[..., Project]) -> None:
    project = make_corpus(articles(2))
    report = Report()
    check_rows(project.corpus, project.schemas, [], report, {})
    assert {finding.file for finding in report.findings} == {
        f"data/{name}" for name in ("documents", "sentences", "raw", "edits")
    }


def test_a_damaged_file_that_a_cache_calls_readable_is_a_finding(make_corpus: Callable[..., Project]) -> None:
    project = make_corpus(articles(2))
    run(project, load=False)
    path = next((project.corpus / "data" / "documents").iterdir())
    good = DataFile(f"data/documents/{path.name}", "train", sha256_file(path), path.stat().st_size, 2, 0)
    path.write_bytes(b"x" * good.size)
    damaged = good._replace(sha256=sha256_file(path))
    memory = project.build / "validate" / "units.json"
    names = ("README.md", "croissant.json", "manifest.json")
    for file in (memory, *(project.corpus / name for name in names)):
        text = file.read_text("utf-8").replace(good.sha256, damaged.sha256)
        digests = [Config(table("documents"), [data]).digest for data in (good, damaged)]
        file.write_text(text.replace(*digests), "utf-8")
    write_manifest(project)
    with pytest.raises(ValidationError, match="rows"):
        run(project, load=False)
    with pytest.raises(ValidationError, match="files"):  # the cache is gone
        run(project, load=False)


def test_a_table_that_comes_later_goes_with_its_documents(make_corpus: Callable[..., Project]) -> None:
    small = {"shards": {"target": 1, "minimum": 1, "maximum": 2}}
    project = make_corpus(articles(3), small)
    memory = project.build / "validate" / "units.json"
    assert validate(project.corpus, load=False, memory=memory).ok
    run_stages(replace(project, params=check_params({**project.params, "publish": {"signatures": True}})))
    report = validate(project.corpus, load=False, memory=memory)
    assert report.findings == []
    assert report.checked["signatures"] == 3


@pytest.mark.parametrize(
    "number", ["Infinity", "NaN", '"x"', "[]", "[" * 100_000], ids=["inf", "nan", "x", "list", "deep"]
)
def test_a_damaged_memory_says_nothing(tmp_path: Path, number: str) -> None:
    path = tmp_path / "units.json"
    path.write_text(f'{{"checks": "", "units": [], "footers": {{"raw": {{"{"0" * 64}": [{number}, 1]}}}}}}')
    assert module.Memory(path).footers == {}


def test_bytes_that_passed_last_are_only_hashed(
    make_corpus: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = make_corpus(articles(20), {"shards": {"target": 4, "minimum": 2, "maximum": 8}})
    looked: list[Path] = []
    plain = validation.check_ids
    monkeypatch.setattr(validation, "check_ids", lambda *given: looked.append(given[0]) or plain(*given))
    cache = corpus.build / PASSED

    def again() -> int:
        looked.clear()
        run(corpus, load=False)
        return len(looked)

    assert again() == 1
    counted = (corpus.reports / "validation.json").read_bytes()
    assert again() == 0
    assert (corpus.reports / "validation.json").read_bytes() == counted
    for damage in ("", "[]", '{"of": null}', cache.read_text().replace('"files"', '"files": 1, "rows"')[:-3]):
        cache.write_text(damage)
        assert again() == 1
    for other in ("units.json", "finished.json"):
        corpus.finished("validate").with_name(other).unlink()
        assert again() == 1
        assert again() == 0
    path = next((corpus.corpus / "data" / "raw").glob("*.parquet"))
    data = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(data[:-30] + bytes([data[-30] ^ 1]) + data[-29:])
    with pytest.raises(ValidationError, match="violation"):
        again()
    assert not cache.exists()
    path.write_bytes(data)
    assert again() == 1
