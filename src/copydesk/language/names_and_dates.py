"""Patterns of names of persons and outlets, months and dates, for cleaning lines and for provenance."""

from __future__ import annotations

import re

_CAPITAL = "A-ZÀ-ÖØ-Þ"
_NAME_WORD = rf"[{_CAPITAL}][\w’'.-]*"
_PARTICLE = r"(?:van|von|de|der|den|del|della|di|da|dos|du|la|le|el|al|bin|ibn|ter|ten)"
#: A person: two to six words, the first and the last of them capitalised.
NAME = rf"{_NAME_WORD}(?: {_PARTICLE}){{0,3}}(?: {_NAME_WORD}){{1,3}}"
NAMES = rf"{NAME}(?:(?:, and | and |, | & | und | et | y ){NAME}){{0,6}}"
#: An outlet: capitalised words, with small ones between.
OUTLET = (
    rf"(?:[Tt]he )?[{_CAPITAL}0-9][\w&’'.-]*(?: (?:of |and |for |the |de |la |& |"
    rf"/ )?[{_CAPITAL}0-9(][\w&’'.)-]*){{0,6}}"
)
MONTHS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero gennaio",
            "february feb februar février fevrier febrero febbraio",
            "march mar märz mars marzo",
            "april apr avril abril aprile",
            "may mai mayo maggio",
            "june jun juni juin junio giugno",
            "july jul juli juillet julio luglio",
            "august aug août aout agosto",
            "september sept sep septembre septiembre settembre",
            "october oct oktober okt octobre octubre ottobre",
            "november nov novembre noviembre",
            "december dec dezember dez décembre decembre diciembre dicembre",
        ),
        1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
DATE = re.compile(
    rf"(?P<m1>{_MONTH})\.? (?P<d1>[0-3]?\d)(?:st|nd|rd|th)?,? ?(?P<y1>(?:19|20)\d\d)"
    rf"|(?P<d2>[0-3]?\d)(?:st|nd|rd|th|er|\.)? (?:de |of )?(?P<m2>{_MONTH})\.?,? (?:de |del )?(?P<y2>(?:19|20)\d\d)"
    r"|(?P<y3>(?:19|20)\d\d)-(?P<m3>[01]\d)-(?P<d3>[0-3]\d)(?!\d)"
    r"|(?P<other>[0-3]?\d[./][0-3]?\d[./](?:19|20)\d\d)(?!\d)",
    re.IGNORECASE,
)
_OCCUPATION = (
    r"(?:journalist|reporter|correspondent|writer|columnist|editor|author|freelancer?|contributor|blogger|producer|"
    r"commentator|broadcaster|critic|fellow|professor|lecturer|historian|analyst|curator|staffer|novelist|"
    r"photojournalist|Journalistin?|Redakteurin?|Autorin?|journaliste|périodista|periodista|giornalista|redactor|"
    r"corresponsal)"
)
#: Karen Clayton is a seasoned journalist and author at The Nation Update, with a focus on ...
BIOGRAPHY = re.compile(
    rf"(?:[A-Z]{{2,6}} contributor |Dr\.? )?(?P<name>{NAME})(?: \([^()\n]{{1,60}}\))?(?:,(?: [^,.\n]{{1,50}}),)? "
    rf"(?:(?:is|was|ist|est|es|è) (?:currently |also )?(?:an?|the|our|eine?|une?|una|[{_CAPITAL}][\w.&-]*['’]s?) "
    rf"(?:[\w’'\"&.-]+(?:,? )){{0,12}}?{_OCCUPATION}s?(?!\w)"
    r"|(?:writes|reports|blogs|wrote|covers [^\n.]{0,80}(?:for|at)|has (?:written|reported|covered)|"
    r"has been covering|"
    r"teaches|schreibt) ?(?:about|on|for|from|regularly|extensively|über|für)? ?)[^\n]*"
)
#: No line of a kind is longer.
LONGEST = 800
