"""copydesk: from scraped articles to a versioned, schema-validated corpus in which nothing is lost."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from copydesk._version import __version__ as __version__

if TYPE_CHECKING:
    from copydesk.api.compare import changes as changes
    from copydesk.api.compare import diff as diff
    from copydesk.api.label_carrying import carry as carry
    from copydesk.api.mlflow_dataset import mlflow_dataset as mlflow_dataset
    from copydesk.api.one_text import CleanedText as CleanedText
    from copydesk.api.one_text import DetectedLanguage as DetectedLanguage
    from copydesk.api.one_text import ExtractedArticle as ExtractedArticle
    from copydesk.api.one_text import Sentence as Sentence
    from copydesk.api.one_text import clean as clean
    from copydesk.api.one_text import detect_language as detect_language
    from copydesk.api.one_text import extract_article as extract_article
    from copydesk.api.one_text import split_sentences as split_sentences
    from copydesk.cleaning.plugin_rule import rule as rule
    from copydesk.cleaning.rule import Flag as Flag
    from copydesk.cleaning.rule import Found as Found
    from copydesk.core.findings import Finding as Finding
    from copydesk.core.findings import Report as Report
    from copydesk.differences.diff_model import Diff as Diff
    from copydesk.errors import CopydeskError as CopydeskError
    from copydesk.labels.carried_spans import CarriedSpan as CarriedSpan
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
    from copydesk.text.chosen_rows import choose_edits as choose_edits
    from copydesk.validation import validate as validate

# Each name is imported when it is first used: `import copydesk` and `copydesk --help` must not load Arrow.
_MODULES = {
    "Alignment": "text",
    "Built": "pipeline",
    "CarriedSpan": "labels.carried_spans",
    "CleanedText": "api.one_text",
    "ComposedEdit": "text",
    "CopydeskError": "errors",
    "DetectedLanguage": "api.one_text",
    "Diff": "differences.diff_model",
    "Edit": "text",
    "EditedText": "text",
    "ExtractedArticle": "api.one_text",
    "Finding": "core.findings",
    "Flag": "cleaning.rule",
    "Found": "cleaning.rule",
    "Project": "project",
    "Record": "readers.base",
    "Report": "core.findings",
    "Sentence": "api.one_text",
    "build": "pipeline",
    "carry": "api.label_carrying",
    "changes": "api.compare",
    "choose_edits": "text.chosen_rows",
    "clean": "api.one_text",
    "detect_language": "api.one_text",
    "diff": "api.compare",
    "extract_article": "api.one_text",
    "load": "releases.load",
    "logical_hash": "tables.logical_hash",
    "mlflow_dataset": "api.mlflow_dataset",
    "reader": "readers.plugin_reader",
    "rule": "cleaning.plugin_rule",
    "split_sentences": "api.one_text",
    "validate": "validation",
}
#: What needs the libraries of the extra ``build``.
_OF_BUILD = {"build", "clean", "detect_language", "extract_article", "split_sentences", "validate"}
__all__ = [  # noqa: PLE0604 - the table is the list of public names
    *_MODULES,
    "__version__",
]


if not TYPE_CHECKING:  # a type checker would take any name for a public one

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name in _OF_BUILD:
            import_module("copydesk.store.installed_from").require_build(f"copydesk.{name}")
        return getattr(import_module(f"copydesk.{_MODULES[name]}"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *_MODULES})
