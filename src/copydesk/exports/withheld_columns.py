"""Which columns of a dataset hold no text, column by column, and what becomes of all others.

Columns that are not named here are sealed, so a new column is withheld until somebody has thought about it.

- **Plain**: numbers, offsets, hashes of whole texts, codes of languages and licenses, dates, names of rules and of
  labels.
- **Derived** from the raw text and the plain columns, so left out: the texts, and ``sentence_id``, whose hash of a
  single sentence could be compared with guesses.
- **Sealed** (see :mod:`copydesk.exports.sealing`): title, byline, source, publisher, address (whose last part repeats
  the headline), rights (which quote the page), names of files, what edits insert, what a label says beside its name,
  signatures (hashes of runs of five words).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import BuildError
from copydesk.tables.parquet import as_loaded
from copydesk.tables.table import LABELS, SIGNATURES, table

SEALED = "sealed"
_MEASURES = (
    *("characters", "words", "paragraphs", "sentence_count", "mean_word_length", "symbol_word_ratio"),
    *("alpha_word_ratio", "stop_words", "bullet_line_ratio", "ellipsis_line_ratio", "dup_paragraph_frac"),
    *("dup_paragraph_char_frac", "dup_line_frac", "dup_line_char_frac", "top_2_gram_frac", "top_3_gram_frac"),
    *("top_4_gram_frac", "dup_5_gram_frac", "dup_6_gram_frac", "dup_7_gram_frac", "dup_8_gram_frac"),
    *("dup_9_gram_frac", "dup_10_gram_frac", "terminal_punct_lines", "curly_brackets", "lorem_ipsum"),
    *("javascript_lines", "policy_lines", "line_punct_ratio", "short_line_ratio", "char_dup_ratio", "list_ratio"),
)
PLAIN: dict[str, tuple[str, ...]] = {
    "documents": (
        *("doc_id", "sentences", "published", "license", "public", "provenance", "language", "language_score"),
        *("language_share", "languages", "passages", "blocks", "sentence_language", *_MEASURES, "flags"),
        *("duplicate_of", "duplicate_group", "duplicate_kind", "benchmark_overlap", "split", "raw_sha256"),
        "text_sha256",
    ),
    "sentences": ("doc_id", "index", "paragraph", "start", "end", "raw_start", "raw_end", "split"),
    "raw": ("doc_id", "sha256", "size", "encoding", "bom", "newline", "split"),
    "edits": (
        *("doc_id", "index", "raw_start", "raw_end", "start", "end", "after", "rules", "tiers", "tier", "applied"),
        *("confidence", "split"),
    ),
    LABELS: ("doc_id", "label", "status", "start", "end", "raw_start", "raw_end", "split"),
    SIGNATURES: ("doc_id",),
}
#: Columns that follow from the raw text and others.
DERIVED: dict[str, tuple[str, ...]] = {
    "documents": ("text",),
    "sentences": ("text", "sentence_id"),
    "raw": ("text",),
    "edits": ("before",),
}
#: Columns with ids of documents.
ID_COLUMNS = ("doc_id", "duplicate_of", "duplicate_group")
#: What a replacement may not hold if it is to be plain: then no run of words can stand in it.
_WORDY = r"[\pL\pM\pN_]"


def plain_schema(name: str) -> pa.Schema:
    """The columns of a table without its texts."""
    whole = table(name).arrow
    fields = [whole.field(column) for column in PLAIN[name]]
    more = [pa.field(SEALED, pa.binary())] if name == "documents" else []
    return as_loaded(pa.schema([*fields, *more]))


def plain_part(name: str, rows: pa.Table) -> pa.Table:
    """The plain columns of a table; ``after`` only where it has no letter and no digit, else null."""
    if missing := [column for column in PLAIN[name] if column not in rows.column_names]:
        raise BuildError(
            f"{name}: no column {missing[0]!r}; this release is older than the column: export a newer one"
        )
    part = rows.select(PLAIN[name])
    if name != "edits":
        return part
    return part.set_column(part.column_names.index("after"), "after", _plain_after(rows["after"]))


def sealed_values(name: str, rows: pa.Table) -> Iterator[tuple[str, dict[str, Any]]]:
    """The id of the document of each row, with its values to seal."""
    others = (*PLAIN[name], *DERIVED.get(name, ()))
    columns = [column for column in rows.column_names if column not in others]
    part = rows.select(columns)
    if name == "edits":
        wordy = pc.if_else(pc.is_valid(_plain_after(rows["after"])), None, rows["after"])
        part = part.append_column("after", wordy)
    yield from zip(rows["doc_id"].to_pylist(), part.to_pylist(), strict=True)


def _plain_after(after: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.match_substring_regex(after, _WORDY), pa.scalar(None, pa.string()), after)


def strings_in(column: pa.Array | pa.ChunkedArray) -> set[str]:
    """All strings in a column, also in lists and structs."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    kind = column.type
    if pa.types.is_string(kind):
        return {value for value in pc.unique(column).to_pylist() if value is not None}
    if pa.types.is_list(kind):
        return strings_in(column.flatten())
    if pa.types.is_struct(kind):
        return set().union(*(strings_in(part) for part in column.flatten()))
    return set()
