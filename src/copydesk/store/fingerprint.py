"""Fingerprints: hashes of everything that decides a stage's result: code, schemas, settings, libraries, inputs."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from copydesk.core.atomic_files import sha256_file
from copydesk.store.compiled_modules import refuse_changed_source
from copydesk.store.pinned_libraries import PINNED, UNPINNED, installed_version

_PACKAGE = Path(__file__).parents[1]
#: Endings of code that is not data: of sources, which are found by imports, and of what is compiled from them.
_CODE = frozenset((".py", ".pyc", ".so", ".pyd"))
#: Modules excluded from the fingerprint: execution, progress, advice, storage, sharing, git. Tests prove that they
#: cannot affect output bytes.
_NEVER_DECIDE = frozenset(
    (
        "engines",
        "core.progress",
        "core.scratch",
        "stages.share",
        "revisions",
        "store.backend",
        "store.bucket",
        "store.folder",
        "store.installed_from",
        "store.open_backend",
    )
)


class Fingerprint(NamedTuple):
    """Hashes of what decides a stage's results besides their inputs.

    Attributes
    ----------
    everything : str
        Hash of the code, schemas, settings and plug-ins, and of the versions of libraries and of Unicode.
    portable : str
        The same without the versions of what is not pinned, which differ between machines and should not matter.
    """

    everything: str
    portable: str


def inputs_hash(inputs: Any) -> str:
    """Return the hash of the inputs of a stage's result, which are JSON values."""
    return _digest(inputs)


def key(stage: str, code: Fingerprint, inputs: str) -> str:
    """Return the store key of a stage's result for one shard, from the hash of its inputs."""
    return _digest([stage, code.everything, inputs])


def fingerprint(
    module: str, schemas: Iterable[Path], params: Any, plugins: Mapping[str, str] = MappingProxyType({})
) -> Fingerprint:
    """Return the hashes of a stage's code, schemas, settings and plug-ins, and of the versions of its libraries.

    The code includes the module, every module of this package that it imports, directly or not, and the data files
    beside them. So no list has to be kept up to date when code moves.

    Parameters
    ----------
    module : str
        Name of the stage's module.
    schemas : iterable of Path
        The schemas of the tables that it writes.
    params : any
        The settings that it reads, as JSON values.
    plugins : mapping of str to str
        Hashes of the plug-ins that take part in it, by name.
    """
    code = [(str(p.relative_to(_PACKAGE)), source_hash(p)) for p in sources(module)]
    schema_hashes = [(path.name, sha256_file(path)) for path in sorted(schemas)]
    own = [code, schema_hashes, params, sorted(plugins.items())]
    pinned, unpinned = ([(name, installed_version(name)) for name in names] for names in (PINNED, UNPINNED))
    return Fingerprint(_digest([*own, pinned, unpinned, unicodedata.unidata_version]), _digest([*own, pinned]))


@cache
def source_hash(path: Path) -> str:
    """Return the hash of a file of this package; compiled or not, it is that of the source.

    Raises
    ------
    BuildError
        If it was changed after it was compiled.
    """
    sha256 = sha256_file(path)
    refuse_changed_source(path, sha256)
    return sha256


@cache
def sources(module: str) -> tuple[Path, ...]:
    """Return the files of this package that a module depends on, sorted: code that it imports, and data files."""
    seen: set[Path] = set()
    todo = [_file_of(*module.split(".")[1:])]
    while todo:
        path = todo.pop()
        if path is None or path in seen:
            continue
        seen.add(path)
        todo += map(_module_file, _imports(path))
    folders = {p.parent for p in seen} - {_PACKAGE}
    data = {p for folder in folders for p in folder.rglob("*") if p.is_file() and p.suffix not in _CODE}
    return tuple(sorted(seen | data))


#: An import statement, which is all that a line has: its module or modules, and names behind "import".
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(?P<base>[\w.]+)[ \t]+import[ \t]+(?:\((?P<many>[^)]*)\)|(?P<one>[^\n#;(]+))"
    rb"|import[ \t]+(?P<modules>[^\n#;]+))",
    re.MULTILINE,
)
_COMMENT = re.compile(r"#[^\n]*")


@cache
def _imports(path: Path) -> list[str]:
    """Return the modules that a file of this package imports, also inside functions.

    They are read by a pattern: Python's own parser takes a second for the package. A test compares the two.
    """
    package = ["copydesk", *path.relative_to(_PACKAGE).parent.parts]
    return [name for statement in _IMPORT.finditer(path.read_bytes()) for name in _imported(statement, package)]


def _imported(statement: re.Match[bytes], package: list[str]) -> list[str]:
    base, many, one, modules = (part.decode() if part else "" for part in statement.groups())
    names = [name.split()[0] for name in _COMMENT.sub("", many or one or modules).split(",") if name.strip()]
    if base:
        level = len(base) - len(base.lstrip("."))
        parents = package[: len(package) - level + 1] if level else []
        module = ".".join([*parents, *filter(None, [base[level:]])])
        # "from copydesk.cleaning import rules" may import a module, or a name of a module.
        names = [module, *(f"{module}.{name}" for name in names)]
    # Importing a.b.c runs a/__init__.py and a/b/__init__.py too.
    return [".".join(name.split(".")[:n]) for name in names for n in range(1, name.count(".") + 2)]


@cache
def _module_file(module: str) -> Path | None:
    root, *rest = module.split(".")
    # The top package is left out, because it imports everything.
    if root != "copydesk" or not rest or _NEVER_DECIDE & {rest[0], ".".join(rest[:2])}:
        return None
    return _file_of(*rest)


def _file_of(*rest: str) -> Path | None:
    path = _PACKAGE.joinpath(*rest)
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
