"""A corpus without its texts shows no run of five words of any; the raw files make the very same corpus of it."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from typer.testing import CliRunner

from copydesk import validate
from copydesk.cli import app
from copydesk.core.atomic_files import sha256_file
from copydesk.errors import BuildError, CopydeskError, ValidationError
from copydesk.exports.hydration import Hydrated, _clean_text, _complete_edits, hydrate_corpus
from copydesk.exports.quoted_runs import QuotedRuns, word_runs
from copydesk.exports.sealing import seal, unseal
from copydesk.exports.withheld_columns import DERIVED, PLAIN, plain_part, sealed_values
from copydesk.exports.withheld_export import RENAMED, WithheldExport, export_withheld
from copydesk.project import Project
from copydesk.revisions.revision import open_revision
from copydesk.tables.table import TABLES, table
from copydesk.takedowns.takedown import takedown_row, write_to_ledger
from copydesk.text import Edit, EditedText
from label_history import HARD, NEW, OLD, documents, keep, label, make_history
from support import articles, file_bytes, hard_texts, run_python, run_stages, write_seeds

#: Documents in the corpus of most tests.
COUNT = 22
HEADLINE = "The mayor opened a new bridge over the river on Monday"
PAGE = (
    f"<!DOCTYPE html><html><head><title>{HEADLINE}</title><meta name='author' content='Ines Falk'></head><body>"
    f"<nav>Home News Sport</nav><article><h1>{HEADLINE}</h1><p>{HEADLINE}, and a crowd of a thousand people came to "
    "see it &amp; to walk across. It had been closed for seven years, since the flood took the old one away.</p>"
    "<p>&quot;We waited long&quot;, she said. Nobody who lived on the other bank had believed in it any more.</p>"
    "</article></body></html>"
)
#: Headlines whose words are spelled in another way in names.
OTHERS = (
    "市長在河上開了一座新橋。 Bürgermeister löst überraschend fünf Ämter auf. Préfet démissionne après éclatée affaire. "
    "Søndag løb på grønne øer. The zoo's U.S. bridge cost 3,500 dollars."
)
#: Russian that was decoded as another encoding: what is made of it is the text itself.
MOJIBAKE = "Мэр открыл в понедельник новый мост через реку, и пришла тысяча человек.".encode().decode(
    "cp1252", "replace"
)
MAIL = "Write to ines.falk@example.org before Monday, she said. The rest of the letter was about the harbour."
NOTE = "An editor wrote a sentence about this label that is long."


def seeds() -> dict[str, bytes | str]:
    files: dict[str, bytes | str] = dict(articles(12))
    files["twin.txt"] = articles(12)["article-0003.txt"]
    slug = "-".join(HEADLINE.lower().split())
    files[f"{slug}.html"] = PAGE
    files["plain/page.html"] = PAGE.replace("Monday", "Tuesday")
    files["mail.txt"] = MAIL
    files["windows.txt"] = (HARD + "\r\n\r\n" + "A line  with two spaces.\r\n").encode("utf-16")
    files["garbled.txt"] = MOJIBAKE + "\n\nThe outcome of the war?Russia  does not know it yet."
    records = [
        {
            "id": f"record-{n}",
            "text": f"Record {n}. " + text,
            "title": f"Headline of {n}: {HEADLINE}",
            "url": f"https://example.org/{slug}-{n}",
        }
        for n, text in enumerate(articles(20).values())
        if n > 15
    ]
    files["wire.jsonl.gz"] = gzip.compress("".join(json.dumps(row) + "\n" for row in records).encode(), mtime=0)
    sources = [{"doc_id": "mail", "title": "The rest of the letter was about the harbour", "license": "CC-BY-4.0"}]
    files["sources.jsonl"] = "".join(json.dumps(row) + "\n" for row in sources)
    return files


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of files of many kinds, with labels and signatures."""
    root = tmp_path_factory.mktemp("withheld")
    write_seeds(root / "seeds", seeds())
    settings = {
        "engine": {"workers": 1},
        "clean": {"rules": {"mask-email-address": "probable"}},
        "publish": {"signatures": True},
        "shards": {"target": 4, "minimum": 2, "maximum": 9},
        "splits": {"train": 0.6, "validation": 0.4, "test": 0, "minimum": 1},
    }
    (root / "params.yaml").write_text(json.dumps(settings))
    run_stages(Project.open(root))
    texts = documents(root)
    keep(
        root,
        "words",
        [label(texts["mail"], "harbour", note=NOTE, id="secret-id"), label(texts["article-0001"], "Report 1")],
    )
    return run_stages(Project.open(root)).corpus.parent


