"""The frame of every page: landmarks, navigation, inline style and script, and the security policy."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from copydesk.markup.html import Html, joined, tag

_ASSETS = Path(__file__).parent / "assets"
#: Titles of the pages in the navigation, by file name.
PAGES = {
    "index.html": "Corpus",
    "documents.html": "Documents",
    "queue.html": "Queue",
    "rules.html": "Rules",
    "lines.html": "Lines",
    "release.html": "Release",
    "decisions.html": "Decisions",
}


@cache
def asset(name: str) -> str:
    """Read a file of assets/."""
    return (_ASSETS / name).read_text("utf-8")


def policy(forms: bool) -> str:
    """The Content-Security-Policy: nothing is loaded, and only our own style and script are allowed."""
    sent = "'self'" if forms else "'none'"
    return (
        f"default-src 'none'; style-src {_hash('report.css')}; script-src {_hash('report.js')}; base-uri 'none'; "
        f"form-action {sent}; require-trusted-types-for 'script'; trusted-types 'none'"
    )


@cache
def _hash(name: str) -> str:
    digest = hashlib.sha256(asset(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def render_page(name: str, title: str, *content: object, corpus: str, forms: bool = False, data: Any = None) -> str:
    """Render a whole page.

    Parameters
    ----------
    name : str
        Path of the page in the report; links are relative to it.
    title : str
        Title of the page.
    content : Html or str
        Content of the main element.
    corpus : str
        Title of the corpus.
    forms : bool
        Whether the page may send forms to its server.
    data : optional
        Data for the script, embedded as JSON.
    """
    up = "../" * name.count("/")
    links = [
        tag("li", tag("a", label, href=f"{up}{target}", aria_current="page" if target == name else None))
        for target, label in PAGES.items()
    ]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy(forms)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="same-origin"),
        tag("title", f"{title} · {corpus}"),
        Html(f"<style>{asset('report.css')}</style>"),
    )
    body = tag(
        "body",
        tag("a", "Skip to the content", href="#main", class_="skip"),
        tag("header", tag("p", corpus, class_="name"), tag("nav", tag("ul", joined(links)), aria_label="Report")),
        tag("main", tag("h1", title), *content, id="main"),
        tag("footer", tag("p", "Written by copydesk report.")),
        _data(data) if data is not None else None,
        Html(f"<script>{asset('report.js')}</script>"),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _data(value: Any) -> Html:
    # No text in it may close the element or open a comment.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return Html(f'<script type="application/json" id="data">{text}</script>')
