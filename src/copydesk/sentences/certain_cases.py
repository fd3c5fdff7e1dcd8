"""Cases in which the words around a mark decide alone whether a sentence may end there, each with an example."""

from __future__ import annotations

from copydesk.sentences.lexicon import ABBREVIATIONS

#: Abbreviations that often end a sentence, and what begins one in quotation marks.
_MAY_END = frozenset(("company", "nation", "acronym", "open"))
_BEGINS = frozenset(("Starter", "I"))
#: Classes of words behind a mark, see :func:`copydesk.sentences.words.after`.
LOW = frozenset(("low", "says", "domain"))
CAPITAL = frozenset(
    ("Word", "Starter", "Initial", "CAPS", "I", "Title", "Says", "Numbered", "Uncased", "Date", "Roman")
)
#: Classes that only the cases here distinguish, and what the model takes them for.
FOR_MODEL = {
    "domain": "low",
    "verse": "digits",
    "paragraph": "sign",
    "Numbered": "sign",
    "Uncased": "Word",
    "Roman": "CAPS",
    "Date": "Word",
    "Says": "Word",
}
#: Classes of words behind a full stop by which a sentence may certainly go on.
TELLING = LOW | {"Initial", *FOR_MODEL} - {"Says"}
NUMBERS = frozenset(("number2", "number3", "number4", "decimal", "ordinal"))
_PHRASES = frozenset(("title", "reference"))
#: Classes of what stands behind a mark inside a sentence: "Hi! !!", ". , and", "Is it? – asks a woman".
_GOES_ON = frozenset(("inner", "mark", "dash"))
#: Abbreviations of which no sentence consists, nor of a word like "The" and one of them.
NEVER_ALONE = frozenset(("nation", "acronym", "initial", "I", "open", "company"))
#: What may be an abbreviation though no lexicon lists it: "Phil", "M.D", "12 n".
_SHORT = frozenset(("Wor", "Word", *ABBREVIATIONS))
_DOTTED = frozenset(("acronym", "initial", "dotted", *ABBREVIATIONS))
#: Behind which words a sentence goes on, by what follows them.
_INSIDE = {
    "Initial": {"letter"},  # "z. B. in Bonn"
    "Date": {"open"},  # "at 7:30 p.m. Sunday"
    "Uncased": _PHRASES,  # "डॉ. शर्मा"
    "Roman": {"reference"},  # "cf. XII"
    "verse": _SHORT,  # "(Phil. 4:8)"
    "paragraph": _DOTTED,  # "See id. § 1985(3)"
    "Numbered": _DOTTED,  # "W.P. No. 12"
}
#: Classes of words before a mark that depend on their neighbours.
BY_NEIGHBOURS = frozenset(("name", "ordinal", "amount", "measure", "I"))
_OPEN_TO_ALL = frozenset(("Starter", "Uncased"))


def before_mark(kind: str, earlier: str, first: bool, after: str) -> str:
    """Class of the word before a mark, by its neighbours; nothing where no sentence can end with it.

    Parameters
    ----------
    kind, earlier : str
        Class of that word by itself, and of the word before it.
    first : bool
        Whether it is the first word of its sentence.
    after : str
        Class of the word behind the mark.
    """
    if kind == "name":  # "Yahoo! said"
        kind = "" if after in LOW else "Word"
    elif kind == "ordinal":  # "am 31. Mai"
        kind = "" if after != "Starter" or first else "number2"
    elif kind == "amount":  # "5 Mio. Euro", but "um 5 Mio. Das ist"
        kind = "open" if after in _OPEN_TO_ALL else ""
    elif kind == "measure":  # "в 1916 г. он", but "в г. Москве"
        kind = "open" if earlier in NUMBERS or after in LOW else "title"
    elif kind == "I" and earlier in ("Word", "Wor", "initial", "title"):  # "Albert I. Jones"
        kind = "initial"
    return kind


def goes_on(before: str, first: bool, after: str, later: str, casual: int) -> bool:
    """Whether a sentence certainly goes on behind a full stop.

    Parameters
    ----------
    before : str
        Class of the word before the full stop.
    first : bool
        Whether it is the first word of its sentence.
    after, later : str
        Classes of the two words behind it.
    casual : int
        From 0 to 3: how often the text goes on in lower case behind a mark.
    """
    if first and (before in _PHRASES or before == "initial"):  # "E.g. Paris", "Q. What is his name?"
        return True
    if first and before in NEVER_ALONE and after not in ("Starter", "I"):  # "J.L. Henry", but "O.K. Let's go"
        return True
    if after not in TELLING:
        return False
    if after == "domain":
        return True
    if after in LOW:  # "1 min. para", "2003. godini"
        return casual < 3 and (before in ABBREVIATIONS or before in NUMBERS)
    return before in _INSIDE[after] and (after != "Numbered" or later in ("digits", "item"))


def ends(before: str, earlier: str, opener: str, after: str) -> bool:
    """Whether a sentence certainly ends behind a full stop: "on Nov. 5. Gulf Coast", "at Loews Corp. “I think"."""
    if before == "number2":
        return earlier == "month" and after in CAPITAL
    return opener == "quote" and after in _BEGINS and before in _MAY_END


def may_go_on(kind: str, before: str, after: str) -> bool:
    """Whether a sentence may certainly go on behind a mark, by what else stands around it.

    Parameters
    ----------
    kind, before, after : str
        Kind of the mark, and the classes of the words beside it.
    """
    if after in LOW or after in _GOES_ON or kind == "none":
        return True
    return kind == "." and (after in TELLING or before in _PHRASES or before == "initial" or before in NEVER_ALONE)


def may_end(kind: str, before: str, opener: str, after: str) -> bool:
    """The same of a sentence that may certainly end, with what opens before the word behind the mark."""
    if kind == ".":
        return before == "number2" or opener == "quote"
    return after == "Starter" if kind == ";" else before == "smiley"
