"""What lines that are not the article look like: the patterns of :mod:`copydesk.cleaning.rules.boilerplate_lines`.

A pattern has heads, with which its lines begin and whose first words find it, and a rest. It is matched against whole
short lines only, so that no pattern can take longer than a line allows.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from copydesk.language.names_and_dates import _CAPITAL, _MONTH, _NAME_WORD, DATE, NAME, NAMES, OUTLET

#: Where a line of a kind may be to be removed: anywhere, before or after the article, before it, after it.
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

_WEEKDAYS = (
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tues?|wed|thurs?|thu|fri|sat|sun|"
    "montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|"
    "lunes|martes|miércoles|jueves|viernes|sábado|domingo|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica"
)
_STAMPS = (
    "first published|last updated|last modified|originally published|date published|published|posted|updated|"
    "modified|"
    "created|publié le|mis à jour le|modifié le|veröffentlicht|aktualisiert|stand|publicado el|publicado|"
    "actualizado el|actualizado|pubblicato il|pubblicato|aggiornato il|aggiornato"
)
#: What else stands in a date line; each is one step of a scan.
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

    ``first`` says that even the first line of a text may be one: it cannot be a headline.
    """

    kind: str
    where: Where
    heads: tuple[str, ...]
    line: re.Pattern[str]
    longest: int
    first: bool


def _pattern(
    kind: str, where: Where, heads: str, rest: str = r" ?[.:…!»›>→]*", longest: int = 160, *, first: bool = False
) -> Pattern:
    line = re.compile(rf"{_OPENERS}[ \t]*(?i:{heads})(?!\w){rest}[\])]?")
    return Pattern(kind, where, tuple(heads.split("|")), line, longest, first)


_COLON = r" ?[:|>»] ?[^\n]*\w[^\n]*"
_CREDITED = rf"{NAMES}|{OUTLET}|{AGENCY}"
_CREDIT = r" ?(?:[:|©]|© ?:) ?(?:[^\n.]|\.(?! [A-Z][a-z]+ [a-z]))*"
_YEAR = r"(?:19|20)\d\d"

