"""Plug-ins: modules in the project's own folder that params.yaml names; they add cleaning rules and readers.

A plug-in is code. It is imported only where a user builds their own project or lists its rules. Whatever reads the
repository or the dataset of somebody else (``load``, ``diff``, ``verify``, ``check``, ``validate``) imports none.

A plug-in is imported from the bytes that were hashed, which tasks carry to every worker of every engine. It can
import installed libraries and modules of its own folder, and nothing else of the project: so all its code is hashed.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple

from copydesk.errors import ConfigError, CopydeskError

#: What a plug-in can add: a cleaning rule, under its name, or a reader, under the ending of its files.
Kind = Literal["rule", "reader"]
#: Most bytes of one plug-in, since every task carries it.
_MOST_BYTES = 16 << 20


class Plugin(NamedTuple):
    """A module that params.yaml names, with all files of its folder.

    Attributes
    ----------
    name : str
        The module, such as ``my_desk.rules``.
    root : str
        Folder of the project, absolute.
    path : str
        What of it decides, relative to the root: the folder ``my_desk``, or the file ``my_desk.py``.
    files : dict of str to bytes
        Content by path relative to the root.
    """

    name: str
    root: str
    path: str
    files: dict[str, bytes]

    @property
    def sha256(self) -> str:
        """Hash of the paths and the content of its files."""
        listed = [(path, hashlib.sha256(data).hexdigest()) for path, data in sorted(self.files.items())]
        return hashlib.sha256(json.dumps(listed).encode()).hexdigest()

    @property
    def source(self) -> str:
        """Path of the module's file."""
        stem = self.name.replace(".", "/")
        return next(path for path in (f"{stem}.py", f"{stem}/__init__.py") if path in self.files)


class _Addition(NamedTuple):
    """A rule or a reader that a plug-in added."""

    plugin: str
    kind: Kind
    key: str
    value: Any
    check: Callable[[], None]


class _Registry:
    """The plug-ins in force in this process, and what they added."""

    def __init__(self) -> None:
        self.plugins: tuple[Plugin, ...] = ()
        self.additions: list[_Addition] = []
        self.importing: Plugin | None = None


_registry = _Registry()


def read_plugins(root: Path, names: Iterable[str]) -> tuple[Plugin, ...]:
    """Read the files of plug-ins, and import none.

    Parameters
    ----------
    root : Path
        Folder of the project.
    names : iterable of str
        Modules, as ``plugins`` in params.yaml names them.

    Raises
    ------
    ConfigError
        If there is no such module, or a file of it lies outside the project.
    """
    return tuple(_read(root.resolve(), name) for name in names)


def _read(root: Path, name: str) -> Plugin:
    where = f"params.yaml: plugins: {name}"
    top = name.partition(".")[0]
    folder = root / top
    single = folder.with_suffix(".py")
    paths = [path for path in sorted(folder.rglob("*")) if _counts(path.relative_to(root))]
    path = top if paths else single.name
    files: dict[str, bytes] = {}
    for file in paths or [single]:
        if not file.is_file():
            continue
        if not file.resolve().is_relative_to(root):
            raise ConfigError(f"{where}: {file} leads outside the project's folder; copy it into {root}")
        files[file.relative_to(root).as_posix()] = file.read_bytes()
    size = sum(map(len, files.values()))
    if size > _MOST_BYTES:
        limit = f"expected at most {_MOST_BYTES:,}, since every task carries them"
        raise ConfigError(f"{where}: {root / path} has {size:,} bytes, {limit}")
    stem = name.replace(".", "/")
    if not files.keys() & {f"{stem}.py", f"{stem}/__init__.py"}:
        raise ConfigError(f"{where}: no such module; expected {root / stem}.py")
    return Plugin(name, str(root), path, files)


def _counts(path: Path) -> bool:
    """Whether a file or folder of a plug-in may decide what it does: not caches, nor hidden files."""
    return not any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def load_plugins(plugins: Sequence[Plugin]) -> None:
    """Import plug-ins and check what they add; those of another project are no longer in force then.

    Raises
    ------
    ConfigError
        If one cannot be imported, a name is given twice, or the examples of a rule do not hold.
    """
    if _registry.plugins == tuple(plugins):
        return
    _unload()
    try:
        for plugin in plugins:
            _import(plugin)
    except BaseException:
        _unload()
        raise
    _registry.plugins = tuple(plugins)


def _import(plugin: Plugin) -> None:
    where = Path(plugin.root, plugin.source)
    before = len(_registry.additions)
    try:
        _refuse_taken(plugin)
        sys.meta_path.insert(0, _Importer(plugin))
        _registry.importing = plugin
        importlib.import_module(plugin.name)
        for addition in _registry.additions[before:]:
            addition.check()
    except CopydeskError as error:
        raise ConfigError(f"{where}: {error}") from None
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{where}: cannot be imported: {_reason(error, plugin)}") from error
    finally:
        _registry.importing = None


