"""Training shards: the rows of a corpus in other formats, the same bytes however often the export was killed."""

from __future__ import annotations

import io
import itertools
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from typer.testing import CliRunner

from copydesk.cli import app
from copydesk.core.atomic_files import sha256_file
from copydesk.errors import BuildError, CopydeskError, InputError
from copydesk.exports.mosaic_shards import ListedShard
from copydesk.exports.shard_formats import shard_format
from copydesk.exports.shard_record import JOURNAL, LOCK, MANIFEST
from copydesk.exports.training_shards import ExportedShards, ExportPlan, export_shards
from copydesk.labels.conllu import read_conllu
from copydesk.project import Project
from copydesk.revisions.revision import open_revision
from copydesk.takedowns.takedown import takedown_row, write_to_ledger
from label_history import NEW, OLD, make_history
from support import articles, file_bytes, hard_texts, run_python

FORMATS = ("jsonl", "mds", "webdataset", "conllu")
KILLED = -signal.SIGKILL


def write(project: Project, out: Path, shards: Any, **more: Any) -> ExportedShards:
    options = {name: more.pop(name) for name in ("dry_run", "replace") if name in more}
    plan = ExportPlan(shards, **{"shard_bytes": 20_000, **more})
    return export_shards(open_revision(project.corpus.parent), project.params, out, plan, **options)


