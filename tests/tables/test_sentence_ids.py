"""A sentence has the same name as long as its text is in its document."""

from __future__ import annotations

import hashlib
from collections import Counter

import hypothesis.strategies as st
import pytest
from hypothesis import given

from copydesk.tables import sentence_ids as module
from copydesk.tables.sentence_ids import sentence_ids

texts = st.lists(st.sampled_from(["Yes.", "No.", "Who?", "Él.", "👩"]) | st.text(max_size=4), max_size=12)


def ids_of(*sentences: str, document: str = "a") -> list[str]:
    return sentence_ids([document] * len(sentences), sentences)


@given(st.lists(texts, max_size=4))
def test_ids_are_unique_and_tell_document_and_text(documents: list[list[str]]) -> None:
    owners = [f"d{n}" for n, sentences in enumerate(documents) for _ in sentences]
    flat = [sentence for sentences in documents for sentence in sentences]
    found = sentence_ids(owners, flat)
    assert len(set(found)) == len(found) == len(flat)
    for owner, text, name in zip(owners, flat, found, strict=True):
        document, digest = name.split("/")
        assert document == owner and digest.startswith(hashlib.sha256(text.encode()).hexdigest()[:16])


@given(texts, texts, texts)
def test_a_change_elsewhere_leaves_every_name(before: list[str], after: list[str], more: list[str]) -> None:
    """Sentences that come, go or move change only the names of sentences with their own text."""
    old, new = ids_of(*before, *after), ids_of(*before, *more, *after)
    assert set(old) <= set(new)
    kept = Counter(before) + Counter(after)
    assert Counter(name.split("-")[0] for name in old) == Counter(ids_of(text)[0] for text in kept.elements())
    for text, name in zip(after, new[len(before) + len(more) :], strict=True):
        if text not in more:
            assert name in old


def test_texts_whose_hashes_begin_alike_have_different_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DIGITS", 0)
    assert ids_of("Yes.", "No.", "Yes.") == ["a/", "a/-2", "a/-3"]


def test_the_same_text_has_names_that_end_alike_in_all_documents() -> None:
    assert sentence_ids(["a", "a", "b"], ["No.", "Yes.", "Yes."])[1:] == [f"{d}/5f9a2b795615ba6a" for d in "ab"]
