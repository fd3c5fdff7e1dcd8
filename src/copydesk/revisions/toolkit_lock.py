"""Check that a build uses the toolkit that toolkit.json names, and the bytes that are committed.

toolkit.json tells DVC when the code of a stage has changed. This repository contains the toolkit's code, and its
dvc.yaml lists it. In a repository made by ``copydesk init`` the toolkit is installed; there each stage depends on its
line in toolkit.json, the hash of all the code that it runs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from copydesk._version import __version__
from copydesk.core.atomic_files import write_text
from copydesk.core.hand_written import SETTINGS_BYTES, YamlError, bounded_text, parse_yaml
from copydesk.core.plugins import read_plugins
from copydesk.errors import BuildError, ConfigError
from copydesk.revisions.line_ends import ADVICE, converted_files, stamp_of_inputs
from copydesk.store.fingerprint import source_hash, sources

NAME = "toolkit.json"
STAGES = ("ingest", "clean", "split", "describe", "deduplicate", "labels", "package", "validate", "share")
#: Stages that depend on plug-ins: on readers, on rules, and for the manifest on both.
WITH_PLUGINS = ("ingest", "clean", "package")
_PACKAGE = Path(__file__).parents[1]


def stage_hashes() -> dict[str, str]:
    """The hash of the code that each stage runs, by stage; the versions of pinned libraries are part of that code."""
    return {stage: _hash(stage) for stage in STAGES}


def read_toolkit(root: Path) -> dict[str, Any] | None:
    """The content of toolkit.json; None if there is no such file.

    Raises
    ------
    BuildError
        If it is damaged.
    """
    path = root / NAME
    try:
        lock = json.loads(path.read_text("utf-8"))
        if not all(isinstance(lock[name], kind) for name, kind in _KEYS.items()):
            raise TypeError(f"expected {', '.join(_KEYS)}")
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise BuildError(f"{path}: damaged ({error}); restore it from git, or run copydesk upgrade") from None
    return dict(lock)


def check_toolkit(root: Path, *stages: str) -> None:
    """Check that the installed toolkit is the one that toolkit.json names.

    Raises
    ------
    BuildError
        If another toolkit is installed.
    """
    lock = read_toolkit(root)
    if lock is None:
        return
    other = [stage for stage in stages if lock["stages"].get(stage) != _hash(stage)]
    if other:
        raise BuildError(
            f"{root / NAME}: names copydesk {lock['copydesk']}, and {__version__} is installed, with other "
            f"code for {', '.join(other)}; run copydesk upgrade, or install copydesk=={lock['copydesk']}"
        )


def not_depending(root: Path, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Stages of dvc.yaml that would not run again after a change of a plug-in, each with the path that it must name.

    Parameters
    ----------
    root : Path
        Folder of the project; without a dvc.yaml the result is empty.
    names : iterable of str
        The plug-ins that params.yaml names; none of them is imported.

    Raises
    ------
    ConfigError
        If a plug-in does not exist, or dvc.yaml cannot be read.
    """
    paths = dict.fromkeys(plugin.path for plugin in read_plugins(root, names))
    if not paths or not (root / "dvc.yaml").is_file():
        return
    try:
        pipeline = parse_yaml(bounded_text(root / "dvc.yaml", SETTINGS_BYTES))
    except YamlError as error:
        raise ConfigError(f"{root / 'dvc.yaml'}:{error.line}: {error}") from None
    stages = pipeline.get("stages") if isinstance(pipeline, dict) else None
    for name in WITH_PLUGINS:
        stage = stages.get(name) if isinstance(stages, dict) else None
        if isinstance(stage, dict):
            listed = stage.get("deps")
            dependencies = listed if isinstance(listed, list) else []
            yield from ((name, path) for path in paths if path not in dependencies)


def check_plugins(root: Path, names: Iterable[str], stage: str) -> None:
    """Check that DVC runs a stage again when one of its plug-ins changes.

    Raises
    ------
    BuildError
        If the stage does not depend on the code of a plug-in.
    """
    for name, path in not_depending(root, names):
        if name == stage:
            raise BuildError(f"{root / 'dvc.yaml'}: {missing_dependency(name, path)}")


def missing_dependency(stage: str, path: str) -> str:
    """The message for a stage that does not depend on the code of a plug-in."""
    return (
        f"the stage {stage} does not depend on the plug-in {path}, so a change of it would go unnoticed; "
        f"run copydesk upgrade, or add {path} to its deps"
    )


def check_line_ends(root: Path, seeds: str = "seeds") -> None:
    """Check that the files from which the dataset is built have the bytes that are committed.

    Raises
    ------
    BuildError
        If git has converted line ends.
    """
    files = converted_files(root, seeds)
    if files:
        raise BuildError(
            f"{root}: git has changed the line ends of {len(files)} files, so the dataset would differ from "
            f"that of other machines: {files[0]}; {ADVICE}"
        )


def check_line_ends_of_stage(root: Path, stage: str) -> None:
    """Check line ends before a stage of DVC, unless nothing but seeds changed since a stage before it did.

    Only ``ingest`` reads the seeds, so it always checks. In a fresh clone git reads most files for each check: those
    that are as old as its index, in seconds.

    Raises
    ------
    BuildError
        If git has converted line ends.
    """
    memory, stamp = root / "build" / "last" / "line_ends", stamp_of_inputs(root)
    checked = memory.read_text("utf-8", "replace") if memory.is_file() else None
    if stamp is None or stage == "ingest" or checked != stamp:
        check_line_ends(root)
        if stamp is not None:
            write_text(memory, stamp)


_KEYS = {"copydesk": str, "stages": dict, "files": dict}


def _hash(stage: str) -> str:
    code = [(p.relative_to(_PACKAGE).as_posix(), source_hash(p)) for p in sources(f"copydesk.stages.{stage}")]
    return hashlib.sha256(json.dumps(code).encode()).hexdigest()