def rows_of(project: Project, table: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of the dataset that may be published, by split."""
    by_split: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((project.corpus / "data" / table).glob("*.parquet")):
        split = path.name.partition("-")[0]
        rows = [{**row, "split": split} for row in pq.read_table(path).to_pylist() if row["doc_id"] != "closed"]
        by_split.setdefault(split, []).extend(rows)
    return by_split


def read_jsonl(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.jsonl")):
        yield from (json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1])


def read_tar(folder: Path) -> Iterator[dict[str, Any]]:
    number = 0
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path, "r:") as tar:
            members = tar.getmembers()
            for text, others in zip(members[::2], members[1::2], strict=True):
                assert (text.name, others.name) == (f"{number:09d}.txt", f"{number:09d}.json")
                for member in (text, others):
                    header = (member.mtime, member.uid, member.gid, member.uname, member.mode, member.isreg())
                    assert header == (0, 0, 0, "", 0o644, True)
                number += 1
                row = json.loads(content(tar, others))
                yield {**row, "text": content(tar, text).decode()}


def content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    assert file is not None
    return file.read()


def read_mds(folder: Path) -> Iterator[dict[str, Any]]:
    """A reader of MDS by its description: offsets, sizes, values."""
    decoders: dict[str, Callable[[bytes], Any]] = {
        "str": bytes.decode,
        "int": lambda data: struct.unpack("<q", data)[0],
        "float64": lambda data: struct.unpack("<d", data)[0],
        "json": json.loads,
    }
    for shard in json.loads((folder / "index.json").read_bytes())["shards"]:
        data = (folder / shard["raw_data"]["basename"]).read_bytes()
        assert (shard["version"], shard["format"], len(data)) == (2, "mds", shard["raw_data"]["bytes"])
        assert shard["raw_data"]["hashes"].keys() == {"sha256"}
        (count,) = struct.unpack_from("<I", data)
        offsets = struct.unpack_from(f"<{count + 1}I", data, 4)
        config = json.loads(data[8 + 4 * count : offsets[0]])
        assert count == shard["samples"] and offsets[-1] == len(data) and config.items() <= shard.items()
        for begin in offsets[:-1]:
            at = begin
            variable = sum(size is None for size in config["column_sizes"])
            sizes = iter(struct.unpack_from(f"<{variable}I", data, at))
            at += 4 * variable
            row = {}
            for name, kind, fixed in zip(
                config["column_names"], config["column_encodings"], config["column_sizes"], strict=True
            ):
                size = next(sizes) if fixed is None else fixed
                row[name] = decoders[kind](data[at : at + size])
                at += size
            yield row


READERS = {"jsonl": read_jsonl, "webdataset": read_tar, "mds": read_mds}


@pytest.mark.parametrize("table", ["documents", "sentences"])
@pytest.mark.parametrize("shards", READERS)
def test_rows_come_back_equal(corpus: Project, tmp_path: Path, shards: str, table: str) -> None:
    made = write(corpus, tmp_path, shards, table=table)
    expected = rows_of(corpus, table)
    assert {*expected} == {"train", "validation"} and made.rows == sum(map(len, expected.values()))
    for split, rows in expected.items():
        assert list(READERS[shards](tmp_path / split)) == rows
    assert (made.chosen.documents, made.chosen.restricted) == (41, 1)
    assert made.shards > 2 and made.kept == 0


COLUMNS = pa.schema(
    [
        ("doc_id", pa.string()),
        ("text", pa.string()),
        ("title", pa.string()),
        ("words", pa.int32()),
        ("score", pa.float64()),
        ("public", pa.bool_()),
        ("sentences", pa.list_(pa.struct([("start", pa.int32())]))),
    ]
)
any_rows = st.lists(
    st.fixed_dictionaries(
        {
            "doc_id": hard_texts,
            "text": hard_texts,
            "title": st.none() | hard_texts,
            "words": st.integers(-(2**31), 2**31 - 1),
            "score": st.floats(allow_nan=False),
            "public": st.booleans(),
            "sentences": st.lists(st.fixed_dictionaries({"start": st.integers(0, 9)}), max_size=3),
        }
    ),
    min_size=1,
    max_size=6,
)


@given(st.sampled_from(["jsonl", "mds", "webdataset"]), any_rows)
def test_any_rows_come_back(shards: Any, rows: list[dict[str, Any]]) -> None:
    required = frozenset(COLUMNS.names) - {"title"}
    made = shard_format(shards, COLUMNS, required, 1 << 20)
    encoded = [made.encode(row, number) for number, row in enumerate(rows)]
    data = b"".join(made.pack(encoded))
    assert len(data) == made.overhead + sum(map(made.size, encoded))
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / f"shard-00000.{made.ending}").write_bytes(data)
        index = made.index([ListedShard(f"shard-00000.{made.ending}", len(data), len(rows), "0" * 64)])
        if index is not None:
            (Path(name) / "index.json").write_bytes(index)
        assert list(READERS[shards](Path(name))) == rows


def test_datasets_reads_the_lines(corpus: Project, tmp_path: Path) -> None:
    write(corpus, tmp_path / "out", "jsonl", table="sentences")
    code = """
import json
from datasets import load_dataset
print(json.dumps(load_dataset("json", data_files={"train": "out/train/*.jsonl"}, split="train").to_list()))
"""
    done = run_python(code, cwd=tmp_path, home=tmp_path / "home")
    assert json.loads(done.stdout) == rows_of(corpus, "sentences")["train"], done.stderr


def test_a_manifest_says_where_each_row_is(corpus: Project, tmp_path: Path) -> None:
    write(corpus, tmp_path, "jsonl", table="sentences")
    manifest = json.loads((tmp_path / MANIFEST).read_text("utf-8"))
    listed = json.loads((corpus.corpus / "manifest.json").read_text("utf-8"))
    assert manifest["content_sha256"] == listed["tables"]["sentences"]["content_sha256"]
    assert manifest["left_out"] == {"restricted": 1, "taken_down": 0}
    for split, of_split in manifest["splits"].items():
        for shard in of_split["shards"]:
            path = tmp_path / split / shard["name"]
            rows = [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]
            assert (shard["first_id"], shard["last_id"]) == (rows[0]["sentence_id"], rows[-1]["sentence_id"])
            assert (shard["rows"], shard["bytes"]) == (len(rows), path.stat().st_size)
            assert shard["sha256"] == sha256_file(path) and shard["bytes"] <= 20_000
    names = {f"{split}/{shard['name']}" for split, s in manifest["splits"].items() for shard in s["shards"]}
    assert {*file_bytes(tmp_path)} == {*names, MANIFEST, ".export.lock"}


def test_conllu_has_the_words_and_sentences_of_the_dataset(corpus: Project, tmp_path: Path) -> None:
    write(corpus, tmp_path, "conllu")
    sentences = {row["sentence_id"]: row for rows in rows_of(corpus, "sentences").values() for row in rows}
    texts = {row["doc_id"]: row for rows in rows_of(corpus, "documents").values() for row in rows}
    ids = []
    for path in sorted(tmp_path.glob("*/*.conllu")):
        whole = path.read_text("utf-8")
        for record in read_conllu(whole, path.name):
            assert record.text_sha256 == texts[record.doc_id]["text_sha256"]  # type: ignore[union-attr]
        split = ""
        for block in whole.split("\n\n")[:-1]:
            lines = block.split("\n")
            comments = dict(line[2:].split(" = ", 1) for line in lines if line.startswith("# "))
            split = comments.get("split", split)
            sentence = sentences[comments["sent_id"]]
            ids.append(comments["sent_id"])
            assert split == texts[sentence["doc_id"]]["split"] == path.parent.name
            words = [line.split("\t") for line in lines if not line.startswith("#")]
            assert [int(word[0]) for word in words] == [*range(1, len(words) + 1)]
            spaced = [word[1] + ("" if "SpaceAfter=No" in word[9].split("|") else " ") for word in words]
            assert "".join(spaced).split() == sentence["text"].split()
    assert sorted(ids) == sorted(sentences)


def test_a_larger_row_is_a_shard_of_its_own(corpus: Project, tmp_path: Path) -> None:
    write(corpus, tmp_path, "jsonl", shard_bytes=1 << 10)
    counts = [len(path.read_bytes().split(b"\n")) - 1 for path in tmp_path.glob("*/*.jsonl")]
    assert {*counts} == {1} and len(counts) == 41


def test_one_split_and_a_dry_run(corpus: Project, tmp_path: Path) -> None:
    expected = rows_of(corpus, "documents")
    out = tmp_path / "out"
    made = write(corpus, out, "jsonl", split="validation", dry_run=True)
    assert made.rows == len(expected["validation"]) and not out.exists()
    write(corpus, out, "jsonl", split="validation")
    assert [path.name for path in out.iterdir() if path.is_dir()] == ["validation"]
    with pytest.raises(CopydeskError, match="no rows of documents in test"):
        write(corpus, tmp_path / "none", "jsonl", split="test")


def test_documents_for_use_at_home(corpus: Project, tmp_path: Path) -> None:
    made = write(corpus, tmp_path, "jsonl", include_restricted=True)
    ids = {row["doc_id"] for split in ("train", "validation") for row in read_jsonl(tmp_path / split)}
    assert "closed" in ids and made.chosen.restricted == 0 and made.rows == 42


def test_no_reference_to_a_document_that_is_left_out(make_corpus: Callable[..., Project], tmp_path: Path) -> None:
    text = articles(1)["article-0000.txt"]
    names = ("a-closed", "b-open", "c-open")
    sources = [{"doc_id": name, "license": "CC-BY-4.0"} for name in names if name.endswith("open")]
    files = {f"{name}.txt": text for name in names}
    project = make_corpus(
        {**files, "sources.jsonl": "".join(json.dumps(row) + "\n" for row in sources)},
        {"publish": {"allow": ["CC-BY-4.0"]}, "splits": {"train": 1, "validation": 0, "test": 0}},
    )
    columns = ("doc_id", "duplicate_of", "duplicate_group", "duplicate_kind")
    whole = [tuple(row[name] for name in columns) for row in rows_of(project, "documents")["train"]]
    assert whole == [
        ("a-closed", None, "a-closed", None),
        ("b-open", "a-closed", "a-closed", "exact"),
        ("c-open", "a-closed", "a-closed", "exact"),
    ]
    for out, more in (("public", {}), ("home", {"include_restricted": True})):
        write(project, tmp_path / out, "jsonl", **more)
        rows = [tuple(row[name] for name in columns) for row in read_jsonl(tmp_path / out / "train")]
        assert rows == (whole if more else [("b-open", None, None, None), ("c-open", None, None, None)])


def test_nothing_that_may_be_published(corpus: Project, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="none of its documents may be exported"):
        export_shards(
            open_revision(corpus.corpus.parent),
            {**corpus.params, "publish": {**corpus.params["publish"], "allow": []}},
            tmp_path / "out",
            ExportPlan("jsonl"),
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("shards", FORMATS)
def test_the_same_bytes_however_many_shards_an_earlier_run_wrote(
    corpus: Project, tmp_path: Path, shards: str
) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    write(corpus, whole, shards)
    expected = file_bytes(whole)
    manifest = json.loads(expected[MANIFEST])
    written = [shard for split in manifest["splits"].values() for shard in split["shards"]]
    for count in range(len(written) + 1):
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(whole, part)
        (part / MANIFEST).unlink()
        lines = [json.dumps(line) for line in ({"identity": manifest["identity"]}, *written[:count])]
        unfinished = json.dumps(written[0])[:9] if count % 2 else ""
        (part / "export.part.jsonl").write_text("\n".join(lines) + "\n" + unfinished)
        for shard in written[count:]:
            (part / shard["split"] / shard["name"]).unlink()
        (part / "train" / ".shard-00000.jsonl.0123.tmp").write_text("cut off")
        for index in part.glob("*/index.json"):
            index.unlink()
        assert write(corpus, part, shards).kept == count
        assert file_bytes(part) == expected


def test_a_shard_with_other_bytes_is_written_again(corpus: Project, tmp_path: Path) -> None:
    write(corpus, tmp_path, "jsonl")
    expected = file_bytes(tmp_path)
    (tmp_path / "train" / "shard-00001.jsonl").write_text("{}\n")
    made = write(corpus, tmp_path, "jsonl")
    assert 0 < made.kept < made.shards and file_bytes(tmp_path) == expected
    assert write(corpus, tmp_path, "jsonl").kept == made.shards


def test_an_export_that_is_killed_goes_on(corpus: Project, tmp_path: Path) -> None:
    """Kill the command at random moments until it gets through; the bytes are those of one that was let be."""
    whole, part = tmp_path / "whole", tmp_path / "part"
    write(corpus, whole, "mds", shard_bytes=4_000)
    code = """
import os, signal, sys
from pathlib import Path
from copydesk.exports import training_shards
rename, left, after = Path.replace, int(sys.argv[3]), sys.argv[4] == 'True'
def killed(*given):
    global left
    left -= 1
    if left == 0 and not after: os.kill(os.getpid(), signal.SIGKILL)
    done = rename(*given)
    if left == 0: os.kill(os.getpid(), signal.SIGKILL)
    return done
Path.replace = killed
from copydesk.project import Project
from copydesk.revisions.revision import open_revision
root = sys.argv[1]
plan = training_shards.ExportPlan("mds", shard_bytes=4_000)
training_shards.export_shards(open_revision(Path(root)), Project.open(root).params, Path(sys.argv[2]), plan)
"""
    numbers = random.Random(7)
    statuses = []
    while not statuses or statuses[-1]:
        command = [
            sys.executable,
            "-c",
            code,
            str(corpus.corpus.parent),
            str(part),
            str(numbers.randrange(1, 16)),
            str(numbers.random() < 0.5),
        ]
        statuses.append(subprocess.run(command, check=False, capture_output=True, env={**os.environ}).returncode)
        assert statuses[-1] in (0, KILLED) and len(statuses) < 40
    assert len(statuses) > 2 and file_bytes(part) == file_bytes(whole)


def test_another_export_is_never_overwritten_unasked(corpus: Project, tmp_path: Path) -> None:
    write(corpus, tmp_path, "jsonl")
    before = file_bytes(tmp_path)
    for other in ({"table": "sentences"}, {"shard_bytes": 9_000}, {"include_restricted": True}):
        with pytest.raises(BuildError, match=r"has another export .* replace it with --replace"):
            write(corpus, tmp_path, "jsonl", **other)
    assert file_bytes(tmp_path) == before
    (tmp_path / "train" / "mine.txt").write_text("kept")
    write(corpus, tmp_path, "mds", table="sentences", replace=True)
    assert not [*tmp_path.glob("*/*.jsonl")] and (tmp_path / "train" / "mine.txt").read_text() == "kept"
    assert list(read_mds(tmp_path / "validation")) == rows_of(corpus, "sentences")["validation"]


def test_a_folder_with_other_files_is_refused(corpus: Project, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    for replace in (False, True):
        with pytest.raises(BuildError, match=r"has 'thesis\.tex' and no export\.json"):
            write(corpus, tmp_path, "jsonl", replace=replace)
    assert {*file_bytes(tmp_path)} == {"thesis.tex"}


@pytest.mark.parametrize(
    "text", ["", "no", "[]", '{"identity": "x"}', '{"identity": "x", "splits": {"train": {"shards": [{}]}}}']
)
def test_a_manifest_that_no_export_wrote_is_refused(corpus: Project, tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(BuildError, match=r"export\.json: not what an export writes"):
        write(corpus, tmp_path, "jsonl", replace=True)
    assert file_bytes(tmp_path) == {MANIFEST: text.encode()}


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("name", 5, "name: found 5, expected a string"),
        ("name", "../../shard-00000.jsonl", "expected SPLIT/shard-NUMBER"),
        ("split", None, "split: found None, expected a string"),
        ("split", "../train", "expected SPLIT/shard-NUMBER"),
        ("sha256", [], r"sha256: found \[\], expected a string"),
        ("rows", "many", "rows: found 'many', expected a count"),
        ("rows", -1, "rows: found -1, expected a count"),
        ("first_id", 1.5, "first_id: found 1.5, expected a string"),
        ("more", 1, "unexpected keyword argument 'more'"),
    ],
)
@pytest.mark.parametrize("name", [MANIFEST, JOURNAL])
def test_a_record_of_this_export_with_other_types_is_refused(
    corpus: Project, tmp_path: Path, name: str, field: str, value: Any, found: str
) -> None:
    write(corpus, tmp_path, "jsonl")
    manifest = json.loads((tmp_path / MANIFEST).read_text("utf-8"))
    shards = [shard for split in manifest["splits"].values() for shard in split["shards"]]
    shards[1][field] = value
    (tmp_path / MANIFEST).unlink()
    lines = ({"identity": manifest["identity"]}, *shards) if name == JOURNAL else (manifest,)
    (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    before = file_bytes(tmp_path)
    for replace in (False, True):
        with pytest.raises(BuildError, match=rf"{name}: not what an export writes \(.*{found}"):
            write(corpus, tmp_path, "jsonl", replace=replace)
    assert file_bytes(tmp_path) == before


@pytest.mark.parametrize("folder", ["corpus", "corpus/data/new", "seeds/new", "."])
def test_a_folder_of_the_project_is_refused(corpus: Project, folder: str) -> None:
    out = corpus.corpus.parent / folder
    before = out.exists()
    with pytest.raises(BuildError, match="expected a folder apart from"):
        write(corpus, out, "jsonl")
    assert out.exists() == before and not (out / LOCK).exists()


def test_an_export_that_was_killed_while_it_wrote_its_first_file_goes_on(corpus: Project, tmp_path: Path) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    write(corpus, whole, "jsonl")
    part.mkdir()
    (part / LOCK).write_text("")
    (part / ".export.part.jsonl.0123abcd.tmp").write_text("cut")
    write(corpus, part, "jsonl")
    assert file_bytes(part) == file_bytes(whole)


def killing(moment: int) -> dict[str, Callable[..., Any]]:
    """Methods of paths that end the process at a moment: before or after one of their calls."""
    calls = 0

    def of(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Path, *args: Any, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls * 2 == moment + 2:
                raise KeyboardInterrupt
            result = method(path, *args, **more)
            if calls * 2 == moment + 1:
                raise KeyboardInterrupt
            return result

        return call

    return {name: of(getattr(Path, name)) for name in ("replace", "unlink")}


@pytest.mark.parametrize("second", ["mds", "jsonl"])
@pytest.mark.slow
def test_replacing_an_export_is_killed_anywhere_and_goes_on(
    corpus: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: str
) -> None:
    """Each time that a file is removed or gets its name, before and after it."""
    first, whole = tmp_path / "first", tmp_path / "whole"
    write(corpus, first, "jsonl" if second == "mds" else "mds")
    mine = {"train/mine.txt": b"mine", "train/shard-notes.txt": b"mine", "test/index.json": b"{}"}
    for path, data in mine.items():
        (first / path).parent.mkdir(exist_ok=True)
        (first / path).write_bytes(data)
    write(corpus, whole, second, shard_bytes=60_000)
    for moment in itertools.count():
        part = shutil.copytree(first, tmp_path / f"part-{moment}")
        with monkeypatch.context() as patched:
            for name, kill in killing(moment).items():
                patched.setattr(Path, name, kill)
            try:
                write(corpus, part, second, shard_bytes=60_000, replace=True)
                break
            except KeyboardInterrupt:
                pass
        write(corpus, part, second, shard_bytes=60_000, replace=True)
        assert file_bytes(part) == file_bytes(whole) | mine, moment
    assert file_bytes(part) == file_bytes(whole) | mine and moment > 15


def test_a_file_of_others_is_not_overwritten(corpus: Project, tmp_path: Path) -> None:
    write(corpus, tmp_path, "jsonl")
    (tmp_path / "train" / "index.json").write_text("mine")
    before = file_bytes(tmp_path)
    with pytest.raises(BuildError, match=r"train/index\.json: no export wrote this file"):
        write(corpus, tmp_path, "mds", replace=True)
    assert file_bytes(tmp_path) == before
    (tmp_path / "train").rename(tmp_path / "elsewhere")
    (tmp_path / "train").symlink_to(tmp_path.parent)
    with pytest.raises(BuildError, match="train: leads out of"):
        write(corpus, tmp_path, "webdataset", replace=True)


def test_what_is_impossible_is_refused(corpus: Project, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="conllu holds whole documents with their sentences"):
        write(corpus, tmp_path, "conllu", table="sentences")
    with pytest.raises(InputError, match="--shard-bytes 5: expected 1,024 to"):
        write(corpus, tmp_path, "jsonl", shard_bytes=5)
    assert not file_bytes(tmp_path)


def test_docbin_without_spacy_says_what_to_install(
    corpus: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("spacy", "spacy.tokens", "spacy.vocab"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(BuildError, match=r"spaCy is not installed; install it \(pip install spacy\)"):
        write(corpus, tmp_path / "out", "docbin")
    assert not (tmp_path / "out").exists()


def test_a_release_as_it_may_be_passed_on_today(tmp_path: Path) -> None:
    root, out = make_history(tmp_path / "corpus"), tmp_path / "out"
    params = {"publish": {"allow": ["*"], "respect": []}}
    made = export_shards(open_revision(root, OLD), params, out, ExportPlan("jsonl"))
    ids = {row["doc_id"] for row in read_jsonl(out / "train")}
    assert ids == {"same", "unruled", "edited", "removed", "before", "masked"}  # taken was taken down since
    assert made.chosen.taken_down == 1
    assert json.loads((out / MANIFEST).read_text())["revision"] == OLD
    with pytest.raises(BuildError, match="has another export"):
        export_shards(open_revision(root, NEW), params, out, ExportPlan("jsonl"))
    write_to_ledger(Project.open(root), takedown_row(Project.open(root), "same", "asked for"))
    with pytest.raises(BuildError, match="has another export"):
        export_shards(open_revision(root, OLD), params, out, ExportPlan("jsonl"))


def test_the_command(corpus: Project, tmp_path: Path) -> None:
    root, out = str(corpus.corpus.parent), str(tmp_path / "out")
    run = CliRunner().invoke
    options = ["export", out, "--root", root, "--format", "webdataset", "--table", "sentences"]
    done = run(app, [*options, "--dry-run"])
    assert done.exit_code == 0 and " sentences would be written, of 41 of CC-BY-4.0; 1 left out" in done.output
    done = run(app, options)
    assert done.exit_code == 0 and "sentences in 2 shards, of 41 of CC-BY-4.0; 1 left out" in done.output
    assert "2 of them from an earlier run" in run(app, options).output
    done = run(app, ["export", out, "--root", root, "--format", "jsonl"])
    assert done.exit_code == 1 and isinstance(done.exception, BuildError)
    for wrong in (["--split", "train"], ["--rev", "HEAD"]):
        done = run(app, ["export", out, "--root", root, *wrong])
        assert done.exit_code == 1 and isinstance(done.exception, InputError)


def test_bytes_follow_from_the_rows_alone(corpus: Project, tmp_path: Path) -> None:
    code = (
        "import sys; from copydesk.cli import app; app(['export', sys.argv[1], '--root', sys.argv[2], '--format', "
        "'webdataset'])"
    )
    for seed in ("1", "2"):
        command = [sys.executable, "-c", code, str(tmp_path / seed), str(corpus.corpus.parent)]
        subprocess.run(
            command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed, "TZ": seed}
        )
    assert file_bytes(tmp_path / "1") == file_bytes(tmp_path / "2")
    tar = next((tmp_path / "1").glob("*/*.tar")).read_bytes()
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        assert archive.next() is not None and tar[257:265] == b"ustar\x0000"
