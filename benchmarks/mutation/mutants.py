"""Mutants of a module: its functions with one small mistake each, by the operators of mutmut.

Of a string only the one with XX at both ends is made; mutmut's others, in another case, are mostly the same encoding
or a message that nobody reads letter by letter.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

_NEVER = {"len", "isinstance"}  # as mutmut does


class Mutant(NamedTuple):
    """One mistake: the function, the lines of the statement that it is in, and the whole source with it."""

    name: str
    path: str
    function: str
    first: int
    last: int
    source: str
    diff: str

    @property
    def changed(self) -> str:
        """The lines that differ, without their numbers."""
        return "\n".join(line for line in self.diff.splitlines() if not line.startswith("@@"))


class _Places(cst.CSTVisitor):
    """Finds every node below a function that an operator changes."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        self._within: list[str] = []
        self._functions = 0
        self._statement = 0, 0
        self.found: list[tuple[str, int, int, cst.CSTNode, cst.CSTNode]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Annotation | cst.Decorator | cst.Parameters):
            return False  # run when the function is made, not when it is called
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in _NEVER:
            return False
        place = self.get_metadata(PositionProvider, node, None)
        if place is not None and isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            # What runs is told of the line that a statement begins in, of others not always; a body has its own.
            whole = isinstance(node, cst.SimpleStatementLine)
            self._statement = place.start.line, place.end.line if whole else place.start.line
        if self._functions:
            for kind, operator in mutation_operators:
                for made in operator(node) if place is not None and isinstance(node, kind) else ():
                    if isinstance(node, cst.SimpleString) and "XX" not in made.value:  # type: ignore[attr-defined]
                        continue
                    where = ".".join(self._within)
                    first, last = min(self._statement[0], place.start.line), max(self._statement[1], place.end.line)
                    self.found.append((where, first, last, node, made))
        # A function inside another one is part of it.
        if isinstance(node, cst.FunctionDef | cst.ClassDef) and not self._functions:
            self._within.append(node.name.value)
        self._functions += isinstance(node, cst.FunctionDef)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        self._functions -= isinstance(original_node, cst.FunctionDef)
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef) and not self._functions:
            self._within.pop()


def mutants(root: Path, path: str, most: int | None = None, seed: int = 1) -> tuple[int, Iterator[Mutant]]:
    """How many mutants a file has, and those: all, or a sample that the seed decides."""
    source = (root / path).read_text("utf-8")
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    places = _Places()
    wrapper.visit(places)
    numbers = list(range(len(places.found)))
    if most is not None:
        numbers.sort(key=lambda n: hashlib.sha256(f"{seed} {path} {n}".encode()).digest())
        numbers = sorted(numbers[:most])
    return len(places.found), _made(wrapper.module, source, path, places.found, numbers)


def _made(
    module: cst.Module,
    source: str,
    path: str,
    found: list[tuple[str, int, int, cst.CSTNode, cst.CSTNode]],
    numbers: list[int],
) -> Iterator[Mutant]:
    lines = source.splitlines()
    for number in numbers:
        function, first, last, node, made = found[number]
        mutated = module.deep_replace(node, made).code  # type: ignore[attr-defined]
        try:
            compile(mutated, path, "exec")
        except SyntaxError:
            continue
        diff = list(difflib.unified_diff(lines, mutated.splitlines(), lineterm="", n=0))[2:]
        yield Mutant(f"{path}:{number}", path, function, first, last, mutated, "\n".join(diff))
