"""Carry spans and labels from one version of a text, or of a corpus, to another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, overload

from copydesk.errors import InputError

if TYPE_CHECKING:
    from copydesk.labels.carried_spans import CarriedSpan
    from copydesk.text import ComposedEdit


class CleanedFrom(Protocol):
    """A clean text that knows its raw text: ``CleanedText``, ``EditedText`` or ``ExtractedArticle``."""

    @property
    def text(self) -> str:
        """The clean text."""

    @property
    def edits(self) -> tuple[ComposedEdit, ...]:
        """The edits that lead to it."""

    def revert(self) -> str:
        """Rebuild the raw text."""


@overload
def carry(spans: Iterable[tuple[int, int]], old: CleanedFrom, new: CleanedFrom) -> list[CarriedSpan]: ...


@overload
def carry(
    spans: Iterable[Mapping[str, Any]], old: str, new: str | None = None, *, root: Path | str = "."
) -> list[dict[str, Any]]: ...


def carry(
    spans: Iterable[Any], old: CleanedFrom | str, new: CleanedFrom | str | None = None, *, root: Path | str = "."
) -> list[CarriedSpan] | list[dict[str, Any]]:
    """Carry spans of one clean text to another, or labels of one release to another, by way of the raw texts.

    Parameters
    ----------
    spans : iterable of pairs of int, or of mappings
        Spans of ``old.text``: code points, half-open, not empty. With revisions, labels: mappings with ``doc_id``,
        ``start``, ``end``, ``label``, ``text_sha256`` and any other fields.
    old : CleanedText, EditedText, ExtractedArticle, or str
        The text that the spans are of; or a git revision, such as ``corpus@v1.0.0``.
    new : CleanedText, EditedText, ExtractedArticle, or str, optional
        The text to carry them to; or another revision, by default the working tree.
    root : path
        The repository of the corpus, for revisions.

    Returns
    -------
    list of CarriedSpan, or of dict
        For each span, in order, its place in the new text and its status: ``kept``, ``moved``, ``changed`` or
        ``gone``. Labels come back as mappings with the same fields, the new place, ``text_sha256`` of the new text
        and ``status``.

    Raises
    ------
    InputError
        If an argument is of the wrong type, a span leaves the text or is empty, or a label is invalid, of no document
        of ``old``, or made on another text.
    EditError
        If edits do not fit their text.
    ReleaseError
        If git does not know a revision, there is no corpus at it, or its data cannot be read.

    Examples
    --------
    >>> from copydesk import clean
    >>> old = clean("Read more: our report.  The town of Kiev fell.")
    >>> new = clean("The town of  Kyiv fell. Nobody left.")
    >>> for span in carry([(27, 31), (35, 39), (0, 9)], old, new):
    ...     print(span.status, span.start, span.end, span.old_text, span.new_text)
    moved 4 8 town town
    changed 12 16 Kiev Kyiv
    gone None None None None
    """
    if isinstance(old, str):
        if not (new is None or isinstance(new, str)):
            raise InputError(f"new: expected a git revision, as old is one, or None; found {type(new).__name__}")
        return _between_revisions(spans, old, new, Path(root))
    from copydesk.labels.carried_spans import DocumentVersion, carry_spans

    versions = []
    for name, text in (("old", old), ("new", new)):
        if text is None or isinstance(text, str) or not hasattr(text, "edits"):
            expected = "a text with its edits, such as copydesk.clean returns"
            raise InputError(f"{name}: expected {expected}; found {type(text).__name__}")
        versions.append(DocumentVersion(text.text, text.edits, text.revert()))
    return carry_spans(_checked_spans(spans, len(versions[0].text)), *versions)


def _checked_spans(spans: Iterable[Any], length: int) -> list[tuple[int, int]]:
    checked = []
    for number, span in enumerate(spans):
        try:
            start, end = span
        except (TypeError, ValueError):
            raise InputError(f"spans[{number}]: expected a pair (start, end); found {span!r}") from None
        if not all(isinstance(offset, int) and not isinstance(offset, bool) for offset in (start, end)):
            raise InputError(f"spans[{number}]: expected two whole numbers; found {span!r}")
        if not 0 <= start < end <= length:
            expected = f"0 <= start < end <= {length:,}, the characters of the text"
            raise InputError(f"spans[{number}]: [{start}, {end}); expected {expected}")
        checked.append((start, end))
    return checked


def _between_revisions(labels: Iterable[Any], old: str, new: str | None, root: Path) -> list[dict[str, Any]]:
    from copydesk.core.label_lines import LabelLine, LineProblem, checked_label
    from copydesk.labels.carried_labels import LabelCarrier
    from copydesk.revisions.revision import open_revision

    carrier = LabelCarrier(open_revision(root, old), open_revision(root, new))
    lines = [checked_label(number, label) for number, label in enumerate(map(_as_dict, labels))]
    carried: list[dict[str, Any]] = []
    problems: list[LineProblem] = []
    for result in carrier.carry(lines):
        if isinstance(result, LineProblem):
            problems.append(result)
        else:
            carried.append({**result.label, "status": "kept"} if isinstance(result, LabelLine) else result)
    if problems:
        listed = "".join(f"\n  spans[{p.line}]: {p.field or '(label)'}: {p.message}" for p in problems[:5])
        more = f"\n  and {len(problems) - 5:,} more" if len(problems) > 5 else ""
        raise InputError(f"{len(problems):,} of {len(lines):,} labels cannot be carried from {old}:{listed}{more}")
    return carried


def _as_dict(label: Any) -> Any:
    return dict(label) if isinstance(label, Mapping) else label
