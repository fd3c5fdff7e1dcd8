"""Fast path: prove with column operations that the tables of some documents agree.

If that cannot be proved, :mod:`copydesk.validation.document_checks` checks document by document, and reports the
violations if there are any.
"""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.errors import EditError
from copydesk.readers.plain_text import RawText, newline_style, to_bytes
from copydesk.tables.sentence_ids import sentence_ids
from copydesk.tables.table import LABELS, SIGNATURES
from copydesk.text import Alignment, ComposedEdit, replay, revert
from copydesk.validation.edit_parts import parts_agree, places_lie_apart, tiers_agree
from copydesk.validation.label_checks import label_faults

Rows = NDArray[np.int64]


def surely_fit(tables: Mapping[str, pa.Table], splits: Mapping[str, pa.Array]) -> bool:
    """Whether documents, raw texts, sentences and edits are proved to agree; False if that cannot be proved here.

    Parameters
    ----------
    tables : mapping of str to Table
        ``documents``, ``raw``, ``sentences`` and ``edits`` of the same documents, in order; valid for their schemas.
        Also ``labels``, if there are any.
    splits : mapping of str to Array of string
        For each of the tables, the split of each row, by the name of its file.
    """
    documents, raw, sentences, edits = (tables[name] for name in ("documents", "raw", "sentences", "edits"))
    ids = documents["doc_id"].combine_chunks()
    if len(ids.unique()) < len(ids) or not raw["doc_id"].combine_chunks().equals(ids):
        return False
    if not documents["split"].combine_chunks().equals(splits["documents"]):
        return False
    texts, sources = documents["text"].to_pylist(), raw["text"].to_pylist()
    owner = pc.index_in(edits["doc_id"].combine_chunks(), value_set=ids)
    if owner.null_count:
        return False
    edited = owner.to_numpy().astype(np.int64)
    split = np.repeat(np.arange(len(ids)), documents["sentence_count"].to_numpy())
    return (
        all(_splits_fit(rows, splits[name], ids, splits["documents"]) for name, rows in tables.items())
        and _spans_fit(documents)
        and _origins_fit(documents, sources)
        and _bytes_fit(documents, raw, texts, sources)
        and _are_numbered(edits, edited)
        and _sentences_fit(documents, sentences, split, texts)
        and _edits_fit(edits, edited, texts, sources)
        and _parts_fit(edits)
        and _tiers_fit(edits)
        and _places_fit(edits, edited, sources)
        and (LABELS not in tables or _labels_fit(tables, ids, texts))
        and (SIGNATURES not in tables or tables[SIGNATURES]["doc_id"].equals(documents["doc_id"]))
        and _lie_in_raw(sentences, split, edits.filter(edits["applied"]), edited[_mask(edits["applied"])])
    )


def _are_numbered(rows: pa.Table, owner: Rows) -> bool:
    """Whether rows are in the order of their documents, and numbered from zero in each document."""
    begins = np.flatnonzero(np.diff(owner, prepend=-1))
    counted = np.arange(len(owner)) - np.repeat(begins, np.diff(begins, append=len(owner)))
    return bool((np.diff(owner) >= 0).all()) and np.array_equal(rows["index"].to_numpy(), counted)


def _splits_fit(rows: pa.Table, files: pa.Array, ids: pa.Array, splits: pa.Array) -> bool:
    """Whether rows are in the splits of their documents, by their files and by the column, which older ones lack."""
    expected = splits.take(pc.index_in(rows["doc_id"].combine_chunks(), value_set=ids))
    if not files.equals(expected):
        return False
    return "split" not in rows.column_names or bool(rows["split"].combine_chunks().equals(expected))


def _spans_fit(documents: pa.Table) -> bool:
    """Whether flags, passages and blocks are inside their texts."""
    lengths = pc.utf8_length(documents["text"]).to_numpy()
    if not np.array_equal(lengths, documents["characters"].to_numpy()):
        return False
    for name in ("flags", "passages", "blocks"):
        column = documents[name].combine_chunks()
        start, end = (pc.struct_field(column.flatten(), side).to_numpy() for side in ("start", "end"))
        length = lengths[pc.list_parent_indices(column).to_numpy()]
        if not ((start >= 0) & (start < end) & (end <= length)).all():
            return False
    return True