#: Patterns whose lines begin with known words.
PATTERNS: tuple[Pattern, ...] = (
    # Source: Today IT
    _pattern("source-line", "tail", "source|sources|quelle|quellen|fuente|fuentes|fonte|fonti|bron",
             r" ?: ?[^\n]*(?:[^.?!:;,\n]|\b(?:Inc|Co|Corp|Ltd|U\.S)\.)", 80),
    _pattern("source-line", "tail", "via", rf"(?: ?: ?| )(?:{OUTLET})", 60),
    # By John Smith, Staff Writer
    _pattern("byline", "head", "by|written by|reported by|story by|text by|words by|posted by|von|par|por|di|"
             "escrito por|scritto da|écrit par|geschrieben von|a cura di|author|autor|auteur|autore|authors",
             rf" ?:? (?:{NAMES}|[{_CAPITAL}]\w+ [Ss]taff|[Aa]dmin|[Ss]taff|[Ee]ditor)(?P<rest>[^\n]*)",
             160, first=True),
    _pattern("byline", "head", "von|par|by", rf" {NAMES}", 90, first=True),
    _pattern("byline", "head", "staff report|staff reports|staff writer|from staff reports|from wire reports|"
             "associated press|the associated press|by the associated press|agence france-presse"),
    # Skip to main content
    _pattern("page-element", "any", "skip to content|skip to main content|skip to navigation|loading|view comments|"
             "leave a comment|leave a reply|post a comment|add a comment|write a comment|show comments|hide comments|"
             "join the conversation|back to gallery|back to top|this slideshow requires javascript|like loading|"
             "like this|media playback is unsupported on your device|this video cannot be played|play video|"
             "watch video|close this dialog|related tags|view gallery|enlarge this image|toggle caption|hide caption|"
             "please enable javascript|you need javascript enabled|accept cookies|kommentare anzeigen|"
             "kommentar schreiben|laisser un commentaire|deja un comentario|lascia un commento|"
             "zum inhalt springen|aller au contenu|passer au contenu|saltar al contenido|vai al contenuto|"
             "thanks for watching|visit website|view comments|comments are closed|tell us what you think",
             r" ?[.:…!?]*(?: Visit Website)?", 80, first=True),
    _pattern("page-element", "edge", "comments|comment|tags|tag|topics|topic|terms|filed under|categories|category|"
             "disclaimer|highlights|key points|close|menu|search|video|home|published|updated|print|save|"
             "like this article|like this story|schlagworte|themen|mots-clés|etiquetas|temas|tag articolo|"
             "learn more|main navigation|advertise with us|click here|copy link|listen|listen to article",
             r" ?[.:…!?]*", 40),
    _pattern("page-element", "tail", "tags|topics|filed under|schlagworte|mots-clés|etiquetas|related tags|"
             "related topics",
             r" ?: ?[^\n]*[^.?!\n]", 200),
    _pattern("page-element", "any", "video|listen to this article|this is a carousel",
             r"\.?", 40),
    _pattern("page-element", "any", "image", r" ?\d+ of(?: /)? ?\d+", 40, first=True),
    _pattern("page-element", "edge", "wordcount|word count|reading time|read time|lesezeit",
             r" ?:? ?\d+[^\n]{0,20}", 40, first=True),
    _pattern("page-element", "edge", "view all", r"(?: \(?\d+\)?|(?: [\w-]+){0,3})", 40),
    _pattern("page-element", "edge", "privacy policy|terms of use|terms of service|cookie policy|"
             "terms and conditions|"
             "impressum|datenschutz|mentions légales|aviso legal|note legali",
             r"(?:[ ,|&/·-]+(?i:and|et|y|e|of|de|to|the|our|use|service|"
             r"terms|conditions|cookies?|policy|privacy|notice|"
             r"legal|contact|us|about|sitemap|imprint|accessibility|advertise|careers|help|faq|rss|datenschutz))"
             r"{0,20} ?\.?", 120),
    _pattern("page-element", "any", "<span|<div|<iframe|<script|<img|<figure|<embed|<object|<!--", r"[^\n]*>", 800),
    _pattern("page-element", "any", "button link|caption id|embed|gallery ids|video src",
             r"[^\n]*\]", 400),
    # READ MORE: How the talks collapsed
    _pattern("read-more", "any", "read more|read full story|read the full story|read the full article|"
             "read full article|"
             "read the rest|continue reading|continue reading the main story|keep reading|see more|show more|"
             "related articles|related article|related stories|related story|related links|related content|"
             "related news|related posts|related coverage|related topics|related reading|related|further reading|"
             "you may also like|you might also like|you may also be interested in|recommended|recommended for you|"
             "recommended reading|recommended stories|most read|most popular|most viewed|most shared|trending|"
             "trending now|trending stories|popular now|top stories|latest news|latest stories|more stories|"
             "also read|read also|see also|read next|up next|what to read next|don't miss|don’t miss|"
             "editor's picks|editors' picks|editor’s picks|editors’ picks|more on this story|more on this topic|"
             "to read the full story|click here to read more|mehr lesen|weiterlesen|lesen sie auch|mehr zum thema|"
             "das könnte sie auch interessieren|auch interessant|meistgelesen|siehe auch|lire la suite|lire aussi|"
             "à lire aussi|voir aussi|les plus lus|sur le même sujet|leer más|lea también|lee también|"
             "te puede interesar|más información|lo más leído|ver también|leggi anche|leggi tutto|continua a leggere|"
             "vedi anche|i più letti|potrebbe interessarti anche|articoli correlati|artículos relacionados|"
             "articles liés|noticias relacionadas", r" ?[.:…!»›>→]*", 60),
    _pattern("read-more", "any", "read more|read also|also read|see also|related|related story|related article|"
             "related stories|related articles|related coverage|read next|up next|don't miss|don’t miss|recommended|"
             "more on this|lesen sie auch|lesen sie mehr|mehr zum thema|auch interessant|siehe auch|lesen sie dazu|"
             "lire aussi|à lire aussi|à lire|a lire aussi|lire également|voir aussi|sur le même sujet|lea también|"
             "lee también|leer más|leer también|ver también|te puede interesar|más información|leggi anche|"
             "leggi|vedi anche|per approfondire|you may also like|you might also like|trending|must read|"
             "also on [a-z.]+", _COLON, 220),
    _pattern("read-more", "any", "on|also on|more on|read more on|read more at",
             r" [\w-]+(?:\.[\w-]+)*\.(?:com|org|net|news|co\.uk|de|fr|it|es) ?:[^\n]*", 220),
    _pattern("read-more", "any", "also on|read more on|read more at", r" [\w-]+(?:\.[\w-]+)*\.(?:com|org|net|news|"
             r"co\.uk)(?!\w)[^\n]*", 220),
    _pattern("read-more", "any", "read more about|read more on|read more from|read more of|read the full|more from|"
             "more stories from|more stories about|top stories in|top stories from|popular on|more great|"
             "most popular on|most read on|trending on|trending in|latest from|latest in|related to this",
             r"(?: [\w’'&.-]+){1,7} ?:?", 70),
    _pattern("read-more", "edge", "more in|more on|more about|the latest on|now read",
             r"(?: [A-Z][\w’'&-]*){1,4} ?:", 50),
    _pattern("read-more", "edge", "watch|listen|read|more|also|explainer|opinion|live|photos|in pictures|video|"
             "analysis|"
             "column|podcast|gallery", r" ?: ?[^\n]*[^.\n]", 160),
    _pattern("read-more", "any", "top local stories|top news stories|other stories|other news"),
    # Subscribe to our newsletter and never miss a story.
    _pattern("subscribe", "any", "subscribe|sign up|sign in|log in|register|newsletter|newsletters|subscribe now|"
             "subscribe today|sign up now|join now|donate|donate now|support us|become a member|jetzt abonnieren|"
             "newsletter abonnieren|s'abonner|s’abonner|abonnez-vous|suscríbete|suscribirse|abbonati|iscriviti",
             r" ?[.:…!]*", 40),
    _pattern("subscribe", "any", "subscribe|sign up|signup|sign-up|click here to subscribe|click here to sign up|"
             "click to subscribe|"
             "please subscribe|register",
             r"[:,]?(?: free| now| today| here)?,? (?:to|for|now|today|here|via|on|with|and|at|in|by)(?: |$)"
             r"(?:[^\n$]*\b(?:our|newsletters?|updates|alerts|briefing|daily|weekly|inbox|edition|"
             r"channel|podcast|magazine|digest|here|stories|us)(?!\w)[^\n$]*|(?:[^\n$]* )?free)[.!]?", 260),
    _pattern("subscribe", "any", "enter your email|enter your e-mail|click here to subscribe|click to subscribe|"
             "subscribe here|click here to sign up|"
             "you have been successfully subscribed|you have successfully subscribed|thanks for signing up|"
             "thank you for signing up|"
             "thank you for subscribing|thanks for subscribing|thanks for reading|check your inbox|"
             "you are now subscribed",
             r"[^\n]*", 140),
    _pattern("subscribe", "any", "there was an error processing your|there was a problem subscribing|"
             "there was a problem with your|please check the opt-in|"
             "please enter your email|please enter a valid|by signing up|by subscribing|by clicking|"
             "keep an eye on your inbox|never miss a|get the latest|get our|get the best|get the day's|"
             "get the day’s|get breaking news|get daily|get unlimited|get your daily|get more|start your day with|"
             "stay on top of|"
             "stay up to date|stay informed|stay up-to-date|want more|need more|want to|love|enjoying|"
             "if you enjoyed this|if you enjoy|support our|support independent|help us|thank you for reading|"
             "thanks for your|download our|download the|get the|i agree that|i agree to|join our|"
             "there's plenty more|there’s plenty more|already a subscriber|not a subscriber|join|sign up and|"
             "stay smart|"
             "melden sie sich|abonnieren sie|jetzt anmelden|erhalten sie|abonnez-vous|inscrivez-vous|recevez|"
             "suscríbete|suscríbase|regístrate|recibe|iscriviti|abbonati|ricevi",
             r"(?=[^\n]*\b(?:[Yy]ou|[Yy]our|[Oo]ur|us|we|my|[Ss]ie|[Vv]otre|[Vv]ous|[Nn]os|[Ss]u|[Nn]uestr\w+|"
             r"[Tt]u|[Nn]ostr\w|unser\w*)\b)"
             r"[^\n“”]*(?i:newsletters?|inbox|subscri\w+|sign(?:ing)? up|e-?mail|our app|mobile app|briefing|"
             r"membership|notifications|abonn\w+|suscr\w+|bolet[ií]n|infolettre|iscri\w+|daily updates|"
             r"latest updates|"
             r"breaking news|boîte mail)(?!\w)[^\n]*", 320),
    _pattern("subscribe", "any", "follow|like|find|join|follow us on|like us on",
             rf" (?:us|me|him|her|them|our|@\w+|{OUTLET}|he|she)(?: [\w-]+)? on (?:our )?(?:social media|"
             rf"{NETWORK}[^\n“”]{{0,80}})", 160),
    _pattern("subscribe", "any", "follow", r" (?:[\w.]+ ){1,4}on ?[:.]?", 60),
    # Share on Facebook
    _pattern("share", "any", "share this|share this article|share this story|share this post|share this page|"
             "share article|share story|share on|share via|sharing is caring|share this on|"
             "like this story|artikel teilen|teilen sie diesen artikel|partager cet article|partager|compartir|"
             "condividi|teilen",
             r"[ :!?.]*(?:[Ss]hare it with a friend!?|(?:(?:[Ww]ith|[Oo]n|[Vv]ia|[Tt]o|[Aa]uf|[Ss]ur|[Ee]n|"
             r"[Ss]u) )?(?:\w+[+,]? ){0,8}(?:\w+[+,]?)?)", 120, first=True),
    # © 2023 The Daily Example. All rights reserved.
    _pattern("copyright", "any", "copyright|©|copyrights", rf" ?(?:©|\(c\)|@|{_YEAR}|by (?={_YEAR}|[A-Z])|"
             rf":)[^\n]*", 400, first=True),
    _pattern("copyright", "any", "©", rf" ?(?:{_YEAR}|{OUTLET})[^\n]*", 300, first=True),
    _pattern("copyright", "edge", "copyright", rf" (?:{OUTLET})[.]?", 100),
    _pattern("copyright", "any", "all rights reserved|alle rechte vorbehalten|tous droits réservés|"
             "todos los derechos reservados|"
             "tutti i diritti riservati|riproduzione riservata|todos os direitos reservados",
             r"[^\n]{0,120}", 160, first=True),
    _pattern("copyright", "any", "this material may not be|the material on this site may not|"
             "this article may not be reproduced|"
             "no part of this publication|no part of this article|no part of this website|reproduction in whole|"
             "registration on or use of this site|use of this site constitutes|"
             "unauthorized reproduction|community rules apply", r"[^\n]*", 400),
    # Photo: Getty Images
    _pattern("photo-credit", "any", "photo|photos|image|images|picture|pictures|photograph|photographs|"
             "photography|photo credit|"
             "photo credits|image credit|image credits|picture credit|main image|main image credit|featured image|"
             "featured image credit|photo source|image source|photo courtesy|image courtesy|cover photo|file photo|"
             "header image|lead image|top image|image copyright|screenshot|illustration|foto|fotos|bild|bilder|"
             "bildquelle|bildnachweis|crédit photo|crédits photo|photo d'illustration|crédito|imagen|imagens|"
             "immagine|créditos|foto credit", _CREDIT, 160, first=True),
    _pattern("photo-credit", "any", "credit|credits|crédit|courtesy", rf" ?: ?(?:{_CREDITED})[^\n.]{{0,40}}\.?", 90),
    _pattern("photo-credit", "any", "photo by|photos by|image by|images by|picture by|photograph by|"
             "photo illustration by|"
             "photo courtesy of|image courtesy of|photo courtesy|image copyright|photo via|image via|illustration by|"
             "foto von|photo de", rf" (?:{_CREDITED})[^\n]{{0,140}}", 200),
    _pattern("photo-credit", "any", "courtesy of|courtesy", rf" (?:{_CREDITED})", 80),
    _pattern("photo-credit", "edge", "image caption|media caption|file photo|file|above|pictured|photos|"
             "bildunterschrift",
             r"(?: ?:| [A-Z])[^\n]*", 260),
    _pattern("photo-credit", "any", "file photo|image caption|media caption", r" ?[A-Z:][^\n]*", 260),
    _pattern("photo-credit", "any", "getty|getty images|shutterstock|istock|submitted photo|afp via getty images|"
             "ap photo", r"\.?", 40),
    # Story continues below
    _pattern("advertisement", "any", "advertisement|advertisements|advertisment|advert|adverts|sponsored|"
             "sponsored content|"
             "sponsored links|sponsored link|sponsored post|paid content|paid post|promoted|promoted content|"
             "promoted stories|"
             "story continues below|story continues below advertisement|story continues after advertisement|"
             "story continues|"
             "article continues below|article continues after advertisement|article continues below advertisement|"
             "continue reading below|advertisement - continue reading below|advertisement - story continues below|"
             "skip ad|"
             "skip advertisement|ad|ads by google|scroll to continue|scroll down to continue|remove ads|"
             "report this ad|"
             "this advertisement has not loaded yet|anzeige|werbung|publicité|la suite après la publicité|"
             "l'article continue après la publicité|publicidad|pubblicità|patrocinado|contenuto sponsorizzato|"
             "reklame",
             r" ?[.:…!]*", 80, first=True),
    _pattern("advertisement", "edge", "if you buy something|if you buy through|sometimes we include links|"
             "when you buy through|"
             "when you purchase|purchases you make|we may earn|this article contains affiliate|we may receive|"
             "this post contains affiliate", r"[^\n]*(?:commission|share of|affiliate|links?|stores?|"
             r"retail)[^\n]*", 400),
    # (Reporting by A. Smith; editing by B. Jones)
    _pattern("contact", "edge", "reporting by|additional reporting by|writing by|editing by|reported by|"
             "compiled by|edited by|"
             "reporting and writing by", rf" (?:{NAME})(?P<rest>[^\n]*)", 400),
    _pattern("contact", "any", "reporting by", rf" (?:{NAME})[^\n]{{0,200}}[Ee]diting by[^\n]*", 400),
    _pattern("contact", "any", "contact the author|contact the writer|contact the reporter|email the author|"
             "e-mail the author|"
             "email the writer|have a tip|got a tip|got a story|have a story|got a news tip|send tips|send us your|"
             "send your|reach the author|reach the reporter|reach the writer|write to the author|"
             "letters to the editor|"
             "have you been affected by|do you have a story|do you have a tip|do you have information|"
             "contactez|contacte al autor|contatta l'autore|kontakt zum autor",
             r"[^\n]*(?:@|\?|\bat \S|here|below|form|\.com|[Cc]ontact|e-?mail|tips?)[^\n]*", 260),
    _pattern("contact", "edge", "contact|reach|email|e-mail|write to|kontakt|contacto|contatti|phone|tel",
             rf"[^\n]{{0,80}}(?:{EMAIL}|@\w+)[^\n]{{0,80}}", 220),
    _pattern("contact", "any", "follow", rf" (?:{NAME}|{OUTLET}) on {NETWORK}:? ?(?:@\w+)?[^\n]{{0,40}}",
             120, first=True),
    _pattern("contact", "edge", "follow", r" (?:[\w.]+ ){0,4}@\w+\.?", 90),
    _pattern("contact", "edge", "twitter|facebook|instagram|linkedin", r"(?: ?:? ?@\w+|\.com/[\w./-]+)", 90),
)  # fmt: skip

