"""Start without pandas: pyarrow imports it at the first array, which takes a quarter of a second and 36 MB.

The issue is known: https://github.com/apache/arrow/issues/34994.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec

_is_out = False


class _Refuse(MetaPathFinder):
    """Finds nothing, and refuses pandas."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """See ``MetaPathFinder.find_spec``."""
        if name == "pandas":
            raise ModuleNotFoundError("not needed by this command", name=name)
        return None


def keep_pandas_out(plugins: Sequence[str]) -> None:
    """Let pyarrow find no pandas in this process; whoever imports it later gets it.

    Only for commands that run nothing but this package: afterwards ``pyarrow.array`` reads a pandas series like any
    sequence, with NaN where it has null. So nothing is done where there are plug-ins, which may make such arrays, nor
    where pandas is imported already.

    Parameters
    ----------
    plugins : sequence of str
        The setting ``plugins``.
    """
    global _is_out  # noqa: PLW0603  (one process, one answer)
    if plugins or "pandas" in sys.modules:
        return
    refusal = _Refuse()
    sys.meta_path.insert(0, refusal)
    try:
        import pyarrow as pa

        pa.array([])  # pyarrow looks for pandas once
    finally:
        sys.meta_path.remove(refusal)
    _is_out = True


def is_pandas_out() -> bool:
    """Whether this process did so; those that it starts may do the same."""
    return _is_out
