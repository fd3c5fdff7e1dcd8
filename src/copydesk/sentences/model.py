"""A linear model over what stands around a candidate, learnt from hand-segmented text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from copydesk.sentences.context import Context

WEIGHTS = Path(__file__).parent / "data" / "weights.tsv"
_KEPT = 1 << 16  # scores of contexts kept in memory
#: Fields of a context that need more than its line up to the next two words.
STATE = frozenset(("quoted", "bracketed", "rest", "casual"))
#: Fields that need more than the mark and the two words beside it.
FREE = STATE | {"earlier", "first", "later"}


def features(context: Context) -> list[str]:
    """Names of the features of a context: single classes, and pairs that decide together."""
    c, kind, mark = context, context.mark, context.mark + context.closed
    return [
        f"{kind} mark {mark}",
        f"{kind} before {c.before}",
        f"{kind} after {c.after}",
        f"{kind} before {c.before} after {c.after}",
        f"{kind} mark {mark} opener {c.opener} after {c.after}",
        f"{kind} earlier {c.earlier} before {c.before}",
        f"{kind} earlier {c.earlier} before {c.before} after {c.after}",
        f"{kind} first {c.first} before {c.before}",
        f"{kind} before {c.before} written {c.written}",
        f"{kind} earlier {c.earlier} before {c.before} written {c.written}",
        f"{kind} after {c.after} later {c.later}",
        f"{kind} mark {mark} after {c.after} later {c.later}",
        f"{kind} glued {c.glued} before {c.before}",
        f"{kind} quoted {c.quoted} mark {mark} after {c.after}",
        f"{kind} bracketed {c.bracketed} mark {mark} opener {c.opener}",
        f"{kind} casual {c.casual} mark {mark} after {c.after}",
        f"{kind} rest {c.rest}",
    ]


@cache
def weights() -> Mapping[str, int]:
    """Weight of each feature, in hundredths of a logit."""
    lines = WEIGHTS.read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if not line.startswith("#"))
    return {name: int(weight) for name, weight in pairs}


def ends_sentence(context: Context) -> bool:
    """Whether a sentence ends behind a candidate, by the sum of its weights.

    Weights are integers, so the sum is the same on every machine.
    """
    known = _known.get(context)
    if known is None:
        if len(_known) >= _KEPT:
            _known.clear()
        of = weights()
        score = sum(of.get(name, 0) for name in features(context))
        known = _known[context] = score > _threshold(context)
    return known


def ends_whatever_else(context: Context, free: frozenset[str]) -> bool | None:
    """What ``ends_sentence`` says of all contexts that differ from one in some fields alone; None if it differs.

    A score is a sum of weights, and each feature depends on one field of ``FREE`` at most. So whatever those fields
    are, the sum of the least weights that each feature can have with any value is no more than the score, and the sum
    of the greatest is no less. If both are on the same side of the threshold, so is the score. A value that the model
    has not seen weighs 0.

    Parameters
    ----------
    context : Context
    free : frozenset of str
        Fields that may have any value: some of ``FREE``.
    """
    bounds, of = _bounds(), weights()
    least = greatest = 0
    for name in features(context):
        field, shared = _free_field(name)
        if field in free:
            low, high = bounds.get(shared, (0, 0))
        else:
            low = high = of.get(name, 0)
        least += low
        greatest += high
    threshold = _threshold(context)
    return True if least > threshold else False if greatest <= threshold else None


@lru_cache(_KEPT)
def ends_in_any_state(context: Context) -> bool | None:
    """The same of contexts that differ in the fields of ``STATE`` alone."""
    return ends_whatever_else(context, STATE)


@cache
def _bounds() -> dict[str, tuple[int, int]]:
    """Least and greatest weight, 0 among them, of the features that differ in the value of a free field alone."""
    bounds: dict[str, tuple[int, int]] = {}
    for name, weight in weights().items():
        field, shared = _free_field(name)
        if field:
            least, greatest = bounds.get(shared, (0, 0))
            bounds[shared] = min(least, weight), max(greatest, weight)
    return bounds


def _free_field(name: str) -> tuple[str, str]:
    """The field of ``FREE`` that a feature depends on, and its name without the value of that; nothing without one.

    >>> _free_field(". earlier title before word after Word"), _free_field(". before word after Word")
    (('earlier', '. earlier before word after Word'), ('', ''))
    """
    kind, field, _, *others = name.split(" ", 3)
    if field in FREE:
        return field, " ".join((kind, field, *others))
    shared, later, _ = name.rpartition(" later ")
    return ("later", shared + later) if later else ("", "")


def _threshold(context: Context) -> int:
    """The score above which a sentence ends: where no mark stands, a heading was run into the text, or a name."""
    return 100 if context.mark == "none" else 0


_known: dict[Context, bool] = {}
