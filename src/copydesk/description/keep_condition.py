"""The condition ``select.keep``: which documents are kept, as an expression over columns in Python's syntax.

    words >= 50 and dup_line_frac < 0.3 and language in ["en", "de"] and not (title is None)

The expression is parsed once into a few kinds of nodes and evaluated over whole Arrow columns; it is never run as
Python code.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.core.renamed_text import renamed_condition
from copydesk.core.schema_validator import clipped
from copydesk.errors import ConfigError

Evaluate = Callable[[pa.Table], Any]

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: pc.less,
    ast.LtE: pc.less_equal,
    ast.Gt: pc.greater,
    ast.GtE: pc.greater_equal,
    ast.Eq: pc.equal,
    ast.NotEq: pc.not_equal,
}
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: pc.add,
    ast.Sub: pc.subtract,
    ast.Mult: pc.multiply,
    ast.Div: pc.divide,
}
_DEEPEST = 50


class Clause(NamedTuple):
    """A part of the condition that must be true by itself: its text, its columns, and its evaluation."""

    text: str
    columns: tuple[str, ...]
    evaluate: Evaluate


class Dropped(NamedTuple):
    """A document that the condition drops: its row, the first clause that is false, and the values of its columns."""

    row: int
    reason: str
    values: str


class Condition:
    """A condition over the columns of a table.

    Parameters
    ----------
    text : str
        The condition; empty for one that always holds. Columns may have their old names.
    schema : pa.Schema
        The columns that it may use.

    Raises
    ------
    ConfigError
        If it cannot be parsed or uses unknown columns; the message lists the known ones.

    Attributes
    ----------
    clauses : list of Clause
        The parts that must hold by themselves.
    old_names : tuple of str
        Old names of columns in the text.
    """

    def __init__(self, text: str, schema: pa.Schema) -> None:
        self._text, self.old_names = renamed_condition(" ".join(text.split()))
        self._schema = schema
        self.clauses: list[Clause] = []
        if self._text:
            try:
                tree = ast.parse(self._text, mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                raise self._wrong(f"not a condition: {error}") from None
            parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
            self.clauses = [self._clause(part) for part in parts]

    def dropped(self, table: pa.Table) -> list[Dropped]:
        """The rows of a table for which the condition is false; a comparison with null is false."""
        first: NDArray[np.int64] = np.full(table.num_rows, -1, dtype=np.int64)
        for number, clause in enumerate(self.clauses):
            fails = ~_truth(clause.evaluate(table), table.num_rows)
            first[fails & (first < 0)] = number
        rows = np.flatnonzero(first >= 0)
        names = sorted({name for clause in self.clauses for name in clause.columns})
        columns = {name: table[name].take(pa.array(rows)).to_pylist() for name in names}
        dropped = []
        for place, (row, number) in enumerate(zip(rows.tolist(), first[rows].tolist(), strict=True)):
            clause = self.clauses[number]
            values = {name: columns[name][place] for name in clause.columns}
            dropped.append(Dropped(row, clause.text, json.dumps(values, ensure_ascii=False, default=str)))
        return dropped

    def _clause(self, node: ast.expr) -> Clause:
        names = tuple(sorted({n.id for n in ast.walk(node) if isinstance(n, ast.Name)}))
        try:
            clause = Clause(ast.unparse(node), names, self._read(node, 0))
            _truth(clause.evaluate(self._schema.empty_table()), 0)
        except (pa.ArrowException, TypeError, ValueError, OverflowError, LookupError, RecursionError) as error:
            part = ast.get_source_segment(self._text, node) or ""
            raise self._wrong(f"{clipped(part, 100)}: {' '.join(str(error).split())[:200]}") from None
        return clause

    def _read(self, node: ast.expr, depth: int) -> Evaluate:  # noqa: PLR0911  (one case a kind of node)
        if depth > _DEEPEST:
            raise self._wrong(f"nested more than {_DEEPEST} deep")
        match node:
            case ast.Name(id=name):
                return self._column(name)
            case ast.Constant(value=value) if value is None or isinstance(value, (bool, int, float, str)):
                return lambda table: pa.scalar(value)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self._read(operand, depth + 1)
                return lambda table: ~_truth(inner(table), table.num_rows)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self._read(operand, depth + 1)
                return lambda table: pc.negate(inner(table))
            case ast.BoolOp(op=op, values=values):
                parts = [self._read(value, depth + 1) for value in values]
                combine = np.logical_and if isinstance(op, ast.And) else np.logical_or
                return lambda table: combine.reduce([_truth(part(table), table.num_rows) for part in parts])
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return self._two(_ARITHMETIC[type(op)], left, right, depth)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                return self._chain(left, ops, comparators, depth)
        raise self._wrong(f"{ast.unparse(node)}: expected columns, numbers, strings, comparisons, and, or, not")

    def _column(self, name: str) -> Evaluate:
        if name not in self._schema.names:
            raise self._wrong(f"there is no column {name}; expected some of {', '.join(self._schema.names)}")
        return lambda table: table[name]

    def _two(self, function: Callable[[Any, Any], Any], left: ast.expr, right: ast.expr, depth: int) -> Evaluate:
        first, second = self._read(left, depth + 1), self._read(right, depth + 1)
        return lambda table: function(first(table), second(table))

    def _chain(self, left: ast.expr, ops: Sequence[ast.cmpop], others: Sequence[ast.expr], depth: int) -> Evaluate:
        """``0.5 < ratio <= 1`` is two comparisons."""
        pairs = zip([left, *others[:-1]], ops, others, strict=True)
        parts = [self._compared(first, op, second, depth) for first, op, second in pairs]
        return lambda table: np.logical_and.reduce([_truth(part(table), table.num_rows) for part in parts])

    def _compared(self, left: ast.expr, op: ast.cmpop, right: ast.expr, depth: int) -> Evaluate:
        if isinstance(op, (ast.Is, ast.IsNot)):
            if not (isinstance(right, ast.Constant) and right.value is None):
                raise self._wrong(f"{ast.unparse(right)}: after is, expected None")
            inner = self._read(left, depth + 1)
            test = pc.is_null if isinstance(op, ast.Is) else pc.is_valid
            return lambda table: test(inner(table))
        if isinstance(op, (ast.In, ast.NotIn)):
            return self._member(left, right, isinstance(op, ast.In), depth)
        return self._two(_COMPARE[type(op)], left, right, depth)

    def _member(self, left: ast.expr, right: ast.expr, wanted: bool, depth: int) -> Evaluate:
        if not isinstance(right, (ast.List, ast.Tuple)) or not all(isinstance(e, ast.Constant) for e in right.elts):
            raise self._wrong(f"{ast.unparse(right)}: after in, expected a list of values")
        values = pa.array([e.value for e in right.elts if isinstance(e, ast.Constant)])
        inner = self._read(left, depth + 1)

        def holds(table: pa.Table) -> Any:
            column = inner(table)
            # Null is neither in a list nor not in it.
            return pc.and_(pc.is_valid(column), pc.equal(pc.is_in(column, value_set=values), pa.scalar(wanted)))

        return holds

    def _wrong(self, message: str) -> ConfigError:
        return ConfigError(f"params.yaml: select.keep: {clipped(self._text, 150)!r}: {clipped(message, 500)}")


def _truth(value: Any, rows: int) -> NDArray[np.bool_]:
    """A result as an array of truth values, one a row; null is false."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, pa.Scalar):
        value = pa.array([value.as_py()] * rows, value.type)
    if not pa.types.is_boolean(value.type):
        raise TypeError(f"expected a comparison, found {value.type}")
    truth: NDArray[np.bool_] = pc.fill_null(value, False).to_numpy(zero_copy_only=False).astype(bool)
    return truth