def _refuse_taken(plugin: Plugin) -> None:
    """Refuse a plug-in under whose name another module is installed: it would hide that one from everything else."""
    top = plugin.name.partition(".")[0]
    try:
        spec = find_spec(top)
    except ValueError:  # __main__
        spec = ModuleSpec(top, None, origin="python")
    places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
    inside = [place for place in places if place and Path(place).resolve().is_relative_to(plugin.root)]
    if spec and not inside and not isinstance(spec.loader, _Importer):
        raise ConfigError(
            f"a module {top} is installed already ({', '.join(filter(None, places))}); rename {plugin.path}"
        )
    if not (spec and isinstance(spec.loader, _Importer)):
        _forget(top)  # imported by the user's own program: the rules must be those that were hashed


def _reason(error: BaseException, plugin: Plugin) -> str:
    frames = _frames(error, plugin)
    line = error.lineno if isinstance(error, SyntaxError) else frames[-1].lineno if frames else None
    return f"{type(error).__name__}: {error}" + (f" (line {line})" if line else "")


def _frames(error: BaseException, plugin: Plugin) -> list[traceback.FrameSummary]:
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if frame.filename.startswith(f"{plugin.root}/{plugin.path}")]


def failed_at(error: BaseException) -> str:
    """The file and line of a plug-in in force where an error was raised, such as ``my_desk/tsv.py:12``."""
    for plugin in _registry.plugins:
        if frames := _frames(error, plugin):
            return f"{frames[-1].filename.removeprefix(f'{plugin.root}/')}:{frames[-1].lineno}"
    return "a plug-in"


def _unload() -> None:
    for finder in [finder for finder in sys.meta_path if isinstance(finder, _Importer)]:
        sys.meta_path.remove(finder)
        _forget(finder.top)
    _registry.plugins, _registry.additions = (), []


def _forget(top: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == top]:
        del sys.modules[name]


class _Importer(MetaPathFinder, SourceLoader):  # type: ignore[misc]
    """Finds and loads the modules of a plug-in, from the bytes that were read."""

    def __init__(self, plugin: Plugin) -> None:
        self._root, self._files = plugin.root, plugin.files
        self.top = plugin.name.partition(".")[0]

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        """The module, if it is one of this plug-in."""
        place = self._place(fullname)
        return None if place is None else spec_from_file_location(fullname, place, loader=self)

    def _place(self, fullname: str) -> str | None:
        stem = fullname.replace(".", "/")
        if any(file.startswith(f"{stem}/") for file in self._files):
            return f"{self._root}/{stem}/__init__.py"  # which need not exist: a folder is a package, too
        return f"{self._root}/{stem}.py" if f"{stem}.py" in self._files else None

    def get_filename(self, fullname: str) -> str:
        """Path of a module's file, for tracebacks."""
        place = self._place(fullname)
        if place is None:
            raise ImportError(f"{fullname}: not a module of the plug-in")
        return place

    def get_data(self, path: str) -> bytes:
        """Content of a file of the plug-in: ``pkgutil.get_data(__name__, "words.txt")`` comes here on any worker."""
        name = Path(path).relative_to(self._root).as_posix()
        if name not in self._files and not name.endswith("/__init__.py"):
            raise FileNotFoundError(f"{path}: not a file of the plug-in")
        return self._files.get(name, b"")


def register(kind: Kind, key: str, value: Any, check: Callable[[], None]) -> None:
    """Add what a decorator was put on; outside of :func:`load_plugins`, as in a user's tests, nothing is added.

    Parameters
    ----------
    kind : Kind
    key : str
        A name that no other addition of the kind may have.
    value
        The rule or the reader.
    check : callable
        Called when the module is imported as a whole; raises ConfigError.
    """
    if _registry.importing is None:
        return
    for other in _registry.additions:
        if (other.kind, other.key) == (kind, key):
            raise ConfigError(f"the {kind} {key} is given twice, also in the plug-in {other.plugin}; rename one")
    _registry.additions.append(_Addition(_registry.importing.name, kind, key, value, check))


def added(kind: Kind) -> dict[str, Any]:
    """What the plug-ins in force add, by name, in the order of params.yaml and of the modules."""
    return {addition.key: addition.value for addition in _registry.additions if addition.kind == kind}


def deciding(kind: Kind) -> dict[str, str]:
    """The plug-ins in force that add something of a kind: their hashes by name."""
    names = {addition.plugin for addition in _registry.additions if addition.kind == kind}
    return {plugin.name: plugin.sha256 for plugin in _registry.plugins if plugin.name in names}
