"""The names of the package's rules, for readers of a dataset that load no rule. A test holds that none is missing."""

#: Rules that lead from a web page to its article: without their edits there is no text.
OF_PAGES = frozenset({"html-markup", "html-reference", "html-boilerplate"})
#: All others.
OF_TEXTS = frozenset(
    """
    advertisement author-biography boilerplate-line byline character-reference contact copyright date-line
    duplicate-line full-width glued-punctuation glued-term glued-word glued-word-maybe hard-wrap inner-hyphen
    invisible line-end line-hyphen lost-comma lost-full-stop mask-email-address mask-ip-address mask-phone-number
    missing-space mojibake page-element photo-credit quote-direction read-more share source-line
    space-before-mark spaces split-capital stray-capital subscribe template-line torn-word
    """.split()
)