def _origins_fit(documents: pa.Table, sources: list[str]) -> bool:
    """Whether every origin belongs to a value that is not null, with a span inside the raw text."""
    column = documents["provenance"].combine_chunks()
    parents = pc.list_parent_indices(column)
    origins = column.flatten()
    fields = pc.struct_field(origins, "field")
    for name in fields.unique().to_pylist():
        stated = parents.filter(pc.equal(fields, name))
        if documents[name].combine_chunks().take(stated).null_count:
            return False
    ends = pc.fill_null(pc.struct_field(origins, "raw_end"), 0).to_numpy()
    lengths = np.fromiter(map(len, sources), dtype=np.int64, count=len(sources))
    return bool((ends <= lengths[parents.to_numpy()]).all())


def _bytes_fit(documents: pa.Table, raw: pa.Table, texts: list[str], sources: list[str]) -> bool:
    """Whether every text matches its hash, and every raw text encodes to the bytes of its file."""
    if documents["text_sha256"].to_pylist() != [_sha256(text.encode()) for text in texts]:
        return False
    columns = (raw[name].to_pylist() for name in ("encoding", "bom", "newline"))
    try:
        files = [to_bytes(RawText(*row)) for row in zip(sources, *columns, strict=True)]
    except (LookupError, UnicodeError):
        return False
    hashes: list[str] = raw["sha256"].to_pylist()
    return bool(
        hashes == [_sha256(data) for data in files]
        and documents["raw_sha256"].to_pylist() == hashes
        and raw["size"].to_pylist() == list(map(len, files))
        and raw["newline"].to_pylist() == list(map(newline_style, sources))
    )


def _sentences_fit(documents: pa.Table, sentences: pa.Table, owner: Rows, texts: list[str]) -> bool:
    """Whether the sentences are those that the documents list, and cover all but white space of each text."""
    listed = documents["sentences"].combine_chunks()
    counts = pc.list_value_length(listed).to_numpy()
    starts, ends = sentences["start"].to_numpy(), sentences["end"].to_numpy()
    if not (
        len(owner) == sentences.num_rows
        and np.array_equal(documents["sentence_count"].to_numpy(), counts)
        and documents["doc_id"].combine_chunks().take(pa.array(owner)).equals(sentences["doc_id"].combine_chunks())
        and _are_numbered(sentences, owner)
        and np.array_equal(pc.struct_field(listed.flatten(), "start").to_numpy(), starts)
        and np.array_equal(pc.struct_field(listed.flatten(), "end").to_numpy(), ends)
        and bool((starts < ends).all())
    ):
        return False
    pieces, begins, stops = sentences["text"].to_pylist(), starts.tolist(), ends.tolist()
    if sentence_ids(sentences["doc_id"].to_pylist(), pieces) != sentences["sentence_id"].to_pylist():
        return False
    rows = np.concatenate([[0], np.cumsum(counts)]).tolist()
    for text, (first, last) in zip(texts, pairwise(rows), strict=True):
        places = [0, *begins[first:last], len(text)], [0, *stops[first:last], len(text)]
        if any(map(operator.gt, places[1][:-1], places[0][1:])):  # a sentence begins before the previous one ends
            return False
        if "".join([text[end:start] for end, start in zip(places[1][:-1], places[0][1:], strict=True)]).strip():
            return False
        if pieces[first:last] != [text[a:b] for a, b in zip(begins[first:last], stops[first:last], strict=True)]:
            return False
    return True


def _edits_fit(edits: pa.Table, owner: Rows, texts: list[str], sources: list[str]) -> bool:
    """Whether edits convert each raw text into its clean text and back, and suggestions quote the raw text."""
    applied = _mask(edits["applied"])
    untouched = np.ones(len(texts), dtype=bool)
    untouched[owner[applied]] = False
    if not all(texts[number] == sources[number] for number in np.flatnonzero(untouched).tolist()):
        return False
    columns = [edits[name].to_pylist() for name in ComposedEdit._fields if name != "parts"]
    done: dict[int, list[ComposedEdit]] = {}
    for number, was_applied, *row in zip(owner.tolist(), applied.tolist(), *columns, strict=True):
        edit = ComposedEdit(*row)
        if was_applied:
            done.setdefault(number, []).append(edit)
        elif sources[number][edit.raw_start : edit.raw_end] != edit.before or not edit.start <= edit.end <= len(
            texts[number]
        ):
            return False
    try:
        return all(
            revert(texts[number], rows) == sources[number] and replay(sources[number], rows) == texts[number]
            for number, rows in done.items()
        )
    except EditError:
        return False


