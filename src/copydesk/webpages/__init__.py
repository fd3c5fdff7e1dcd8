"""Web pages: the edits that turn the HTML of a page into the text of its article.

trafilatura extracts the text of the article. It gives no offsets, and may reorder or rewrite text; so its text is
aligned with the page, in order, and only aligned text is kept. The HTML is the raw text. Deletions of markup and
boilerplate, replacements of character references, and line breaks between blocks make the clean text, and every edit
can be reverted.
"""
