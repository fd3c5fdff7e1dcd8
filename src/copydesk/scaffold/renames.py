"""Old names of columns and fields in the hand-written files of a repository: finding and rewriting them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from copydesk.core.atomic_files import replacing
from copydesk.core.decisions import NAME as DECISIONS
from copydesk.core.hand_written import LINES_BYTES, SETTINGS_BYTES, bounded_text
from copydesk.core.renamed_text import renamed_line, renamed_params
from copydesk.errors import ConfigError

_SEEDS = "seeds"
_SOURCES = "sources.jsonl"
_LINE_ENDS = re.compile(r"(\r\n|\r|\n)")


class Rewrite(NamedTuple):
    """A hand-written file with old names in it.

    Attributes
    ----------
    path : str
        The file, relative to the repository.
    data : bytes
        What it should hold.
    changes : list of (int, str, str)
        Line number, the line as it is, the line as it should be.
    tracked : str
        What DVC tracks, if it tracks the file: the argument of the ``dvc add`` that records the change; else empty.
    """

    path: str
    data: bytes
    changes: list[tuple[int, str, str]]
    tracked: str = ""


def rewrites(root: Path) -> list[Rewrite]:
    """Find the files of a repository that hold old names; nothing is written.

    Raises
    ------
    ConfigError
        If a file cannot be read, or a field has different values under its old and its new name: file, line, field.
    """
    files = (
        ("params.yaml", SETTINGS_BYTES, _with_renamed_params),
        (f"{_SEEDS}/{_SOURCES}", LINES_BYTES, partial(_with_renamed_lines, "source")),
        (f"{_SEEDS}/{DECISIONS}", LINES_BYTES, partial(_with_renamed_lines, "decision")),
    )
    rewrites = (_rewrite(root, path, at_most, rename) for path, at_most, rename in files)
    return [rewrite for rewrite in rewrites if rewrite is not None]


def not_checked_out(root: Path) -> list[str]:
    """Hand-written files that DVC tracks and that are not in the working tree, so that they cannot be looked at."""
    seeds = root / _SEEDS
    if (root / f"{_SEEDS}.dvc").is_file() and not (seeds.is_dir() and any(seeds.iterdir())):
        return [_SEEDS]
    names = (f"{_SEEDS}/{name}" for name in (_SOURCES, DECISIONS))
    return [name for name in names if (root / f"{name}.dvc").is_file() and not (root / name).is_file()]


def rewrite_file(root: Path, rewrite: Rewrite) -> None:
    """Write a file anew. A link into DVC's cache is replaced, so that the cache keeps its bytes."""
    path = root / rewrite.path
    target = path if rewrite.tracked else path.resolve()
    with replacing(target) as file:
        file.write(rewrite.data)
    target.chmod(target.stat().st_mode | 0o200)  # DVC makes files read-only that it links to its cache


def _rewrite(root: Path, path: str, at_most: int, rename: Callable[[str, str], str]) -> Rewrite | None:
    try:
        bounded_text(root / path, at_most)
    except FileNotFoundError:
        return None
    text = (root / path).read_bytes().decode()
    new_text = rename(str(root / path), text)
    if new_text == text:
        return None
    lines, new_lines = (_LINE_ENDS.split(written)[::2] for written in (text, new_text))
    pairs = enumerate(zip(lines, new_lines, strict=True), start=1)
    changes = [(number, line, new) for number, (line, new) in pairs if line != new]
    return Rewrite(path, new_text.encode(), changes, _tracked(root, path))


def _tracked(root: Path, path: str) -> str:
    return next((name for name in (path, _SEEDS) if path.startswith(name) and (root / f"{name}.dvc").is_file()), "")


def _with_renamed_params(where: str, text: str) -> str:
    try:
        return renamed_params(text)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def _with_renamed_lines(schema_name: str, where: str, text: str) -> str:
    return "".join(_renamed_lines(schema_name, where, text))


def _renamed_lines(schema_name: str, where: str, text: str) -> Iterator[str]:
    for number, part in enumerate(_LINE_ENDS.split(text)):
        try:
            yield part if number % 2 else renamed_line(schema_name, part)
        except ConfigError as error:
            raise ConfigError(f"{where}:{number // 2 + 1}: {error}") from None
