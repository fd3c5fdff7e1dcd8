"""The report as files: right figures, nothing of an article outside of its place, the same bytes each time."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from copydesk.errors import CopydeskError
from copydesk.project import Project
from copydesk.report.corpus_view import Corpus, Document, address
from copydesk.report.document_page import LEAST_BYTES
from copydesk.report.side_by_side import LONGEST, side_by_side, stretches
from copydesk.report.static_site import write_site
from support import articles, file_bytes


class Parsed(HTMLParser):
    """A page's elements, with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & {*self.inside}:
            self.text += data


def parsed(site: Path) -> dict[str, Parsed]:
    return {name: Parsed(data.decode()) for name, data in file_bytes(site).items()}


def test_each_document_has_a_page_and_all_links_lead_somewhere(site: Path, hostile: Project) -> None:
    pages = parsed(site)
    assert {address(doc_id) for doc_id in Corpus(hostile).ids} < set(pages)
    for name, page in pages.items():
        ids = {attributes.get("id") for _, attributes in page.elements}
        for tag, attributes in page.elements:
            target = attributes.get("href")
            if tag != "a" or not target:
                continue
            path, _, anchor = target.partition("#")
            assert not path or (site / name).parent.joinpath(path).resolve().is_file(), (name, target)
            if anchor and not path:
                assert anchor in ids, (name, target)


def test_nothing_runs_but_our_script_and_nothing_is_loaded(site: Path) -> None:
    for name, data in file_bytes(site).items():
        text = data.decode()
        page = Parsed(text)
        policy = next(a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
        assert policy is not None
        assert policy.startswith("default-src 'none'; ")
        for kind in ("script", "style"):
            (content,) = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert f"{kind}-src 'sha256-{digest}'" in policy
        for tag, attributes in page.elements:
            assert tag not in {"img", "iframe", "object", "embed", "link", "base", "audio", "video"}, name
            assert not any(key.startswith("on") or key in {"style", "src", "srcset"} for key in attributes), name
            assert not (attributes.get("href") or "").startswith("javascript:")
            assert tag != "script" or attributes in ({}, {"type": "application/json", "id": "data"})


def test_both_texts_stand_on_the_page_of_a_document(site: Path, hostile: Project) -> None:
    corpus = Corpus(hostile)
    for doc_id in corpus.ids:
        document = corpus.document(doc_id)
        raw, clean = document.raw["text"], document.row["text"]
        found = list(stretches(document))
        assert "".join(raw[p.raw_start : p.raw_end] for p in found) == raw
        assert "".join(clean[p.start : p.end] for p in found) == clean
        page = (site / address(doc_id)).read_text("utf-8")
        for side, kind in (("raw", "del"), ("clean", "ins")):
            applied = [edit["index"] for edit in document.edits if edit["applied"]]
            assert [int(n) for n in re.findall(rf'id="{side}-(\d+)" class="edit', page)] == applied
            assert len(re.findall(rf'id="{side}-\d+"[^>]*><{kind}', page)) == len(applied)
        shown = "".join(re.findall(r'<div class="(?:both )?clean">(.*?)</div>', page, re.DOTALL))
        shown = re.sub(r'(?s)<sup>.*?</sup>|<ins>.*?</ins>|<span class="hidden">.*?</span>', "", shown)
        shown = re.sub(r'<span class="unseen">U\+([0-9A-F]+)</span>', lambda m: chr(int(m[1], 16)), shown)
        same = "".join(clean[p.start : p.end] for p in found if p.edit is None)
        # Lines without a word are left out of the rows.
        assert "".join(html.unescape(re.sub("<[^>]*>", "", shown)).split()) == "".join(same.split())
        for number in range(len(document.row["sentences"])):
            assert f"<sup>{number + 1}</sup>" in page


def test_the_marks_say_rule_tier_and_confidence(site: Path, hostile: Project) -> None:
    page = Parsed((site / address("plain")).read_text("utf-8"))
    marks = {a["id"]: a["data-tip"] for _, a in page.elements if a.get("data-tip") and a.get("id")}
    assert "raw-1" not in marks  # the script copies it: half the bytes
    assert marks["clean-1"] == "spaces · safe · confidence 1.00 · “␣␣” → “␣”"
    assert marks["suggestion-at-0"] == "suggestion, missing-space · probable · confidence 1.00 · inserts “␣”"
    flagged = Parsed((site / address("second-of-two")).read_text("utf-8"))
    assert ("a", "flag: redaction") in {(t, a.get("data-tip")) for t, a in flagged.elements}
    assert "U+202E" in Parsed((site / address(Corpus(hostile).ids[0])).read_text("utf-8")).text


def test_characters_that_steer_a_page_are_spelled_out(site: Path) -> None:
    for name, data in file_bytes(site).items():
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]", data.decode()), name


