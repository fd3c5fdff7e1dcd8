"""Everything that copydesk raises on purpose.

    CopydeskError
    ├── ConfigError        params.yaml or a hand-written file does not obey its schema
    ├── InputError         an argument of a public function is of the wrong type, too large, or invalid
    ├── SchemaError        a table and its schema disagree
    ├── EditError          edits overlap, leave the text, or do not fit it
    ├── UnreadableError    a seed cannot become text from which its bytes come back
    ├── QuarantineError    strict mode: a seed was refused
    ├── StoreError         a finished shard is missing or damaged, or its bucket cannot be used
    ├── BuildError         the build cannot go on
    ├── ValidationError    a corpus does not hold what it claims
    └── ReleaseError       a release, or a revision of the corpus, is missing, damaged, or must not be made

Messages name the file, the document, the field, what was found, what was expected, what to do.
"""

from __future__ import annotations


class CopydeskError(Exception):
    """Base class: the command line prints its message without a traceback and exits with 1.

    Examples
    --------
    >>> from copydesk import CopydeskError, validate
    >>> try:
    ...     validate("nowhere")
    ... except CopydeskError as error:
    ...     print(type(error).__name__)
    ValidationError
    """


class ConfigError(CopydeskError):
    """A parameter file or another hand-written file does not obey its schema."""


class InputError(CopydeskError, TypeError, ValueError):
    """An argument of a public function is of the wrong type, too large, or invalid."""


class SchemaError(CopydeskError):
    """A table and the JSON Schema it is derived from disagree."""


class EditError(CopydeskError, ValueError):
    """Edits overlap, leave the text, or do not fit the text they are applied to."""


class UnreadableError(CopydeskError):
    """A seed cannot be turned into text from which its bytes come back.

    Attributes
    ----------
    reason : str
        A short code, one of ``readers.REASONS``.
    detail : str
        What was found, what was expected, what to do.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class QuarantineError(CopydeskError):
    """Strict mode: at least one seed was refused."""


class StoreError(CopydeskError):
    """A finished shard is missing or its bytes are not those of its name, or the store cannot be used."""


class BuildError(CopydeskError):
    """The build cannot go on: no documents, or stages run out of order."""


class ValidationError(CopydeskError):
    """A corpus does not hold what it claims; the report lists every violation."""


class ReleaseError(CopydeskError):
    """A release, or a revision of the corpus, is missing, damaged, or must not be made."""
