"""What a result of a stage follows from, as a hash: code, schemas, settings, libraries, inputs."""

from __future__ import annotations

import ast
import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from copydesk.core.atomic_files import sha256_file

_PACKAGE = Path(__file__).parents[1]
#: Modules that run the work, show it, keep it and check who does it; tests hold that they change no byte.
_NEVER_DECIDE = frozenset(
    (
        "engines",
        "core.progress",
        "core.scratch",
        "stages.toolkit_lock",
        "store.backend",
        "store.bucket",
        "store.folder",
        "store.open_backend",
    )
)
#: Libraries whose version may change what a stage writes.
_LIBRARIES = ("pyarrow", "ftfy", "numpy", "pycld2", "rensa", "wordfreq")


def key(stage: str, fingerprint: str, inputs: Any) -> str:
    """Hash of everything that a stage's result for one shard follows from."""
    return _digest([stage, fingerprint, inputs])


def fingerprint(
    module: str, schemas: Iterable[Path], params: Any, plugins: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Hash of a stage's code, schemas, parameters, plug-ins and the libraries that decide what it writes.

    The code is that of the module and of every module of this package that it imports, directly or not, with
    the data files that lie beside them; so no list can be forgotten when a rule moves.
    """
    code = [(str(p.relative_to(_PACKAGE)), _hashed(p)) for p in sources(module)]
    made_by = [version(name) for name in _LIBRARIES] + [unicodedata.unidata_version]
    shapes = [(p.name, sha256_file(p)) for p in sorted(schemas)]
    return _digest([code, shapes, params, made_by, sorted(plugins.items())])


@cache
def _hashed(path: Path) -> str:
    return sha256_file(path)


@cache
def sources(module: str) -> tuple[Path, ...]:
    """Files of this package that a module of it runs: its own, those it imports, and their data, sorted."""
    seen: set[Path] = set()
    todo = [_module_file(module)]
    while todo:
        path = todo.pop()
        if path is None or path in seen:
            continue
        seen.add(path)
        todo += map(_module_file, _imports(path))
    folders = {p.parent for p in seen} - {_PACKAGE}
    data = {p for folder in folders for p in folder.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc")}
    return tuple(sorted(seen | data))


@cache
def _imports(path: Path) -> list[str]:
    """Modules that a file of this package imports, anywhere in it."""
    package = ["copydesk", *path.relative_to(_PACKAGE).parent.parts]
    return [name for node in ast.walk(ast.parse(path.read_bytes())) for name in _imported(node, package)]


def _imported(node: ast.AST, package: list[str]) -> list[str]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = package[: len(package) - node.level + 1] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        # "from copydesk.cleaning import rules" may name a module or something inside one.
        names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
    else:
        return []
    # Importing a.b.c runs a/__init__.py and a/b/__init__.py too.
    return [".".join(name.split(".")[:n]) for name in names for n in range(1, name.count(".") + 2)]


def _module_file(module: str) -> Path | None:
    root, *rest = module.split(".")
    # The top package imports everything; only what a stage names counts.
    if root != "copydesk" or not rest or _NEVER_DECIDE & {rest[0], ".".join(rest[:2])}:
        return None
    path = _PACKAGE.joinpath(*rest)
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
