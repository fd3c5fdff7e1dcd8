"""The languages that sources.jsonl or a record states, which precede the detected ones."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from copydesk.language.detection import Languages


def stated_languages(languages: pa.Table) -> dict[str, str]:
    """Return stated languages by document, from a table with ``doc_id`` and ``language``."""
    return dict(zip(languages["doc_id"].to_pylist(), languages["language"].to_pylist(), strict=True))


def with_stated(detected: Languages, stated: Sequence[str | None]) -> Languages:
    """Return the languages of texts, where a stated language replaces the detected one.

    The score and the share are the detector's, for the stated language: 0 if it did not find that language.

    Parameters
    ----------
    detected : Languages
        Of n texts.
    stated : sequence of str or None, length n
        ISO 639 codes; None where nothing is stated.
    """
    if not any(stated):
        return detected
    labels, scores, shares = (column.to_pylist() for column in detected[:3])
    for place, (language, parts) in enumerate(zip(stated, detected.all_shares.to_pylist(), strict=True)):
        if language and language != labels[place]:
            labels[place], scores[place] = language, 0.0
            shares[place] = next((part["share"] for part in parts if part["language"] == language), 0.0)
    columns = pa.array(labels, pa.string()), pa.array(scores, pa.float64()), pa.array(shares, pa.float64())
    return Languages(*columns, detected.all_shares)
