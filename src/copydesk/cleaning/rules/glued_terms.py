"""Words glued to file names, addresses, keys and quotations, which pages set in tags of their own.

Unlike two words, these say by their form where they begin: at a folder of the root, at the scheme of an address, at a
mark that only opens. Where they end the form is less clear, so the word behind must be one of the language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from copydesk.cleaning.rule import Found, Rule
from copydesk.language.blocks import WORDS, Block, Blocks
from copydesk.language.vocabularies import LANGUAGES, OTHER_SCRIPTS, Vocabulary, english, vocabulary

_FOLDERS = "bin boot dev etc home lib media mnt opt proc root run sbin srv sys tmp usr var".split()
_ENDINGS = "bz2 cfg conf deb exe gz html img ini iso jpg json list log pdf png tar txt xml xz zip".split()
_ROOT = "/(?:" + "|".join(_FOLDERS) + ")"
_LETTER = "[^\\W\\d_]"
# Ranges in which all letters lie: RE2 compiles \pL for longer than it matches.
_L, _OTHER = r"[A-Za-z\x{c0}-\x{1fff}]", r"\x{370}-\x{6ff}"
# Each pattern starts with what is rare in a text, and looks back.
_PATH = re.compile(rf"(?:{_ROOT}(?![A-Z\d_])|~/(?=[\w.]))[\w.+*/-]*")
_ADDRESS = re.compile(rf"(?:https?|ftp)://(?<={_LETTER}https://)(?=\w)|(?:https?|ftp)://(?<={_LETTER}http://)(?=\w)")
_MAIL = re.compile(rf"<(?<={_LETTER}<)[\w.+-]{{1,60}}@[\w.-]{{1,60}}>|<[\w.+-]{{1,60}}@[\w.-]{{1,60}}>(?={_LETTER})")
_LATIN_NAME = re.compile(r"(?<![a-zA-Z0-9./_:-])[a-zA-Z0-9][a-zA-Z0-9_-]*(?:[./:]+[a-zA-Z0-9_-]+)+(?<![_-])")
_MACHINE, _ADDRESS_SIZE = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}\Z"), 16
_KEY = re.compile(rf"F(?:[1-9]|1[0-2])(?:(?<={_LETTER}F\d)|(?<={_LETTER}F\d\d)|(?={_LETTER}))(?!\d)")
_NUMBER = re.compile(rf"\.\d{{1,3}}(?={_LETTER}{{2}})")
_OPENER = re.compile(rf"[„«](?<={_LETTER}[„«])(?={_LETTER})")
_CLOSER = re.compile(rf"»(?={_LETTER}{{2}})(?<=[\w.,!?]»)")
_WORD = re.compile(rf"{_LETTER}+")
_COMPONENT_WORD = re.compile(rf"({'|'.join(_FOLDERS)})({_LETTER}{{2,}})")
_ENDING_AND_WORD = re.compile(rf"[\w-]\.({'|'.join(_ENDINGS)})({_LETTER}{{2,}})")
_LATIN_END = re.compile(r"[a-zA-Z0-9](?=[\u0370-\u1dff]{1,30}\Z)")
_BEFORE = "(“«„\"'’"
_REACH = 60
#: What is known of a word that stands beside a term, as a share of all words.
_KNOWN, _FREQUENT = 1e-6, 1e-5
#: A word that is so many times more frequent in the language than in English is no English name of a folder.
_MORE_FREQUENT = 30
#: English nouns before a path, and what may stand behind one.
_ENGLISH_BEFORE = frozenset("directory directories file files folder path script command".split())
_ENGLISH_BEHIND = frozenset("and are contains directory file files from is or that the was which will with".split())
#: Languages that write „quotations“ and «quotations» in this direction, and append no endings to them.
_LOW_QUOTES = frozenset("bg cs de et hr lt mk pl ro sk sl sr".split())
_ANGLES = frozenset("ar bg ca el es fa fr it lv nb no pt ro ru uk vi".split())


class _Language:
    """The words of a language, as they stand beside terms."""

    def __init__(self, words: Vocabulary) -> None:
        self.words = words
        self.is_english = words.language == "en"

    def frequency(self, word: str) -> float:
        return self.words.frequencies.get(self.words.lower(word), 0.0)

    def is_function_word(self, word: str) -> bool:
        return self.words.lower(word) in self.words.function_words

    def is_own(self, word: str, least: float) -> bool:
        """Whether a word is one of the language and no English one, so no name of a folder or a command."""
        if self.is_english:
            return False
        frequency = self.frequency(word)
        return frequency >= max(least, _MORE_FREQUENT * english().frequencies.get(word.lower(), 0.0))

    def may_stand_before(self, word: str) -> bool:
        """Whether a word before a term is one: "sous/etc", not "chroot/etc"."""
        if self.is_english:
            return word.lower() in _ENGLISH_BEFORE or (len(word) > 1 and self.is_function_word(word))
        return (self.is_function_word(word) and len(word) > 1) or self.is_own(word, _KNOWN)

    def may_stand_behind(self, word: str) -> bool:
        """Whether a word behind a term is one: "/usrpara", not "/usrlocal"."""
        if self.is_english:
            return word in _ENGLISH_BEHIND
        return len(word) > 1 and (self.is_own(word, _FREQUENT) or (len(word) > 2 and self.is_function_word(word)))


def _glued_terms(text: str, blocks: Blocks) -> Iterator[Found]:
    for block in blocks.blocks:
        if block.language in LANGUAGES and block.kind in WORDS:
            words = _Language(vocabulary(block.language))
            places = {
                place
                for find in (_at_paths, _at_names, _at_addresses, _at_keys, _at_numbers, _at_quotations)
                for place in find(text, block, words)
                if 0 < place < len(text) and not text[place - 1].isspace() and not text[place].isspace()
            }
            yield from (Found(place, place, " ", 0.95) for place in sorted(places))


def _word_before(text: str, position: int) -> str:
    """The letters before a position, if a token begins with them; else none."""
    start = position
    while start > 0 and position - start < _REACH and text[start - 1].isalpha():
        start -= 1
    before = text[start - 1 : start]
    return text[start:position] if not before or before.isspace() or before in _BEFORE else ""


def _at_paths(text: str, block: Block, words: _Language) -> Iterator[int]:
    """Words before and behind paths: "sous/etc/mais", "de/usr/local/es", "/homeou/srv"."""
    for match in _PATH.finditer(text, block.start, block.end):
        start, path = match.start(), match.group()
        before = text[start - 1 : start]
        if before.isalpha():
            if not words.may_stand_before(_word_before(text, start)):
                continue
            yield start
        elif before == "," and words.may_stand_before(_word_before(text, start - 1)):
            yield start
        elif before and not before.isspace() and before not in _BEFORE:
            continue
        if text[match.end() : match.end() + 1] not in "@:=(":
            yield from (start + at for at in _ends_of_path(path, words))


def _ends_of_path(path: str, words: _Language) -> Iterator[int]:
    """Where a word begins that is no part of the path, and where the next path begins behind it."""
    at = 0
    for component in path.split("/"):
        end = at + len(component)
        word = _COMPONENT_WORD.fullmatch(component)
        if word and words.frequency(component) == 0.0 and words.may_stand_behind(word[2]):
            yield at + word.start(2)
            if end < len(path):
                yield end
        at = end + 1
    path = path.rstrip(".")
    last = path.rpartition("/")[2]
    start = len(path) - len(last)
    ending = _ENDING_AND_WORD.search(last)
    if ending and ending.end() == len(last) and words.frequency(ending[1] + ending[2]) == 0.0:
        if words.may_stand_behind(ending[2]):
            yield start + ending.start(2)
    elif (
        path.count("/") > 1 and last not in _FOLDERS and words.may_stand_behind(last) and words.is_function_word(last)
    ):
        yield start  # not "/home/usuario"
    elif words.words.language in OTHER_SCRIPTS and (border := _LATIN_END.search(last)):
        yield start + border.end()


def _at_names(text: str, block: Block, words: _Language) -> Iterator[int]:
    """Words of another script around names of hosts and files: "зонуfalcot.com", "ip6.arpaи"."""
    if words.words.language not in OTHER_SCRIPTS:
        return
    for match in _LATIN_NAME.finditer(text, block.start, block.end):
        start, end = match.span()
        left, right = _word_before(text, start), _WORD.match(text, end, end + _REACH)
        if left and words.frequency(left) >= _KNOWN:
            yield start
        if right and words.frequency(right.group()) >= _KNOWN:
            yield end


def _at_addresses(text: str, block: Block, words: _Language) -> Iterator[int]:
    """Words before addresses, and around those of mail: "contact<debian-boot@lists.debian.org>or"."""
    for match in _ADDRESS.finditer(text, block.start, block.end):
        if words.frequency(_word_before(text, match.start())) >= _KNOWN:
            yield match.start()
    for match in _MAIL.finditer(text, block.start, block.end):
        yield from (place for place in match.span() if text[place - 1 : place] != "<" and _is_glued(text, place))


def _is_glued(text: str, place: int) -> bool:
    return text[place - 1 : place].isalpha() or text[place : place + 1].isalpha()


def _at_keys(text: str, block: Block, words: _Language) -> Iterator[int]:
    """Words around the function keys of a keyboard: "tekanF9atau"; not the gene "MacF1"."""
    for match in _KEY.finditer(text, block.start, block.end):
        start, end = match.span()
        left = _word_before(text, start)
        right = _WORD.match(text, end, end + _REACH)
        if text[start - 1 : start].isalpha():
            if len(left) < 2 or not left.islower() or words.frequency(left) < _KNOWN:
                continue
            yield start
        if right and len(right.group()) > 1 and words.frequency(right.group()) >= _KNOWN:
            yield end


def _at_numbers(text: str, block: Block, words: _Language) -> Iterator[int]:
    """Words behind the address of a machine: "192.168.1.42ist"."""
    for match in _NUMBER.finditer(text, block.start, block.end):
        right = _WORD.match(text, match.end(), match.end() + _REACH)
        if not _MACHINE.search(text, max(block.start, match.end() - _ADDRESS_SIZE), match.end()):
            continue
        if right and (words.is_function_word(right.group()) or words.is_own(right.group(), _FREQUENT)):
            yield match.end()


def _at_quotations(text: str, block: Block, words: _Language) -> Iterator[int]:
    """Words before marks that only open, and behind those that only close: "di«rete»per"."""
    language = words.words.language
    if language in _LOW_QUOTES:
        opener, closer = "„", "“"
    elif language in _ANGLES:
        opener, closer = "«", "»"
    else:
        return
    for match in _OPENER.finditer(text, block.start, block.end):
        if match.group() == opener and text.find(closer, match.end(), match.end() + _REACH) > 0:
            yield match.start()
    if closer != "»":  # “ is the opener of others
        return
    for match in _CLOSER.finditer(text, block.start, block.end):
        start = match.start()
        right = _WORD.match(text, start + 1, start + _REACH)
        if right and words.frequency(right.group()) >= _FREQUENT:
            before = text[max(block.start, start - _REACH) : start]
            if before.rfind(opener) > before.rfind(closer):
                yield start + 1


RULES = (
    Rule(
        "glued-term",
        "probable",
        rf"{_L}~/|{_ROOT}{_L}|{_L},?{_ROOT}|{_ROOT}/|{_L}https?://|{_L}<[\w.+-]+@|@[\w.-]+>{_L}|F[0-9]+{_L}|[a-z]F[0-9]"
        rf"|[0-9]\.[0-9]{{1,3}}{_L}|{_L}[„«]{_L}|»{_L}|[a-zA-Z0-9][./:][a-zA-Z0-9_-]+[{_OTHER}]"
        rf"|[{_OTHER}][a-zA-Z0-9_-]+[./:][a-zA-Z0-9]",
        _glued_terms,
        repairs=(
            "Les fichiers sont dans le dossier/etc/apt/sources.listet sous/usr/share/doc ; il faut appuyer surF9pour "
            "lire le guide, et écrire à<debian-boot@lists.debian.org>pour le reste.",
            "Les fichiers sont dans le dossier /etc/apt/sources.list et sous /usr/share/doc ; il faut appuyer sur F9 "
            "pour lire le guide, et écrire à <debian-boot@lists.debian.org> pour le reste.",
        ),
        leaves="Le fichier chroot/etc/passwd, /usr/lib64 et /home/marie, la 2ème fois, et 100km à vol d’oiseau.",
        kinds=WORDS,
        languages=LANGUAGES,
        needs_blocks=True,
    ),
)
