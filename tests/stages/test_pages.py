"""A folder of pages, an archive and texts becomes one corpus, in which every sentence has its place in the HTML."""

from __future__ import annotations

import gzip
import html as standard
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from copydesk.core.config import check_params
from copydesk.core.json_schema import PACKAGED
from copydesk.dataset.manifest import read_listing
from copydesk.errors import BuildError
from copydesk.project import Project
from copydesk.stages import clean, ingest
from copydesk.stages.runner import read_inputs
from copydesk.store.pinned_libraries import PINNED_FOR_PAGES
from copydesk.validation import validate
from copydesk.webpages import page_edits, trafilatura_article
from support import file_bytes, run_python, run_stages, write_seeds

SENTENCES = [
    "The mayor said on Monday that bridge no. {} would open at the end of the year.",
    "It had been planned for ten years &amp; was to cost two million; it cost&nbsp;<b>more</b> than seven.",
    "“Nobody expected\n   that”, she <!-- not --> said, don&rsquo;t you know.",
]


def page(number: int, head: str = "") -> str:
    text = " ".join(SENTENCES).format(number)
    return (
        f"<!DOCTYPE html>\r\n<html><head><meta charset='utf-8'><title>Bridge {number}</title>{head}</head><body>"
        f"<nav><a href='/'>Home</a></nav><article><h1>Bridge {number} opens to the public</h1>\r\n<p>{text}</p>"
        f"<p>{text.replace('The mayor', 'A spokesman')}</p></article><footer>Imprint of {number}</footer></body></html>"
    )


def response(payload: bytes, number: int, fields: str = "", content_type: str = "text/html") -> bytes:
    block = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n".encode() + payload
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012x}>\r\n"
        f"WARC-Date: 2024-05-06T07:08:09Z\r\nWARC-Target-URI: https://example.org/{number}\r\n"
        f"{fields}Content-Length: {len(block)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + block + b"\r\n\r\n")


