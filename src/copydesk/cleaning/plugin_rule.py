"""The decorator by which a plug-in adds a cleaning rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.cleaning.plan import LISTED
from copydesk.cleaning.rule import Found, Off, Rule, patterns_of
from copydesk.core.plugins import register
from copydesk.errors import ConfigError, CopydeskError
from copydesk.language.blocks import KINDS, Kind
from copydesk.text import EditedText
from copydesk.text.edits import TIERS, Tier

Find = Callable[[str], Iterable[Found]]


def rule(
    name: str,
    *,
    tier: Tier | Off,
    repairs: tuple[str, str],
    leaves: str,
    screen: str | None = None,
    kinds: Collection[Kind] | None = None,
    languages: Collection[str] | None = None,
) -> Callable[[Find], Find]:
    """Make a function of a plug-in a cleaning rule.

    The function is given a text and yields :class:`Found`, without overlap. It is pure: what it yields depends on the
    text alone. The module is named under ``plugins`` in params.yaml; when it is imported, both examples are checked.

    Parameters
    ----------
    name : str
        Name in ``clean.rules`` and in the table of edits: words in small letters, joined by hyphens.
    tier : str
        ``safe``: the text itself proves the defect; ``probable``: a careful editor would make the repair;
        ``suggest``: an editor must decide; ``off``: not used unless params.yaml gives it a tier.
    repairs : (str, str)
        A real text, and what the rule makes of it.
    leaves : str
        A real text that looks similar and must not change.
    screen : str, optional
        RE2 pattern that matches in every text in which the function would yield something, and in few others: texts
        in which it does not match are skipped.
    kinds : collection of str, optional
        Kinds of blocks in which it acts, such as ``{"prose", "list"}``; by default in all.
    languages : collection of str, optional
        ISO 639 codes of the languages in which it acts; by default in all.

    Returns
    -------
    callable
        A decorator that leaves the function as it is.

    Raises
    ------
    ConfigError
        If the name, the tier or a kind will not do, or the name is that of another rule.

    Examples
    --------
    >>> @rule("double-comma", tier="probable", screen=",,", repairs=("well,, no", "well, no"), leaves="well, no")
    ... def double_commas(text):
    ...     start = text.find(",,")
    ...     if start >= 0:
    ...         yield Found(start, start + 2, ",")
    >>> list(double_commas("well,, no"))
    [Found(start=4, end=6, replacement=',', confidence=1.0)]
    """
    if not re.fullmatch("[a-z]+(-[a-z]+)*", name):
        raise ConfigError(f"the rule {name!r}: expected a name of small letters and hyphens, such as double-comma")
    if tier not in (*TIERS, "off"):
        raise ConfigError(f"the rule {name}: no tier {tier!r}; expected one of {', '.join((*TIERS, 'off'))}")
    if name in {listed.name for listed in LISTED}:
        raise ConfigError(f"the rule {name} is one of copydesk's own; choose another name")

    if unknown := sorted(set(kinds or ()) - set(KINDS)):
        raise ConfigError(f"the rule {name}: no kinds {unknown}; expected some of {', '.join(KINDS)}")

    def decorate(find: Find) -> Find:
        made = Rule(
            name,
            tier,
            screen,
            find,
            repairs,
            leaves,
            kinds=None if kinds is None else frozenset(kinds),
            languages=None if languages is None else frozenset(languages),
        )
        register("rule", name, made, lambda: _check(made))
        return find

    return decorate


def _check(made: Rule) -> None:
    """Check that a rule does what its examples say."""
    broken, repaired = made.repairs
    try:
        screens = () if made.screen is None else patterns_of(made.screen)
        if screens and not any(pc.match_substring_regex(pa.array([broken]), screen)[0].as_py() for screen in screens):
            raise ConfigError(
                f"the rule {made.name}: its screen {made.screen!r} does not match in {broken!r} (repairs)"
            )
    except pa.ArrowInvalid as error:
        raise ConfigError(f"the rule {made.name}: its screen is no RE2 pattern: {error}") from None
    for text, expected, example in ((broken, repaired, "repairs"), (made.leaves, made.leaves, "leaves")):
        result = _applied(made, text)
        if result != expected:
            raise ConfigError(f"the rule {made.name} makes {result!r} of {text!r}, expected {expected!r} ({example})")


def _applied(made: Rule, text: str) -> str:
    try:
        return EditedText(text).apply(made.edits(text)).text
    except CopydeskError:
        raise
    except Exception as error:
        raise ConfigError(f"the rule {made.name} fails on {text!r}: {type(error).__name__}: {error}") from error
