"""The dataset card for people: the sections of the official template, each from settings, figures and schemas."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import yaml

from copydesk.core.config import Params
from copydesk.core.escaping import markdown, markdown_address, markdown_block, markdown_code
from copydesk.core.plural import plural
from copydesk.dataset import card_passages
from copydesk.dataset.card_metadata import Config, front_matter
from copydesk.dataset.card_plots import FOLDER
from copydesk.dataset.croissant import cite_as
from copydesk.dataset.license_file import NAME as LICENSE
from copydesk.dataset.license_file import UNKNOWN_RIGHTS
from copydesk.dataset.metrics import SENTENCE_BIN, WORDS_BIN, Metrics
from copydesk.dataset.published_filters import at_most
from copydesk.tables.licenses import UNKNOWN

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
        *("## Dataset Details", *_details(settings, metrics, params["publish"]["respect"])),
        *("## Uses", *card_passages.USES),
        *("## Dataset Structure", *_structure(configs, metrics)),
        *("## Dataset Creation", *_creation(params, metrics, plots)),
        *(
            "## Bias, Risks, and Limitations",
            card_passages.LIMITS,
            "### Recommendations",
            card_passages.RECOMMENDATIONS,
        ),
        *("## Citation", f"**BibTeX:**\n\n```bibtex\n{cite_as(settings)}\n```", "The same is in `CITATION.cff`."),
        *("## Glossary", card_passages.GLOSSARY),
        *("## More Information", _more(settings)),
        *("## Dataset Card Authors", card_passages.AUTHORS),
        *("## Dataset Card Contact", _contact(settings)),
    ]
    return f"---\n{matter}---\n\n" + "\n\n".join(section for section in sections if section) + "\n"


def _details(settings: dict[str, Any], metrics: Metrics, respect: Collection[str]) -> Iterable[str]:
    summary = metrics.summary
    creators = ", ".join(map(markdown_block, settings["creators"])) or "not stated"
    languages = ", ".join(f"{markdown_block(code)} ({count:,})" for code, count in metrics.languages.items())
    licenses = ", ".join(f"{markdown_block(name)} ({count:,})" for name, count in metrics.licenses.items())
    yield "### Dataset Description"
    yield (
        f"{plural(summary['documents'], 'document')}, {plural(summary['sentences'], 'sentence')}, "
        f"{plural(summary['words'], 'word')}, "
        f"{summary['characters']['clean']:,} characters of clean text ({summary['characters']['raw']:,} raw)."
    )
    shared = f"- **Shared by:** {markdown_block(settings['publisher'])}\n" if settings["publisher"] else ""
    date = f" of {settings['date']}" if settings["date"] else ""
    yield (
        f"- **Curated by:** {creators}\n{shared}- **Version:** {settings['version']}{date}\n"
        f"- **Language(s) (NLP):** {languages}\n- **License:** {licenses}; see [{LICENSE}]({LICENSE})"
    )
    not_public = summary["documents"] - summary["public"]
    if not_public:
        reserving = ", or that reserve rights of `publish.respect`" if respect else ""
        yield (
            f"Documents without a license listed in `publish.allow`{reserving}: "
            f"{not_public:,} of {summary['documents']:,}. "
            "Their column `public` is false, and a public export omits them."
        )
    if UNKNOWN in metrics.licenses:
        yield UNKNOWN_RIGHTS
    yield "### Dataset Sources"
    address = f"- **Repository:** {markdown_address(settings['url'])}\n" if settings["url"] else ""
    cut = f" (cut from commit `{settings['commit']}`)" if settings["commit"] else ""
    yield (
        f"{address}- **Machine-readable metadata:** [croissant.json](croissant.json); row counts, files, hashes, "
        f"settings and schemas in [manifest.json](manifest.json){cut}"
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
        description = markdown_block(config.table.schema["description"])
        yield f"### {config.name}\n\n{description} {plural(config.rows, 'row')}."
        yield _table(("column", "type", "contents"), rows)
    yield "### Splits"
    yield _counts("split", "documents", metrics.summary["splits"])
    yield (
        "Splits are assigned by the hash of the document's id; a group of duplicates uses the id of the document "
        "that is kept. So a document keeps its split when other documents are added or removed, and near-duplicates "
        "are never in different splits."
    )


def _creation(params: Params, metrics: Metrics, plots: Collection[str]) -> Iterable[str]:
    summary = metrics.summary
    yield "### Curation Rationale"
    yield card_passages.RATIONALE
    keep = params["select"]["keep"]
    kept = f"Documents were kept if they satisfy {markdown_code(keep)}." if keep else "No documents were filtered."
    yield f"{kept} {card_passages.LEFT_OUT[params['deduplicate']['duplicates']]}"
    yield _titled("Dropped documents", _counts("reason", "documents", summary["dropped"]))
    yield "### Source Data"
    yield "#### Data Collection and Processing"
    yield card_passages.HOW_IT_WAS_MADE
    yield _titled("Length", _plot(plots, "document_length"), _plot(plots, "sentence_length"), _lengths(metrics))
    yield _titled("Language", _plot(plots, "languages"), _counts("language", "documents", metrics.languages))
    yield _titled("Quality", card_passages.QUALITY, _plot(plots, "quality"), *_quality(metrics))
    yield _titled("Edits per rule", _plot(plots, "edits_per_rule"), _counts("rule", "edits", summary["edits"]))
    yield _titled("Suggested edits, not applied", _counts("rule", "suggestions", summary["suggestions"]))
    yield _titled("Duplicates", _plot(plots, "duplicates"), _counts("kind", "documents", _copies(summary)))
    yield "#### Who are the source data producers?"
    yield "The publishers of the documents, and their authors. Documents by source:"
    first = sorted(metrics.sources.items(), key=lambda item: (-item[1], item[0]))
    yield _counts("source", "documents", dict(first[:_NAMED]))
    if len(first) > _NAMED:
        rest = sum(count for _, count in first[_NAMED:])
        yield f"{plural(len(first) - _NAMED, 'more source')}: {plural(rest, 'document')}."
    yield "### Annotations"
    yield "#### Annotation process"
    yield card_passages.ANNOTATIONS
    yield _titled("Flags", _counts("flag", "spans", summary["flags"]))
    labels = summary.get("labels", {})
    yield _titled("Labels", card_passages.LABELLED, _counts("label", "spans", labels)) if labels else ""
    yield "#### Who are the annotators?"
    yield (
        f"Programs{'; of labels, see `labels.by`' if labels else ''}. A steward can correct a field, accept or "
        "reject an edit, and exclude a document; corrected fields "
        "have the origin `decision` in `provenance`."
    )
    yield "#### Personal and Sensitive Information"
    masked = {name: count for name, count in summary["edits"].items() if name.startswith("mask-")}
    yield (
        "Names of persons appear as published. E-mail addresses, telephone numbers and public IP addresses are "
        f"marked in `flags`; {sum(masked.values()):,} of them are masked. {card_passages.TAKEDOWN}"
    )


def _lengths(metrics: Metrics) -> str:
    """Median, 90th percentile and maximum of the lengths, each rounded up to the end of its bin."""
    rows = []
    for what, counts, width in (
        ("words of a document", metrics.document_lengths, WORDS_BIN),
        ("characters of a sentence", metrics.sentence_lengths, SENTENCE_BIN),
    ):
        if counts:
            rows.append((what, *(f"{at_most(counts, share) + width:,}" for share in (0.5, 0.9, 1))))
    return _table(("length (below)", "median", "p90", "max"), rows)


def _quality(metrics: Metrics) -> Iterable[str]:
    total = metrics.summary["documents"]
    passed = [(markdown(name), f"{count:,}", f"{count / total:.1%}") for name, count in metrics.filters.items()]
    yield _table(("filter", "documents passing", "share"), passed)
    spread = [
        (f"`{name}`", *(f"{at_most(counts, share) / 100:.2f}" for share in (0.1, 0.5, 0.9, 1)))
        for name, counts in metrics.signals.items()
        if counts
    ]
    yield _table(("signal", "p10", "median", "p90", "max"), spread)


def _copies(summary: dict[str, Any]) -> dict[str, int]:
    exact, near = (summary["duplicates"][kind] for kind in ("exact", "near"))
    unique = summary["documents"] - exact - near
    return {"unique": unique, "exact duplicate": exact, "near-duplicate": near}


def _more(settings: dict[str, Any]) -> str:
    return (
        "`MANIFEST.sha256` lists the hash of every file, for `sha256sum --check`. `manifest.json` has a logical hash "
        "of the rows of each table, which does not depend on the file format. The version number follows from the "
        f"data, and this is {settings['version']}: PATCH for the same data in other files, MINOR for additions only, "
        "MAJOR if anything was changed, removed or moved between splits. Past releases never change; a takedown can "
        "withdraw them."
    )


def _contact(settings: dict[str, Any]) -> str:
    who = ", ".join(map(markdown_block, [*settings["creators"], *filter(None, [settings["publisher"]])]))
    where = f", via {markdown_address(settings['url'])}" if settings["url"] else ""
    return f"{who or 'Whoever gave you this dataset'}{where}. Please name the `doc_id` of the document in question."


def _titled(title: str, *parts: str) -> str:
    """Parts under a title; nothing where all of them are empty."""
    written = [part for part in parts if part]
    return "\n\n".join([f"**{title}**", *written]) if written else ""


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
