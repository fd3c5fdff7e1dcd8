"""Clean, split and identify one text, and extract the article of one web page, without a project or a file.

The pipeline applies the same rules to whole columns. Everything is imported inside the functions, because
``import copydesk`` must not load Arrow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from copydesk.errors import InputError

if TYPE_CHECKING:
    from copydesk.cleaning.rule import Flag
    from copydesk.text import Alignment, ComposedEdit

#: The default of ``ingest.max_bytes``. Everything here takes time linear in the text, and about ten times its memory.
MOST_CHARACTERS = 16 << 20
_LANGUAGE = re.compile("[a-z]{2,3}")


class CleanedText(NamedTuple):
    """A cleaned text and everything that was done to it.

    Attributes
    ----------
    text : str
        The clean text.
    edits : tuple of ComposedEdit
        The applied edits, sorted, without overlap. Offsets are code points of the raw and of the clean text.
    suggestions : tuple of ComposedEdit
        Edits of the tier ``suggest``, which were not applied. ``start`` and ``end`` are offsets in the clean text.
    flags : tuple of Flag
        Defects that no rule may repair: ``kind``, and ``start`` and ``end`` in the clean text.

    Examples
    --------
    See :func:`clean`, which returns it.
    """

    text: str
    edits: tuple[ComposedEdit, ...]
    suggestions: tuple[ComposedEdit, ...]
    flags: tuple[Flag, ...]

    @property
    def alignment(self) -> Alignment:
        """The edits as an :class:`~copydesk.Alignment`, which maps spans between the raw and the clean text."""
        return _alignment(self.edits)

    def revert(self) -> str:
        """Rebuild the raw text from the clean text and the edits alone."""
        from copydesk.text import revert

        return revert(self.text, self.edits)


class Sentence(NamedTuple):
    """A sentence and its span.

    Attributes
    ----------
    text : str
        The sentence, without white space around it.
    start, end : int
        Its span in the text that was split: code points, half-open.

    Examples
    --------
    See :func:`split_sentences`, which returns it.
    """

    text: str
    start: int
    end: int


class DetectedLanguage(NamedTuple):
    """The language of a text.

    Attributes
    ----------
    code : str or None
        ISO 639-1 code, or ISO 639-3 where there is none. None if no language is clear.
    score : float
        From 0 to 1: the share of the text in this language, minus the share of the next one. It is no probability.
        0 if no language is clear.

    Examples
    --------
    See :func:`detect_language`, which returns it.
    """

    code: str | None
    score: float


class ExtractedArticle(NamedTuple):
    """The article of a web page.

    Attributes
    ----------
    text : str
        The text of the article; paragraphs are separated by an empty line. It is not cleaned yet.
    title : str or None
        Its title, if the page names one.
    metadata : dict of str to str
        What else the page says of itself, named as in ``sources.jsonl``: byline, publisher, address, date.
    edits : tuple of ComposedEdit
        The edits that turn the HTML into the text: markup and boilerplate deleted, references decoded.

    Examples
    --------
    See :func:`extract_article`, which returns it.
    """

    text: str
    title: str | None
    metadata: dict[str, str]
    edits: tuple[ComposedEdit, ...]

    @property
    def alignment(self) -> Alignment:
        """The edits as an :class:`~copydesk.Alignment`, which maps spans between the HTML and the text."""
        return _alignment(self.edits)

    def revert(self) -> str:
        """Rebuild the HTML from the text and the edits alone."""
        from copydesk.text import revert

        return revert(self.text, self.edits)


def clean(text: str, language: str | None = None, *, settings: Mapping[str, Any] | None = None) -> CleanedText:
    """Clean one text: repair characters, spacing, line breaks, punctuation and words; remove boilerplate.

    Each rule acts only in the kinds of text and the languages that it states (``copydesk rules``): code, tables and
    settings keep their form, and words are repaired only in languages whose words are known.

    Parameters
    ----------
    text : str
        At most 16,777,216 characters.
    language : str, optional
        ISO 639 code of the text. By default it is detected, for each paragraph.
    settings : mapping, optional
        The section ``clean`` of params.yaml: ``apply`` lists the tiers that are applied (``safe``, ``probable``),
        ``rules`` gives single rules another tier, or ``off``. Default: all rules in their own tiers.

    Returns
    -------
    CleanedText
        The clean text, the applied edits, the suggestions, the flags; ``revert()`` gives the raw text back.

    Raises
    ------
    InputError
        If the text or the language is of the wrong type, the text is too large, or is not valid Unicode.
    ConfigError
        If the settings are invalid, or name a rule that does not exist.

    Examples
    --------
    >>> cleaned = clean("the outcome of the war?Russia  does not")
    >>> cleaned.text
    'the outcome of the war? Russia does not'
    >>> [(edit.before, edit.after, edit.rules) for edit in cleaned.edits]
    [('', ' ', ('missing-space',)), ('  ', ' ', ('spaces',))]
    >>> cleaned.revert()
    'the outcome of the war?Russia  does not'
    >>> clean("the war?Russia  does not", settings={"apply": ["safe"]}).text
    'the war?Russia does not'
    """
    _check_text("text", text)
    _check_language(language)
    from copydesk.cleaning.apply import clean_text
    from copydesk.cleaning.plan import RULES, plan
    from copydesk.core.config import check_params

    if settings is not None and not isinstance(settings, Mapping):
        raise InputError(f"settings: expected a mapping, such as {{'apply': ['safe']}}; found {_kind(settings)}")
    params = check_params({"clean": dict(settings or {})}, "settings")
    how = plan(params["clean"], RULES)
    cleaned = clean_text(text, how._replace(language=language or how.language))
    return CleanedText(cleaned.edited.text, cleaned.edited.edits, cleaned.suggestions, cleaned.flags)


def split_sentences(text: str, language: str | None = None) -> list[Sentence]:
    """Split one text into sentences.

    A line break always ends a sentence: clean wrapped text first.

    Parameters
    ----------
    text : str
        At most 16,777,216 characters.
    language : str, optional
        ISO 639-1 code of the text; it is detected if left out. A language without a lexicon of abbreviations is
        split by punctuation and letter shapes alone.

    Returns
    -------
    list of Sentence
        In order, without overlap. Every character except white space belongs to exactly one sentence.

    Raises
    ------
    InputError
        If the text or the language is of the wrong type, the text is too large, or is not valid Unicode.

    Examples
    --------
    >>> for sentence in split_sentences("Mr. Smith left. He was late!", language="en"):
    ...     print(sentence)
    Sentence(text='Mr. Smith left.', start=0, end=15)
    Sentence(text='He was late!', start=16, end=28)
    """
    _check_text("text", text)
    _check_language(language)
    from copydesk.sentences import split

    spans = split(text, language or detect_language(text).code)
    return [Sentence(text[start:end], start, end) for start, end in spans]


def detect_language(text: str) -> DetectedLanguage:
    """Detect the language of a text from its first 800 characters.

    Parameters
    ----------
    text : str
        At most 16,777,216 characters. Below some 100 letters the result is often None.

    Returns
    -------
    DetectedLanguage
        The code of the language, or None, and how far it leads.

    Raises
    ------
    InputError
        If the text is of the wrong type, is too large, or is not valid Unicode.

    Examples
    --------
    >>> detect_language("Die Katze sitzt auf der Matte und wartet, bis jemand die Tür für sie öffnet.")
    DetectedLanguage(code='de', score=0.98)
    >>> detect_language("12:30")
    DetectedLanguage(code=None, score=0.0)
    """
    _check_text("text", text)
    from copydesk.language.detection import identify

    identified = identify(text)
    return DetectedLanguage(identified.label, identified.score)


def extract_article(html: str) -> ExtractedArticle:
    """Extract the article of a web page; nothing is fetched.

    Needs the extra ``web``, as in ``pip install 'copydesk[web] @ git+URL'``.

    Parameters
    ----------
    html : str
        The page, decoded: at most 4,194,304 characters and 50,000 elements.

    Returns
    -------
    ExtractedArticle
        The text of the article, its title and other metadata, and the edits that lead from the HTML to the text.

    Raises
    ------
    BuildError
        If the extra ``web`` is not installed.
    InputError
        If the page is of the wrong type, or is not valid Unicode.
    UnreadableError
        If the page is too large (``too-large``), or no article can be found in it (``no-article``).

    Examples
    --------
    >>> paragraph = "The council met on Tuesday and decided, after a long debate, to keep the old bridge. "
    >>> page = f"<html><title>The bridge</title><nav>Home</nav><article><p>{paragraph * 5}</p></article></html>"
    >>> article = extract_article(page)
    >>> article.title, article.text[:26], article.revert() == page
    ('The bridge', 'The council met on Tuesday', True)
    """
    _check_text("html", html, most=None)
    from copydesk.text import EditedText
    from copydesk.webpages.trafilatura_article import page_libraries

    page_libraries()
    from copydesk.webpages.page_edits import read_page

    page = read_page(html)
    edited = EditedText(html).apply(page.edits)
    metadata = {name: value for name, (value, _, _) in page.stated.items()}
    return ExtractedArticle(edited.text, metadata.pop("title", None), metadata, edited.edits)


def _alignment(edits: tuple[ComposedEdit, ...]) -> Alignment:
    from copydesk.text import Alignment

    return Alignment(
        [edit.raw_start for edit in edits],
        [edit.raw_end for edit in edits],
        [edit.start for edit in edits],
        [edit.end for edit in edits],
    )


def _check_text(name: str, value: object, *, most: int | None = MOST_CHARACTERS) -> None:
    if not isinstance(value, str):
        advice = "; decode it first, for example with .decode('utf-8')" if isinstance(value, bytes) else ""
        raise InputError(f"{name}: expected a str, found {_kind(value)}{advice}")
    if most is not None and len(value) > most:
        raise InputError(f"{name}: {len(value):,} characters, at most {most:,} are accepted; split it")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{name}: not valid Unicode: character {error.start:,} is an unpaired surrogate "
            f"(U+{ord(value[error.start]):04X}); decode the bytes again, with errors='replace' if need be"
        ) from None


def _check_language(language: object) -> None:
    if language is None:
        return
    if not isinstance(language, str):
        raise InputError(f"language: expected a code such as 'en', or None; found {_kind(language)}")
    if not _LANGUAGE.fullmatch(language):
        raise InputError(f"language: expected an ISO 639 code such as 'en', found {language!r}")


def _kind(value: object) -> str:
    return type(value).__name__
