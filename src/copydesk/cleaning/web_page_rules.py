"""What becomes of web pages: the first pass, whose edits are found where a page is read (``copydesk.webpages``)."""

from __future__ import annotations

from typing import NamedTuple

from copydesk.cleaning.rule import Tier


class PageRule(NamedTuple):
    """Names edits of HTML as a :class:`~copydesk.cleaning.rule.Rule` names those of text.

    They follow from the whole page and not from a text alone, and without them there is no text: no setting switches
    them off or moves them to another tier.
    """

    name: str
    tier: Tier
    repairs: tuple[str, str]
    leaves: str


_PARAGRAPH = (
    "The mayor of the city said on Monday that the new bridge over the harbour would open at the end of the year."
)

PAGE_RULES = (
    PageRule(
        "html-markup",
        "safe",
        repairs=(f"<article><p>{_PARAGRAPH}</p><p>He <b>left</b>.</p></article>", f"{_PARAGRAPH}\n\nHe left."),
        leaves=_PARAGRAPH,
    ),
    PageRule(
        "html-reference",
        "safe",
        repairs=(f"<article><p>{_PARAGRAPH} AT&amp;T did too.</p></article>", f"{_PARAGRAPH} AT&T did too."),
        leaves=f"<article><p>{_PARAGRAPH} AT&T did too.</p></article>",
    ),
    # What it leaves out is no part of the article as trafilatura sees it; the confidence is the share of the article
    # that could be traced in the page.
    PageRule(
        "html-boilerplate",
        "probable",
        repairs=(f"<nav>Home | News</nav><article><p>{_PARAGRAPH}</p></article>", _PARAGRAPH),
        leaves=f"<article><p>{_PARAGRAPH}</p></article>",
    ),
)
#: The flag of a place where something of the article should stand that could not be traced in the page.
UNTRACED = "untraced"
