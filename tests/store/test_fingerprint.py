"""The fingerprint of a stage follows the code, schemas and settings that decide what the stage writes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from copydesk.core.json_schema import PACKAGED
from copydesk.store import fingerprint as fingerprint_module
from copydesk.store.fingerprint import Fingerprint, fingerprint, inputs_hash, key, sources


def test_keys_tell_stage_code_and_input_apart() -> None:
    codes = [Fingerprint(everything, "portable") for everything in ("1", "2")]
    keys = {key(s, f, inputs_hash(i)) for s in ("clean", "split") for f in codes for i in (["a"], ["b"])}
    assert len(keys) == 8


def forget() -> None:
    module = fingerprint_module
    for remembered in (sources, module._imports, module._module_file, module.source_hash):
        remembered.cache_clear()


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Forget which files were found, before and behind a test that moves the package."""
    forget()
    yield
    forget()


def by_python(path: Path) -> set[str]:
    """Modules of the package that a file imports, as Python's parser sees it."""
    package = ["copydesk", *path.relative_to(fingerprint_module._PACKAGE).parent.parts]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    whole = {".".join(name.split(".")[:n]) for name in names for n in range(1, name.count(".") + 2)}
    return {name for name in whole if name.startswith("copydesk.")}


def test_imports_are_those_that_python_sees() -> None:
    paths = [p for p in fingerprint_module._PACKAGE.rglob("*.py") if "template" not in p.parts]
    assert len(paths) > 300
    for path in paths:
        found = {name for name in fingerprint_module._imports(path) if name.startswith("copydesk.")}
        # An import that stands in a text, as code for another process, may be seen too: no code is missed.
        assert by_python(path) <= found
        assert found - by_python(path) == set() or path.name == "services.py"


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        ("from copydesk.text import (\n    a,  # why, and how\n    b as c,\n)\n", {"text", "text.a", "text.b"}),
        ("def f():\n\tfrom . import a, b  # c, d\n", {"store", "store.a", "store.b"}),
        ("from ..core.x import y; z = 1\n", {"core", "core.x", "core.x.y"}),
        ("import copydesk.text.alignment as a, copydesk.core\n", {"text", "text.alignment", "core"}),
        ("# from copydesk.a import b\nx = 'import copydesk.c'\n", set()),
    ],
)
def test_each_form_of_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, modules: set[str]) -> None:
    monkeypatch.setattr(fingerprint_module, "_PACKAGE", tmp_path / "copydesk")
    path = tmp_path / "copydesk" / "store" / "made.py"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    found = {name for name in fingerprint_module._imports(path) if name.startswith("copydesk.")}
    assert found == by_python(path) == {f"copydesk.{name}" for name in modules}


@pytest.mark.usefixtures("forgetful")
def test_the_fingerprint_follows_code_schema_and_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "copydesk"
    for path in sources("copydesk.stages.clean"):
        copy = package / path.relative_to(fingerprint_module._PACKAGE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(fingerprint_module, "_PACKAGE", package)
    forget()
    schema = tmp_path / "edits.schema.json"
    schema.write_bytes((PACKAGED / "edits.schema.json").read_bytes())

    def current(settings: object = None) -> Fingerprint:
        forget()
        return fingerprint("copydesk.stages.clean", [schema], settings)

    first = current()
    assert current() == first
    assert current({"apply": []}) != first
    rules = package / "cleaning" / "rules" / "white_space.py"
    rules.write_text(rules.read_text("utf-8").replace('"safe"', '"probable"'), "utf-8")
    changed_rule = current()
    assert changed_rule != first
    schema.write_text(schema.read_text("utf-8").replace("draft", "Draft"), "utf-8")
    assert current() not in (first, changed_rule)


def test_data_beside_the_code_counts() -> None:
    names = {p.name for p in sources("copydesk.stages.split")}
    assert {"en.txt", "weights.tsv", "candidates.py", "detection.py", "alignment.py", "parquet.py"} <= names


def test_what_runs_and_shows_the_work_does_not_count() -> None:
    names = {p.relative_to(fingerprint_module._PACKAGE).as_posix() for p in sources("copydesk.stages.package")}
    assert not {n for n in names if n.startswith(("engines/", "core/progress", "cli", "validation/"))}
