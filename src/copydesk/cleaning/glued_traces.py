"""The traces that glued words leave, for which texts are searched before they are analysed."""

from __future__ import annotations

import re

from copydesk.language.vocabularies import OTHER_SCRIPTS

_MOST_KEPT = 50_000  # runs of characters
_LONGEST_KEPT = 40  # characters of a run

# Only a document that matches one of these is analysed. Nine of ten clean ones match none, unless they name a brand.
_TRACES = (
    "[a-z]{18}",
    # theUnited, aStrong, TheEarliest, RussiaMilitaryThreat, NBAto; not the brands YouTube and iPhone
    r"\b[a-z]{2,}[A-Z]|\ba[A-Z][a-z]|[a-z][A-Z][a-z]+[A-Z]|[A-Z]{3}[a-z]{2}|\b(?:The|This|That|These|Those|They|In|On"
    r"|At|For|From|With|And|But|When|While|If|As|By|He|She|It|His|Her|Its|Our|Their|Of|To|Most|Many|New|York|United)"
    "[A-Z][a-z]",
    r"[a-z]{2}[,;][A-Za-z]|[a-z]{2}[.?!][”’\"')]*[A-Z][a-z]|[a-z]{3}\([a-zA-Z]|[)\]”][A-Za-z]{2}|[a-z][’']s[A-Za-z]{2}",
    r"\b[A-Za-z]{2,10}[12][0-9]{3}\b|\b[0-9]+(?:and|the|that|for|from|was|with|through|to|in)\b|\b[12][0-9]{3}[a-z]{2}",
    # Small letters no word begins with ("ofsilence", "thatvoice"), or ends with ("refusedto", "testbefore").
    r"\b(?:of[a-eg-su-z]|that[abd-z]|which[a-df-z]|was[a-gi-oq-su-z][a-z]|the[b-dghj-lpqt-wz]"
    "|by[bcdf-ikmnqruvwxz]|is[bdfghjkmpqvwxyz][a-z]|has[bcdfgjklmopqruvwxyz]|and[abcdefghijklmnpqstuvwxyz][a-z]{2}"
    "|to[fhjqvz][a-z]{2})",
    "[a-z]{2}(?:[a-df-np-z]of|ceof|[a-z]with|which|from|that|[a-z]was|were|[a-z]has|this|their|[bcdfgklmnpqrvwxyz]the"
    r"|[a-z]for|been|because|said|including|during|edto|edin|edon|edby|edas|edat|ingto|ingin|ingon|ingat|ingup|ofthe|inthe|tothe)\b",
)
#: The same in other languages: letters of two scripts, a capital inside a word, a mark without a space.
_LOWER = "a-zß-öø-ÿāăąćčďđēėęěğģīįıķļľłńņňōőœřśşšťūůűųźżžơưșț"
_FAR = "Ͱ-ۿ"  # Greek to Arabic
_UPPER = "A-ZÀ-ÖØ-ÞČĆŠŽĐŁŚŹŻİŞĞŐŰŘĎŤŇ"
# These patterns, too, start with what is rare in a text, and look back.
_CAPITAL_OR_MARK = re.compile(
    rf"[{_UPPER},;()\]”»](?:(?<=[{_LOWER}]{{2}}[{_UPPER}])(?=[{_LOWER}])|(?<=[{_LOWER}{_FAR}]{{2}}[,;])(?=[{_LOWER}{_FAR}]{{2}})"
    rf"|(?<=[{_LOWER}{_FAR}]{{2}}[()\]”»])(?=[{_LOWER}{_FAR}A-Z]{{2}}))"
)
_FAR_BESIDE_LATIN = re.compile(rf"[{_FAR}](?:(?=[A-Za-z]{{2}})|(?<=[A-Za-z]{{2}}[{_FAR}]))")
_LATIN_BESIDE_FAR = re.compile(rf"[A-Za-z](?:(?<=[{_FAR}][A-Za-z])(?=[A-Za-z])|(?<=[A-Za-z]{{2}})(?=[{_FAR}]))")
# Which texts are searched for it: those with a word that is frequent in one of the languages, and rare in English.
_NOT_ENGLISH = (
    rf"[{_FAR}]{{3}}| (?:het|een|och|att|og|det|und|der|les|des|une|que|para|che|della|yang|dan|của|và|bir|ve|się|nie"
    "|je|na|se|ja|että|és|hogy|și|în|ir|un|ng|els|með) "
)
TRACE = re.compile("|".join(_TRACES), re.ASCII)  # as RE2 understands it
#: Runs without white space in which there is no trace, as in most.
_without_trace: dict[str, None] = {}
SCREEN = "|".join(_TRACES[:4]), "|".join((*_TRACES[4:], _NOT_ENGLISH))


def has_trace(text: str) -> bool:
    """Whether an English text passes the screen. No trace has white space in it, and most runs without are known."""
    if len(_without_trace) > _MOST_KEPT:
        _without_trace.clear()
    for run in set(text.split()).difference(_without_trace):
        if TRACE.search(run):
            return True
        if len(run) <= _LONGEST_KEPT:
            _without_trace[run] = None
    return False


def has_other_trace(text: str, language: str) -> bool:
    """Whether a text has letters of two scripts in a word, a capital inside a word, or a mark without a space."""
    mixed = _LATIN_BESIDE_FAR if language in OTHER_SCRIPTS else _FAR_BESIDE_LATIN
    return bool(_CAPITAL_OR_MARK.search(text) or mixed.search(text))
