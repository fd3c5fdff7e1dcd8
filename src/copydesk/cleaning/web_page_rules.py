"""Rules that label the edits from HTML to article; the edits themselves are computed in ``copydesk.webpages``."""

from __future__ import annotations

from typing import NamedTuple

from copydesk.text.edits import Tier


class PageRule(NamedTuple):
    """Names edits of HTML as a :class:`~copydesk.cleaning.rule.Rule` names those of text.

    The edits follow from the whole page, and without them there is no text. So no setting switches these rules off or
    moves them to another tier.
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
    # It removes everything that trafilatura does not count as article. The confidence is the share of the article
    # that was located in the page.
    PageRule(
        "html-boilerplate",
        "probable",
        repairs=(f"<nav>Home | News</nav><article><p>{_PARAGRAPH}</p></article>", _PARAGRAPH),
        leaves=f"<article><p>{_PARAGRAPH}</p></article>",
    ),
)
#: The flag of a place where a part of the article belongs that was not found in the page.
UNTRACED = "untraced"
