"""The public functions for one text: what they return, and what they say about a wrong argument."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given

import copydesk
from copydesk.api import one_text
from copydesk.errors import BuildError, ConfigError, InputError, UnreadableError
from copydesk.project import Project
from support import ROOT, hard_texts

ARTICLE = (ROOT / "seeds" / "003_7f19f5ed8fd5d325.txt").read_text("utf-8")


def test_a_cleaned_text_is_that_of_the_pipeline_and_gives_back_the_raw_text(two_articles: Project) -> None:
    rows = pq.read_table(two_articles.corpus / "data" / "documents", columns=["doc_id", "text"]).to_pylist()
    (published,) = (row["text"] for row in rows if row["doc_id"] == "003_7f19f5ed8fd5d325")
    cleaned = copydesk.clean(ARTICLE, "en")
    assert cleaned.text == published
    assert cleaned.revert() == ARTICLE
    first = cleaned.edits[0]
    starts, ends = cleaned.alignment.to_clean(np.array([first.raw_start]), np.array([first.raw_end]))
    assert (starts.tolist(), ends.tolist()) == ([first.start], [first.end])


def test_settings_are_those_of_params_yaml() -> None:
    text = "the war?Russia  does not"
    assert copydesk.clean(text, settings={"rules": {"spaces": "suggest"}}).text == "the war? Russia  does not"
    suggested = copydesk.clean(text, settings={"apply": []})
    assert (suggested.text, {rule for edit in suggested.suggestions for rule in edit.rules} >= {"spaces"}) == (
        text,
        True,
    )
    assert copydesk.clean(text, settings={"rules": {"spaces": "off", "missing-space": "off"}}).text == text
    with pytest.raises(ConfigError, match=r"clean\.rules\.nothing: no rule has this name"):
        copydesk.clean(text, settings={"rules": {"nothing": "off"}})
    with pytest.raises(ConfigError, match=r"settings: does not obey params\.schema\.json"):
        copydesk.clean(text, settings={"tiers": ["safe"]})


@given(hard_texts)
def test_sentences_are_spans_of_the_text(text: str) -> None:
    sentences = copydesk.split_sentences(text, "en")
    assert all(text[s.start : s.end] == s.text for s in sentences)
    assert "".join("".join(s.text for s in sentences).split()) == "".join(text.split())


def test_the_language_decides_where_sentences_end() -> None:
    text = "Die Feier am 3. Oktober war gut besucht. Danach gingen alle nach Hause, und es regnete die ganze Nacht."
    assert copydesk.split_sentences(text) == copydesk.split_sentences(text, "de")
    assert len(copydesk.split_sentences(text)) == 2
    assert copydesk.split_sentences("") == []
    assert copydesk.detect_language(text).code == "de"


def test_an_article_and_its_metadata() -> None:
    paragraph = "The council met on Tuesday and decided, after a long debate, to keep the old bridge. "
    page = (
        '<html><head><title>The bridge</title><meta property="og:site_name" content="The Daily">'
        '<meta name="author" content="Jane Roe"></head>'
        f"<body><nav>Home</nav><article><p>{paragraph * 5}</p><p>{paragraph * 4}</p></article></body></html>"
    )
    article = copydesk.extract_article(page)
    assert (article.title, article.metadata["byline"]) == ("The bridge", "Jane Roe")
    assert "title" not in article.metadata
    assert article.text.count("\n\n") == 1
    assert article.revert() == page
    with pytest.raises(UnreadableError, match="no-article"):
        copydesk.extract_article("<html></html>")
    with pytest.raises(UnreadableError, match="too-large: a web page of 4,194,305 characters"):
        copydesk.extract_article("x" * (4 * 1024 * 1024 + 1))


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copydesk.webpages.trafilatura_article.PINNED_FOR_PAGES", {"not-there": "1.0"})
    with pytest.raises(BuildError, match=r"not-there, which is not installed; .*pip install 'copydesk\[web\]"):
        copydesk.extract_article("<html></html>")


@pytest.mark.parametrize(
    "function", [copydesk.clean, copydesk.split_sentences, copydesk.detect_language, copydesk.extract_article]
)
def test_wrong_arguments_are_named(function: Callable[..., object]) -> None:
    name = "html" if function is copydesk.extract_article else "text"
    for value, kind in ((b"bytes", "bytes; decode it first"), (None, "NoneType"), (["a"], "list")):
        with pytest.raises(InputError, match=f"{name}: expected a str, found {kind}"):
            function(value)
    with pytest.raises(
        InputError, match=rf"{name}: not valid Unicode: character 2 is an unpaired surrogate \(U\+D800\)"
    ):
        function("a \ud800")
    assert issubclass(InputError, TypeError)


def test_a_text_that_is_too_large_and_a_language_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_text, "MOST_CHARACTERS", 10)
    with pytest.raises(InputError, match="text: 12 characters, at most 10 are accepted; split it"):
        one_text._check_text("text", "x" * 12, most=one_text.MOST_CHARACTERS)
    for function in (copydesk.clean, copydesk.split_sentences):
        for language in ("English", "", "EN", "e"):
            with pytest.raises(InputError, match="language: expected an ISO 639 code such as 'en', found "):
                function("text", language)
        with pytest.raises(InputError, match="language: expected a code such as 'en', or None; found int"):
            function("text", 7)
    with pytest.raises(InputError, match="settings: expected a mapping"):
        copydesk.clean("text", settings=["safe"])  # type: ignore[arg-type]


def test_importing_the_package_loads_no_library() -> None:
    code = "import sys, copydesk; print([name for name in ('pyarrow', 'numpy', 'yaml') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
