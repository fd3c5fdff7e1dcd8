"""The site that ``make docs`` builds: README.md, docs/ and the public names, with the settings of Sphinx.

The folder that is read is the repository's own, so links lead to the same places as on a host of git.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import copydesk

project = "copydesk"
author = "the authors of copydesk"
release = version = copydesk.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

root_doc = "README"
include_patterns = ["README.md", "CONTRIBUTING.md", "docs/*.md", "docs/site/reference.rst", "corpus/README.md"]
exclude_patterns = [".*", "build", "src", "tests"]  # not even looked through
_PAGES = [
    "docs/start",
    "docs/load",
    "docs/example",
    "docs/from-release-to-release",
    "docs/python",
    "docs/keep",
    "docs/cleaning",
    "docs/publish",
    "docs/provenance",
    "docs/check",
    "docs/sentences",
]
_MORE = [
    "corpus/README",
    "docs/rules",
    "docs/engines",
    "docs/scale",
    "docs/logical-hash",
    "docs/performance",
    "docs/reliability",
]
_FOR_AUTHORS = ["docs/site/reference", "docs/stability", "docs/changelog", "docs/extend", "CONTRIBUTING"]

myst_heading_anchors = 6
nitpicky = True
# Types of other packages, which have no list of names here to look them up in.
nitpick_ignore_regex = [("py:.*", r"(?!copydesk\.).*")]
suppress_warnings = ["myst.header"]  # the card of the corpus has the headings that hosts of datasets ask for
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say it in words

html_theme = "alabaster"  # nothing in it comes from another host
html_theme_options = {
    "description": "articles in, a corpus out",
    "show_powered_by": False,
    "page_width": "1200px",
    "code_font_size": "0.8em",
}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
html_show_copyright = False
html_copy_source = False


def _with_contents(_: Any, name: str, source: list[str]) -> None:
    """Put the list of all pages behind the README, which shows none on a host of git."""
    if name == root_doc:
        listed = "\n".join([*_PAGES, *_MORE, *_FOR_AUTHORS])
        source[0] += f"\n```{{toctree}}\n:hidden:\n:maxdepth: 1\n\n{listed}\n```\n"


def _of_no_use(_: Any, kind: str, name: str, found: Any, skip: bool, options: Any) -> bool | None:
    """Leave out what a NamedTuple says of its fields: its docstring says more."""
    return True if (getattr(found, "__doc__", "") or "").startswith("Alias for field number") else None


def _with_index(app: Any, failed: Exception | None) -> None:
    if failed is None:
        shutil.copyfile(Path(app.outdir, "README.html"), Path(app.outdir, "index.html"))


def setup(app: Any) -> None:
    """Let Sphinx call the above."""
    app.connect("source-read", _with_contents)
    app.connect("autodoc-skip-member", _of_no_use)
    app.connect("build-finished", _with_index)
