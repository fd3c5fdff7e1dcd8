"""The data part of a public summary of training content (Article 53(1)(d) of Regulation (EU) 2024/1689), in Markdown.

The order of the sections and what they ask for are those of the Commission's template (C(2025) 8311 of 5 December
2025). What follows from the rows is filled in; everything else is marked, for a person to write. No legal advice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from typing import Any

from copydesk.core.escaping import markdown, markdown_code
from copydesk.core.plural import plural
from copydesk.proofs.content_figures import Amount, ContentFigures, largest_first

#: What the template asks for: the share of all domains, by size; for small and medium-sized enterprises less.
SHARE, SHARE_OF_SMALL, MOST_OF_SMALL = 0.10, 0.05, 1_000
_BILLION = 10**9
_HEAD = "| documents | words | characters | bytes |"
_RULE = "|--:|--:|--:|--:|"
_RANGES = ("Less than 1 billion tokens", "1 billion to 10 trillion tokens", "More than 10 trillion tokens")


def todo(what: str) -> str:
    """A passage that only a person can write."""
    return f"**[To be written: {what}]**"


def top_domains(figures: ContentFigures, *, small: bool = False) -> list[tuple[str, Amount]]:
    """The largest domains that the template asks for; domains of equal size are in alphabetical order.

    Of small and medium-sized enterprises it asks for 5 % or 1,000 domains, whichever is less; else for 10 %.
    """
    named = [(name, amount) for name, amount in largest_first(figures.domains) if name is not None]
    wanted = min(ceil(len(named) * SHARE_OF_SMALL), MOST_OF_SMALL) if small else ceil(len(named) * SHARE)
    return named[:wanted]


def eu_summary(
    figures: ContentFigures, corpus: Mapping[str, Any], listing: Mapping[str, Any], *, small: bool = False
) -> str:
    """Render the summary.

    Parameters
    ----------
    figures : ContentFigures
        Of all rows of the table ``documents``.
    corpus : mapping
        The section ``corpus`` of params.yaml.
    listing : mapping
        The parsed ``manifest.json``.
    small : bool
        Whether the provider is a small or medium-sized enterprise, of which the template asks for fewer domains.
    """
    return "\n".join(
        [
            "# Public summary of training content: the data part",
            "",
            f"Filled in from the rows of {markdown(corpus.get('title') or corpus['name'])}, version "
            f"{markdown(listing['version'])} (logical hash of the table documents: "
            f"{markdown_code(listing['tables']['documents']['logical_sha256'])}). What is marked "
            "**[To be written: ...]** does not follow from the rows. The figures are those of this dataset; for a "
            "model that was trained on other data too, they are a part.",
            "",
            "## 1. General information",
            "",
            "### 1.1. Provider identification",
            "",
            todo("provider, authorised representative, and how to reach them"),
            "",
            "### 1.2. Model identification",
            "",
            todo("versioned names of the model, models it depends on, date of placement on the Union market"),
            "",
            *_overall(figures),
            *_sources(figures, small=small),
            *_processing(figures, listing),
        ]
    )


def _overall(figures: ContentFigures) -> Iterator[str]:
    yield from ("### 1.3. Modalities, overall training data size and other characteristics", "")
    yield from ("| modality | size |", "|---|---|")
    yield f"| text | {_size_range(figures.total)} |"
    yield from ("| image, audio, video, other | none in this dataset |", "")
    yield from (_HEAD, _RULE, _row(figures.total), "")
    yield f"Types of content: {todo('such as news, fiction, scientific text, code')}"
    yield ""
    dates = f"{figures.first_date} to {figures.last_date}" if figures.first_date else "not known"
    yield f"Latest date of data acquisition: {todo('month and year')} Dates of publication of the documents: {dates}."
    yield from ("", "Linguistic characteristics:", "")
    yield from _table("language", figures.languages, "not identified")
    yield from ("Other relevant characteristics, by year of publication:", "")
    yield from _table("year", dict(sorted(figures.years.items(), key=_by_name)), "not known", ordered=False)
    yield "By license, as stated for each document (SPDX expressions):"
    yield ""
    yield from _table("license", figures.licenses, "not known")
    if figures.duplicates.documents:
        amount = figures.duplicates
        are = "is" if amount.documents == 1 else "are"
        yield f"{plural(amount.documents, 'document')} of these ({amount.size:,} bytes) {are} duplicates of others."
        yield ""


def _sources(figures: ContentFigures, *, small: bool) -> Iterator[str]:
    yield from ("## 2. List of data sources", "")
    yield from (
        "### 2.1. Publicly available datasets",
        "",
        todo("whether this is one, and which others were used"),
        "",
    )
    yield from ("### 2.2. Private non-publicly available datasets obtained from third parties", "")
    yield from ("#### 2.2.1. Datasets commercially licensed by rightsholders or their representatives", "")
    yield from (todo("whether there are licensing agreements"), "")
    yield from ("#### 2.2.2. Private datasets obtained from other third parties", "", todo("which ones"), "")
    yield from ("### 2.3. Data crawled and scraped from online sources", "")
    without = figures.domains.get(None, Amount())
    on_web = [amount for name, amount in figures.domains.items() if name is not None]
    total = sum(on_web, Amount())
    yield f"{plural(total.documents, 'document')} ({total.size:,} bytes) with the address of a web page."
    yield ""
    yield todo("names, purposes and behaviour of the crawlers; period of collection; types of content and of sources")
    if figures.domains.keys() - {None}:
        listed = top_domains(figures, small=small)
        wanted = "5 % or 1,000 domains, whichever is less" if small else "10 %"
        named = len(on_web)
        yield ""
        yield f"The largest of {plural(named, 'domain')} by size of the content ({wanted}: {len(listed):,} listed):"
        yield ""
        yield from _table("domain", {**dict(listed)})
    else:
        yield ""
    for section, what in (
        ("2.4. User data", "whether any was used"),
        ("2.5. Synthetic data", "whether any was used"),
    ):
        yield from (f"### {section}", "", todo(what), "")
    yield from ("### 2.6. Other sources of data", "")
    if without.documents:
        yield f"{plural(without.documents, 'document')} ({without.size:,} bytes) without the address of a web page."
        yield ""
    yield from (todo("where those come from that are in none of the sections above"), "")


def _processing(figures: ContentFigures, listing: Mapping[str, Any]) -> Iterator[str]:
    yield from ("## 3. Data processing aspects", "")
    yield from ("### 3.1. Respect of reservation of rights from text and data mining exception or limitation", "")
    reserving = sum(figures.reserving.values(), Amount())
    respected = "tdm" in listing["params"].get("publish", {}).get("respect", [])
    yield (
        "Reservations are read from each page and from the headers of its response in a web archive: TDMRep, the "
        f"directive noai, RSL. Documents that reserve text and data mining: {reserving.documents:,}; "
        f"in the public part of the dataset: {figures.reserving_public:,}."
    )
    if respected:
        yield "The setting `publish.respect` names `tdm`: documents that reserve it are not in the public part."
    else:
        yield "The setting `publish.respect` does not name `tdm`: reservations keep no document from the public part."
    yield ""
    if figures.reserving:
        yield from _table("stated by", figures.reserving)
    reasons = Counter(str(row.get("reason")) for row in listing["dropped"])
    yield f"Documents left out because of a takedown: {reasons['takedown']:,}."
    yield ""
    yield todo("signature of the code of practice; what was done before and during collection, such as robots.txt")
    yield from ("", "### 3.2. Removal of illegal content", "")
    others = {reason: count for reason, count in reasons.items() if reason != "takedown"}
    if others:
        listed = ", ".join(f"{markdown(reason)} {count:,}" for reason, count in sorted(others.items()))
        yield f"Documents left out by the settings of the build: {listed}."
        yield ""
    yield from (todo("measures against illegal content"), "", "### 3.3. Other information (optional)", "")
    yield "Every change between the raw and the clean text is in the table `edits` of the dataset."
    yield ""


def _size_range(total: Amount) -> str:
    """The range of the template, if it is certain: a tokenizer makes at most one token of a byte."""
    if total.size < _BILLION:
        return f"{_RANGES[0]} ({total.size:,} bytes)"
    return f"{total.size:,} bytes; {todo('tokens: ' + '; '.join(_RANGES))}"


def _table(
    column: str, amounts: Mapping[str | None, Amount], unknown: str = "", *, ordered: bool = True
) -> Iterator[str]:
    """A table of amounts, with their sum as its last row."""
    rows: Iterable[tuple[str | None, Amount]] = largest_first(amounts) if ordered else amounts.items()
    yield f"| {column} {_HEAD}"
    yield f"|---{_RULE}"
    for name, amount in rows:
        shown = unknown if name is None else markdown(name)
        yield f"| {shown} {_row(amount)}"
    yield f"| in all {_row(sum(amounts.values(), Amount()))}"
    yield ""


def _row(amount: Amount) -> str:
    return "".join(f"| {value:,} " for value in amount) + "|"


def _by_name(entry: tuple[str | None, Amount]) -> tuple[bool, str]:
    return entry[0] is None, entry[0] or ""
