"""What a repository is built with and from: the toolkit that toolkit.json names, and the bytes that are committed.

By toolkit.json DVC knows that a stage's code has changed.

This repository holds the toolkit's code, and its dvc.yaml lists it. A repository that ``copydesk init`` made has the
toolkit installed; there each stage depends on its line in toolkit.json, the hash of all the code that it runs.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from copydesk._version import __version__
from copydesk.core.atomic_files import sha256_file
from copydesk.errors import BuildError
from copydesk.revisions.line_ends import ADVICE, converted_files
from copydesk.store.fingerprint import sources
from copydesk.store.pinned_libraries import pins

NAME = "toolkit.json"
STAGES = ("ingest", "clean", "split", "describe", "deduplicate", "package", "validate")
_PACKAGE = Path(__file__).parents[1]


def stage_hashes() -> dict[str, str]:
    """Of each stage the hash of the code that it runs and of the versions that are pinned."""
    return {stage: _hash(stage) for stage in STAGES}


def read_toolkit(root: Path) -> dict[str, Any] | None:
    """What toolkit.json says; None where there is no such file.

    Raises
    ------
    BuildError
        If it is damaged.
    """
    path = root / NAME
    try:
        told = json.loads(path.read_text("utf-8"))
        if not all(isinstance(told[name], kind) for name, kind in _KEYS.items()):
            raise TypeError(f"expected {', '.join(_KEYS)}")
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise BuildError(f"{path}: damaged ({error}); restore it from git, or run copydesk upgrade") from None
    return dict(told)


def check_toolkit(root: Path, *stages: str) -> None:
    """Check that stages would be run by the code that toolkit.json names.

    Raises
    ------
    BuildError
        If the toolkit that is installed is another one.
    """
    told = read_toolkit(root)
    if told is None:
        return
    other = [stage for stage in stages if told["stages"].get(stage) != _hash(stage)]
    if other:
        raise BuildError(
            f"{root / NAME}: names copydesk {told['copydesk']}, and {__version__} is installed, with other "
            f"code for {', '.join(other)}; run copydesk upgrade, or install copydesk=={told['copydesk']}"
        )


def check_line_ends(root: Path, seeds: str = "seeds") -> None:
    """Check that the files that the dataset follows from have the bytes that are committed.

    Raises
    ------
    BuildError
        If git has converted line ends.
    """
    files = converted_files(root, seeds)
    if files:
        raise BuildError(
            f"{root}: git has changed the line ends of {len(files)} files, so the dataset would be another than "
            f"elsewhere: {files[0]}; {ADVICE}"
        )


_KEYS = {"copydesk": str, "stages": dict, "files": dict}


def _hash(stage: str) -> str:
    code = [(p.relative_to(_PACKAGE).as_posix(), sha256_file(p)) for p in sources(f"copydesk.stages.{stage}")]
    return hashlib.sha256(json.dumps([code, pins()], sort_keys=True).encode()).hexdigest()
