"""What is fuzzed: functions of bytes that return if all is well, and raise if a promise is broken.

They lie among the tests because they hold the same promises: ``test_targets.py`` tries each on a few inputs and on all
that ever broke it, in every run of the tests; ``run.py`` tries them for as long as it is told to.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.cleaning.apply import clean_column, clean_text
from copydesk.cleaning.plan import RULES, plan
from copydesk.core.config import check_params
from copydesk.core.hand_written import parse_yaml
from copydesk.core.json_schema import load_json, load_schema, schema_path, violations
from copydesk.errors import ConfigError, SchemaError, UnreadableError
from copydesk.readers import CONTAINERS, REASONS, split_name
from copydesk.readers.plain_text import read_text, to_bytes
from copydesk.readers.record_cache import read_container, texts_of
from copydesk.readers.seed_files import Seed, Stamp, refused_id
from copydesk.sentences import split
from copydesk.tables.table import Table
from copydesk.text import replay
from copydesk.validation.fast_schema_check import surely_valid
from fuzz.corpora import cell, page, validator
from fuzz.outputs import (
    check_git,
    check_hosts,
    check_html,
    check_json,
    check_log,
    check_markdown,
    check_pictures,
    log_outputs,
    text_outputs,
)
from fuzz.scratch import scratch
from reference import refuses

INGEST = check_params({"ingest": {"max_bytes": 65_536}})["ingest"]
#: Every rule, with those that are off, and all of them applied.
PLAN = plan({"apply": ["safe", "probable", "suggest"], "rules": {rule.name: "probable" for rule in RULES}})
AS_SET = plan(check_params({})["clean"])
LANGUAGES = ("en", "de", "fr", "ru", "zh", "ja", "es", "cs", "la", None)
SCHEMAS = ("documents", "sentences", "raw", "edits", "source", "takedown", "decision", "benchmark", "params")


def text(data: bytes) -> None:
    """A file of text: its bytes come back, or it is refused for a reason that has a name."""
    for encodings in (["utf-8"], ["utf-8", "cp1251", "gb18030"]):
        try:
            raw = read_text(data, encodings)
        except UnreadableError as error:
            assert error.reason in REASONS
        else:
            assert to_bytes(raw) == data


def jsonl(data: bytes) -> None:
    """JSON Lines: a row for each line, or a refusal; texts are those that the lines hold."""
    rows, _ = records("a.jsonl", data)
    lines = data.split(b"\n")
    for row in rows:
        line = lines[row["number"] - 1]
        assert row["text"] == json.loads(line.decode("utf-8-sig" if row["number"] == 1 else "utf-8"))["text"]


def csv(data: bytes) -> None:
    """CSV: rows or refusals."""
    records("a.csv", data)


def parquet(data: bytes) -> None:
    """Parquet: rows or refusals, whatever a footer claims."""
    records("a.parquet", data)


def compressed(data: bytes) -> None:
    """Compressed files: as delivered, and with the bytes as what was compressed."""
    for name in ("a.jsonl.gz", "a.csv.zst", "a.txt.gz"):
        records(name, data)
    packed = {".gz": gzip.compress(data), ".zst": pa.compress(data, codec="zstd", asbytes=True)}
    for name in ("a.jsonl.gz", "a.csv.zst", "a.txt.zst"):
        rows, refused = records(name, packed[Path(name).suffix])
        if ".txt" not in name:
            assert (rows, refused) == records(split_name(name)[0] + split_name(name)[1].rpartition(".")[0], data)
            continue
        try:
            raw = read_text(data, INGEST["encodings"]) if len(data) <= INGEST["max_bytes"] else None
        except UnreadableError as error:
            assert refused[0][1] == error.reason
        else:
            assert [(row["text"], row["bom"]) for row in rows] == ([(raw.text, raw.bom)] if raw else [])


def archive(data: bytes) -> None:
    """Web archives, plain and packed: rows or refusals, whatever is cut off."""
    records("a.warc.gz" if data[:1] == b"\1" else "a.warc", data[1:])


def feed(data: bytes) -> None:
    """XML of newsrooms: rows or refusals, and nothing from outside of the file."""
    records("a.xml", data)


def ninjs(data: bytes) -> None:
    """News items in JSON: rows or refusals."""
    records("a.json", data)


def book(data: bytes) -> None:
    """EPUB: rows or refusals."""
    records("a.epub", data)


def cleaner(data: bytes) -> None:
    """Cleaning: edits lead from the raw text to the clean one and back, alone as in company."""
    source = data.decode("utf-8", "replace")
    for how in (AS_SET, PLAN):
        cleaned = clean_text(source, how)
        result, edits = cleaned.edited.text, cleaned.edited.edits
        assert cleaned.edited.revert() == source
        assert replay(source, edits) == result
        raw_at = at = 0
        for edit in edits:
            assert raw_at <= edit.raw_start <= edit.raw_end <= len(source)
            assert at <= edit.start <= edit.end <= len(result)
            assert source[edit.raw_start : edit.raw_end] == edit.before != edit.after == result[edit.start : edit.end]
            raw_at, at = edit.raw_end, edit.end
        for suggestion in cleaned.suggestions:
            assert source[suggestion.raw_start : suggestion.raw_end] == suggestion.before
            assert 0 <= suggestion.start <= suggestion.end <= len(result)
        for flag in cleaned.flags:
            assert 0 <= flag.start < flag.end <= len(result)
        assert len(result) <= 4 * len(source)
        # In a column of several the screens decide which rules see a text: they must not hide one.
        column = pa.array([source, "Other.  Text", source, "", "x"], pa.string())
        together = clean_column(column, how)
        for found in (together[0], together[2]):
            assert (found.edited.text, found.edited.edits) == (result, edits)
            assert found[1:] == cleaned[1:]


def splitter(data: bytes) -> None:
    """Sentences: in order, within lines, without white space at their ends, and every other character in one."""
    source = data[1:].decode("utf-8", "replace")
    language = LANGUAGES[data[0] % len(LANGUAGES)] if data else None
    position = 0
    for start, end in split(source, language):
        assert position <= start < end <= len(source)
        assert not source[position:start].strip()
        sentence = source[start:end]
        assert sentence == sentence.strip()
        assert "\n" not in sentence
        position = end
    assert not source[position:].strip()


def schema(data: bytes) -> None:
    """JSON: refused with the one error, or not accepted where the reference refuses it."""
    try:
        value = load_json(data.decode(), "input")
    except (UnicodeDecodeError, ConfigError):
        return
    json.dumps(value, ensure_ascii=False).encode()  # no half character is let through
    for name in SCHEMAS:
        assert violations(load_schema(name), value) or not refuses(load_schema(name), value), name


def outputs(data: bytes) -> None:
    """Every output: a terminal, a log, a host and a reader of a format obey nothing that a text says."""
    source = data.decode("utf-8", "surrogateescape")
    for _, output in (*log_outputs(source), *text_outputs(source)):
        check_log(output)
    for check in (check_json, check_hosts, check_markdown, check_html, check_pictures, check_git):
        check(source)


def settings(data: bytes) -> None:
    """YAML: settings that JSON can say, by the schema; or refused with the one error."""
    try:
        params = check_params(parse_yaml(data.decode()) or {})
    except (UnicodeDecodeError, ConfigError):
        return
    json.dumps(params, allow_nan=False, ensure_ascii=False).encode()


def definition(data: bytes) -> None:
    """A JSON Schema: columns and a validator follow from it, or it is refused with one of two errors."""
    path = schema_path("t", scratch())
    path.write_bytes(data)
    load_schema.cache_clear()
    try:
        columns = Table("t", path.parent)
    except SchemaError:
        return
    surely_valid(columns.schema, columns.arrow.empty_table())
    assert violations(columns.schema, [])


def records(name: str, data: bytes) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Rows and refusals of a file of records; each row's bytes have its hash, and its metadata obey their schema."""
    folder = scratch() / "seeds"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    status = path.stat()
    seed = Seed(name, Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino))
    assert split_name(name)[1] in CONTAINERS
    container = read_container(folder, seed, scratch() / "kept", INGEST)
    parts = list(container.index_batches())
    rows = [row for part in parts for row in part.to_pylist() if row["reason"] is None]
    refusals = [refusal for part in parts for refusal in container.refusals(part)]
    source = load_schema("source")
    raws = list(texts_of(container.rows, [row["row"] for row in rows]))
    for row, raw in zip(rows, raws, strict=True):
        stored = to_bytes(raw)
        assert (len(stored), hashlib.sha256(stored).hexdigest()) == (row["size"], row["sha256"])
        assert refused_id(row["doc_id"]) is None
        assert violations(source, {"doc_id": row["doc_id"], **json.loads(row["stated"] or "{}")}) == []
    quarantine = load_schema("quarantine")
    for refusal in refusals:
        assert refusal.reason in REASONS
        assert violations(quarantine, refusal._asdict()) == []
    assert rows or refusals
    rows = [{**row, **raw._asdict()} for row, raw in zip(rows, raws, strict=True)]
    return rows, [(refusal.path.partition("#")[2], refusal.reason) for refusal in refusals]


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        text,
        jsonl,
        csv,
        parquet,
        compressed,
        archive,
        feed,
        ninjs,
        book,
        cleaner,
        splitter,
        schema,
        settings,
        definition,
        validator,
        cell,
        page,
        outputs,
    )
}
