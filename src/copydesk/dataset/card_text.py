"""The dataset card for people: the sections of the official template, each from settings, figures and schemas."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import yaml

from copydesk.core.config import Params
from copydesk.core.escaping import markdown, markdown_address, markdown_block, markdown_code
from copydesk.dataset import card_passages
from copydesk.dataset.card_metadata import Config, front_matter
from copydesk.dataset.card_plots import FOLDER
from copydesk.dataset.croissant import cite_as
from copydesk.dataset.license_file import NAME as LICENSE
from copydesk.dataset.license_file import UNKNOWN, UNKNOWN_RIGHTS
from copydesk.dataset.metrics import SENTENCE_BIN, WORDS_BIN, Metrics
from copydesk.dataset.published_filters import at_most

_NAMED = 20  # sources that the card names


def render_card(params: Params, configs: list[Config], metrics: Metrics, plots: Collection[str] = ()) -> str:
    """The card as a file: front matter, then prose.

    Parameters
    ----------
    params : Params
        All settings.
    configs : list of Config
        The tables.
    metrics : Metrics
        The figures about them.
    plots : collection of str
        Paths of the plots that lie beside the card.
    """
    settings = params["corpus"]
    matter = yaml.safe_dump(front_matter(settings, configs, metrics), sort_keys=False, allow_unicode=True, width=110)
    title = f"# Dataset Card for {markdown_block(settings['title'])}"
    sections = [
        title,
        markdown_block(settings["summary"]),
        *("## Dataset Details", *_details(settings, metrics)),
        *("## Uses", *card_passages.USES),
        *("## Dataset Structure", *_structure(configs, metrics)),
        *("## Dataset Creation", *_creation(params, metrics, plots)),
        *(
            "## Bias, Risks, and Limitations",
            card_passages.LIMITS,
            "### Recommendations",
            card_passages.RECOMMENDATIONS,
        ),
        *("## Citation", f"**BibTeX:**\n\n```bibtex\n{cite_as(settings)}\n```", "`CITATION.cff` says the same."),
        *("## Glossary", card_passages.GLOSSARY),
        *("## More Information", _more(settings)),
        *("## Dataset Card Authors", card_passages.AUTHORS),
        *("## Dataset Card Contact", _contact(settings)),
    ]
    return f"---\n{matter}---\n\n" + "\n\n".join(section for section in sections if section) + "\n"


def _details(settings: dict[str, Any], metrics: Metrics) -> Iterable[str]:
    summary = metrics.summary
    creators = (
        ", ".join(map(markdown_block, settings["creators"])) or f"the makers of {markdown_block(settings['name'])}"
    )
    languages = ", ".join(f"{markdown_block(code)} ({count:,})" for code, count in metrics.languages.items())
    licenses = ", ".join(f"{markdown_block(name)} ({count:,})" for name, count in metrics.licenses.items())
    yield "### Dataset Description"
    yield (
        f"{summary['documents']:,} documents, {summary['sentences']:,} sentences, {summary['words']:,} words, "
        f"{summary['characters']['clean']:,} characters of clean text ({summary['characters']['raw']:,} raw)."
    )
    shared = f"- **Shared by:** {markdown_block(settings['publisher'])}\n" if settings["publisher"] else ""
    date = f" of {settings['date']}" if settings["date"] else ""
    yield (
        f"- **Curated by:** {creators}\n{shared}- **Version:** {settings['version']}{date}\n"
        f"- **Language(s) (NLP):** {languages}\n- **License:** {licenses}; see [{LICENSE}]({LICENSE})"
    )
    held = summary["documents"] - summary["public"]
    if held:
        yield (
            f"{held:,} of {summary['documents']:,} documents are not under a license that `publish.allow` names: the "
            "column `public` is false for them, and a public release leaves them out."
        )
    if UNKNOWN in metrics.licenses:
        yield UNKNOWN_RIGHTS
    yield "### Dataset Sources"
    address = f"- **Repository:** {markdown_address(settings['url'])}\n" if settings["url"] else ""
    cut = f" (cut from commit `{settings['commit']}`)" if settings["commit"] else ""
    yield (
        f"{address}- **Description for programs:** [croissant.json](croissant.json); rows, files, hashes, settings "
        f"and schemas in [manifest.json](manifest.json){cut}"
    )


def _structure(configs: list[Config], metrics: Metrics) -> Iterable[str]:
    yield card_passages.HOW_TO_LOAD
    for config in configs:
        rows = [
            (
                markdown_code(column.name),
                f"{markdown(column.type)}{' or null' if column.nullable else ''}",
                markdown(column.description),
            )
            for column in config.table.columns
        ]
        yield f"### {config.name}\n\n{markdown_block(config.table.schema['description'])} {config.rows:,} rows."
        yield _table(("column", "type", "what it holds"), rows)
    yield "### Splits"
    yield _counts("split", "documents", metrics.summary["splits"])
    yield (
        "A document is put into a split by the hash of its id, or of the document that it repeats: it stays there "
        "when others come or go, and near duplicates are never in two splits."
    )


def _creation(params: Params, metrics: Metrics, plots: Collection[str]) -> Iterable[str]:
    summary = metrics.summary
    yield "### Curation Rationale"
    yield card_passages.RATIONALE
    keep = params["select"]["keep"]
    kept = (
        f"Documents were kept where this holds: {markdown_code(keep)}."
        if keep
        else "No condition decides what is kept."
    )
    yield f"{kept} {card_passages.LEFT_OUT[params['deduplicate']['duplicates']]}"
    yield _titled("What was left out", _counts("condition that did not hold", "documents", summary["dropped"]))
    yield "### Source Data"
    yield "#### Data Collection and Processing"
    yield card_passages.HOW_IT_WAS_MADE
    yield _titled("Length", _plot(plots, "document_length"), _plot(plots, "sentence_length"), _lengths(metrics))
    yield _titled("Language", _plot(plots, "languages"), _counts("language", "documents", metrics.languages))
    yield _titled("Quality", card_passages.QUALITY, _plot(plots, "quality"), *_quality(metrics))
    yield _titled("Edits per rule", _plot(plots, "edits_per_rule"), _counts("rule", "edits", summary["edits"]))
    yield _titled("Suggested and not done", _counts("rule", "suggestions", summary["suggestions"]))
    yield _titled("Duplicates", _plot(plots, "duplicates"), _counts("how it repeats", "documents", _copies(summary)))
    yield "#### Who are the source data producers?"
    yield "The outlets and publishers of the articles, and whoever wrote for them. By outlet or publisher:"
    first = sorted(metrics.sources.items(), key=lambda item: (-item[1], item[0]))
    yield _counts("source", "documents", dict(first[:_NAMED]))
    if len(first) > _NAMED:
        yield f"{len(first) - _NAMED:,} more have {sum(count for _, count in first[_NAMED:]):,} documents."
    yield "### Annotations"
    yield "#### Annotation process"
    yield card_passages.ANNOTATIONS
    yield _titled("What is marked for a reader", _counts("flag", "places", summary["flags"]))
    yield "#### Who are the annotators?"
    yield (
        "Programs; a steward may correct a field, accept or reject an edit, and leave a document out, and what was "
        "decided so has the origin `decision` in `provenance`."
    )
    yield "#### Personal and Sensitive Information"
    masked = {name: count for name, count in summary["edits"].items() if name.startswith("mask-")}
    yield (
        "Names of persons stand as they were published. E-mail addresses, telephone numbers and public IP addresses "
        f"are marked in `flags`; {sum(masked.values()):,} are masked. {card_passages.TAKEDOWN}"
    )


def _lengths(metrics: Metrics) -> str:
    """Lengths that so many of the documents and of the sentences do not reach."""
    rows = []
    for what, counts, width in (
        ("words of a document", metrics.document_lengths, WORDS_BIN),
        ("characters of a sentence", metrics.sentence_lengths, SENTENCE_BIN),
    ):
        if counts:
            rows.append((what, *(f"{at_most(counts, share) + width:,}" for share in (0.5, 0.9, 1))))
    return _table(("length", "half are shorter than", "90 % are shorter than", "all are shorter than"), rows)


def _quality(metrics: Metrics) -> Iterable[str]:
    total = metrics.summary["documents"]
    passed = [(markdown(name), f"{count:,}", f"{count / total:.1%}") for name, count in metrics.filters.items()]
    yield _table(("filter", "documents that pass", "share"), passed)
    spread = [
        (f"`{name}`", *(f"{at_most(counts, share) / 100:.2f}" for share in (0.1, 0.5, 0.9, 1)))
        for name, counts in metrics.signals.items()
        if counts
    ]
    yield _table(
        ("signal", "10 % have at most", "half have at most", "90 % have at most", "all have at most"), spread
    )


def _copies(summary: dict[str, Any]) -> dict[str, int]:
    return {"no other document": summary["documents"] - sum(summary["duplicates"].values()), **summary["duplicates"]}


def _more(settings: dict[str, Any]) -> str:
    return (
        "`MANIFEST.sha256` has the hash of every file, for `sha256sum --check`. `manifest.json` has a logical hash "
        f"of the rows of each table, which is the same in any format. Versions follow from the data, and this is "
        f"{settings['version']}: PATCH, the same data written again; MINOR, only additions; MAJOR, anything changed, "
        "removed or moved between splits. Past releases stay as they were, unless a takedown withdrew them."
    )


def _contact(settings: dict[str, Any]) -> str:
    who = ", ".join(map(markdown_block, [*settings["creators"], *filter(None, [settings["publisher"]])]))
    where = f", by way of {markdown_address(settings['url'])}" if settings["url"] else ""
    return f"{who or 'Whoever handed this dataset on'}{where}. Name the `doc_id` of the document that it is about."


def _titled(title: str, *parts: str) -> str:
    """Parts under a title; nothing where all of them are empty."""
    there = [part for part in parts if part]
    return "\n\n".join([f"**{title}**", *there]) if there else ""


def _plot(plots: Collection[str], name: str) -> str:
    path = f"{FOLDER}/{name}.svg"
    return f"![{name.replace('_', ' ').capitalize()}]({path})" if path in plots else ""


def _counts(what: str, of: str, counts: Mapping[str, int]) -> str:
    return _table((what, of), ((markdown(name), f"{count:,}") for name, count in counts.items())) if counts else ""


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of Markdown; cells are markup already."""
    lines = [list(header), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
