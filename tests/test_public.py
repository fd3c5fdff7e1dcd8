"""The public names are these, and the package answers quickly."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import copydesk
from copydesk import errors
from surface import entries


def test_public_names() -> None:
    assert sorted(copydesk.__all__) == [
        "Alignment",
        "Built",
        "CarriedSpan",
        "CleanedText",
        "ComposedEdit",
        "CopydeskError",
        "DetectedLanguage",
        "Diff",
        "Edit",
        "EditedText",
        "ExtractedArticle",
        "Finding",
        "Flag",
        "Found",
        "Project",
        "Record",
        "Report",
        "Sentence",
        "__version__",
        "build",
        "carry",
        "changes",
        "choose_edits",
        "clean",
        "detect_language",
        "diff",
        "extract_article",
        "load",
        "logical_hash",
        "mlflow_dataset",
        "reader",
        "rule",
        "split_sentences",
        "validate",
    ]
    for name in copydesk.__all__:
        assert getattr(copydesk, name) is not None
    assert {*copydesk.__all__} <= {*dir(copydesk)}  # for those who let an editor complete them
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = copydesk.nothing


@pytest.mark.parametrize("name", sorted(set(copydesk.__all__) - {"__version__"}))
def test_a_public_name_says_what_goes_in_what_comes_out_and_shows_it(name: str) -> None:
    public = getattr(copydesk, name)
    text = inspect.getdoc(public) or ""
    assert ">>> " in text or ("Examples\n--------\nSee " in text), "an example"
    if inspect.isfunction(public):
        described = entries(text, "Parameters")
        assert described == list(inspect.signature(public).parameters), "each parameter, in order"
        assert entries(text, "Returns")
        raised = entries(text, "Raises")
        assert raised, "what it raises"
        assert all(issubclass(getattr(errors, error), errors.CopydeskError) for error in raised)
    elif issubclass(public, tuple):
        assert entries(text, "Attributes") == list(public._fields), "each field, in order"


def test_every_error_is_in_the_tree_at_the_top_of_its_module() -> None:
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.CopydeskError)]
    assert errors.__doc__ is not None
    for error in classes:
        assert error.__name__ in errors.__doc__
        assert error.__doc__


def test_every_module_can_be_imported_and_says_what_it_is() -> None:
    for module in pkgutil.walk_packages(copydesk.__path__, "copydesk."):
        assert importlib.import_module(module.name).__doc__, module.name


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("copydesk.cli", ("pyarrow", "numpy", "datasets", "jsonschema", "rich.progress", "yaml")),
        ("copydesk.stages.clean", ("datasets", "pandas", "ftfy", "typer", "dvc", "ray")),
        ("copydesk.stages.ingest", ("datasets", "pandas", "typer", "dvc", "trafilatura", "lxml")),
        ("copydesk.stages.package", ("datasets", "pandas", "typer", "dvc")),
    ],
)
def test_start_up_loads_only_what_is_needed(module: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
