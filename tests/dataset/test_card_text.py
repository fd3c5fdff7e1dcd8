"""The card's prose: the sections that the Hub's template has, figures that are true, text that stays text."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from xml.etree import ElementTree

import pytest
import yaml
from huggingface_hub import DatasetCard, DatasetCardData
from markdown_it import MarkdownIt

from copydesk.dataset.card_plots import render_plots
from copydesk.dataset.card_text import render_card
from copydesk.dataset.manifest import read_manifest
from copydesk.dataset.metrics import SENTENCE_BIN, WORDS_BIN, Metrics, measure
from copydesk.dataset.published_filters import FILTERS, SIGNALS, at_most
from copydesk.project import Project
from copydesk.tables.parquet import read_parquet
from copydesk.tables.table import PUBLISHED
from support import articles


def card(project: Project) -> str:
    return (project.corpus / "README.md").read_text("utf-8")


def headings(markdown: str) -> list[str]:
    tokens = MarkdownIt("commonmark").parse(markdown)
    return [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]


def metrics_of(project: Project) -> Metrics:
    return measure({name: map(read_parquet, (project.corpus / "data" / name).glob("*")) for name in PUBLISHED})


def documents_of(project: Project) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for path in sorted((project.corpus / "data" / "documents").glob("*")):
        found += read_parquet(path).to_pylist()
    return found


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Forty articles, two of them alike."""
    from copydesk.core.config import check_params
    from copydesk.core.json_schema import PACKAGED
    from support import run_stages, write_seeds

    root = tmp_path_factory.mktemp("forty")
    seeds = articles(40)
    seeds["copy.txt"] = seeds["article-0003.txt"]
    seeds["short.txt"] = "Yes."
    write_seeds(root / "seeds", seeds)
    params = check_params({"engine": {"workers": 1}})
    places = {name: root / name for name in ("seeds", "corpus", "reports", "build")}
    return run_stages(Project(**places, schemas=PACKAGED, params=params))


def test_it_has_the_sections_of_the_official_template(two_articles: Project) -> None:
    template = (files("huggingface_hub") / "templates" / "datasetcard_template.md").read_text("utf-8")
    expected = [
        heading.removesuffix(" [optional]")
        for heading in headings(template.partition("---\n")[2].partition("---\n")[2])
        if not heading.startswith("Dataset Card for")
    ]
    assert len(expected) == 23
    prose = DatasetCard(card(two_articles)).text
    own = [heading for heading in headings(prose) if heading in expected]
    assert own == expected
    assert "More Information Needed" not in prose
    # And each of them says something.
    assert not re.search(r"^#+ .*\n\n(?=# |## )", prose, re.MULTILINE)


def test_the_front_matter_is_what_the_hub_library_writes(two_articles: Project) -> None:
    matter = yaml.safe_load(card(two_articles).partition("---\n")[2].partition("---\n")[0])
    data = DatasetCardData(**matter)
    assert yaml.safe_load(data.to_yaml()) == matter
    assert matter["license_link"] == "LICENSE"
    assert (two_articles.corpus / matter["license_link"]).is_file()


def test_figures_in_the_tables_are_those_of_the_rows(forty: Project) -> None:
    rows = documents_of(forty)
    metrics = metrics_of(forty)
    text = card(forty)
    assert len(rows) == 42
    words = sorted(int(str(row["words"])) for row in rows)
    below = at_most(metrics.document_lengths, 0.5) + WORDS_BIN
    assert sum(n < below for n in words) >= 21 > sum(n < below - WORDS_BIN for n in words)
    assert f"| words of a document | {below:,} |" in text
    assert sum(metrics.sentence_lengths.values()) == metrics.summary["sentences"]
    assert all(start % SENTENCE_BIN == 0 for start in metrics.sentence_lengths)
    for name in SIGNALS:
        values = [float(str(row[name])) for row in rows if row[name] is not None]
        for share in (0.1, 0.5, 0.9, 1):
            limit = at_most(metrics.signals[name], share) / 100
            assert sum(value <= limit + 1e-9 for value in values) >= share * len(values)
            assert sum(value <= limit - 0.01 for value in values) < share * len(values)
    gopher, repetition, fineweb = FILTERS
    assert metrics.filters[fineweb] == sum(
        bool(row["line_punct_ratio"] > 0.12 and row["char_dup_ratio"] < 0.1 and row["short_line_ratio"] < 0.67)  # type: ignore[operator]
        for row in rows
    )
    assert metrics.filters[gopher] < metrics.summary["documents"]  # the short one does not pass
    assert 0 < metrics.filters[repetition] <= 42
    for name, count in metrics.filters.items():
        assert f"| {name} | {count} | {count / 42:.1%} |" in text
    assert "| exact | 1 |" in text


