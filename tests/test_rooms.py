"""The house: which room may import which, how large a room may grow, and that no name means two things."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

from support import ROOT

PACKAGE = ROOT / "src" / "copydesk"
#: Rooms and files of the top level, from the top down: each imports only what stands below it (docs/extend.md).
FLOORS = (
    ("__main__",),
    ("cli",),
    ("__init__",),
    ("api", "pipeline"),
    ("ci", "exports", "publishing", "report", "scaffold"),
    ("labels",),
    ("rebuilding",),
    ("takedowns",),
    ("releases",),
    ("proofs",),
    ("differences",),
    ("stages",),
    ("validation",),
    ("merging",),
    ("revisions",),
    ("dataset",),
    ("description",),
    ("engines",),
    ("cleaning", "readers", "sentences"),
    ("webpages",),
    ("project",),
    ("store",),
    ("tables",),
    ("language", "markup"),
    ("text",),
    ("core",),
    ("errors",),
    ("_version",),
)
LARGEST_ROOM = 3_000  # lines
MOST_FILES_ON_TOP = 8
#: Names that still mean two or more things. A name that no longer does leaves its list; none is ever added.
FILES_NAMED_TWICE: set[str] = set()
CLASSES_NAMED_TWICE: set[str] = set()
FUNCTIONS_NAMED_TWICE = {"show"}
ONLY_SHRINKS = "rename what is new; take a name that means one thing again out of the list"
#: Functions that each stage has under the same name, because they are the same thing.
OF_EVERY_STAGE = {"run", "shard"}


@cache
def modules() -> dict[str, Path]:
    """Files of the package by the name of their module, without ``copydesk.``."""
    files = (path for path in PACKAGE.rglob("*.py") if "template" not in path.parts)
    named = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in files}
    return {name.removesuffix(".__init__"): path for name, path in named.items()}


def imported(path: Path) -> set[str]:
    """Modules that a file imports anywhere in it, also within functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(
                f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}"[9:] in modules() else node.module
                for alias in node.names
            )
    package = (name for name in names if name.split(".")[0] == "copydesk")
    return {name.removeprefix("copydesk").removeprefix(".") or "__init__" for name in package}


def room(module: str) -> str:
    return module.partition(".")[0]


def test_rooms_import_only_what_stands_below_them() -> None:
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    assert {room(module) for module in modules()} <= floor.keys(), "a new room: give it its floor in FLOORS"
    upwards = [
        f"{module} imports {target}"
        for module, path in modules().items()
        for target in imported(path)
        if room(target) != room(module) and floor[room(target)] <= floor[room(module)]
    ]
    assert not upwards, "move what is shared to a lower room"


def test_no_room_grows_too_large() -> None:
    lines: dict[str, int] = defaultdict(int)
    for path in modules().values():
        lines[path.parent.relative_to(PACKAGE).as_posix()] += path.read_bytes().count(b"\n")
    assert {name: count for name, count in lines.items() if count > LARGEST_ROOM} == {}
    assert len(list(PACKAGE.glob("*.py"))) <= MOST_FILES_ON_TOP


def defined(kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> dict[str, set[str]]:
    """Modules by the public classes or functions that they define at their top level."""
    names: dict[str, set[str]] = defaultdict(set)
    for module, path in modules().items():
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, kind) and not node.name.startswith("_"):
                names[node.name].add(module)
    return names


def is_command(module: str) -> bool:
    """Whether the functions of a module are commands or the public face, which bear the name of what they run."""
    return module == "cli" or room(module) == "api" or module.rpartition(".")[2] in ("command", "commands")


def test_no_file_name_means_two_things() -> None:
    paths: dict[str, list[str]] = defaultdict(list)
    for path in modules().values():
        if path.stem not in ("__init__", "command", "commands"):
            paths[path.stem].append(path.relative_to(PACKAGE).as_posix())
    assert {stem for stem, files in paths.items() if len(files) > 1} == FILES_NAMED_TWICE, ONLY_SHRINKS


def test_no_class_means_two_things() -> None:
    assert {name for name, where in defined(ast.ClassDef).items() if len(where) > 1} == CLASSES_NAMED_TWICE, (
        ONLY_SHRINKS
    )


def test_no_function_means_two_things() -> None:
    names = defined((ast.FunctionDef, ast.AsyncFunctionDef))
    twice = {name for name, where in names.items() if len([m for m in where if not is_command(m)]) > 1}
    assert twice - OF_EVERY_STAGE == FUNCTIONS_NAMED_TWICE, ONLY_SHRINKS


def test_local_names_say_what_they_hold() -> None:
    """The words that stood most often for whatever a sentence spoke of; a variable is named after what it holds."""
    vague = {"told", "each", "there"}
    named = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}: {name}"
        for path in modules().values()
        for node in ast.walk(ast.parse(path.read_bytes()))
        if (name := node.arg if isinstance(node, ast.arg) else node.id if isinstance(node, ast.Name) else "") in vague
    ]
    assert not named, "name it after what it holds"
