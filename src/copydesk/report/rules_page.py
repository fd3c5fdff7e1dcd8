"""The page rules.html: each rule with its tier, its counts and its first edits."""

from __future__ import annotations

from collections.abc import Sequence

from copydesk.cleaning.plan import DETECTORS, LISTED
from copydesk.markup.html import Html, facts, html_table, tag
from copydesk.report.corpus_view import Corpus, Sample, address
from copydesk.report.page_frame import render_page


def rules_page(corpus: Corpus, linked: bool) -> str:
    """Render rules.html; ``linked`` says whether each document has a page."""
    summary = corpus.metrics.summary
    tiers = {**{rule.name: rule.tier for rule in LISTED}, **corpus.project.params["clean"]["rules"]}
    examples = {
        rule.name: [("before", rule.repairs[0]), ("after", rule.repairs[1]), ("leaves alone", rule.leaves)]
        for rule in LISTED
    }
    rules = []
    rows = []
    # Rules of plug-ins, too, which a report does not import: their tier and examples are shown by copydesk rules.
    for name in dict.fromkeys((*examples, *summary["edits"], *summary["suggestions"])):
        figures = [
            ("tier", tiers.get(name, "as the plug-in says")),
            ("edits", f"{summary['edits'].get(name, 0):,}"),
            ("suggestions", f"{summary['suggestions'].get(name, 0):,}"),
        ]
        rows.append((tag("a", name, href=f"#{name}"), *(value for _, value in figures)))
        samples = [_sample(sample, linked) for sample in corpus.samples.get(name, [])]
        rules.append(_article(name, figures, examples.get(name, []), samples))
    flags = [
        _article(
            detector.kind,
            [("flags", f"{summary['flags'].get(detector.kind, 0):,}")],
            [("marks", detector.marks), ("leaves alone", detector.leaves)],
            [],
        )
        for detector in DETECTORS
    ]
    order = tag("p", "In order of application. Set the tier of a rule in ", tag("code", "params.yaml"), ".")
    listed = html_table("Rules", ("rule", "tier", "edits", "suggestions"), rows, class_="numbers")
    content = [order, listed, tag("h2", "Rules in detail"), *rules, tag("h2", "Flags"), *flags]
    return render_page("rules.html", "Rules", *content, corpus=corpus.title)


def _article(
    name: str, figures: Sequence[tuple[str, str]], examples: Sequence[tuple[str, str]], samples: Sequence[Html]
) -> Html:
    shown = [(word, tag("code", _with_line_feeds(text))) for word, text in examples]
    listed = [tag("h4", "In this corpus"), tag("ul", *samples, class_="samples")] if samples else []
    return tag("article", tag("h3", name), facts(figures), facts(shown), *listed, id=name, class_="rule")


def _with_line_feeds(text: object) -> str:
    return str(text).replace("\n", "⏎\n")


def _sample(sample: Sample, linked: bool) -> Html:
    change = tag("span", sample.lead, deleted(sample.before), inserted(sample.after), sample.tail, class_="text")
    name = tag("a", sample.doc_id, href=address(sample.doc_id)) if linked else tag("span", sample.doc_id)
    return tag("li", change, " ", name)


def deleted(text: str) -> Html | None:
    """Deleted text, with its white space made visible."""
    return tag("del", spelled(text)) if text else None


def inserted(text: str) -> Html | None:
    """Inserted text, with its white space made visible."""
    return tag("ins", spelled(text)) if text else None


def spelled(text: str) -> str:
    """Text with symbols for line feeds, tabs, and spaces at both ends."""
    inner = text.strip(" ")
    lead = len(text) - len(text.lstrip(" "))
    ends = "␣" * lead, "␣" * (len(text) - len(inner) - lead)
    return f"{ends[0]}{inner}{ends[1]}".replace("\n", "⏎\n").replace("\t", "⇥").replace("\u00a0", "⍽")
