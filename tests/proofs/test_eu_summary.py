"""The public summary of training content: its sums are those of the rows, and what rows do not say is left open."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from copydesk.cli import app
from copydesk.core.json_schema import PACKAGED
from copydesk.dataset.manifest import read_listing
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.proofs.content_figures import COLUMNS, Amount, ContentFigures, content_figures, domain_of
from copydesk.proofs.eu_summary import eu_summary, top_domains
from copydesk.tables.table import table
from support import articles

SCHEMA = pa.schema([table("documents", PACKAGED).arrow.field(name) for name in COLUMNS])
RESERVED = {"kind": "tdm-reservation", "value": "1", "place": "meta", "date": None}
LISTING: dict[str, Any] = {
    "version": "1.0.0",
    "tables": {"documents": {"logical_sha256": "0" * 64}},
    "params": {"publish": {"respect": []}},
    "dropped": [],
}


def tables_of(text: str) -> dict[str, dict[str, list[int]]]:
    """The tables of amounts in a summary, by the head of their first column: rows of numbers by name."""
    found: dict[str, dict[str, list[int]]] = {}
    name = ""
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if cells and cells[-1] == "bytes":
            name = cells[0]
            found[name] = {}
        elif len(cells) == 5 and name:
            found[name][cells[0]] = [int(cell.strip("| ").replace(",", "")) for cell in cells[1:]]
        elif not cells:
            name = ""
    return found


def row(**values: Any) -> dict[str, Any]:
    text = values.get("text", "One text.")
    given = {
        "public": True,
        "rights": [],
        "words": len(text.split()),
        "characters": len(text),
        "text": text,
        **values,
    }
    return {name: given.get(name) for name in COLUMNS}


def summary(*rows: dict[str, Any], listing: dict[str, Any] | None = None, **more: Any) -> str:
    figures = ContentFigures()
    figures.add(pa.Table.from_pylist(list(rows), SCHEMA))
    return eu_summary(figures, {"name": "small", "title": None}, listing or LISTING, **more)


hosts = st.sampled_from(["example.org", "www.example.org", "news.example.com", "xn--bcher-kva.example", None])
rows_drawn = st.lists(
    st.builds(
        row,
        text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        url=hosts.map(lambda host: host and f"https://{host}/a"),
        published=st.sampled_from([None, "1999-12-31", "2026-01-31T10:00:00Z", "2026-02-01"]),
        license=st.sampled_from([None, "MIT", "CC-BY-4.0 OR MIT", "LicenseRef-a|b"]),
        language=st.sampled_from([None, "en", "de"]),
        duplicate_of=st.sampled_from([None, "other"]),
        public=st.booleans(),
        rights=st.sampled_from(
            [[], [RESERVED], [{**RESERVED, "value": "0"}], [{**RESERVED, "kind": "robots", "value": "noai"}]]
        ),
    ),
    min_size=1,
    max_size=30,
)


@given(rows_drawn)
def test_every_table_sums_to_the_rows(rows: list[dict[str, Any]]) -> None:
    text = summary(*rows)
    total = [
        len(rows),
        sum(r["words"] for r in rows),
        sum(r["characters"] for r in rows),
        sum(len(r["text"].encode()) for r in rows),
    ]
    tables = tables_of(text)
    for name in ("language", "year", "license"):
        of_values = {shown: amounts for shown, amounts in tables[name].items() if shown != "in all"}
        assert tables[name]["in all"] == total == [sum(column) for column in zip(*of_values.values(), strict=True)]
    for language, shown in ((None, "not identified"), ("en", "en"), ("de", "de")):
        assert tables["language"].get(shown, [0])[0] == sum(r["language"] == language for r in rows)
    on_web = [r for r in rows if r["url"]]
    assert f"{len(on_web)} document" in text.partition("### 2.3.")[2]
    if len(on_web) < len(rows):
        assert f"{len(rows) - len(on_web)} document" in text.partition("### 2.6.")[2]
    reserving = [r for r in rows if r["rights"] and r["rights"][0]["value"] != "0"]
    assert f"reserve text and data mining: {len(reserving)};" in text
    assert f"public part of the dataset: {sum(r['public'] for r in reserving)}." in text
    assert sum(amounts[0] for name, amounts in tables.get("stated by", {}).items() if name != "in all") == len(
        reserving
    )


def test_the_figures_of_a_corpus_are_those_of_another_reader(
    make_corpus: Callable[..., Project], tmp_path: Path
) -> None:
    sources = [
        f'{{"doc_id": "article-{n:04d}", "url": "https://www.site-{n % 3}.example/{n}", "license": "MIT"}}'
        for n in range(7)
    ]
    project = make_corpus({**articles(9), "sources.jsonl": "\n".join(sources) + "\n"})
    files = sorted((project.corpus / "data" / "documents").glob("*.parquet"))
    figures = content_figures(files)
    place = str(project.corpus / "data" / "documents" / "*.parquet")
    amounts = "count(*), sum(words)::BIGINT, sum(characters)::BIGINT, sum(strlen(text))::BIGINT"

    def asked(value: str) -> dict[Any, Amount]:
        query = f"SELECT {value}, {amounts} FROM read_parquet('{place}') GROUP BY 1"
        return {key: Amount(*numbers) for key, *numbers in duckdb.sql(query).fetchall()}

    assert figures.total == asked("1")[1]
    assert dict(figures.languages) == asked("language")
    assert dict(figures.licenses) == asked("license")
    assert dict(figures.domains) == asked(r"regexp_extract(url, '//(?:www\.)?([^/]+)', 1)")
    listing = read_listing(project.corpus)
    text = eu_summary(figures, project.params["corpus"], listing)
    assert listing["tables"]["documents"]["logical_sha256"] in text
    assert listing["tables"]["documents"]["rows"] == figures.total.documents == 9


@pytest.mark.parametrize(
    ("domains", "listed", "small"), [(1, 1, 1), (10, 1, 1), (11, 2, 1), (21, 3, 2), (25_000, 2_500, 1_000)]
)
def test_as_many_domains_as_the_template_asks_for(domains: int, listed: int, small: int) -> None:
    figures = ContentFigures()
    for n in range(domains):
        figures.domains[f"site-{n:05d}.example"] = Amount(1, 1, 1, n)
    figures.domains[None] = Amount(1, 1, 1, 10**6)
    names = [name for name, _ in top_domains(figures)]
    assert names == [f"site-{domains - 1 - n:05d}.example" for n in range(listed)]
    assert len(top_domains(figures, small=True)) == small == min(ceil(domains * 0.05), 1000)


def test_domains_of_equal_size_are_in_alphabetical_order() -> None:
    rows = [row(url=f"https://{name}.example/") for name in "dbac" for _ in range(2)] + [
        row(url="https://b.example/2")
    ]
    text = summary(*rows)
    assert list(tables_of(text)["domain"]) == ["b.example", "in all"]
    figures = ContentFigures()
    for name in "dbac":
        figures.domains[name] = Amount(1, 1, 1, 5)
    assert [name for name, _ in top_domains(figures)] == ["a"]


def test_the_range_is_stated_where_it_is_certain() -> None:
    figures = ContentFigures()
    figures.total = Amount(1, 1, 1, 10**9 - 1)
    assert "| text | Less than 1 billion tokens (999,999,999 bytes) |" in eu_summary(figures, {"name": "a"}, LISTING)
    figures.total = Amount(1, 1, 1, 10**9)
    text = eu_summary(figures, {"name": "a"}, LISTING)
    assert "| text | 1,000,000,000 bytes; **[To be written: tokens: Less than 1 billion tokens; 1 billion" in text


def test_every_section_of_the_template_is_there_and_what_rows_do_not_say_is_marked() -> None:
    text = summary(row())
    sections = re.findall(r"^#{2,4} ([\d.]+)\. ", text, re.MULTILINE)
    assert sections == "1 1.1 1.2 1.3 2 2.1 2.2 2.2.1 2.2.2 2.3 2.4 2.5 2.6 3 3.1 3.2 3.3".split()
    parts = re.split(r"^#{2,4} (?=[\d.]+\. )", text, flags=re.MULTILINE)
    open_parts = {part.split()[0] for part in parts if "**[To be written:" in part}
    assert {"1.1.", "1.2.", "2.1.", "2.2.1.", "2.2.2.", "2.3.", "2.4.", "2.5.", "2.6.", "3.1.", "3.2."} <= open_parts


def test_takedowns_and_other_reasons_are_counted() -> None:
    dropped = [{"reason": reason} for reason in ("takedown", "takedown", "keep", "duplicate", "keep")]
    respecting = {**LISTING, "dropped": dropped, "params": {"publish": {"respect": ["tdm"]}}}
    text = summary(row(), listing=respecting)
    assert "because of a takedown: 2." in text and "by the settings of the build: duplicate 1, keep 2." in text
    assert "names `tdm`: documents that reserve it are not in the public part" in text
    assert "does not name `tdm`" in summary(row())


def test_values_are_text_and_no_markup() -> None:
    hostile = "LicenseRef-<script>alert(1)</script>|x"
    text = summary(row(license=hostile, url="https://[::1", published="2026-01-01"), row(url="https://a`|b.example/"))
    assert "<script>" not in text and "&lt;script&gt;" in text
    assert "not known" not in tables_of(text)["license"] or tables_of(text)["license"]["in all"][0] == 2


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://www.example.org/a", "example.org"),
        ("http://user@Example.ORG:80", "example.org"),
        ("https://www.", "www."),
        ("https://[::1", None),
        ("mailto:a@example.org", None),
        ("", None),
    ],
)
def test_the_domain_of_an_address(url: str, domain: str | None) -> None:
    assert domain_of(url) == domain


def test_the_command(two_articles: Project, tmp_path: Path) -> None:
    root = str(two_articles.corpus.parent)
    printed = CliRunner().invoke(app, ["summary", "--eu", "--root", root])
    assert printed.exit_code == 0 and printed.output.startswith("# Public summary of training content")
    out = tmp_path / "summary.md"
    written = CliRunner().invoke(app, ["summary", "--eu", "--sme", "--root", root, "--out", str(out)])
    assert written.exit_code == 0 and out.read_text("utf-8").startswith("# Public summary")
    refused = CliRunner().invoke(app, ["summary", "--root", root])
    assert isinstance(refused.exception, ReleaseError)
