"""Lines that stand in many documents of one source: counted shard by shard, then over the corpus.

A line that an outlet puts below each article is a template line, and so may be a heading of a column. So these lines
are listed, and a steward decides (``remove-line``, ``keep-line`` in seeds/decisions.jsonl).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.core.decisions import Decision, folded_line
from copydesk.store.shard_store import Part, Store

NAME = "template_lines.jsonl"
#: Longer lines are paragraphs, and no decision may name them.
LONGEST_LINE = 400
#: Lines that the report lists.
_MOST_LISTED = 1000
#: Counters of the first pass over the corpus, a byte each: at least two for each line of a shard, up to 128 MiB.
_FEWEST_COUNTERS, _MOST_COUNTERS = 1 << 16, 1 << 27
_FULL = 255
#: What no line of a hand-written file may have.
_CONTROL = re.compile("[\x00-\x1f\x7f]")

#: For each document the decisions about its lines.
LineDecisions = Mapping[str, Sequence[Decision]]


class CountedShard(NamedTuple):
    """The counts of a shard, and the tables in which the lines themselves stand."""

    counts: Part
    texts: Part
    removed: Part


class _Found(NamedTuple):
    """A line of a source: documents in which it stands and from which it was removed, the first of them, decision."""

    standing: int
    removed: int
    shard: int
    place: int
    decision: str | None


def line_counts(
    documents: pa.Table, sources: Sequence[str | None], removed: pa.Table, decisions: LineDecisions, counted: pa.Array
) -> list[dict[str, Any]]:
    """Count the lines of a shard by source.

    Parameters
    ----------
    documents : pa.Table, n rows
        ``doc_id`` and ``text``.
    sources : sequence of str or None, length n
        Documents without a source are left out.
    removed : pa.Table
        ``doc_id`` and ``line`` of lines that rules removed.
    decisions : mapping of doc_id to decisions about lines
    counted : pa.Array of bool, shape (n,)
        Which documents count: a dropped one does not, nor does a duplicate, whose lines all stand in another one.

    Returns
    -------
    list of dict
        Rows of the table ``lines``, by source and hash.
    """
    removed_lines: dict[str, list[str]] = defaultdict(list)
    for doc_id, line in zip(removed["doc_id"].to_pylist(), removed["line"].to_pylist(), strict=True):
        removed_lines[doc_id].append(line)
    standing_counts: Counter[tuple[str, int]] = Counter()
    removed_counts: Counter[tuple[str, int]] = Counter()
    first: dict[tuple[str, int], int] = {}
    decided: dict[tuple[str, int], tuple[str, bool]] = {}
    columns = documents["doc_id"].to_pylist(), documents["text"].to_pylist(), sources, counted.to_pylist()
    for place, (doc_id, text, source, counts) in enumerate(zip(*columns, strict=True)):
        of_document = decisions.get(doc_id, ())
        if source is None or not (counts or of_document):
            continue
        standing = {line_hash(""), *map(line_hash, short_lines(text.split("\n")))}
        gone = set(map(line_hash, short_lines(removed_lines.get(doc_id, ())))) - standing
        if counts:
            standing_counts.update((source, number) for number in standing)
            removed_counts.update((source, number) for number in gone)
            for number in standing | gone:
                first.setdefault((source, number), place)
        for decision in of_document:
            key = source, line_hash(decision.line or "")
            met = key[1] in standing or key[1] in gone
            decided[key] = decision.decision, met or decided.get(key, ("", False))[1]
    return [
        {
            **{"source": key[0], "hash": key[1], "place": first.get(key, 0)},
            **{"documents": standing_counts[key], "removed": removed_counts[key]},
            **dict(zip(("decision", "met"), decided.get(key, (None, True)), strict=True)),
        }
        for key in sorted(first.keys() | decided.keys())
    ]


def line_hash(line: str) -> int:
    """The number by which a folded line is counted."""
    return int.from_bytes(hashlib.blake2b(line.encode(), digest_size=7).digest(), "big")


def short_lines(lines: Sequence[str]) -> Iterator[str]:
    """The lines that may be listed, their white space folded."""
    for line in lines:
        # A line far too long need not be folded.
        if len(line) <= 2 * LONGEST_LINE and 0 < len(folded := folded_line(line)) <= LONGEST_LINE:
            yield folded


def template_lines(
    store: Store, shards: Sequence[CountedShard], least: int, share: float
) -> tuple[list[dict[str, Any]], list[tuple[str, int]]]:
    """List the lines that stand in many documents of one source.

    Parameters
    ----------
    store : Store
    shards : sequence of CountedShard
        In corpus order.
    least : int
        Documents of the source that have the line, or had it.
    share : float
        Of all documents of the source.

    Returns
    -------
    rows : list of dict
        Lines of reports/template_lines.jsonl, those that stand in most documents first.
    unmet : list of (str, int)
        Source and hash of the lines with a decision that fits no document.
    """
    counters = _counted_roughly(store, shards)
    lines: dict[tuple[str, int], _Found] = {}
    met: dict[tuple[str, int], bool] = {}
    for number, shard in enumerate(shards):
        rows = store.read(shard.counts, again=True).combine_chunks()
        often = counters[_slots(rows, len(counters))] >= min(least, _FULL)
        wanted = often | pc.is_valid(rows["decision"]).to_numpy() | (rows["hash"].to_numpy() == _EVERY)
        for row in rows.filter(pa.array(wanted)).to_pylist():
            key = row["source"], row["hash"]
            known = lines.get(key, _Found(0, 0, number, row["place"], None))
            if known.standing + known.removed == 0:  # only a document that counts is an example
                known = known._replace(shard=number, place=row["place"])
            lines[key] = known._replace(
                standing=known.standing + row["documents"],
                removed=known.removed + row["removed"],
                decision=known.decision or row["decision"],
            )
            if row["decision"] is not None:
                met[key] = met.get(key, False) or row["met"]
    totals = {source: line.standing for (source, number), line in lines.items() if number == _EVERY}
    listed = {
        key: line
        for key, line in lines.items()
        if key[1] != _EVERY and line.standing + line.removed >= max(least, share * totals.get(key[0], 0))
    }
    first = sorted(listed, key=lambda key: (-listed[key].standing, -listed[key].removed, *key))[:_MOST_LISTED]
    words = _words(store, shards, {key: listed[key] for key in first})
    report = [
        {
            **{"source": key[0], "line": words[key][1], "documents": totals[key[0]]},
            **{"standing": listed[key].standing, "removed": listed[key].removed},
            **{"example": words[key][0], "decision": listed[key].decision},
        }
        for key in first
        if key in words
    ]
    return report, sorted(key for key, is_met in met.items() if not is_met)


_EVERY = line_hash("")


def _counted_roughly(store: Store, shards: Sequence[CountedShard]) -> NDArray[np.uint8]:
    """Counters of which each holds at least the documents of every line that falls to it, up to 255.

    So memory is bounded: only lines whose counter is high are counted exactly.
    """
    size = _FEWEST_COUNTERS
    while size < min(2 * sum(shard.counts.rows for shard in shards), _MOST_COUNTERS):
        size *= 2
    counters = np.zeros(size, np.uint8)
    for shard in shards:
        rows = store.read(shard.counts, ["source", "hash", "documents", "removed"]).combine_chunks()
        slots, owners = np.unique(_slots(rows, size), return_inverse=True)
        documents = rows["documents"].to_numpy() + rows["removed"].to_numpy()
        sums = np.bincount(owners, weights=documents, minlength=len(slots))
        counters[slots] = np.minimum(counters[slots] + sums, _FULL).astype(np.uint8)
    return counters


def _slots(rows: pa.Table, size: int) -> NDArray[np.int64]:
    """The counter of each line of a source."""
    sources = pc.dictionary_encode(rows["source"]).combine_chunks()
    hashes = np.array([line_hash(source) for source in sources.dictionary.to_pylist()], np.int64)
    of_source = hashes[sources.indices.to_numpy()] if rows.num_rows else hashes
    slots: NDArray[np.int64] = (rows["hash"].to_numpy() ^ of_source) & (size - 1)
    return slots


def _words(
    store: Store, shards: Sequence[CountedShard], lines: Mapping[tuple[str, int], _Found]
) -> dict[tuple[str, int], tuple[str, str]]:
    """The example and the words of each line; those that no decision can name are left out."""
    by_shard: dict[int, dict[int, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
    for key, line in lines.items():
        by_shard[line.shard][line.place].append(key)
    words: dict[tuple[str, int], tuple[str, str]] = {}
    for number, places in sorted(by_shard.items()):
        documents = store.read(shards[number].texts).select(["doc_id", "text"]).take(pa.array(sorted(places)))
        removed = store.read(shards[number].removed)
        for place, doc_id, text in zip(sorted(places), *(c.to_pylist() for c in documents.columns), strict=True):
            of_document = removed.filter(pc.equal(removed["doc_id"], doc_id))["line"].to_pylist()
            by_hash = {line_hash(line): line for line in short_lines([*text.split("\n"), *of_document])}
            words |= {key: (doc_id, by_hash[key[1]]) for key in places[place]}
    return {key: word for key, word in words.items() if not _CONTROL.search(word[1])}
