"""Web pages: which of their text is the article, and the edits of the HTML that leave it.

trafilatura says which text the article is. It gives no places, and may reorder or rewrite what it finds; so its text
is looked for in the page, in order, and only what is found there is kept. The HTML stays the raw text: deletions of
markup and of what surrounds the article, replacements of character references and line breaks between blocks make
the clean text of it, and can be taken back.
"""