SEEDS: dict[str, bytes | str] = {
    "a.html": page(1, "<meta name='author' content='Ines Falk'><meta property='og:site_name' content='The Site'>"),
    "b.htm": page(2, "<meta name='author' content='Ines Falk'>").replace("utf-8", "windows-1252").encode("cp1252"),
    "c.html.gz": gzip.compress(page(3).encode()),
    "crawl.warc.gz": response(page(4).encode(), 4) + response(b"<html><body></body></html>", 5) + response(
        page(6, "<link rel='canonical' href='https://elsewhere.example/'>").encode(), 6
    ),
    "stray.html": page(7).replace("</p>", " Grüße, übermäßig.\0</p>", 1).encode().replace(b"\0", b"\xe9"),
    "empty.html": "<html><body><script>nothing</script></body></html>",
    "plain.txt": "<p>A text that shows markup.</p> It is no page.",
    "sources.jsonl": json.dumps({"doc_id": "b", "byline": "Somebody Else"}) + "\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("pages")
    write_seeds(root / "seeds", SEEDS)
    params = check_params({"engine": {"workers": 1}})
    folders = {name: root / name for name in ("seeds", "corpus", "reports", "build")}
    return run_stages(Project(**folders, schemas=PACKAGED, params=params))


def rows(project: Project, name: str) -> list[dict[str, Any]]:
    return [row for path in sorted((project.corpus / "data" / name).rglob("*.parquet")) for row in pq.read_table(path).to_pylist()]  # fmt: skip


def test_every_sentence_has_its_place_in_the_html(built: Project) -> None:
    raw = {row["doc_id"]: row for row in rows(built, "raw")}
    uuids = [f"00000000-0000-4000-8000-{number:012x}" for number in (4, 6)]
    assert sorted(raw) == sorted(["a", "b", "c", *uuids, "plain", "stray"])
    encodings = {"a": "utf-8", "b": "cp1252", "c": "utf-8", "stray": "utf-8-stray"}
    assert {name: raw[name]["encoding"] for name in encodings} == encodings
    assert raw["a"]["text"] == SEEDS["a.html"]
    found: dict[str, list[str]] = {}
    for sentence in rows(built, "sentences"):
        source = raw[sentence["doc_id"]]["text"][sentence["raw_start"] : sentence["raw_end"]]
        if sentence["doc_id"] != "plain":
            bare = source.replace("<b>", "").replace("</b>", "").replace("<!-- not -->", "")
            bare = bare.replace("\U0010f7e9", "\ufffd")
            assert sentence["text"] == " ".join(standard.unescape(bare).split())
        found.setdefault(sentence["doc_id"], []).append(source)
    for number, doc_id in enumerate(["a", "b", "c"], start=1):
        assert found[doc_id][:4] == [f"Bridge {number} opens to the public", *(s.format(number) for s in SENTENCES)]
    assert found["plain"][0].startswith("<p>A text")


def test_the_ledger_the_flags_and_the_checks(built: Project) -> None:
    rules = {rule for row in rows(built, "edits") if row["doc_id"] == "a" for rule in row["rules"]}
    assert rules >= {"html-markup", "html-reference", "html-boilerplate"}
    assert [row for row in rows(built, "edits") if row["doc_id"] == "plain"] == []
    assert validate(built.corpus, built.schemas, load=False).ok
    refused = [json.loads(line) for line in (built.reports / "quarantine.jsonl").read_text("utf-8").splitlines()]
    assert [(row["path"], row["reason"]) for row in refused] == [
        ("crawl.warc.gz#00000000-0000-4000-8000-000000000005", "no-article"),
        ("empty.html", "no-article"),
    ]


def test_the_manifest_says_what_read_the_pages(built: Project, two_articles: Project) -> None:
    with_pages, without = (read_listing(project.corpus)["libraries"] for project in (built, two_articles))
    assert with_pages == {**without, **PINNED_FOR_PAGES}


def test_what_a_page_says_of_itself_comes_behind_what_was_stated(built: Project) -> None:
    known = {row["doc_id"]: row for row in rows(built, "documents")}
    assert (known["a"]["byline"], known["a"]["publisher"]) == ("Ines Falk", "The Site")
    assert known["b"]["byline"] == "Somebody Else"
    assert known["00000000-0000-4000-8000-000000000006"]["url"] == "https://example.org/6"
    (author,) = (origin for origin in known["a"]["provenance"] if origin["field"] == "byline")
    assert author["origin"] == "html-markup"
    assert str(SEEDS["a.html"])[author["raw_start"] : author["raw_end"]] == "Ines Falk"
    assert known["plain"]["provenance"] == []


def test_only_the_shard_of_a_page_that_changed_is_computed_and_the_library_counts(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = {"shards": {"target": 1, "minimum": 1, "maximum": 1}}
    project = make_project({"a.html": page(1), "b.html": page(2), "c.txt": "A text."}, small)
    run_stages(project, "clean")
    assert "clean: 3 shards, 3 computed" in capsys.readouterr().err
    (project.seeds / "b.html").write_text(page(3), newline="")
    run_stages(project, "clean")
    said = capsys.readouterr().err
    assert "ingest: 3 shards, 1 computed" in said
    assert "clean: 3 shards, 1 computed" in said
    # Another version may find another article: all pages are read again, and nothing else.
    monkeypatch.setattr(trafilatura_article, "installed_version", lambda name: "another")
    ingest.run(project)
    clean.run(project)
    said = capsys.readouterr().err
    assert "ingest: 3 shards, 2 computed" in said
    assert "clean: 3 shards, 0 computed" in said


def test_what_could_not_be_traced_is_flagged(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = trafilatura_article.article

    def invented(html: str) -> trafilatura_article.Article:
        found = told(html)
        return found._replace(text=found.text.replace("It had been", "Nobody wrote this. It had been", 1))

    monkeypatch.setattr("copydesk.webpages.page_edits.article", invented)
    project = run_stages(make_project({"a.html": page(1)}), "clean")
    (shard,) = read_inputs(project, ["clean.text"])
    (row,) = project.store.read(shard["clean.text"]).to_pylist()
    (flag,) = row["flags"]
    assert flag["kind"] == "untraced"
    assert row["text"][flag["start"] - 4 : flag["end"] + 4] == "year. It ha"


def test_what_the_crawler_cut_off_is_flagged_and_a_field_that_is_none_left_out(
    make_project: Callable[..., Project], capsys: pytest.CaptureFixture[str]
) -> None:
    whole = page(1).encode()
    archive = response(whole[: whole.index(b"than seven")], 1, "WARC-Truncated: length\r\n")
    records = b'{"id": "a", "text": "It is whole.", "url": "no address", "published": "2024-05-06 07:08"}\n'
    project = run_stages(make_project({"a.jsonl": records, "b.warc.gz": archive}), "clean")
    assert "ingest: 1 field of records left out, see " in capsys.readouterr().err
    (shard,) = read_inputs(project, ["clean.text"])
    known, cut = project.store.read(shard["clean.text"]).to_pylist()
    assert (known["text"], known["flags"]) == ("It is whole.", [])
    (flag,) = cut["flags"]
    assert (flag["kind"], cut["text"][flag["start"] :]) == ("truncated", "more")
    (shard,) = read_inputs(project, ["ingest.provenance"])
    assert [row["published"] for row in project.store.read(shard["ingest.provenance"]).to_pylist()] == [
        "2024-05-06",
        None,
    ]


def test_without_pages_nothing_of_it_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "schemas").symlink_to(PACKAGED)
    (tmp_path / "seeds" / "a.txt").write_text("A text.")
    (tmp_path / "seeds" / "b.jsonl").write_text('{"id": "b", "text": "Another."}')
    code = (
        "import sys\n"
        "from copydesk.pipeline import STAGES\n"
        "from copydesk.project import Project\n"
        "for name in ('ingest', 'clean', 'split', 'describe'):\n"
        "    STAGES[name](Project.open('.'))\n"
        "print([name for name in ('trafilatura', 'lxml', 'copydesk.webpages.page_edits') if name in sys.modules])"
    )
    done = run_python(code, cwd=tmp_path, home=tmp_path / "home")
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr


def test_without_the_libraries_a_page_stops_the_build(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PINNED_FOR_PAGES, "not-there", "1.0")
    with pytest.raises(BuildError, match=r"pip install 'copydesk\[web\]"):
        ingest.run(make_project({"a.html": page(1)}))


@pytest.fixture
def pages_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first words of each page whose article was looked for in this process."""
    read: list[str] = []
    real = page_edits.read_page

    def counting(html: str) -> page_edits.Page:
        read.append(html)
        return real(html)

    monkeypatch.setattr(page_edits, "read_page", counting)
    return read


def test_a_page_is_read_once_wherever_it_goes(make_corpus: Callable[..., Project], pages_read: list[str]) -> None:
    settings = {"engine": {"workers": 1}, "shards": {"target": 3, "minimum": 1, "maximum": 6}}
    pages = {f"page-{n}.html": page(n) for n in range(6)}
    crawl = [response(page(number).encode(), number) for number in (10, 11)]
    nothing = "<html><body></body></html>"
    project = make_corpus({**pages, "a.txt": "One.", "crawl.warc.gz": b"".join(crawl), "z.html": nothing}, settings)
    assert len(pages_read) == 9

    def read_after(changes: dict[str, bytes | str | None]) -> int:
        pages_read.clear()
        for name, content in changes.items():
            if content is None:
                (project.seeds / name).unlink()
        write_seeds(project.seeds, {name: content for name, content in changes.items() if content is not None})
        run_stages(project)
        return len(pages_read)

    assert read_after({"a.txt": "Another.", "b.txt": "A new one."}) == 0
    assert read_after({"page-0.html": None, "moved/zero.html": page(0)}) == 0
    assert read_after({"page-1.html": page(21)}) == 1
    assert read_after({"crawl.warc.gz": b"".join([*crawl, response(page(12).encode(), 12)])}) == 1
    assert read_after({"twice.html": page(30), "again.html": page(30), "z.html": None, "y.html": nothing}) == 1
    refused = [json.loads(line) for line in (project.reports / "quarantine.jsonl").read_text().splitlines()]
    assert [(row["path"], row["reason"]) for row in refused] == [("y.html", "no-article")]
    built = file_bytes(project.corpus) | file_bytes(project.reports)
    shutil.rmtree(project.build)
    run_stages(project)
    assert file_bytes(project.corpus) | file_bytes(project.reports) == built


def test_bytes_that_are_read_in_another_encoding_are_another_page(make_corpus: Callable[..., Project]) -> None:
    body = page(1).replace("<meta charset='utf-8'>", "").replace("Monday", "M\u00f6nday").encode("cp1252")
    crawl = [
        response(body, 1, content_type="text/html; charset=windows-1252"),
        response(body, 2, content_type="text/html; charset=windows-1251"),
    ]
    project = make_corpus({"crawl.warc.gz": b"".join(crawl)}, {"engine": {"workers": 1}})
    texts = [row["text"] for row in pq.read_table(project.corpus / "data" / "documents").to_pylist()]
    assert sorted("M\u00f6nday" in text for text in texts) == [False, True]
    assert sorted("M\u0446nday" in text for text in texts) == [False, True]
