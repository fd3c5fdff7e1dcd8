"""Patterns of lines that are not the article, for :mod:`copydesk.cleaning.rules.boilerplate_lines`.

A pattern is a section of the phrases in ``phrases/*.txt``, and what may follow a phrase. The first word of a line
finds the patterns to try. A pattern is matched against whole short lines only, which bounds the time it can take.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, NamedTuple

from copydesk.cleaning.rules.phrase_files import alternatives, read_phrases
from copydesk.language.names_and_dates import _CAPITAL, _MONTH, _NAME_WORD, DATE, NAME, NAMES, OUTLET

#: Where a line is removed: anywhere, before and after the article, before it, after it.
Where = Literal["any", "edge", "head", "tail"]

_OPENERS = r"[\[(|•*>►▶–—-]*"
AGENCY = (
    r"(?:AP|AFP|EPA|REUTERS|Reuters|Getty(?: Images)?|GETTY(?: IMAGES)?|Associated Press|ASSOCIATED PRESS|Bloomberg|"
    r"Shutterstock|iStock|Alamy|Press Association|PA|dpa|DPA|picture alliance|ANSA|EFE|Xinhua|Kyodo|NASA|ESA)"
)
NETWORK = (
    r"(?:Facebook|Twitter|X|Instagram|LinkedIn|Linkedin|YouTube|Youtube|WhatsApp|Telegram|Reddit|Pinterest|TikTok|"
    r"Google News|Google\+|Messenger|Snapchat|Flipboard|Mastodon|Threads|Bluesky)"
)
EMAIL = r"[\w.+-]+ ?@ ?[\w-]+(?:\.[\w-]+)+"

_PHRASES = read_phrases()
_WEEKDAYS = alternatives(_PHRASES["date-line: weekday"])
_STAMPS = alternatives(_PHRASES["date-line: published"])
#: What else a date line may hold. Each match is one step of a scan.
DATE_PART = re.compile(
    rf"[ \t,;|/·•()–—-]+|(?:{_STAMPS})(?!\w)(?: on| at| am)?[ :]*|(?:{_WEEKDAYS})(?!\w)\.?"
    rf"|(?:{_MONTH})\.? [0-3]?\d(?:st|nd|rd|th)?(?!\d)|T?\d\d?[:.h]\d\d(?::\d\d)?(?!\d) ?(?:[ap]\.?m\.?(?!\w)|uhr)?Z?"
    r"|\d\d? ?[ap]\.?m\.?(?!\w)|(?:at|on|um|à|a las|alle|ore|today|yesterday|by)(?!\w)"
    r"|(?:\d+|an?) (?:seconds?|minutes?|mins?|hours?|days?|weeks?|months?)(?: (?:ago|read))?(?!\w)"
    r"|(?:[ECMP][SD]?T|HST|GMT|UTC|BST|IST|CES?T|MEZ|AEDT|AEST|local time)(?!\w)",
    re.IGNORECASE,
)


class Pattern(NamedTuple):
    """Lines of one kind.

    Attributes
    ----------
    kind : str
        Name of the rule that removes them.
    where : Where
    phrases : list of str
        How they begin, in any case.
    expression : str
        Matches the whole line. It is compiled for the first line that it is tried on, since all together take 50 ms.
    longest : int
        Most characters of such a line.
    first : bool
        Whether the first line of a text may be one: it cannot be a headline.
    """

    kind: str
    where: Where
    phrases: list[str]
    expression: str
    longest: int
    first: bool


def _pattern(
    section: str, where: Where, rest: str = r" ?[.:…!»›>→]*", longest: int = 160, *, first: bool = False
) -> Pattern:
    phrases = _PHRASES[section]
    expression = rf"{_OPENERS}[ \t]*(?i:{alternatives(phrases)})(?!\w){rest}[\])]?"
    return Pattern(section.partition(":")[0], where, phrases, expression, longest, first)


_compiled = cache(re.compile)


_COLON = r" ?[:|>»] ?[^\n]*\w[^\n]*"
_CREDITED = rf"{NAMES}|{OUTLET}|{AGENCY}"
_CREDIT = r" ?(?:[:：|©]|© ?:) ?(?:[^\n.]|\.(?! [A-ZА-ЯЁΑ-Ω][a-zа-яёά-ώ]+ [a-zа-яёά-ώ]))*"
_YEAR = r"(?:19|20)\d\d"

#: In the order in which they are tried. phrases/en.txt has an example of each.
PATTERNS: tuple[Pattern, ...] = (
    _pattern("source-line: source", "tail", r" ?: ?[^\n]*(?:[^.?!:;,\n]|\b(?:Inc|Co|Corp|Ltd|U\.S)\.)", 80),
    _pattern("source-line: via", "tail", rf"(?: ?: ?| )(?:{OUTLET})", 60),
    _pattern(
        "byline: author and role",
        "head",
        rf" ?:? (?:{NAMES}|[{_CAPITAL}]\w+ [Ss]taff|[Aa]dmin|[Ss]taff|[Ee]ditor)(?P<rest>[^\n]*)",
        160,
        first=True,
    ),
    _pattern("byline: author alone", "head", rf" {NAMES}", 90, first=True),
    _pattern("byline: agency or staff", "head"),
    _pattern("page-element: whole line", "any", r" ?[.:…!?]*(?: Visit Website)?", 80, first=True),
    _pattern("page-element: whole line at an edge", "edge", r" ?[.:…!?]*", 40),
    _pattern("page-element: tags after a colon", "tail", r" ?: ?[^\n]*[^.?!\n]", 200),
    _pattern("page-element: player", "any", r"\.?", 40),
    _pattern("page-element: number of a picture", "any", r" ?\d+ of(?: /)? ?\d+", 40, first=True),
    _pattern("page-element: number of words or minutes", "edge", r" ?:? ?\d+[^\n]{0,20}", 40, first=True),
    _pattern("page-element: view all", "edge", r"(?: \(?\d+\)?|(?: [\w-]+){0,3})", 40),
    _pattern(
        "page-element: legal links",
        "edge",
        r"(?:[ ,|&/·-]+(?i:and|et|y|e|of|de|to|the|our|use|service|"
        r"terms|conditions|cookies?|policy|privacy|notice|"
        r"legal|contact|us|about|sitemap|imprint|accessibility|advertise|careers|help|faq|rss|datenschutz))"
        r"{0,20} ?\.?",
        120,
    ),
    _pattern("page-element: markup", "any", r"[^\n]*>", 800),
    _pattern("page-element: short code", "any", r"[^\n]*\]", 400),
    _pattern("read-more: whole line", "any", r" ?[.:…!»›>→]*", 60),
    _pattern("read-more: title after a colon", "any", _COLON, 220),
    _pattern(
        "read-more: site and title",
        "any",
        r" [\w-]+(?:\.[\w-]+)*\.(?:com|org|net|news|co\.uk|de|fr|it|es) ?:[^\n]*",
        220,
    ),
    _pattern(
        "read-more: site",
        "any",
        r" [\w-]+(?:\.[\w-]+)*\.(?:com|org|net|news|co\.uk)(?!\w)[^\n]*",
        220,
    ),
    _pattern("read-more: subject", "any", r"(?: [\w’'&.-]+){1,7} ?:?", 70),
    _pattern("read-more: subject at an edge", "edge", r"(?: [A-Z][\w’'&-]*){1,4} ?:", 50),
    _pattern("read-more: title after a colon at an edge", "edge", r" ?: ?[^\n]*[^.\n]", 160),
    _pattern("read-more: list of stories", "any"),
    _pattern(
        "subscribe: whole line",
        "any",
        rf"(?: ?[.:…!]*|[^\n.!?]{{0,60}} {NETWORK}(?!\w)[^\n.!?]{{0,80}}[.!]?)",
        160,
    ),
    _pattern(
        "subscribe: to what",
        "any",
        r"[:,]?(?: free| now| today| here)?,? (?:to|for|now|today|here|via|on|with|and|at|in|by)(?: |$)"
        r"(?:[^\n$]*\b(?:our|newsletters?|updates|alerts|briefing|daily|weekly|inbox|edition|"
        r"channel|podcast|magazine|digest|here|stories|us)(?!\w)[^\n$]*|(?:[^\n$]* )?free)[.!]?",
        260,
    ),
    _pattern("subscribe: any ending", "any", r"[^\n]*", 140),
    _pattern(
        "subscribe: purpose",
        "any",
        r"(?=[^\n]*\b(?:[Yy]ou|[Yy]our|[Oo]ur|us|we|my|[Ss]ie|[Vv]otre|[Vv]ous|[Nn]os|[Ss]u|[Nn]uestr\w+|"
        r"[Tt]u|[Nn]ostr\w|unser\w*)\b)"
        r"[^\n“”]*(?i:newsletters?|inbox|subscri\w+|sign(?:ing)? up|e-?mail|our app|mobile app|briefing|"
        r"membership|notifications|abonn\w+|suscr\w+|bolet[ií]n|infolettre|iscri\w+|daily updates|"
        r"latest updates|"
        r"breaking news|boîte mail)(?!\w)[^\n]*",
        320,
    ),
    _pattern(
        "subscribe: on a network",
        "any",
        rf" (?:us|me|him|her|them|our|@\w+|{OUTLET}|he|she)(?: [\w-]+)? on (?:our )?(?:social media|"
        rf"{NETWORK}[^\n“”]{{0,80}})",
        160,
        first=True,
    ),
    _pattern("subscribe: account", "any", r" (?:[\w.]+ ){1,4}on ?[:.]?", 60),
    _pattern(
        "share: article",
        "any",
        r"[ :!?.]*(?:[Ss]hare it with a friend!?|(?:(?:[Ww]ith|[Oo]n|[Vv]ia|[Tt]o|[Aa]uf|[Ss]ur|[Ee]n|"
        r"[Ss]u) )?(?:\w+[+,]? ){0,8}(?:\w+[+,]?)?)",
        120,
        first=True,
    ),
    _pattern(
        "copyright: year or owner",
        "any",
        rf" ?(?:©|\(c\)|@|{_YEAR}|by (?={_YEAR}|[A-Z])|:)[^\n]*",
        400,
        first=True,
    ),
    _pattern(
        "copyright: sign and owner",
        "any",
        rf" ?(?:(?:{_YEAR}|{OUTLET})[^\n]*|(?=[^\W\d_])[^\n.!?。]{{2,80}})",  # also © Иван Петров
        300,
        first=True,
    ),
    _pattern("copyright: owner alone", "edge", rf" (?:{OUTLET})[.]?", 100),
    _pattern("copyright: rights reserved", "any", r"[^\n]{0,120}", 160, first=True),
    _pattern("copyright: terms", "any", r"[^\n]*", 400),
    _pattern("photo-credit: picture and credit", "any", _CREDIT, 160, first=True),
    _pattern("photo-credit: credit", "any", rf" ?: ?(?:{_CREDITED})[^\n.]{{0,40}}\.?", 90),
    _pattern("photo-credit: photographer", "any", rf" (?:{_CREDITED})[^\n]{{0,140}}", 200),
    _pattern("photo-credit: courtesy", "any", rf" (?:{_CREDITED})", 80),
    _pattern("photo-credit: caption at an edge", "edge", r"(?: ?:| [A-Z])[^\n]*", 260),
    _pattern("photo-credit: caption", "any", r" ?(?:[A-Z:：,،]|[^\W\d_a-zA-Z])[^\n]*", 260),
    _pattern("photo-credit: agency alone", "any", r"\.?", 40),
    _pattern("advertisement: whole line", "any", r" ?[.:…!]*", 80, first=True),
    _pattern(
        "advertisement: commission",
        "edge",
        r"[^\n]*(?:commission|share of|affiliate|links?|stores?|retail)[^\n]*",
        400,
    ),
    _pattern("contact: reporters", "edge", rf" (?:{NAME})(?P<rest>[^\n]*)", 400),
    _pattern("contact: reporters and editors", "any", rf" (?:{NAME})[^\n]{{0,200}}[Ee]diting by[^\n]*", 400),
    _pattern(
        "contact: invitation",
        "any",
        r"[^\n]*(?:@|\?|\bat \S|here|below|form|\.com|[Cc]ontact|e-?mail|tips?)[^\n]*",
        260,
    ),
    _pattern("contact: address", "edge", rf"[^\n]{{0,80}}(?:{EMAIL}|@\w+)[^\n]{{0,80}}", 220),
    _pattern(
        "contact: person on a network",
        "any",
        rf" (?:{NAME}|{OUTLET}) on {NETWORK}:? ?(?:@\w+)?[^\n]{{0,40}}",
        120,
        first=True,
    ),
    _pattern("contact: account", "edge", r" (?:[\w.]+ ){0,4}@\w+\.?", 90),
    _pattern("contact: network and account", "edge", r"(?: ?:? ?@\w+|\.com/[\w./-]+)", 90),
)

_SHARE_WORDS = frozenset(_PHRASES["share: word"])
_SHARE_CORE = frozenset("share shares tweet facebook twitter linkedin reddit pinterest whatsapp messenger".split())
_SHARE_HEADS = (
    r"(?:\d+ ?)?(?:shares?|tweets?|facebook|twitter|linkedin|reddit|pinterest|whatsapp|messenger|email|"
    r"print|submit|pin|save)"
)
_SHARE_START = re.compile(rf"(?i:{_SHARE_HEADS})(?!\w)")
_WORDS = re.compile(r"[^\W\d_]+")

_DIGITS = re.compile(r"\d+ ?/ ?\d+|•? ?\d+ [Mm]in(?:ute)?s? [Rr]ead|\d+ [Cc]omments?|\d+ ?of ?\d+")

#: ... in Las Vegas. (AP Photo/John Locher)
CREDIT_END = re.compile(
    rf"(?:[(\[][^()\[\]\n]{{0,80}}(?:AP Photo|Photo by|Photo ?:|Image ?:|Getty|/AP\b|AP/|via AP|AFP/|/AFP|REUTERS/|"
    rf"Reuters/|/Reuters|EPA/|Shutterstock|Image credit|[Cc]redit ?:|[Cc]ourtesy|File photo|PHOTO|LIBRARY)"
    rf"[^()\[\]\n]{{0,60}}[)\]]|(?:REUTERS|AFP) ?/ ?{NAME}|[Pp]hoto(?:graph)? ?: ?{NAME} ?/ ?{AGENCY})"
    r"(?: (?:less|more|\.\.\. more|less))?"
)
#: In this Sunday, Nov. 10, 2019, file photo, the harbour ...
DATED_PHOTO = re.compile(
    r"(?:In (?:this|these)|This) (?:\w+,? ){0,2}?(?:[A-Z][a-z]{2,8}\.? (?:\d{1,2}, )?\d{4}|undated),? (?:\w+ )?"
    r"(?:photo|photograph|image)s?(?!\w)"
)
#: Jason Cipriani/ZDNet; Natalie Naccache | Bloomberg | Getty Images
CREDIT_ONLY = re.compile(
    rf"[(\[]?(?:(?:{OUTLET}) ?[/|,] ?(?:{OUTLET} ?[/|] ?)?{AGENCY}|{NAME} ?[/|] ?[A-Z]\w*[A-Z]\w*|"
    rf"{OUTLET} via {AGENCY}"
    rf"|{NAME} {{1,2}}Submitted photo)[)\]]?"
)

BIOGRAPHY_HEAD = re.compile(
    r"(?:(?:About|ABOUT) (?:[Tt]he (?:[Aa]uthors?|[Ww]riters?)|THE AUTHORS?)(?: ?:[^\n]*)?"
    rf"|About {NAME}|[Tt]he (?:author|writer) (?:is|was) [^\n]*"
    r"|(?:Über (?:den Autor|die Autorin|die Autoren)|À propos de l[’']auteure?|Sobre (?:el autor|la autora)|"
    r"Sull[’']autor(?:e|ice)|L[’']autor(?:e|ice)|Zum Autor)(?: ?:[^\n]*)?)"
)
#: She writes about ...
BIOGRAPHY_MORE = re.compile(
    r"(?:He|She|They|His|Her|Their|Follow|Sie|Er|Il|Elle) (?:is|was|has|writes|covers|lives|can be|previously|joined|"
    r"also|holds|work|book|on|him|her|them|received|graduated|schreibt|vit|écrit)(?!\w)[^\n]*"
)
#: Reporters of a news agency, and those who helped.
CONTRIBUTED = re.compile(
    r"[^\n]*(?:contributed to this (?:report|story|article)|contributed reporting|"
    r"contributed to the report)[^\n]{0,60}"
)
BARE_EMAIL = re.compile(rf"(?:{NAME} )?{EMAIL}|(?:www\.)?(?:twitter|facebook|x|instagram)\.com/[\w./-]+|{NAME} @\w+")
PERSON = re.compile(
    rf"(?![A-Z]+ [A-Z]+ [A-Z]+ [A-Z]+)(?:{NAMES})(?:,? (?:[A-Z]\w*|AP|of|the|and|for|news|wire|services?|staff|"
    rf"writer|[A-Z]{{2,}})){{0,6}}(?: ?@\w+)?"
)
#: — Anna van der Berg (@anna) November 3, 2020
SIGNED_POST = re.compile(r"[—–] ?[^\n()]{1,60} \(@\w{1,30}\)[^\n.!?]{0,40}")
#: Get the app by CLICKING HERE
SHOUTED = re.compile(r"[^a-z\n]*CLICK(?:ING)? HERE[^a-z\n]*")

_FIRST_WORD = re.compile(rf"{_OPENERS}[ \t]*([^\W\d_]+|\d|©|<)")


def _by_first_word() -> dict[str, list[Pattern]]:
    by_word: dict[str, list[Pattern]] = {}
    for pattern in PATTERNS:
        first_words = (match[1] for phrase in pattern.phrases if (match := _FIRST_WORD.match(phrase)))
        for word in dict.fromkeys(first_words):
            by_word.setdefault(word, []).append(pattern)
    return by_word


_BY_WORD = _by_first_word()


def date_line(line: str) -> tuple[bool, bool, str] | None:
    """A date line: whether it says published or the like, whether it has a date with its year, what is left over."""
    at, dated, stamped, rest = 0, False, False, ""
    if len(line) > 140 or not (_DIGIT.search(line) or DATE_PART.match(line)):  # a name, and no date
        return None
    while at < len(line):
        if match := DATE.match(line, at):
            dated = True
        elif match := DATE_PART.match(line, at):
            stamped = stamped or match[0].lower().startswith(_STAMP_STARTS)
        elif not rest and (match := _LEFT_OVER.match(line, at)):
            rest = match[0].strip()
        else:
            return None
        at = match.end()
    return (stamped, dated, rest) if dated or (stamped and not rest and at > 9) else None


_DIGIT = re.compile(r"\d")
_STAMP_STARTS = tuple(_PHRASES["date-line: published"])
_LEFT_OVER = re.compile(
    rf"(?:By )?{_NAME_WORD}(?:,? (?!(?i:(?:{_MONTH}|{_WEEKDAYS}|{_STAMPS}|[A-Z]ST|GMT)(?!\w))){_NAME_WORD}){{0,7}}"
)


def judged_by_words(line: str) -> tuple[str, Where, bool] | None:
    """The kind of a line by its words alone, where such lines are removed, and whether the first line may be one."""
    first = _FIRST_WORD.match(line)
    if first is None:
        return None
    word = first[1].lower()
    best: Pattern | None = None
    for pattern in _BY_WORD.get(word, ()):
        if len(line) <= pattern.longest and (best is None or pattern.where == "any"):
            match = _compiled(pattern.expression).fullmatch(line)
            if match is not None and _fits(pattern, match):
                best = pattern
                if pattern.where == "any":
                    break
    if best is not None:
        return best.kind, best.where, best.first
    if len(line) <= 160 and _SHARE_START.match(line):
        words = [w.lower() for w in _WORDS.findall(line)]
        if len(words) <= 20 and _SHARE_WORDS.issuperset(words) and (_SHARE_CORE & set(words) or len(line) < 12):
            certain = len(words) > 1 or words[0] in {"share", "shares", "tweet"}
            return "share", "any" if certain else "edge", True
    if len(line) <= 40 and _DIGITS.fullmatch(line):
        return "page-element", "head", False
    return None


# What joins two words is never part of one: there is one way to read a line.
_REST = re.compile(
    r"(?:[,;:|–—·•/ ]+(?:[A-ZÀ-Þ0-9][\w’'&.+-]*|@\w+|\(\d+\)|-+|of|the|and|for|in|at|on|staff|writer|reporter|editor|"
    r"correspondent|contributor|columnist|[\w.+-]+@[\w.-]+)(?=[,;:|–—·•/ ]|$))*[,;:|–—·•/ ]*"
)


def _fits(pattern: Pattern, match: re.Match[str]) -> bool:
    """What follows the name in a byline is a role, an outlet, a date or an address: no small words of a sentence."""
    rest = match.groupdict().get("rest")
    if rest is None or pattern.kind != "byline":
        return True
    return rest.strip() == "" or _REST.fullmatch(rest) is not None or date_line(rest.strip(" ,|–—-")) is not None


#: What nothing but the credit of a picture ends in, and agencies that a list of names may end in too.
_PICTURE_AGENCIES = ("Getty Images", "Shutterstock", "iStock", "Alamy", "picture alliance")
_AGENCIES = (
    *_PICTURE_AGENCIES,
    "AFP",
    "EPA",
    "REUTERS",
    "Reuters",
    "Associated Press",
    "dpa",
    "ANSA",
    "EFE",
    "Xinhua",
)
_LABEL_WORDS, _AFTER_LABEL = 6, frozenset(":：,،|/©")
#: Also of a sentence in quotation marks.
_SENTENCE_ENDS = frozenset('.!?…。！？।۔؟။።”»“"」』')


def is_address(line: str) -> bool:
    """Whether a line is an address alone, with a name at most, or the signature of a post that the article quotes."""
    return bool((len(line) < 100 and BARE_EMAIL.fullmatch(line)) or SIGNED_POST.fullmatch(line))


_CREDIT_WORDS = re.compile("REUTERS|AFP|[Pp]hoto")


def credit_start(line: str) -> int | None:
    """Where the credit of a picture begins in a line that is one, or a caption that ends with one; None without."""
    if len(line) <= 100 and (CREDIT_ONLY.fullmatch(line) or _is_labelled_agency(line)):
        return 0
    if line[-1] not in ")]" and (line[-1] in '.?!”"' or not _CREDIT_WORDS.search(line, len(line) - 100)):
        return None
    return next((at for at in _credit_starts(line) if CREDIT_END.fullmatch(line, at)), None)


def _is_labelled_agency(line: str) -> bool:
    """Whether a line is some words without a sentence, in any language, and then an agency: ``..., Getty Images``."""
    if not line.endswith(_AGENCIES):
        return False
    name = next(name for name in _AGENCIES if line.endswith(name))
    label = line.removesuffix(name)
    if len(label.split()) > _LABEL_WORDS or not _SENTENCE_ENDS.isdisjoint(label):
        return False
    return label.rstrip()[-1:] in _AFTER_LABEL or (name in _PICTURE_AGENCIES and label[-1:] == " ")


def sentence_before_copyright(line: str, at: int) -> int:
    """Where the sentence ends that stands before a credit at ``at`` and its copyright sign; 0 if there is no such.

    A photographer is named after a caption, the owner after an article: ``... in spring. (c) AFP/Tom Hill``.
    """
    signed = line[:at].rstrip()
    for sign in ("(c)", "(C)", "©"):
        lead = signed.removesuffix(sign).rstrip()
        if lead != signed:
            return len(lead) if lead[-1:] in _SENTENCE_ENDS else 0
    return 0


def _credit_starts(line: str) -> list[int]:
    """Where a credit that ends a line may begin: at its last bracket, or at the name of an agency."""
    bracket = max(line.rfind("("), line.rfind("["))
    return [at for at in (bracket, *(line.rfind(word) for word in ("REUTERS", "AFP", "Photo", "photo"))) if at >= 0]
