"""Names of sentences that follow from their texts, so that a change elsewhere in a document keeps them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

_DIGITS = 16  # of a SHA-256 in hexadecimal


def sentence_ids(doc_ids: Sequence[str], texts: Sequence[str]) -> list[str]:
    """The id of each sentence: its document, a slash, the beginning of the SHA-256 of its text.

    If an earlier sentence of the document has the same beginning, as a rule because it has the same text, a hyphen
    and the number of the occurrence follow. So ids are unique, whatever the texts are.

    Parameters
    ----------
    doc_ids, texts : sequence of str, of equal length
        Document and text of each sentence; the sentences of a document follow each other in order.

    >>> sentence_ids(["a", "a", "b"], ["Yes.", "Yes.", "Yes."])
    ['a/5f9a2b795615ba6a', 'a/5f9a2b795615ba6a-2', 'b/5f9a2b795615ba6a']
    """
    ids = []
    current = None
    occurrences: Counter[str] = Counter()
    for doc_id, text in zip(doc_ids, texts, strict=True):
        if doc_id != current:
            current, occurrences = doc_id, Counter()
        name = f"{doc_id}/{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}"
        occurrences[name] += 1
        ids.append(name if occurrences[name] == 1 else f"{name}-{occurrences[name]}")
    return ids