def test_figures_are_those_of_the_metrics(site: Path, hostile: Project) -> None:
    metrics = json.loads((hostile.reports / "metrics.json").read_text("utf-8"))
    page = (site / "index.html").read_text("utf-8")
    facts = dict(re.findall(r"<div><dt>(.*?)</dt><dd>(.*?)</dd></div>", page))
    figures = {
        "documents": metrics["documents"],
        "sentences": metrics["sentences"],
        "words": metrics["words"],
        "characters, raw": metrics["characters"]["raw"],
        "characters, clean": metrics["characters"]["clean"],
        "bytes of the seeds": metrics["bytes"]["raw"],
        "publishable": metrics["public"],
        "exact duplicates": metrics["duplicates"]["exact"],
        "near-duplicates": metrics["duplicates"]["near"],
        "in split train": metrics["splits"]["train"],
    }
    assert {name: int(value.replace(",", "")) for name, value in facts.items()} == figures
    plots = {
        "Flags": metrics["flags"],
        "Edits by rule": metrics["edits"],
        "Suggestions by rule": metrics["suggestions"],
    }
    for title, expected in plots.items():
        figure = page.partition(f"<figcaption>{title}</figcaption>")[2].partition("</figure>")[0]
        rows = re.findall(r'<th scope="row"><a [^>]*>(.*?)</a></th><td>(.*?)</td>', figure)
        assert {name: int(count) for name, count in rows} == expected, title
        assert len(re.findall('class="bar"', figure)) == len(expected)
    lengths = (hostile.reports / "plots" / "sentence_length.csv").read_text("utf-8").splitlines()[1:]
    figure = page.partition("<figcaption>Sentence length</figcaption>")[2].partition("</figure>")[0]
    rows = re.findall(r'<th scope="row">(\d+) to \d+</th><td>(\d+)</td>', figure)
    assert [",".join(row) for row in rows] == lengths


def test_the_list_is_the_same_for_reading_and_for_the_script(site: Path, hostile: Project) -> None:
    text = (site / "documents.html").read_text("utf-8")
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])
    rows = re.findall(r'<tr><th scope="row">(.*?)</tr>', text)
    assert [row[0] for row in data["rows"]] == Corpus(hostile).ids
    assert len(rows) == len(data["rows"])
    for row, listed in zip(rows, data["rows"], strict=True):
        assert html.escape(listed[0], quote=False) in row
        assert f"<td>{listed[3]:,}</td><td>{listed[4]:,}</td><td>{listed[5]:,}</td><td>{listed[6]:,}</td>" in row


def test_of_a_text_without_end_the_beginning_is_shown() -> None:
    text = "A word after a word. " * 50_000
    edit = {"index": 0, "raw_start": 4, "raw_end": 4, "start": 4, "end": 4 + len(text), "before": "", "after": text}
    edit |= {"rules": ["x"], "tier": "safe", "confidence": 1.0, "applied": True}
    clean = text[:4] + text + text[4:]
    shown = side_by_side(Document({"text": clean, "flags": [], "language": None}, {"text": text}, [edit], []))
    assert f"{len(text) - LONGEST:,} more characters of the raw text are not shown." in shown
    assert len(shown) < 4 * LONGEST


def test_duplicates_name_their_group(site: Path) -> None:
    page = (site / address("twin")).read_text("utf-8")
    group = page.partition('<section id="duplicates">')[2].partition("</section>")[0]
    assert f'<a href="../{address("plain")}">plain</a>' in group
    assert ">kept<" in group
    assert ">exact<" in group


def test_the_same_corpus_gives_the_same_bytes(site: Path, hostile: Project, tmp_path: Path) -> None:
    write_site(hostile, tmp_path / "again")
    assert file_bytes(tmp_path / "again") == file_bytes(site)


def test_only_a_report_is_written_over(hostile: Project, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "index.html").write_text("my own")
    with pytest.raises(CopydeskError, match="contains something else than a report"):
        write_site(hostile, tmp_path / "precious")
    assert (tmp_path / "precious" / "index.html").read_text() == "my own"
    write_site(hostile, tmp_path / "report")
    (tmp_path / "report" / "documents" / "old.html").write_text("of a document that is gone")
    write_site(hostile, tmp_path / "report")
    assert not (tmp_path / "report" / "documents" / "old.html").exists()


def page_sizes(project: Project, folder: Path) -> list[tuple[int, int]]:
    """For each document the bytes of its page and of its raw text."""
    write_site(project, folder)
    corpus = Corpus(project)
    sizes = zip(corpus.ids, (corpus.document(doc_id).raw["size"] for doc_id in corpus.ids), strict=True)
    return [((folder / address(doc_id)).stat().st_size, size) for doc_id, size in sizes]


def test_a_page_has_at_most_twice_the_bytes_of_its_raw_text(
    make_corpus: Callable[..., Project], tmp_path: Path
) -> None:
    prose = "The council of the town met again on day {}, and it said nothing at all about the bridge.\n"
    menu = (
        "<nav><ul>"
        + "".join(f"<li><a href='/section/{n}?from=menu'>Part {n}</a></li>" for n in range(1500))
        + "</ul></nav>"
    )
    body = "".join(f"<p>{prose.format(n)}</p>" for n in range(30))
    seeds = {
        "edited.txt": "\n".join(articles(70).values()).replace(". ", ".  ").replace(", ", " ,"),
        "clean.txt": "".join(prose.format(n) for n in range(700)),
        "short.txt": f"{prose.format(1)} It said  so.",
        "page.html": f"<html><body>{menu}<article><h1>On the bridge</h1>{body}</article></body></html>",
    }
    for page, raw in page_sizes(make_corpus(seeds), tmp_path / "site"):
        assert page <= max(LEAST_BYTES, 2 * raw)
    site = {path.stem: path.read_text("utf-8") for path in (tmp_path / "site" / "documents").iterdir()}
    edited, cut = (site[Path(address(doc_id)).stem] for doc_id in ("edited", "page"))
    assert "more are not listed, the surest ones" in edited
    assert edited.count("<tr id=") > 20
    assert "Both texts in one" in edited
    assert re.search(r"<summary>[\d,]+ characters cut by [a-z +-]+</summary>", cut)
    for text in (edited, cut):
        targets = set(re.findall(r'href="#([^"]+)"', text))
        assert targets <= set(re.findall(r' id="([^"]+)"', text))
