"""A linear model over what stands around a candidate, learnt from hand-segmented text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from copydesk.sentences.candidates import Context

WEIGHTS = Path(__file__).parent / "data" / "weights.tsv"
_KEPT = 1 << 16  # scores of contexts kept in memory
#: Fields of a context that need more than the two words beside a mark.
FREE = frozenset(("earlier", "first", "later", "quoted", "bracketed", "rest", "casual"))


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
        known = _known[context] = score > _least_score(context)
    return known


def ends_whatever_else(context: Context) -> bool | None:
    """What ``ends_sentence`` says of a context and of all that differ from it in ``FREE`` fields alone.

    None where the least and the greatest sum that they can have are not on the same side. A feature has at most one
    free field, and its weight is at least the least, and at most the greatest, of those with any value there; a value
    that was never seen weighs 0.
    """
    bounds = _bounds()
    ranges = [bounds.get(_without_value(name), (0, 0)) for name in features(context)]
    if sum(least for least, _ in ranges) > _least_score(context):
        return True
    return None if sum(greatest for _, greatest in ranges) > _least_score(context) else False


@cache
def _bounds() -> dict[str, tuple[int, int]]:
    """Least and greatest weight of the features that differ in a free field alone, by their name without its value."""
    bounds: dict[str, tuple[int, int]] = {}
    for name, weight in weights().items():
        shared = _without_value(name)
        least, greatest = bounds.get(shared, (weight, weight) if shared == name else (0, 0))
        bounds[shared] = min(least, weight), max(greatest, weight)
    return bounds


def _without_value(name: str) -> str:
    """The name of a feature without the value of its free field."""
    kind, field, _, *others = name.split(" ", 3)
    if field in FREE:
        return " ".join((kind, field, *others))
    return name[: name.rindex(" ")] if " later " in name else name


def _least_score(context: Context) -> int:
    """The score that is not enough: where no mark stands, a heading was run into the text, or a name."""
    return 100 if context.mark == "none" else 0


_known: dict[Context, bool] = {}
