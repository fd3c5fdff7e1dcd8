"""Every check finds exactly what it is there for: each test breaks one thing in a corpus that holds."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from broken import repackage, rewrite, set_cell, shard, write_manifest
from copydesk.core.atomic_files import sha256_file
from copydesk.core.findings import Finding, Report
from copydesk.core.json_schema import violations
from copydesk.errors import ValidationError
from copydesk.project import Project
from copydesk.stages import validate as stage
from copydesk.tables.parquet import write_parquet
from copydesk.tables.table import PUBLISHED, table
from copydesk.validation import validate
from support import articles, file_bytes, run_stages, write_seeds


def check(project: Project) -> Report:
    return validate(project.corpus, project.schemas, load=False)


def only(report: Report) -> Finding:
    assert [f for f in report.findings if f != report.findings[0]] == []
    return report.findings[0]


def test_the_corpus_holds(own_copy: Project) -> None:
    report = check(own_copy)
    assert report.ok
    assert dict(report.checked) == {"files": 4, "documents": 2, "raw": 2, "sentences": 86, "edits": 34}


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_row_is_valid_for_the_reference_validator(own_copy: Project, name: str) -> None:
    rows = pq.read_table(shard(own_copy, name)).to_pylist()
    assert rows
    assert [v for row in rows for v in violations(table(name, own_copy.schemas).schema, row)] == []


def test_a_corpus_that_was_packaged_again_holds(own_copy: Project) -> None:
    rewrite(own_copy, "sentences", lambda rows: rows)
    assert check(own_copy).ok


def test_a_changed_byte(own_copy: Project) -> None:
    path = shard(own_copy, "raw")
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    finding = check(own_copy).findings[0]
    assert (finding.check, finding.file) == ("manifest", "data/raw/train-00000-of-00001.parquet")
    assert finding.message.startswith("bytes changed: SHA-256")


def test_a_changed_byte_of_the_card(own_copy: Project) -> None:
    card = own_copy.corpus / "README.md"
    card.write_text(card.read_text("utf-8") + "!", "utf-8")
    assert only(check(own_copy))[:2] == ("manifest", "README.md")


def test_a_missing_shard(own_copy: Project) -> None:
    shard(own_copy, "edits").unlink()
    found = {(f.check, f.file): f.message for f in check(own_copy).findings}
    assert found["manifest", "data/edits/train-00000-of-00001.parquet"] == "missing; the manifest lists it"
    assert "lists ['documents', 'sentences', 'raw', 'edits'], the files are those of" in found["card", "README.md"]


def test_a_missing_manifest(own_copy: Project) -> None:
    (own_copy.corpus / "MANIFEST.sha256").unlink()
    assert "MANIFEST.sha256: cannot be read" in check(own_copy).findings[0].message


def test_a_manifest_that_leads_out_of_the_folder(own_copy: Project) -> None:
    path = own_copy.corpus / "MANIFEST.sha256"
    path.write_text(f"{'0' * 64}  ../secret\n")
    assert "expected a SHA-256, two spaces and a path" in check(own_copy).findings[0].message


def test_a_foreign_file(own_copy: Project) -> None:
    (own_copy.corpus / "data" / "raw" / "notes.txt").write_text("x")
    findings = check(own_copy).findings
    assert findings[0][:2] == ("manifest", "data/raw/notes.txt")
    assert findings[1].message.startswith("expected data/<documents|sentences|raw|edits|labels|signatures>/<split>-")


def test_a_missing_column_in_one_shard(make_corpus: Callable[..., Project]) -> None:
    from support import articles

    project = make_corpus(articles(30), {"shards": {"target": 6, "minimum": 3, "maximum": 12}})
    path = sorted((project.corpus / "data" / "documents").glob("*.parquet"))[1]
    write_parquet(pq.read_table(path).drop_columns(["language"]), path)
    repackage(project)
    finding = only(check(project))
    assert finding == Finding("schema", f"data/documents/{path.name}", "", "language", "column is missing")


def test_an_extra_column(own_copy: Project) -> None:
    rewrite(own_copy, "edits", lambda rows: rows.append_column("note", [["x"] * rows.num_rows]))
    assert only(check(own_copy))[3:5] == ("note", "column is not in the schema")


def test_a_column_of_another_type(own_copy: Project) -> None:
    def wider(rows: pa.Table) -> pa.Table:
        field = rows.schema.field("start")
        return rows.set_column(
            rows.schema.get_field_index("start"), field.with_type(pa.int64()), rows["start"].cast(pa.int64())
        )

    rewrite(own_copy, "sentences", wider)
    finding = only(check(own_copy))
    assert (finding.field, finding.message) == (
        "start",
        "found pyarrow.Field<start: int64>, expected pyarrow.Field<start: int32>",
    )


def test_metadata_that_older_readers_fail_on(own_copy: Project) -> None:
    path = shard(own_copy, "raw")
    pq.write_table(pq.read_table(path).replace_schema_metadata({"huggingface": "{}"}), path)
    repackage(own_copy)
    assert "carries metadata ['huggingface'" in only(check(own_copy)).message


@pytest.mark.parametrize(
    ("name", "column"), [("documents", "text"), ("sentences", "text"), ("raw", "sha256"), ("edits", "before")]
)
def test_a_null_where_none_may_be(own_copy: Project, name: str, column: str) -> None:
    rewrite(own_copy, name, set_cell(column, 0, None))
    found = {(f.check, f.field): f for f in check(own_copy).findings}
    assert not any(check == "schema" for check, _ in found)  # the file may say so: it is the record that is wrong
    record = found["records", column]
    assert record.message == "row 0: None is not of type 'string'"
    assert record.document == "000_4fde35a8baa4b888"


@pytest.mark.parametrize(
    ("name", "column", "value", "message"),
    [
        ("documents", "published", "last week", "is not valid under any of the given schemas"),
        ("documents", "language", "English", "does not match"),
        ("documents", "url", "no address", "is not a 'uri'"),
        ("raw", "newline", "both", "is not one of"),
        ("edits", "tier", "certain", "is not one of"),
        ("edits", "rules", [], "should be non-empty"),
        ("edits", "confidence", 1.5, "is greater than the maximum of 1"),
    ],
)
def test_a_value_that_the_schema_refuses(own_copy: Project, name: str, column: str, value: Any, message: str) -> None:
    rewrite(own_copy, name, set_cell(column, 1, value))
    finding = check(own_copy).findings[0]
    assert (finding.check, finding.field) == ("records", column)
    assert message in finding.message


def place(start: int, end: int) -> dict[str, Any]:
    return {"choice": "safe", "raw_start": start, "raw_end": end, "text": "", "rules": ["r"]}


@pytest.mark.parametrize(
    ("name", "column", "row", "value", "field"),
    [
        ("documents", "text", 0, lambda t: t + "!", "text_sha256"),
        ("documents", "characters", 0, 7, "characters"),
        ("documents", "raw_sha256", 0, "0" * 64, "raw_sha256"),
        ("documents", "sentence_count", 0, 7, "sentence_count"),
        ("documents", "sentences", 0, lambda s: s[:-1], "sentences"),
        ("documents", "flags", 0, [{"kind": "redaction", "start": 5, "end": 10**6}], "flags[0]"),
        ("documents", "duplicate_of", 0, "nobody", "duplicate_of"),
        ("raw", "text", 0, lambda t: t.replace("Ukraine", "Russia", 1), "sha256"),
        ("raw", "encoding", 0, "utf-99", "encoding"),
        ("raw", "size", 0, 1, "size"),
        ("raw", "newline", 0, "crlf", "newline"),
        ("sentences", "start", 3, lambda n: n + 1, "sentences"),
        ("sentences", "end", 3, lambda n: n - 1, "sentences"),
        ("sentences", "raw_start", 3, lambda n: n + 1, "raw_start"),
        ("sentences", "raw_end", 3, lambda n: n + 1, "raw_end"),
        ("sentences", "text", 3, "Another sentence.", "[3].text"),
        ("sentences", "sentence_id", 3, "000_4fde35a8baa4b888/0123456789abcdef", "[3].sentence_id"),
        ("sentences", "index", 3, 4, "index"),
        ("edits", "start", 2, lambda n: n + 1, "before/after"),
        ("edits", "raw_start", 2, lambda n: n - 1, "before/after"),
        ("edits", "after", 2, "  ", "before/after"),
        ("edits", "before", 2, "x", "before/after"),
        ("edits", "index", 2, 3, "index"),
        ("edits", "applied", 2, False, "before"),
        ("edits", "parts", 2, lambda parts: [{**parts[0], "replacement": "x"}], "[2].parts"),
        ("edits", "parts", 2, lambda parts: [{**parts[0], "end": 10**6}], "[2].parts"),
        ("edits", "parts", 2, lambda parts: [{**parts[0], "rule": "x"}], "[2].parts"),
        ("edits", "parts", 2, lambda parts: [{**parts[0], "confidence": 0.0}], "[2].parts"),
        ("edits", "parts", 2, lambda parts: [*parts, {**parts[0], "start": 0, "end": 0}], "[2].parts"),
        ("edits", "tiers", 2, ["suggest"], "[2].tiers"),
        ("edits", "tiers", 2, ["safe", "safe"], "[2].tiers"),
        ("edits", "otherwise", 2, [place(0, 10**6)], "[2].otherwise"),
        ("edits", "otherwise", 2, [place(3, 2)], "[2].otherwise"),
        ("edits", "otherwise", 2, [place(0, 3), place(3, 4)], "[2].otherwise"),
    ],
)
def test_a_claim_that_does_not_hold(
    own_copy: Project, name: str, column: str, row: int, value: Any, field: str
) -> None:
    rewrite(own_copy, name, set_cell(column, row, value))
    report = check(own_copy)
    assert {f.document for f in report.findings} == {"000_4fde35a8baa4b888"}
    assert field in {f.field for f in report.findings}
    assert {f.check for f in report.findings} <= {"content", "ids"}


def test_a_duplicate_id(own_copy: Project) -> None:
    rewrite(own_copy, "documents", lambda rows: pa.concat_tables([rows, rows.slice(1, 1)]))
    finding = check(own_copy).findings[0]
    assert finding[:3] == ("ids", "data/documents", "003_7f19f5ed8fd5d325")
    assert finding.message == "the id is given twice"


@pytest.mark.parametrize("name", ["sentences", "edits", "raw"])
def test_rows_of_a_document_that_is_not_there(own_copy: Project, name: str) -> None:
    rewrite(
        own_copy,
        name,
        lambda rows: pa.concat_tables([rows, set_cell("doc_id", -1, "ghost")(rows.slice(rows.num_rows - 1))]),
    )
    finding = only(check(own_copy))
    assert finding == Finding("ids", f"data/{name}", "ghost", "doc_id", "no such document")


def test_a_document_without_its_raw_text(own_copy: Project) -> None:
    rewrite(own_copy, "raw", lambda rows: rows.slice(0, 1))
    assert only(check(own_copy))[1:3] == ("data/raw", "003_7f19f5ed8fd5d325")


def test_rows_in_another_order(own_copy: Project) -> None:
    rewrite(own_copy, "raw", lambda rows: rows.take([1, 0]))
    assert "rows are not in the order of documents" in {f.message for f in check(own_copy).findings}


def test_a_lost_sentence(own_copy: Project) -> None:
    rewrite(own_copy, "sentences", lambda rows: rows.slice(0, rows.num_rows - 1))
    assert "text other than white space follows the last sentence" in {f.message for f in check(own_copy).findings}


def edit_card(project: Project, change: Callable[[dict[str, Any]], None]) -> None:
    card = project.corpus / "README.md"
    _, block, prose = card.read_text("utf-8").split("---\n", 2)
    matter = yaml.safe_load(block)
    change(matter)
    card.write_text(f"---\n{yaml.safe_dump(matter, sort_keys=False)}---\n{prose}", "utf-8")
    write_manifest(project)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda m: m["dataset_info"][1]["splits"][0].update(num_examples=90), "dataset_info.sentences.splits"),
        (lambda m: m["dataset_info"][0].update(download_size=1), "dataset_info.documents.download_size"),
        (lambda m: m["dataset_info"][2]["features"].pop(), "dataset_info.raw.features"),
        (lambda m: m["configs"][3].update(description="content sha256:0"), "configs.edits.description"),
        (lambda m: m["configs"][3].pop("description"), "configs.edits.description"),
        (lambda m: m["configs"][0].update(version="soon"), "configs.documents.version"),
        (lambda m: m["configs"][0].update(data_files="data/*"), "configs.documents.data_files"),
        (lambda m: m["configs"].pop(), "configs"),
        (lambda m: m.pop("dataset_info"), "dataset_info"),
    ],
)
def test_a_card_that_is_off(own_copy: Project, change: Callable[[dict[str, Any]], None], field: str) -> None:
    edit_card(own_copy, change)
    finding = only(check(own_copy))
    assert finding[:2] + finding[3:4] == ("card", "README.md", field)


@pytest.mark.parametrize(
    "text", ["no front matter", "---\n- a\n---\n", "---\na: [\n---\n", "---\na: !!python/name:os.system\n---\n"]
)
def test_a_card_that_cannot_be_read(own_copy: Project, text: str) -> None:
    (own_copy.corpus / "README.md").write_text(text)
    write_manifest(own_copy)
    assert only(check(own_copy)).check == "card"


def test_a_gap_in_the_numbering(own_copy: Project) -> None:
    path = shard(own_copy, "raw")
    path.rename(path.with_name("train-00001-of-00002.parquet"))
    repackage(own_copy)
    assert only(check(own_copy)).message == "numbered [(1, 2)], expected [(0, 1)]"


def test_a_shard_without_rows(own_copy: Project) -> None:
    path = shard(own_copy, "edits")
    empty = path.with_name("train-00001-of-00002.parquet")
    write_parquet(pq.read_table(path).slice(0, 0), empty)
    path.rename(path.with_name("train-00000-of-00002.parquet"))
    repackage(own_copy)
    assert "no rows; a file without rows makes the dataset unloadable" in {
        f.message for f in check(own_copy).findings
    }


@pytest.mark.parametrize("data", [b"", b"junk", b"PAR1" + b"\xff" * 60 + b"PAR1"])
def test_a_file_that_is_no_parquet(own_copy: Project, data: bytes) -> None:
    shard(own_copy, "raw").write_bytes(data)
    write_manifest(own_copy)
    found = {f.check: f for f in check(own_copy).findings}
    assert found["files"].file.startswith("data/raw")


def test_no_dataset_at_all(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="no folder data; expected a dataset"):
        validate(tmp_path)


@pytest.mark.own_processes
def test_loading_finds_what_only_datasets_sees(own_copy: Project) -> None:
    # A script beside the card would be run by old versions and is refused by new ones; a second default is ambiguous.
    edit_card(own_copy, lambda m: m["configs"][1].update(default=True))
    report = validate(own_copy.corpus, own_copy.schemas)
    assert {f.check for f in report.findings} == {"loading"}


@pytest.mark.own_processes
@pytest.mark.parametrize("break_it", [True, False])
def test_what_may_lie_is_not_loaded_and_nothing_of_loading_is_left(
    own_copy: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    break_it: bool,
) -> None:
    temporary = tmp_path / "temp"  # for links alone, where the path has brackets; else nothing lies there
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    if not break_it:
        temporary.mkdir()
    if break_it:
        shard(own_copy, "raw").write_bytes(b"PAR1" + b"\xff" * 60 + b"PAR1")
        write_manifest(own_copy)
    # datasets takes brackets in a path for a pattern.
    corpus = own_copy.corpus if break_it else own_copy.corpus.rename(tmp_path / "my [corpus]")
    report = validate(corpus, own_copy.schemas)
    assert report.ok is not break_it
    assert ("load_dataset reads [ and ]" in capsys.readouterr().err) is not break_it
    assert "loading" not in {f.check for f in report.findings}
    assert ("loads_streamed" in report.checked) is not break_it
    assert list(own_copy.corpus.parent.glob("build/scratch/*")) == list(tmp_path.glob("temp/*")) == []
    assert not any("copydesk.validation.loader_check" in child.cmdline() for child in psutil.Process().children())


def test_the_stage_writes_a_report_and_fails(own_copy: Project, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(own_copy, "sentences", set_cell("text", 3, "[bold]Not markup[/bold]"))
    with pytest.raises(ValidationError, match=r"1 violation \(1 content\); see .*validation.json"):
        stage.run(own_copy, load=False)
    written = json.loads((own_copy.reports / "validation.json").read_text("utf-8"))
    assert (written["ok"], written["violations"], written["first"][0]["field"]) == (False, 1, "[3].text")
    assert "[bold]" in re.sub(r"\s", "", capsys.readouterr().err)


def test_a_great_many_violations_are_counted_and_the_first_kept() -> None:
    report = Report()
    for n in range(5_000):
        report.add("content", "f", str(n))
    assert (report.total, len(report.findings)) == (5_000, 1_000)


def test_sha256sum_agrees_with_the_manifest(own_copy: Project) -> None:
    tool = shutil.which("sha256sum") or shutil.which("shasum")
    assert tool is not None
    arguments = ["-a", "256"] if tool.endswith("shasum") else []
    subprocess.run([tool, *arguments, "-c", "MANIFEST.sha256"], cwd=own_copy.corpus, check=True, capture_output=True)


def test_a_listing_that_lies_is_found(own_copy: Project) -> None:
    path = own_copy.corpus / "manifest.json"
    listing = json.loads(path.read_text())
    listing["tables"]["documents"]["rows"] = 3
    path.write_text(json.dumps(listing))
    write_manifest(own_copy)
    finding = only(check(own_copy))
    assert (finding.check, finding.file, finding.field) == ("manifest", "manifest.json", "tables.documents")
    path.write_text("[]")
    write_manifest(own_copy)
    assert "cannot be read" in only(check(own_copy)).message


def test_a_row_in_another_split_than_its_file_is_found(own_copy: Project) -> None:
    rewrite(own_copy, "documents", set_cell("split", 0, "test"))
    finding = only(check(own_copy))
    assert (finding.check, finding.field) == ("content", "split")
    assert finding.message == "found 'test', expected 'train'"


def test_documents_that_repeat_each_other_in_two_splits_are_found(own_copy: Project) -> None:
    path = shard(own_copy, "documents")
    rows = pq.read_table(path)
    first, second = rows["doc_id"].to_pylist()
    rewrite(own_copy, "documents", set_cell("duplicate_of", 1, first))
    whole = pq.read_table(path)
    for name in ("documents", "raw", "sentences", "edits"):
        source = shard(own_copy, name)
        table_of = whole if name == "documents" else pq.read_table(source)
        mask = pa.array([doc_id == second for doc_id in table_of["doc_id"].to_pylist()])
        moved = table_of.filter(mask)
        place = moved.column_names.index("split")
        moved = moved.set_column(place, moved.schema.field("split"), pa.array(["test"] * moved.num_rows))
        write_parquet(moved, source.with_name("test-00000-of-00001.parquet"))
        write_parquet(table_of.filter(pa.array([not m for m in mask.to_pylist()])), source)
    repackage(own_copy)
    found = [(finding.check, finding.document, finding.field) for finding in check(own_copy).findings]
    assert found == [("splits", second, "split")]


@pytest.mark.parametrize(
    ("column", "value", "field"),
    [
        ("passages", [{"start": 0, "end": 10**6, "language": "fr"}], "passages[0]"),
        ("provenance", [{"field": "title", "origin": "text", "raw_start": 0, "raw_end": 5}], "provenance[0]"),
        ("provenance", [{"field": "license", "origin": "text", "raw_start": 0, "raw_end": 10**6}], "provenance[0]"),
    ],
)
def test_spans_that_leave_the_text_are_found(own_copy: Project, column: str, value: Any, field: str) -> None:
    rewrite(own_copy, "documents", set_cell(column, 0, value))
    assert only(check(own_copy)).field == field


def relist(project: Project, change: Callable[[dict[str, Any]], None]) -> None:
    """Change manifest.json by hand, and MANIFEST.sha256 with it."""
    path = project.corpus / "manifest.json"
    listing = json.loads(path.read_text("utf-8"))
    change(listing)
    path.write_text(json.dumps(listing), "utf-8")
    write_manifest(project)


def test_rows_that_are_not_those_that_were_hashed(own_copy: Project) -> None:
    listing = json.loads((own_copy.corpus / "manifest.json").read_text("utf-8"))
    rewrite(own_copy, "documents", set_cell("title", 1, "What no check can know to be wrong"))
    relist(own_copy, lambda new: new["tables"]["documents"].update(splits=listing["tables"]["documents"]["splits"]))
    said = listing["tables"]["documents"]["splits"]["train"]["logical_sha256"]
    finding = next(f for f in check(own_copy).findings if f.check == "rows")
    assert (finding.file, finding.field) == ("manifest.json", "tables.documents.splits.train.logical_sha256")
    assert finding.message.startswith(f"the manifest says {said}, the rows give ")


def test_a_logical_hash_of_a_table_that_does_not_follow_from_its_splits(own_copy: Project) -> None:
    relist(own_copy, lambda new: new["tables"]["edits"].update(logical_sha256="0" * 64))
    finding = only(check(own_copy))
    assert (finding.check, finding.field) == ("rows", "tables.edits.logical_sha256")


def test_a_count_of_a_split_that_is_wrong(own_copy: Project) -> None:
    relist(own_copy, lambda new: new["tables"]["edits"]["splits"]["train"].update(rows=33))
    finding = only(check(own_copy))
    assert (finding.check, finding.file, finding.field) == ("manifest", "manifest.json", "tables.edits")


@pytest.mark.parametrize("broken", [{"schemas": None}, {"tables": {"raw": {}}}, {"schemas": {"raw": 1}}])
def test_a_manifest_without_what_it_must_say(own_copy: Project, broken: dict[str, Any]) -> None:
    relist(own_copy, lambda new: new.update(broken))
    finding = only(check(own_copy))
    assert (finding.check, finding.file) == ("manifest", "manifest.json")
    assert "run the stage package" in finding.message


def test_a_corpus_that_was_made_with_other_schemas(own_copy: Project) -> None:
    schema = own_copy.schemas / "edits.schema.json"
    schema.write_text(schema.read_text("utf-8") + "\n", "utf-8")
    finding = only(check(own_copy))
    assert (finding.check, finding.file, finding.field) == ("manifest", "manifest.json", "schemas.edits")
    assert f"this is {sha256_file(schema)}; build again" in finding.message


def test_a_description_for_other_files(own_copy: Project) -> None:
    path = own_copy.corpus / "croissant.json"
    digest = sha256_file(shard(own_copy, "raw"))
    path.write_text(path.read_text("utf-8").replace(digest, "f" * 64), "utf-8")
    write_manifest(own_copy)
    finding = only(check(own_copy))
    assert (finding.check, finding.file) == ("card", "croissant.json")
    assert finding.message == (
        f"lists SHA-256 {'f' * 64} for data/raw/train-00000-of-00001.parquet, found {digest}; run the stage package"
    )
    path.write_text("[]")
    write_manifest(own_copy)
    assert "cannot be read" in only(check(own_copy)).message


class LoaderDouble:
    """Stands for the process that loads with ``datasets``, which takes seconds: it only counts."""

    count = 0

    def __init__(self, *_: object) -> None:
        LoaderDouble.count += 1

    def __enter__(self) -> LoaderDouble:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def check(self, _: list[str]) -> Report:
        return Report()


def test_datasets_loads_again_only_what_is_read_in_another_way(
    make_corpus: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copydesk.validation.Loader", LoaderDouble)
    monkeypatch.setattr("copydesk.validation.is_installed", lambda: False)
    monkeypatch.setattr(LoaderDouble, "count", 0)
    files = articles(40)
    project = make_corpus(files, {"shards": {"target": 6, "minimum": 3, "maximum": 18}})
    stage.run(project)
    first = json.loads((project.reports / "validation.json").read_text())
    assert LoaderDouble.count == 1

    name = sorted(files)[0]
    write_seeds(project.seeds, {name: f"{files[name]}\nOne more sentence."})
    stage.run(run_stages(project))
    again = json.loads((project.reports / "validation.json").read_text())
    assert LoaderDouble.count == 1
    loaded = {key: count for key, count in first["checked"].items() if key.startswith("loads_")}
    assert loaded and loaded.items() <= again["checked"].items()

    # Other splits are another way to read it; so is any setting of the card.
    splits = {**project.params["splits"], "train": 0.6, "validation": 0.2, "test": 0.2, "minimum": 1}
    run_stages(replace(project, params={**project.params, "splits": splits}))
    stage.run(project)
    assert LoaderDouble.count == 2
    edit_card(project, lambda matter: matter["configs"][1].update(default=True))
    stage.run(project)
    assert LoaderDouble.count == 3


def test_a_clone_trusts_its_first_dataset_to_load_as_it_did_where_it_was_built(
    make_corpus: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copydesk.validation.Loader", LoaderDouble)
    monkeypatch.setattr("copydesk.validation.is_installed", lambda: False)
    monkeypatch.setattr(LoaderDouble, "count", 0)
    project = make_corpus(articles(8), {"shards": {"target": 6, "minimum": 3, "maximum": 18}})
    stage.run(project)
    listed = file_bytes(project.build / "validate")
    results = project.build / "store" / "results"

    shutil.rmtree(results)  # as if another version of a library were installed: here it is loaded again
    (project.build / stage.PASSED).unlink()
    stage.run(project)
    assert (LoaderDouble.count, file_bytes(project.build / "validate")) == (2, listed)

    shutil.rmtree(results)  # as after dvc pull in a fresh clone
    shutil.rmtree(project.build / "last")
    stage.run(project)
    assert (LoaderDouble.count, file_bytes(project.build / "validate")) == (2, listed)

    shutil.rmtree(results)
    shutil.rmtree(project.build / "last")
    edit_card(project, lambda matter: matter["configs"][1].update(default=True))
    stage.run(project)
    assert LoaderDouble.count == 3

    (project.build / "validate" / "loaded.json").write_text("{")
    shutil.rmtree(results)
    shutil.rmtree(project.build / "last")
    stage.run(project)
    assert LoaderDouble.count == 4


@pytest.mark.parametrize("name", ["raw", "sentences", "edits"])
def test_a_row_that_says_another_split_than_its_document(own_copy: Project, name: str) -> None:
    rewrite(own_copy, name, set_cell("split", 0, "test"))
    finding = check(own_copy).findings[0]
    assert (finding.check, finding.file, finding.field) == ("content", f"data/{name}", "split")
    assert finding.message == "is in test, expected train as in documents"
    assert finding.document


@pytest.mark.parametrize("name", ["raw", "sentences", "edits"])
def test_rows_in_the_file_of_another_split(own_copy: Project, name: str) -> None:
    path = shard(own_copy, name)
    path.rename(path.with_name(path.name.replace("train", "test")))
    repackage(own_copy)
    messages = {(f.file, f.field, f.message) for f in check(own_copy).findings}
    assert (f"data/{name}", "file", "is in test, expected train as in documents") in messages
