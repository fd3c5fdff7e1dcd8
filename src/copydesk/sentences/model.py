"""A linear model over what stands around a candidate, learnt from hand-segmented text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from copydesk.sentences.candidates import Context

WEIGHTS = Path(__file__).parent / "data" / "weights.tsv"
_KEPT = 1 << 16  # scores of contexts kept in memory


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
        # Where no mark stands, a heading was run into the text, or a name: the evidence has to be stronger.
        known = _known[context] = score > (100 if context.mark == "none" else 0)
    return known


_known: dict[Context, bool] = {}
