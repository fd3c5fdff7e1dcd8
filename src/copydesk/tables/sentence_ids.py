"""Names of sentences that follow from their texts, so that a change elsewhere in a document keeps them."""

from __future__ import annotations

import hashlib
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
    sha256 = hashlib.sha256
    hashes = [sha256(text.encode()).hexdigest()[:_DIGITS] for text in texts]
    ids = [f"{doc_id}/{digits}" for doc_id, digits in zip(doc_ids, hashes, strict=True)]
    if len(set(ids)) == len(ids):
        return ids
    occurrences: dict[str, int] = {}
    for place, name in enumerate(ids):
        if name in occurrences:
            occurrences[name] += 1
            ids[place] = f"{name}-{occurrences[name]}"
        else:
            occurrences[name] = 1
    return ids