_SHARE_WORDS = frozenset(
    "share shares shared tweet tweets submit pin pinit email mail print facebook twitter linkedin reddit "
    "pinterest "
    "whatsapp messenger google telegram tumblr flipboard copy link save "
    "via on to this with by and comments comment post "
    "more teilen twittern drucken mailen partager imprimer compartir condividi stampa copied link x".split()
)
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
#: Get the app by CLICKING HERE
SHOUTED = re.compile(r"[^a-z\n]*CLICK(?:ING)? HERE[^a-z\n]*")

_FIRST_WORD = re.compile(rf"{_OPENERS}[ \t]*([^\W\d_]+|\d|©|<)")
_BY_WORD: dict[str, list[Pattern]] = {}
for _p in PATTERNS:
    for _word in dict.fromkeys(_m[1] for _h in _p.heads if (_m := _FIRST_WORD.match(_h.lower()))):
        _BY_WORD.setdefault(_word, []).append(_p)


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
_STAMP_STARTS = tuple(_STAMPS.split("|"))
_LEFT_OVER = re.compile(
    rf"(?:By )?{_NAME_WORD}(?:,? (?!(?i:(?:{_MONTH}|{_WEEKDAYS}|{_STAMPS}|[A-Z]ST|GMT)(?!\w))){_NAME_WORD}){{0,7}}"
)


