"""copydesk: from scraped articles to a versioned, schema-validated corpus in which nothing is lost."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from copydesk._version import __version__ as __version__

if TYPE_CHECKING:
    from copydesk.cleaning.plugin_rule import rule as rule
    from copydesk.cleaning.rule import Found as Found
    from copydesk.core.findings import Finding as Finding
    from copydesk.core.findings import Report as Report
    from copydesk.errors import CopydeskError as CopydeskError
    from copydesk.pipeline import Built as Built
    from copydesk.pipeline import build as build
    from copydesk.project import Project as Project
    from copydesk.readers.base import Record as Record
    from copydesk.readers.plugin_reader import reader as reader
    from copydesk.releases.load import load as load
    from copydesk.tables.logical_hash import logical_hash as logical_hash
    from copydesk.text import Alignment as Alignment
    from copydesk.text import ComposedEdit as ComposedEdit
    from copydesk.text import Edit as Edit
    from copydesk.text import EditedText as EditedText
    from copydesk.validation import validate as validate

# Imported when they are first used: the command line must answer --help without loading Arrow.
_WHERE = {
    "Alignment": "text",
    "Built": "pipeline",
    "ComposedEdit": "text",
    "CopydeskError": "errors",
    "Edit": "text",
    "EditedText": "text",
    "Finding": "core.findings",
    "Found": "cleaning.rule",
    "Project": "project",
    "Record": "readers.base",
    "Report": "core.findings",
    "build": "pipeline",
    "load": "releases.load",
    "logical_hash": "tables.logical_hash",
    "reader": "readers.plugin_reader",
    "rule": "cleaning.plugin_rule",
    "validate": "validation",
}
__all__ = [  # noqa: PLE0604 - one list of public names
    *_WHERE,
    "__version__",
]


if not TYPE_CHECKING:  # a type checker would take any name for a public one

    def __getattr__(name: str) -> Any:
        if name not in _WHERE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"copydesk.{_WHERE[name]}"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *_WHERE})