def test_plots_are_files_that_the_card_shows_and_the_manifest_lists(forty: Project, two_articles: Project) -> None:
    for project in (forty, two_articles):
        shown = re.findall(r"!\[[^\]]+\]\((plots/[a-z_]+\.svg)\)", card(project))
        there = sorted(f"plots/{p.name}" for p in (project.corpus / "plots").iterdir())
        assert sorted(shown) == there == sorted(p for p in read_manifest(project.corpus) if p.startswith("plots/"))
        assert render_plots(metrics_of(project)) == {p: (project.corpus / p).read_text("utf-8") for p in there}
        for path in there:
            root = ElementTree.parse(project.corpus / path).getroot()
            assert root.tag == "{http://www.w3.org/2000/svg}svg"
            assert len(list(root.iter("{http://www.w3.org/2000/svg}rect"))) > 1
    counted = ElementTree.parse(forty.corpus / "plots" / "document_length.svg").iter()
    bars = [str(e.text).rpartition(": ")[2] for e in counted if e.tag.endswith("title")]
    assert sum(int(number.replace(",", "")) for number in bars) == 42


def test_a_plot_of_nothing_says_so(make_corpus: Callable[..., Project]) -> None:
    project = make_corpus({"a.txt": "Nothing to repair here."})
    plot = ElementTree.parse(project.corpus / "plots" / "edits_per_rule.svg").getroot()
    assert [text.text for text in plot.iter("{http://www.w3.org/2000/svg}text")] == ["None."]


EVIL = "x](http://evil) <script>alert(1)</script> ![a](b) *b* `c` | d\n# Heading\n- item\n---\n```\ncode ~~s~~ &lt;"


def test_what_settings_say_stays_text(two_articles: Project) -> None:
    from copydesk.dataset.card_metadata import Config

    settings = {
        **two_articles.params["corpus"],
        **{"title": EVIL, "summary": f"- {EVIL}", "creators": [EVIL, "1. One"], "publisher": EVIL},
        **{"url": "https://example.org/a>b c", "name": "x"},
    }
    params = {**two_articles.params, "corpus": settings, "select": {"keep": "words > 1 `# x`"}}
    from copydesk.tables.table import table

    metrics = metrics_of(two_articles)
    evil = metrics._replace(sources={EVIL: 2}, languages={EVIL: 2}, licenses={EVIL: 2})
    made = render_card(params, [Config(table("documents"), [])], evil)
    assert DatasetCard(made).data.to_dict()["pretty_name"] == EVIL
    prose = DatasetCard(made).text
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(prose)
    plain = render_card(two_articles.params, [Config(table("documents"), [])], metrics)
    expected = headings(DatasetCard(plain).text)[1:]
    assert headings(prose)[1:] == expected
    kinds = {child.type for token in parsed for child in token.children or []} | {token.type for token in parsed}
    assert not kinds & {"html_block", "html_inline", "image", "s_open", "em_open", "hr", "code_block"}
    links = [c.attrGet("href") for token in parsed for c in token.children or [] if c.type == "link_open"]
    assert set(links) == {"LICENSE", "croissant.json", "manifest.json", "https://example.org/a%3Eb%20c"}
    fences = [token.content for token in parsed if token.type == "fence"]
    assert len(fences) == 2  # how to load it, how to cite it