def known(line: str) -> tuple[str, Where, bool] | None:
    """What a line is by its words alone: kind, where it may be removed, whether it may be the first."""
    first = _FIRST_WORD.match(line)
    if first is None:
        return None
    word = first[1].lower()
    best: Pattern | None = None
    for pattern in _BY_WORD.get(word, ()):
        if len(line) <= pattern.longest and (best is None or pattern.where == "any"):
            match = pattern.line.fullmatch(line)
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


_CREDIT_WORDS = re.compile("REUTERS|AFP|[Pp]hoto")


def is_credit(line: str) -> bool:
    """Whether a line is the credit of a picture, or ends with one, so that it is the caption."""
    if len(line) <= 100 and CREDIT_ONLY.fullmatch(line):
        return True
    if line[-1] not in ")]" and (line[-1] in '.?!”"' or not _CREDIT_WORDS.search(line, len(line) - 100)):
        return False
    return any(CREDIT_END.fullmatch(line, at) for at in _credit_starts(line))


def _credit_starts(line: str) -> list[int]:
    """Where a credit that ends a line may begin: at its last bracket, or at the name of an agency."""
    bracket = max(line.rfind("("), line.rfind("["))
    return [at for at in (bracket, *(line.rfind(word) for word in ("REUTERS", "AFP", "Photo", "photo"))) if at >= 0]
