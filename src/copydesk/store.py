"""The store of finished shards: what a stage made of a shard, kept under what it was made from.

``build/store/objects/`` holds Parquet files named after the SHA-256 of their bytes; ``build/store/results/``
holds receipts, each named after the hash of (stage, fingerprint, inputs). Receipts name objects, so equal
bytes are kept once, and a stage whose code changed but whose outcome did not leaves the stages behind it
alone. Nothing here is ever changed in place, and all of it may be deleted: the next build makes it again.
"""

from __future__ import annotations

import ast
import hashlib
import json
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from copydesk.errors import StoreError
from copydesk.files import replacing, sha256_file, write_json
from copydesk.shards import read_parquet, write_parquet

_PACKAGE = Path(__file__).parent
#: Modules that run the work, show it and check who does it; tests hold that they change no byte.
_NEVER_DECIDE = ("engines", "progress", "toolkit")
#: Libraries whose version may change what a stage writes.
_LIBRARIES = ("pyarrow", "ftfy", "numpy", "pycld2", "rensa", "wordfreq")


class Part(NamedTuple):
    """One table's rows in one shard: how many, and the SHA-256 of the Parquet file that holds them."""

    rows: int
    sha256: str


Parts = dict[str, Part]


class Store:
    """Finished shards below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, part: Part) -> Path:
        """Where a part's Parquet file lies."""
        return self.root / "objects" / part.sha256[:2] / part.sha256

    def result(self, key: str) -> Parts | None:
        """What was stored under a key, or None if nothing was or if a part of it has gone."""
        try:
            receipt = json.loads(self._receipt(key).read_text("utf-8"))
            parts = {name: Part(*part) for name, part in receipt.items()}
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return parts if all(self.path(part).exists() for part in parts.values()) else None

    def put(self, key: str, tables: Mapping[str, pa.Table], published: Collection[str] = ()) -> Parts:
        """Write tables, then the receipt that makes them a result. Safe to run twice, anywhere, at once.

        Those of ``published`` are written as the files of a dataset are.
        """
        parts = {name: self.add(table, published=name in published) for name, table in tables.items()}
        self.record(key, parts)
        return parts

    def record(self, key: str, parts: Parts) -> None:
        """Make parts that were added a result."""
        write_json(self._receipt(key), parts)

    def add(self, table: pa.Table, *, published: bool = False) -> Part:
        """Write one table as an object, unless it is there already."""
        sink = pa.BufferOutputStream()
        write_parquet(table, sink, published=published)
        data = sink.getvalue()
        part = Part(table.num_rows, hashlib.sha256(data).hexdigest())
        path = self.path(part)
        if not path.exists() or path.stat().st_size != data.size:
            with replacing(path) as file:
                file.write(data)
        return part

    def read(self, part: Part, columns: list[str] | None = None) -> pa.Table:
        """Read a part back.

        Raises
        ------
        StoreError
            If the file has gone or its bytes are not those it is named after.
        """
        path = self.path(part)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise StoreError(f"{path}: gone; {_HEAL}") from None
        if hashlib.sha256(data).hexdigest() != part.sha256:
            raise StoreError(f"{path}: bytes are not those it was stored under; {_HEAL}")
        return read_parquet(pa.BufferReader(data), columns)

    def _receipt(self, key: str) -> Path:
        return self.root / "results" / key[:2] / f"{key}.json"


_HEAL = "delete the folder build/ and build again: finished work is made anew, nothing else is lost"


def key(stage: str, fingerprint: str, inputs: Any) -> str:
    """Hash of everything that a stage's result for one shard follows from."""
    return _digest([stage, fingerprint, inputs])


def fingerprint(module: str, schemas: Iterable[Path], params: Any) -> str:
    """Hash of a stage's code, schemas, parameters and the libraries that decide what it writes.

    The code is that of the module and of every module of this package that it imports, directly or not, with
    the data files that lie beside them; so no list can be forgotten when a rule moves.
    """
    code = [(str(p.relative_to(_PACKAGE)), _hashed(p)) for p in sources(module)]
    made_by = [version(name) for name in _LIBRARIES] + [unicodedata.unidata_version]
    return _digest([code, [(p.name, sha256_file(p)) for p in sorted(schemas)], params, made_by])


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
    if root != "copydesk" or not rest or rest[0] in _NEVER_DECIDE:
        return None
    path = _PACKAGE.joinpath(*rest)
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
