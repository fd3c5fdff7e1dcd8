"""Readers of what newsrooms deliver: feeds, ninjs, NITF, NewsML-G2, and EPUB."""
