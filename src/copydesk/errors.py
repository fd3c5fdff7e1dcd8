"""Exceptions that copydesk raises.

    CopydeskError
    ├── ConfigError        params.yaml or a hand-written file does not obey its schema
    ├── InputError         an argument of a public function is of the wrong type, too large, or invalid
    ├── SchemaError        a table and its schema disagree
    ├── EditError          edits overlap, lie outside the text, or do not fit it
    ├── UnreadableError    a seed cannot be decoded to text that encodes to the same bytes
    ├── QuarantineError    strict mode: a seed was refused
    ├── StoreError         a finished shard is missing or damaged, or its bucket cannot be used
    ├── BuildError         the build cannot continue
    ├── ValidationError    a corpus is invalid
    └── ReleaseError       a release or a revision of the corpus is missing or damaged, or must not be made

A message names the file, the document and the field; it says what was found, what was expected and what to do.
"""

from __future__ import annotations


class CopydeskError(Exception):
    """Base class. The command line prints its message without a traceback and exits with status 1.

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
    """params.yaml or another hand-written file does not obey its schema."""


class InputError(CopydeskError, TypeError, ValueError):
    """An argument of a public function is of the wrong type, too large, or invalid."""


class SchemaError(CopydeskError):
    """A table and its JSON Schema disagree."""


class EditError(CopydeskError, ValueError):
    """Edits overlap, lie outside the text, or do not fit the text they are applied to."""


class UnreadableError(CopydeskError):
    """A seed cannot be decoded to text that encodes to the same bytes.

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
    """A finished shard is missing or does not match its hash, or the store cannot be used."""


class BuildError(CopydeskError):
    """The build cannot continue, for example without documents or with stages out of order."""


class ValidationError(CopydeskError):
    """A corpus is invalid; the report lists every violation."""


class ReleaseError(CopydeskError):
    """A release or a revision of the corpus is missing or damaged, or must not be made."""