def _parts_fit(edits: pa.Table) -> bool:
    """Whether the parts of each edit make its ``after`` of its ``before``, and have its rules and confidence."""
    alone = pc.equal(pc.list_value_length(edits["parts"]), 1)
    single = edits.filter(alone)
    parts, rules = single["parts"].combine_chunks().flatten(), single["rules"].combine_chunks()
    if len(single) and not (
        pc.all(pc.equal(pc.list_value_length(rules), 1)).as_py()
        and pc.max(pc.struct_field(parts, "start")).as_py() == 0
        and pc.struct_field(parts, "end").equals(pc.utf8_length(single["before"].combine_chunks()))
        and pc.struct_field(parts, "replacement").equals(single["after"].combine_chunks())
        and pc.struct_field(parts, "rule").equals(rules.flatten())
        and pc.struct_field(parts, "confidence").equals(single["confidence"].combine_chunks())
        and pc.max(pc.struct_field(parts, "step")).as_py() == 0
    ):
        return False
    columns = ("before", "after", "rules", "confidence", "parts")
    return all(parts_agree(row) for row in edits.filter(pc.invert(alone)).select(columns).to_pylist())


def _tiers_fit(edits: pa.Table) -> bool:
    """Whether each edit has the tiers of its rules, and that of the least sure one as its own."""
    counts = [pc.list_value_length(edits[name]) for name in ("rules", "tiers")]
    alone = pc.and_(*(pc.equal(count, 1) for count in counts))
    single = edits.filter(alone)
    if not single["tiers"].combine_chunks().flatten().equals(single["tier"].combine_chunks()):
        return False
    others = edits.filter(pc.invert(alone)).select(("rules", "tiers", "tier"))
    return all(tiers_agree(row) for row in others.to_pylist())


def _places_fit(edits: pa.Table, owner: Rows, sources: list[str]) -> bool:
    """Whether the places at which rules do something else lie in the raw texts."""
    with_places = np.flatnonzero(pc.list_value_length(edits["otherwise"]).to_numpy())
    rows = edits.select(["otherwise"]).take(pa.array(with_places)).to_pylist()
    lengths = [len(sources[number]) for number in owner[with_places].tolist()]
    return all(places_lie_apart(row, length) for row, length in zip(rows, lengths, strict=True))


def _lie_in_raw(sentences: pa.Table, owner: Rows, applied: pa.Table, edited: Rows) -> bool:
    """Whether the raw spans of the sentences follow from the edits."""
    spans = [sentences[name].to_numpy().astype(np.int64) for name in ("start", "end", "raw_start", "raw_end")]
    places = [applied[name].to_numpy().astype(np.int64) for name in ("raw_start", "raw_end", "start", "end")]
    changed = np.unique(edited)
    unedited = np.isin(owner, changed, invert=True)
    if not all(np.array_equal(spans[side][unedited], spans[side + 2][unedited]) for side in range(2)):
        return False
    for number in changed.tolist():
        rows, part = (slice(*np.searchsorted(numbers, [number, number + 1])) for numbers in (owner, edited))
        raw_spans = Alignment(*(place[part] for place in places)).to_raw(spans[0][rows], spans[1][rows])
        if not all(np.array_equal(spans[side + 2][rows], raw_spans[side]) for side in range(2)):
            return False
    return True


def _labels_fit(tables: Mapping[str, pa.Table], ids: pa.Array, texts: list[str]) -> bool:
    """Whether the labels quote the texts, and name the right sentences and raw spans."""
    labels = tables[LABELS]
    places = pc.index_in(labels["doc_id"].combine_chunks(), value_set=ids)
    if places.null_count or (np.diff(places.to_numpy().astype(np.int64)) < 0).any():
        return False
    edits = (
        tables["edits"].filter(tables["edits"]["applied"]).select(["doc_id", "raw_start", "raw_end", "start", "end"])
    )
    sentences = tables["sentences"].select(["doc_id", "sentence_id", "start", "end"])
    numbers = places.unique().to_numpy()
    by_document = [_slices(rows, ids, numbers) for rows in (labels, sentences, edits)]
    for number, own, spans, applied in zip(numbers.tolist(), *by_document, strict=True):
        alignment = Alignment(*(applied[name].to_numpy().astype(np.int64) for name in applied.column_names[1:]))
        faults = label_faults(ids[number].as_py(), texts[number], own.to_pylist(), spans.to_pylist(), alignment)
        if any(True for _ in faults):
            return False
    return True


def _slices(rows: pa.Table, ids: pa.Array, numbers: Rows) -> Iterator[pa.Table]:
    """Yield the rows of some documents, which are given by number; all rows are in the order of the documents."""
    owner = pc.index_in(rows["doc_id"].combine_chunks(), value_set=ids).to_numpy()
    starts, stops = (np.searchsorted(owner, numbers, side) for side in ("left", "right"))
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        yield rows.slice(start, stop - start)


def _mask(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = column.to_numpy(zero_copy_only=False).astype(bool)
    return mask


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