@pytest.fixture(scope="module")
def withheld(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "withheld"
    made = export_withheld(open_revision(root), Project.open(root), out)
    assert made == WithheldExport(COUNT, 0, 0, 1)
    return out


@pytest.fixture
def copy(withheld: Path, tmp_path: Path) -> Path:
    return shutil.copytree(withheld, tmp_path / "copy")


# What is written holds no text.


def runs(text: str) -> set[tuple[str, ...]]:
    """Runs of five words, whatever is between them."""
    words = re.findall(r"[^\W_]+", text.casefold())
    return {*zip(*(words[n:] for n in range(5)), strict=False)}


def strings(value: Any) -> Iterator[str]:
    """All that a value may say, also as bytes of some encoding, packed or not."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        for data in (value, unpacked(value)):
            yield from (data.decode(encoding, "ignore") for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (*strings(key), *strings(inner))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from strings(inner)


def unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error:
        return b""


def said(folder: Path) -> Iterator[str]:
    """All that the files of a folder say: their names, bytes, columns, values, footers."""
    for path in sorted(folder.rglob("*")):
        yield path.name
        if path.is_file():
            yield from strings(path.read_bytes())
        if path.suffix == ".parquet":
            rows = pq.read_table(path)
            for column in rows.column_names:
                for value in rows[column].to_pylist():
                    yield from strings(value)
            footer = pq.read_metadata(path)
            for group in range(footer.num_row_groups):
                yield from strings(str(footer.row_group(group).to_dict()))


def quoted(folder: Path, corpus: Path) -> set[tuple[str, ...]]:
    """Runs of five words of the texts of a corpus that a folder holds."""
    texts = {
        run
        for name in ("documents", "raw")
        for path in (corpus / "data" / name).glob("*.parquet")
        for text in pq.read_table(path)["text"].to_pylist()
        for run in runs(text)
    }
    assert len(texts) > 500
    return texts & {run for text in said(folder) for run in runs(text)}


def test_no_run_of_five_words_is_in_any_file(root: Path, withheld: Path) -> None:
    assert quoted(withheld, root / "corpus") == set()
    assert len(quoted(root / "corpus", root / "corpus")) > 500  # the test can fail
    everything = "\n".join(said(withheld))
    for secret in (
        "ines.falk",
        "Ines Falk",
        "secret-id",
        "An editor wrote",
        "the-mayor",
        "example.org",
        "record-17.txt",
    ):
        assert secret not in everything, secret


def test_what_after_holds_is_plain_only_without_letters_and_digits(root: Path, withheld: Path) -> None:
    plain = [row for path in sorted(withheld.glob("data/edits/*")) for row in pq.read_table(path).to_pylist()]
    whole = [row for path in sorted(root.glob("corpus/data/edits/*")) for row in pq.read_table(path).to_pylist()]
    assert any("открыл" in row["after"] for row in whole)  # a repaired encoding is the text itself
    for shown, row in zip(plain, whole, strict=True):
        assert shown["after"] == (None if re.search(r"\w", row["after"]) else row["after"])
    assert {row["after"] for row in plain} > {None, "", " "}
    assert not {"before", "parts", "otherwise"} & {*plain[0]}


def test_each_column_is_known_or_sealed() -> None:
    """A new column is sealed; whoever names one as plain must have looked at it."""
    for name in TABLES:
        columns = {*table(name).arrow.names}
        assert {*PLAIN[name]} | {*DERIVED.get(name, ())} <= columns
        assert not {"text", "title", "byline", "url", "path", "fields", "by", "sentence_id", "label_id"} & {
            *PLAIN[name]
        }
    sealed = {name: {*table(name).arrow.names} - {*PLAIN[name], *DERIVED.get(name, ())} for name in TABLES}
    assert sealed == {
        "documents": {"title", "byline", "source", "publisher", "url", "rights", "seen_in"},
        "sentences": set(),
        "raw": {"path"},
        "edits": {"parts", "otherwise"},
        "labels": {"label_id", "text", "sentence_ids", "by", "fields"},
        "signatures": {"text_key", "minhash"},
    }


def test_offsets_labels_and_hashes_are_there(root: Path, withheld: Path) -> None:
    code = """
import json
from datasets import load_dataset
print(json.dumps({name: load_dataset("withheld", name, split="train").column_names
    for name in ("documents", "sentences", "edits", "raw")}))
"""
    done = run_python(code, cwd=withheld.parent, home=withheld.parent / "home")
    columns = json.loads(done.stdout)
    assert columns["sentences"] == ["doc_id", "index", "paragraph", "start", "end", "raw_start", "raw_end", "split"]
    assert {"text_sha256", "raw_sha256", "words", "license", "sealed"} < {*columns["documents"]}
    (labelled,) = [
        row
        for path in withheld.glob("data/labels/*")
        for row in pq.read_table(path).to_pylist()
        if row["doc_id"] == "mail"
    ]
    place = documents(root)["mail"]["text"].index("harbour")
    assert (labelled["label"], labelled["start"], labelled["end"]) == ("THING", place, place + 7)


def test_an_id_that_quotes_a_text_is_replaced_everywhere(root: Path, withheld: Path) -> None:
    own = next(doc_id for doc_id in documents(root) if doc_id.startswith("the-mayor"))
    rows = {
        name: [r for p in withheld.glob(f"data/{name}/*") for r in pq.read_table(p).to_pylist()] for name in TABLES
    }
    (renamed,) = {row["doc_id"] for row in rows["documents"] if row["doc_id"].startswith(RENAMED)}
    assert renamed == f"{RENAMED}{documents(root)[own]['raw_sha256']}-1"
    assert all(any(row["doc_id"] == renamed for row in rows[name]) for name in ("sentences", "raw", "edits"))


@pytest.mark.parametrize(
    ("name", "quotes"),
    [
        ("The%20mayor%20opened%20a%20new%20bridge", True),
        ("TheMayorOpenedANewBridgeOver", True),
        ("2026_the_mayor_opened_a_new_bridge", True),
        ("市長在河上開了一座新橋", True),
        ("20240105_TheMayorOpenedANewBridgeOver2", True),
        ("2024 The%2520mayor%20opened&amp;a&#32;new bridge", True),
        ("buergermeister-loest-ueberraschend-fuenf-aemter", True),
        ("prefet-demissionne-apres-eclatee-affaire", True),
        ("soendag-loeb-paa-groenne-oeer", True),
        ("zoos-us-bridge-cost-3500-dollars", True),
        ("themayoropenedanewbridge", True),
        ("the-mayor-opened", False),
        ("Buergermeister-loest", False),
        ("a8f3e2c1d4b5a6978877665544332211", False),
        ("V1StGXR8_Z5jdHi6B-myT", False),
    ],
)
def test_ids_that_quote_in_other_forms(
    make_corpus: Callable[..., Project], tmp_path: Path, name: str, quotes: bool
) -> None:
    project = make_corpus({f"{name}.txt": f"{HEADLINE}.\n\n{OTHERS}", "b.txt": "Another text."})
    made = export_withheld(open_revision(project.corpus.parent), project, tmp_path / "out")
    assert made == WithheldExport(2, 0, 0, int(quotes))
    assert quotes != any(name in string for string in said(tmp_path / "out"))
    hydrate_corpus(tmp_path / "out", project.seeds, tmp_path / "whole")
    assert file_bytes(tmp_path / "whole") == file_bytes(project.corpus)


def test_an_id_that_looks_like_one_that_stands_for_another(
    make_corpus: Callable[..., Project], tmp_path: Path
) -> None:
    slug = "-".join(HEADLINE.lower().split())
    first = f"{RENAMED}{hashlib.sha256(HEADLINE.encode()).hexdigest()}-1"
    project = make_corpus({f"{slug}.txt": HEADLINE, f"{first}.txt": "Another text.", "twin.txt": HEADLINE})
    export_withheld(open_revision(project.corpus.parent), project, tmp_path / "out")
    assert {*read_documents(tmp_path / "out")} == {first, f"{first[:-1]}2", "twin"}
    hydrate_corpus(tmp_path / "out", project.seeds, tmp_path / "whole")
    assert file_bytes(tmp_path / "whole") == file_bytes(project.corpus)


def test_a_release_comes_back_byte_for_byte(tmp_path: Path) -> None:
    root = make_history(tmp_path / "corpus")
    export_withheld(open_revision(root, NEW), Project.open(root), tmp_path / "withheld")
    hydrate_corpus(tmp_path / "withheld", root / "seeds", tmp_path / "whole")
    assert file_bytes(tmp_path / "whole") == file_bytes(root / "corpus")


@pytest.mark.parametrize("column", ["title", "byline", "source", "publisher", "url"])
def test_an_id_that_quotes_what_is_sealed_is_replaced(
    make_corpus: Callable[..., Project], tmp_path: Path, column: str
) -> None:
    value = "Governor resigns after bribe scandal"
    record = {"id": "governor-resigns-after-bribe-scandal-2", "text": "One text.", column: value}
    if column == "url":
        record["url"] = f"https://example.org/news/{record['id'][:-2]}.html"
    project = make_corpus({"wire.jsonl": json.dumps(record) + "\n", "b.txt": "Another text."})
    made = export_withheld(open_revision(project.corpus.parent), project, tmp_path / "out")
    assert made.renamed == 1
    assert not any("governor" in string.casefold() for string in said(tmp_path / "out"))


def test_a_setting_that_names_a_sealed_title_is_refused(make_corpus: Callable[..., Project], tmp_path: Path) -> None:
    record = {"id": "a", "text": "One text.", "title": "Governor resigns after bribe scandal"}
    keep = "doc_id != 'governor-resigns-after-bribe-scandal-2'"
    project = make_corpus({"wire.jsonl": json.dumps(record) + "\n"}, {"select": {"keep": keep}})
    with pytest.raises(BuildError, match=r"params\.yaml: select: keep: .* shares five words in a row"):
        export_withheld(open_revision(project.corpus.parent), project, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_many_documents_share_is_no_quote(make_corpus: Callable[..., Project], tmp_path: Path) -> None:
    """The host of an address, a license, and a time that the page says as well."""
    time = "2026-01-05T12:30:00+00:00"
    page = PAGE.replace("<head>", f"<head><meta property='article:published_time' content='{time}'>")
    record = {"id": "www-the-example-daily-org-1", "text": "One text.", "url": "https://www.the.example-daily.org/1"}
    project = make_corpus({"a.html": page, "wire.jsonl": json.dumps({**record, "published": time}) + "\n"})
    assert time in {row["published"] for row in read_documents(project.corpus).values()}
    made = export_withheld(open_revision(project.corpus.parent), project, tmp_path / "out")
    assert made.renamed == 0


slugged_letters = {**dict.fromkeys("äæ", "ae"), "ö": "oe", "ø": "oe", "ü": "ue", "å": "aa", "ß": "ss", "é": "e"}


@given(
    st.lists(st.text("abceosuäöüßøåæé", min_size=1, max_size=7).map("{}nt".format), min_size=5, max_size=8),
    st.sampled_from(["-", "_", "%20", "+", "&amp;", ""]),
    st.booleans(),
)
def test_any_headline_is_found_in_any_slug(words: list[str], between: str, spelled: bool) -> None:
    bare = {**slugged_letters, "ä": "a", "ö": "o", "ø": "o", "ü": "u", "å": "a"}
    parts = [word.translate(str.maketrans(slugged_letters if spelled else bare)) for word in words]
    slug = between.join(parts if between else map(str.capitalize, parts))
    runs = QuotedRuns()
    for name in (slug, f"12{slug}34"):
        runs.add("doc_id", name)
    runs.scan(f"Before it. {' '.join(words)}. Behind it.")
    assert len(runs.quoting) == 2


@pytest.mark.parametrize("where", ["label", "label of one word", "setting"])
def test_a_name_that_quotes_a_text_is_refused(
    make_corpus: Callable[..., Project], tmp_path: Path, where: str
) -> None:
    quote = "Report 1. The rest of the letter"
    params = {"corpus": {"title": f"On: {quote}"}} if where == "setting" else {}
    project = make_corpus({"a.txt": quote + " was long.", "b.txt": "Another text."}, params)
    root = project.corpus.parent
    found = r"params\.yaml: corpus: title: 'On: Report"
    if where != "setting":
        name = quote if where == "label" else "TheRestOfTheLetter2"
        keep(root, "words", [label(documents(root)["a"], "Report 1", label=name)])
        run_stages(project)
        found = rf"labels\.label: '{name}'"
    with pytest.raises(BuildError, match=rf"{found}.*shares five words in a row with a text"):
        export_withheld(open_revision(root), project, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# What is made of it is the corpus.


def test_the_raw_files_make_the_same_corpus_byte_for_byte(root: Path, withheld: Path, tmp_path: Path) -> None:
    out = tmp_path / "whole"
    assert hydrate_corpus(withheld, root / "seeds", out) == Hydrated(COUNT, True, [], [])
    made, original = file_bytes(out), file_bytes(root / "corpus")
    assert made == original
    assert validate(out, Project.open(root).schemas).ok


def test_files_may_have_other_names_and_folders(root: Path, withheld: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    for number, path in enumerate(
        sorted(p for p in (root / "seeds").rglob("*") if p.is_file() and p.name != "sources.jsonl")
    ):
        ending = "".join(path.suffixes) if path.suffix == ".gz" else path.suffix
        (raw / f"{number % 3}").mkdir(parents=True, exist_ok=True)
        shutil.copy(path, raw / f"{number % 3}" / f"file{number}{ending}")
    hydrate_corpus(withheld, raw, tmp_path / "whole")
    assert file_bytes(tmp_path / "whole") == file_bytes(root / "corpus")


def test_another_file_is_named_with_both_hashes_and_refused(root: Path, withheld: Path, tmp_path: Path) -> None:
    raw = shutil.copytree(root / "seeds", tmp_path / "raw")
    expected = sha256_file(raw / "mail.txt")
    (raw / "mail.txt").write_text(MAIL + " ")
    made = hydrate_corpus(withheld, raw, tmp_path / "whole", partial=True)
    found = sha256_file(raw / "mail.txt")
    assert made.other == [f"{raw}/mail.txt: document mail: found SHA-256 {found}, expected {expected}"]
    assert not made.written and not (tmp_path / "whole").exists()
    done = CliRunner().invoke(app, ["hydrate", str(withheld), "--raw", str(raw), "--out", str(tmp_path / "whole")])
    assert done.exit_code == 1 and found in done.output and expected in done.output
    assert "0 are missing, 1 are other texts; nothing is written" in " ".join(done.output.split())


def test_missing_files_are_named_and_the_others_made_if_wanted(root: Path, withheld: Path, tmp_path: Path) -> None:
    raw, out = shutil.copytree(root / "seeds", tmp_path / "raw"), tmp_path / "whole"
    (raw / "article-0003.txt").unlink()
    (raw / "twin.txt").unlink()
    (raw / "plain" / "page.html").unlink()
    options = ["hydrate", str(withheld), "--raw", str(raw), "--out", str(out)]
    done = CliRunner().invoke(app, options)
    assert done.exit_code == 1 and not out.exists()
    output = " ".join(done.output.split())
    for doc_id in ("article-0003", "twin", "page"):
        assert f"document {doc_id}: no file or record with SHA-256 {documents(root)[doc_id]['raw_sha256']}" in output
    assert (
        f"of {COUNT} documents 3 are missing, 0 are other texts; nothing is written (--partial makes the others)"
        in output
    )
    done = CliRunner().invoke(app, [*options, "--partial"])
    assert done.exit_code == 1 and f"{COUNT - 3} documents: each text by its hash" in " ".join(done.output.split())
    made, whole = read_documents(out), documents(root)
    assert {*made} == {*whole} - {"article-0003", "twin", "page"}
    assert all(made[doc_id]["text"] == whole[doc_id]["text"] for doc_id in made)
    assert validate(out, Project.open(root).schemas).ok
    assert CliRunner().invoke(app, [*options, "--partial"]).exit_code == 1  # it is there already
    done = CliRunner().invoke(
        app, ["hydrate", str(withheld), "--raw", str(root / "seeds"), "--out", str(tmp_path / "all")]
    )
    assert done.exit_code == 0 and "the rows of the original, by their logical hashes" in " ".join(
        done.output.split()
    )


def read_documents(corpus: Path) -> dict[str, dict[str, Any]]:
    return {r["doc_id"]: r for p in corpus.glob("data/documents/*") for r in pq.read_table(p).to_pylist()}


def test_no_file_at_all(withheld: Path, tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    made = hydrate_corpus(withheld, tmp_path / "raw", tmp_path / "whole", partial=True)
    assert len(made.missing) == COUNT and not made.written and not (tmp_path / "whole").exists()
    with pytest.raises(BuildError, match="no such folder"):
        hydrate_corpus(withheld, tmp_path / "nowhere", tmp_path / "whole")


def test_a_file_that_is_read_in_another_way_is_refused(root: Path, withheld: Path, tmp_path: Path) -> None:
    raw = shutil.copytree(root / "seeds", tmp_path / "raw")
    (raw / "windows.txt").rename(raw / "windows.json")  # which it is not
    made = hydrate_corpus(withheld, raw, tmp_path / "whole")
    assert [message.partition(": ")[2][:17] for message in made.missing] == ["document windows:"]
    (raw / "windows.json").unlink()
    page = (root / "seeds" / "plain" / "page.html").read_text("utf-8")
    (raw / "plain" / "page.html").write_bytes(page.encode("utf-8-sig"))
    assert len(hydrate_corpus(withheld, raw, tmp_path / "whole").other) == 1


def test_nothing_is_overwritten(root: Path, withheld: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(BuildError, match="exists and is not an empty folder"):
        hydrate_corpus(withheld, root / "seeds", tmp_path)
    with pytest.raises(BuildError, match=r"has files and no withheld\.json"):
        export_withheld(open_revision(root), Project.open(root), tmp_path)
    for folder in ("corpus", "corpus/data/new", "seeds/new", "."):
        with pytest.raises(BuildError, match="expected a folder apart from"):
            export_withheld(open_revision(root), Project.open(root), root / folder)
    assert file_bytes(tmp_path) == {"mine.txt": b"kept"}


def test_the_whole_corpus_stands_beside_the_other_one_by_default(root: Path, copy: Path) -> None:
    done = CliRunner().invoke(app, ["hydrate", str(copy), "--raw", str(root / "seeds")])
    assert done.exit_code == 0 and f"{copy.name}-whole: {COUNT} documents" in done.output.replace("\n", "")
    assert {*read_documents(copy.with_name(f"{copy.name}-whole"))} == {*documents(root)}


@pytest.mark.parametrize(("inside", "given"), [(".", "."), ("data", "..")])
def test_hydrate_from_within_the_corpus(
    root: Path, copy: Path, monkeypatch: pytest.MonkeyPatch, inside: str, given: str
) -> None:
    monkeypatch.chdir(copy / inside)
    done = CliRunner().invoke(app, ["hydrate", given, "--raw", str(root / "seeds")])
    assert done.exit_code == 0, done.output
    assert {*read_documents(copy.with_name(f"{copy.name}-whole"))} == {*documents(root)}


def test_the_same_corpus_gives_the_same_bytes(root: Path, withheld: Path, copy: Path) -> None:
    others = {".git/HEAD": b"ref: refs/heads/main", "LICENSE": b"MIT", "data/mine.parquet": b"mine"}
    write_seeds(copy, others)
    (copy / "README.md").write_text("of an earlier run")
    options = ["export", str(copy), "--root", str(root), "--withhold-text"]
    done = CliRunner().invoke(app, [*options, "--dry-run"])
    assert done.exit_code == 0 and f"{COUNT} documents would be written without texts" in " ".join(
        done.output.split()
    )
    assert (copy / "README.md").read_text() == "of an earlier run"
    assert CliRunner().invoke(app, options).exit_code == 0
    assert file_bytes(copy) == file_bytes(withheld) | others


def test_files_of_an_earlier_export_go_and_those_of_others_stay(
    make_corpus: Callable[..., Project], root: Path, copy: Path
) -> None:
    others = {".git/HEAD": b"ref: refs/heads/main", "notes.txt": b"mine", "data/labels/notes.txt": b"mine"}
    write_seeds(copy, others)
    project = make_corpus({"a.txt": "One text.", "b.txt": "Another text."})
    export_withheld(open_revision(project.corpus.parent), project, copy)
    assert not (copy / "data" / "signatures").exists()
    alone = copy.with_name("alone")
    export_withheld(open_revision(project.corpus.parent), project, alone)
    assert file_bytes(copy) == file_bytes(alone) | others


def test_an_export_that_is_killed_while_it_replaces_another_goes_on(
    make_corpus: Callable[..., Project], withheld: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_corpus({"a.txt": "One text.", "b.txt": "Another text."})
    alone, replace = tmp_path / "alone", Path.replace
    export_withheld(open_revision(project.corpus.parent), project, alone)
    for moves in range(9):
        out = shutil.copytree(withheld, tmp_path / f"{moves}")
        left = moves + 1

        def killed(self: Path, target: Path) -> Path:
            nonlocal left
            left -= ".withheld-export" in self.parts
            if left < 0:
                raise KeyboardInterrupt
            return replace(self, target)

        monkeypatch.setattr(Path, "replace", killed)
        try:
            export_withheld(open_revision(project.corpus.parent), project, out)
            assert moves > 3
        except KeyboardInterrupt:
            pass
        monkeypatch.undo()
        export_withheld(open_revision(project.corpus.parent), project, out)
        assert file_bytes(out) == file_bytes(alone), moves


@pytest.mark.parametrize("listing", ["{}", "[]", "no", '{"form": 1, "tables": {"raw": 5}}', '{"form": 2}'])
def test_files_beside_a_listing_that_no_export_wrote_stay(root: Path, tmp_path: Path, listing: str) -> None:
    write_seeds(tmp_path, {"withheld.json": listing, "thesis.txt": "years of work", "README.md": "mine"})
    before = file_bytes(tmp_path)
    with pytest.raises(BuildError, match=r"withheld\.json: not what export --withhold-text writes"):
        export_withheld(open_revision(root), Project.open(root), tmp_path)
    assert file_bytes(tmp_path) == before


def test_a_file_in_the_place_of_one_to_write_stays(root: Path, copy: Path) -> None:
    path = "data/labels/train-00000-of-00001.parquet"
    changed(copy, lambda listed: listed["tables"]["labels"]["files"].clear())
    (copy / path).write_text("mine")
    before = file_bytes(copy)
    with pytest.raises(BuildError, match=rf"{path}: no export wrote this file"):
        export_withheld(open_revision(root), Project.open(root), copy)
    assert file_bytes(copy) == before


def test_a_link_out_of_the_folder_is_not_followed(root: Path, copy: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (copy / "data" / "raw").rename(elsewhere)
    (copy / "data" / "raw").symlink_to(elsewhere)
    before = file_bytes(elsewhere)
    with pytest.raises(BuildError, match="leads out of"):
        export_withheld(open_revision(root), Project.open(root), copy)
    assert file_bytes(elsewhere) == before


def test_documents_that_were_taken_down_are_left_out_of_past_releases(tmp_path: Path) -> None:
    root = make_history(tmp_path / "corpus")
    old = tmp_path / "old-seeds"
    for doc_id, text in documents_at(root, OLD).items():
        write_seeds(old, {f"{doc_id}.txt": text})
    made = export_withheld(open_revision(root, OLD), Project.open(root), tmp_path / "withheld")
    assert made == WithheldExport(6, 1, 0, 0)
    hydrate_corpus(tmp_path / "withheld", old, tmp_path / "whole")
    whole = read_documents(tmp_path / "whole")
    assert {*whole} == {"same", "unruled", "edited", "removed", "before", "masked"}
    assert validate(tmp_path / "whole", Project.open(root).schemas).ok
    write_to_ledger(Project.open(root), takedown_row(Project.open(root), "same", "asked for"))
    made = export_withheld(open_revision(root, NEW), Project.open(root), tmp_path / "new")
    assert "same" not in {r["doc_id"] for p in tmp_path.glob("new/data/*/*") for r in pq.read_table(p).to_pylist()}


def documents_at(root: Path, rev: str) -> dict[str, str]:
    revision = open_revision(root, rev)
    rows = pa.concat_tables(revision.read(shard, ["doc_id", "text"]) for shard in revision.shards("raw"))
    return dict(zip(rows["doc_id"].to_pylist(), rows["text"].to_pylist(), strict=True))


# Edits, and what seals them.


@st.composite
def edited_texts(draw: st.DrawFn) -> EditedText:
    text = EditedText(draw(hard_texts))
    for number in range(draw(st.integers(0, 3))):
        cuts = sorted(draw(st.lists(st.integers(0, len(text.text)), max_size=6)))
        spans = [*zip(cuts[::2], cuts[1::2], strict=False)]
        spans = [span for n, span in enumerate(spans) if n == 0 or span[0] > spans[n - 1][1]]
        text = text.apply(Edit(start, end, draw(hard_texts)[:9], f"rule-{number}") for start, end in spans)
    return text


@given(edited_texts(), st.lists(st.booleans(), max_size=30))
def test_any_edits_give_the_clean_text_and_show_no_letter(text: EditedText, suggested: list[bool]) -> None:
    rows = [
        {
            **edit._asdict(),
            "doc_id": "a",
            "index": number,
            "rules": list(edit.rules),
            "tiers": ["safe"] * len(edit.rules),
            "tier": "safe",
            "applied": True,
            "parts": [part._asdict() for part in edit.parts],
            "otherwise": [{"choice": "-r", "raw_start": 0, "raw_end": 0, "text": edit.before, "rules": []}],
            "split": "train",
        }
        for number, edit in enumerate(text.edits)
    ]
    whole = table("edits").from_rows(rows)
    plain = plain_part("edits", whole)
    assert not re.search(r"[^\W_]", "".join(filter(None, plain["after"].to_pylist())))
    blob = seal([values for _, values in sealed_values("edits", whole)], text.raw)
    edits = plain.to_pylist()
    _complete_edits(edits, unseal(blob, text.raw), text.raw)
    assert _clean_text(edits, text.raw, "a") == text.text
    assert table("edits").from_rows(edits).equals(whole)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | hard_texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(hard_texts, inner, max_size=4),
    max_leaves=12,
)


@given(values, hard_texts, st.data())
def test_sealed_values_open_with_their_text_alone(value: Any, text: str, data: st.DataObject) -> None:
    blob = seal(value, text)
    assert unseal(blob, text) == value and seal(value, text) == blob
    other = data.draw(hard_texts.filter(lambda other: other != text))
    place, bit = data.draw(st.integers(0, len(blob) - 1)), data.draw(st.integers(0, 7))
    flipped = bytes(byte ^ (1 << bit) * (n == place) for n, byte in enumerate(blob))
    for wrong, key in ((blob, other), (flipped, text), (blob[:-1], text), (blob + b"x", text), (b"", text)):
        with pytest.raises(ValidationError, match="do not open with this text"):
            unseal(wrong, key)


def test_two_values_under_one_text_share_no_key_stream() -> None:
    """As two releases of a document have: the difference of the sealed bytes would be that of the values."""
    first, second = ("".join(chr(97 + (n * step) % 26) for n in range(400)) for step in (7, 11))
    sealed = [seal(value, "the text") for value in (first, second)]
    packed = [zlib.compress(json.dumps(value).encode(), 9) for value in (first, second)]
    difference = bytes(a ^ b for a, b in zip(*(blob[32:] for blob in sealed), strict=False))
    assert difference != bytes(a ^ b for a, b in zip(*packed, strict=False))[: len(difference)]


def test_a_bomb_of_sealed_values_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copydesk.exports.sealing._MOST_BYTES", 1 << 16)
    with pytest.raises(ValidationError, match="more than 65,536 bytes"):
        unseal(seal("a" * (1 << 20), "text"), "text")


@given(st.lists(st.sampled_from(["one", "Two", "drei", "vier", "中", "文", "5", "-", ". ", "_", " "]), max_size=30))
def test_runs_of_words_are_those_of_a_plain_reading(pieces: list[str]) -> None:
    text = " ".join(pieces)
    words = re.findall(r"[中文]|[a-z0-9]+", text.casefold())
    assert [*word_runs(text)] == [tuple(words[n : n + 5]) for n in range(len(words) - 4)]


# Nothing that comes in is trusted.


def changed(copy: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    listed = json.loads((copy / "withheld.json").read_text("utf-8"))
    change(listed)
    (copy / "withheld.json").write_text(json.dumps(listed), "utf-8")


def rewritten(copy: Path, name: str, change: Callable[[pa.Table], pa.Table], **more: Any) -> None:
    """Change the first file of a table, and what the listing says of it."""
    path = sorted(copy.glob(f"data/{name}/*.parquet"))[0]
    pq.write_table(change(pq.read_table(path)), path, **more)
    place = path.relative_to(copy).as_posix()
    changed(copy, lambda listed: listed["tables"][name]["files"][place].update(sha256=sha256_file(path)))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda listed: listed.pop("tables"), "not what export --withhold-text writes"),
        (lambda listed: listed.update(form=2), "form 2, expected 1"),
        (lambda listed: listed.update(params={"clean": 3}), "does not obey params.schema.json"),
        (lambda listed: listed["tables"].update(raw=[]), "not what export --withhold-text writes"),
        (lambda listed: listed["tables"]["raw"]["files"].update({"../../x": {"sha256": "0" * 64}}), r"'\.\./\.\./x'"),
        (
            lambda listed: listed["tables"]["raw"]["files"].update(
                {"data/edits/train-00000-of-00001.parquet": {"sha256": "0" * 64}}
            ),
            "expected data/raw/",
        ),
        (lambda listed: listed["tables"]["sentences"].update(splits={}), "expected a logical hash"),
        (lambda listed: listed["tables"]["labels"]["splits"].pop("train"), "expected a logical hash"),
        (lambda listed: listed["tables"].pop("sentences"), "sentences: 0 rows, and sealed values of"),
        (lambda listed: listed["tables"].pop("labels"), "labels: 0 rows, and sealed values of 1;"),
        (lambda listed: listed["tables"].pop("signatures"), "signatures: 0 rows, and sealed values of 1;"),
        (lambda listed: listed["tables"].pop("edits"), "edits: 0 rows, and sealed values of"),
        (
            lambda listed: listed["tables"]["sentences"]["splits"]["train"].update(logical_sha256="0" * 64),
            "made rows with the logical hash",
        ),
    ],
)
def test_a_listing_that_says_something_else_is_refused(
    root: Path, copy: Path, tmp_path: Path, change: Callable[[dict[str, Any]], Any], found: str
) -> None:
    changed(copy, change)
    with pytest.raises(ValidationError, match=found):
        hydrate_corpus(copy, root / "seeds", tmp_path / "whole")
    assert not (tmp_path / "whole").exists()


def moved(column: str, by: int) -> Callable[[pa.Table], pa.Table]:
    def change(rows: pa.Table) -> pa.Table:
        values = [value + by for value in rows[column].to_pylist()]
        return rows.set_column(
            rows.column_names.index(column), column, pa.array(values, rows.schema.field(column).type)
        )

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("edits", moved("raw_start", 1_000_000)),
        ("edits", moved("raw_end", -1)),
        ("edits", lambda rows: rows.slice(1)),
        ("edits", lambda rows: rows.drop_columns(["after"])),
        (
            "edits",
            lambda rows: rows.set_column(
                rows.column_names.index("applied"), "applied", pa.array(["yes"] * rows.num_rows)
            ),
        ),
        ("sentences", moved("start", 1)),
        ("sentences", lambda rows: rows.drop_columns(["end"])),
        ("sentences", lambda rows: rows.append_column("more", pa.array([1] * rows.num_rows))),
        ("documents", lambda rows: rows.drop_columns(["sealed"])),
        (
            "documents",
            lambda rows: rows.set_column(
                rows.column_names.index("sealed"), "sealed", pa.array([None] * rows.num_rows, pa.binary())
            ),
        ),
        (
            "documents",
            lambda rows: rows.set_column(
                rows.column_names.index("sealed"), "sealed", pa.array(["text"] * rows.num_rows)
            ),
        ),
        (
            "documents",
            lambda rows: rows.set_column(
                rows.column_names.index("doc_id"), "doc_id", pa.array(["x"] * rows.num_rows)
            ),
        ),
        ("raw", lambda rows: rows.slice(0, 0)),
        ("labels", moved("end", 1)),
    ],
)
def test_a_table_that_says_something_else_is_refused(
    root: Path, copy: Path, tmp_path: Path, name: str, change: Callable[[pa.Table], pa.Table]
) -> None:
    rewritten(copy, name, change)
    with pytest.raises(ValidationError):
        hydrate_corpus(copy, root / "seeds", tmp_path / "whole")
    assert not (tmp_path / "whole").exists()


def resealed(copy: Path, raw: Path, data: Any) -> None:
    """Seal other values about the document ``mail``, as only somebody can who has its text."""

    def change(rows: pa.Table) -> pa.Table:
        pairs = zip(rows["doc_id"].to_pylist(), rows["sealed"].to_pylist(), strict=True)
        text = raw.read_text("utf-8")
        blobs = [seal(data(unseal(blob, text)), text) if doc_id == "mail" else blob for doc_id, blob in pairs]
        return rows.set_column(rows.column_names.index("sealed"), "sealed", pa.array(blobs, pa.binary()))

    paths = copy.glob("data/documents/*")
    path = next(path for path in paths if "mail" in pq.read_table(path)["doc_id"].to_pylist())
    pq.write_table(change(pq.read_table(path)), path)
    place = path.relative_to(copy).as_posix()
    changed(copy, lambda listed: listed["tables"]["documents"]["files"][place].update(sha256=sha256_file(path)))


def with_table(name: str, rows: Any) -> Callable[[Any], Any]:
    return lambda values: {**values, "tables": {**values["tables"], name: rows}}


@pytest.mark.parametrize(
    ("data", "found"),
    [
        *((lambda _, value=value: value, "without tables") for value in (5, None, [], {}, {"tables": 5})),
        *((with_table("edits", rows), "'edits': expected rows of a table") for rows in (5, None, [5], {}, "text")),
        (with_table("others", []), "'others': expected rows of a table"),
        (with_table("edits", []), "edits: .* rows, and sealed values of 0; the corpus is damaged"),
        (with_table("edits", [{}] * 99), "edits: .* rows, and sealed values of 99; the corpus is damaged"),
        (with_table("sentences", [{"start": "x"}] * 2), "'sentences': expected no column start"),
        (with_table("documents", [{"title": 5}]), "documents: .*the corpus is damaged"),
        (with_table("documents", [{"more": 5}]), "documents: .*the corpus is damaged"),
        (with_table("raw", [{"path": {}}]), "raw: .*the corpus is damaged"),
    ],
)
def test_sealed_values_of_another_form_are_refused(
    root: Path, copy: Path, tmp_path: Path, data: Callable[[Any], Any], found: str
) -> None:
    resealed(copy, root / "seeds" / "mail.txt", data)
    with pytest.raises(ValidationError, match=found):
        hydrate_corpus(copy, root / "seeds", tmp_path / "whole")
    assert not (tmp_path / "whole").exists()


def test_sealed_values_that_nest_deeply_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    nested = "[" * 200_000 + "]" * 200_000
    monkeypatch.setattr("copydesk.exports.sealing.json.dumps", lambda *_, **__: nested)
    blob = seal({}, "the text")
    with pytest.raises(ValidationError, match="the sealed values are not JSON"):
        unseal(blob, "the text")


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + bytes(40) + b"PAR1", None])
def test_damaged_files_are_refused(root: Path, copy: Path, tmp_path: Path, data: bytes | None) -> None:
    path = sorted(copy.glob("data/edits/*.parquet"))[0]
    other = tmp_path / "other.parquet"
    shutil.copy(path, other)
    path.unlink()
    if data is None:
        path.symlink_to(other)  # the right bytes, but elsewhere
    else:
        path.write_bytes(data)
    with pytest.raises(ValidationError, match="missing, a link, or other bytes"):
        hydrate_corpus(copy, root / "seeds", tmp_path / "whole")
    if data is not None:
        place = path.relative_to(copy).as_posix()
        changed(copy, lambda listed: listed["tables"]["edits"]["files"][place].update(sha256=sha256_file(path)))
        with pytest.raises(ValidationError, match="cannot be read as Parquet"):
            hydrate_corpus(copy, root / "seeds", tmp_path / "whole")


def test_what_unpacks_to_far_more_is_refused(root: Path, copy: Path, tmp_path: Path) -> None:
    def bomb(rows: pa.Table) -> pa.Table:
        after = pa.array([" " * (1 << 24)] * rows.num_rows)
        return rows.set_column(rows.column_names.index("after"), "after", after)

    rewritten(copy, "edits", bomb, compression="zstd", use_dictionary=False)
    with pytest.raises(ValidationError, match=r"cannot be read as Parquet: .* times as many are expected of text"):
        hydrate_corpus(copy, root / "seeds", tmp_path / "whole")


@given(st.binary(max_size=60))
def test_any_bytes_in_the_place_of_sealed_values_are_refused(data: bytes) -> None:
    with pytest.raises(ValidationError):
        unseal(data, "the text")


def test_no_corpus_at_all(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"withheld\.json: no such file"):
        hydrate_corpus(tmp_path, root / "seeds", tmp_path / "whole")
    with pytest.raises(CopydeskError):
        hydrate_corpus(root / "corpus", root / "seeds", tmp_path / "whole")
