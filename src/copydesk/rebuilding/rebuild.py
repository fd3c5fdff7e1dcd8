"""Build a release again in a folder of its own, and compare its files and tables with what was released."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from copydesk.core.atomic_files import sha256_file
from copydesk.core.plural import plural
from copydesk.core.progress import say
from copydesk.core.scratch import scratch
from copydesk.dataset.manifest import NAME, STATEMENT, read_listing, read_manifest
from copydesk.errors import ConfigError, ReleaseError
from copydesk.project import Project
from copydesk.proofs.build_inputs import build_inputs
from copydesk.proofs.problem import Problem
from copydesk.proofs.statement import TABLE, dependencies, stated_subjects, subjects
from copydesk.proofs.statement_check import is_about, read_statement
from copydesk.rebuilding.fetched_inputs import DvcReader, clone_with_inputs, dvc_inputs
from copydesk.rebuilding.same_toolkit import toolkit_differences
from copydesk.revisions.dataset_tree import FOLDER, read_dataset_file, tree_at
from copydesk.revisions.revision import commit_of, open_revision

_QUOTED = 800  # characters of the output of a build that failed
#: Variables that would let a build reuse what an earlier one made, or run elsewhere.
_OWN = "COPYDESK_"
_OTHERWISE = "find out what else the build depended on: a build of the same inputs must give the same bytes"


@dataclass(frozen=True)
class Rebuild:
    """The result of building a release again.

    Attributes
    ----------
    subject : str
        What was built again, for messages.
    files, tables : int
        How many files and tables were compared.
    fetched : int
        How many inputs DVC keeps.
    problems : list of Problem
        Everything that differs.
    """

    subject: str
    files: int
    tables: int
    fetched: int = 0
    problems: list[Problem] = field(default_factory=list)


def rebuild(
    root: Path, rev: str = "HEAD", *, trust_plugins: bool = False, workers: int = 0, dry_run: bool = False
) -> Rebuild:
    """Build a release again from its inputs and compare every file by hash, every table by its logical hash.

    Nothing of the repository runs, except its plug-ins if they are trusted: the pipeline is that of this copydesk,
    and no finished shard is reused.

    Parameters
    ----------
    root : Path
        The repository; it may be a stranger's.
    rev : str
        The release, such as ``corpus@v1.0.0``.
    trust_plugins : bool
        Whether plug-ins of the corpus, which are code, may run.
    workers : int
        Worker processes; 0: as in the params.yaml of the release.
    dry_run : bool
        Whether only to check that it can be built again, and to count what that needs.

    Raises
    ------
    ReleaseError
        If the release has no statement of provenance, was built with other code or libraries than are installed, or
        has plug-ins that are not trusted; or its inputs cannot be fetched, or the build fails.
    """
    root = root.resolve()
    commit = commit_of(root, rev)
    statement = _statement_at(root, commit, rev)
    _refuse_other_toolkit(rev, statement)
    if not trust_plugins:
        _refuse_plugins(rev, open_revision(root, commit).params.get("plugins"))
    stated = stated_subjects(statement)
    tables = sum(name.startswith(TABLE) for name in stated)
    compared = Rebuild(f"{FOLDER} at {rev}", len(stated) - tables, tables)
    if dry_run:
        kept = dvc_inputs(root, commit, DvcReader(root, commit))
        return Rebuild(compared.subject, compared.files, compared.tables, len(kept))
    with scratch("rebuild") as folder:  # not in the repository, whose build/ may be a link
        clone = folder / "clone"
        say(f"rebuild: fetching the inputs of {rev}")
        clone_with_inputs(root, commit, clone)
        for output in (FOLDER, "reports", "build"):  # nothing that was released is reused
            _remove(clone / output)
        if not trust_plugins:  # asked again of what the build will read, which DVC may have fetched
            _refuse_plugins(rev, Project.open(clone).params["plugins"])
        if problems := list(_input_problems(clone, statement)):
            return Rebuild(compared.subject, 0, 0, problems=problems)
        say(f"rebuild: building {rev} again")
        _build(clone, workers)
        problems = list(_differences(clone / FOLDER, stated))
    return Rebuild(compared.subject, compared.files, compared.tables, problems=problems)


def _statement_at(root: Path, commit: str, rev: str) -> dict[str, Any]:
    tree = tree_at(root, commit)
    if STATEMENT not in tree.names():
        raise ReleaseError(
            f"{root}: {rev} has no {FOLDER}/{STATEMENT}, so it is not known what it was built from; name a release "
            "that copydesk release made with this or a later version"
        )
    try:
        statement = read_statement(read_dataset_file(tree, STATEMENT, rev))
    except ConfigError as error:
        raise ReleaseError(f"{rev}: {STATEMENT}: {error}") from None
    if not is_about(statement, hashlib.sha256(read_dataset_file(tree, NAME, rev)).hexdigest()):
        version = statement["predicate"]["buildDefinition"]["externalParameters"].get("version")
        raise ReleaseError(
            f"{root}: {rev} is no release: its {FOLDER}/{STATEMENT} is that of {version}; name the release, such as "
            f"corpus@v{version}"
        )
    return statement


def _refuse_other_toolkit(rev: str, statement: Mapping[str, Any]) -> None:
    if differences := list(toolkit_differences(statement)):
        raise ReleaseError(
            f"{rev} was built with other code or libraries than are installed here:\n"
            + "".join(f"  {difference}\n" for difference in differences)
            + "install those, as the requirements.txt of the release names them, and run this again"
        )


def _refuse_plugins(rev: str, names: Any) -> None:
    if names:
        raise ReleaseError(
            f"{rev}: params.yaml names plug-ins ({', '.join(map(str, names))}), which are code of that repository; "
            "read them, and if you trust them run this again with --trust-plugins"
        )


def _input_problems(clone: Path, statement: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield inputs that are not those that the statement names."""
    entries = dependencies(statement)
    stated = {
        name: (entry.get("digest", {}).get("sha256"), entry["annotations"]["files"])
        for name, entry in entries.items()
        if isinstance(entry.get("annotations", {}).get("files"), int)
    }
    found = {name: (value.sha256, value.files) for name, value in build_inputs(clone).items()}
    for name in sorted(stated.keys() | found.keys()):
        if stated.get(name) != found.get(name):
            action = "the release was built from other inputs than it contains: ask its maintainer"
            yield Problem(name, _of_files(found.get(name)), _of_files(stated.get(name)), action)


def _of_files(value: tuple[str, int] | None) -> str:
    return f"{plural(value[1], 'file')} with the digest {value[0]}" if value else "nothing"


def _build(clone: Path, workers: int) -> None:
    """Build in a process of its own, which sees no setting that could lead it to finished shards."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
    environment |= {"COPYDESK_ENGINE": "local", "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-P", "-m", "copydesk", "build", "--root", str(clone)]
    command += ["--workers", str(workers)] if workers else []
    result = subprocess.run(command, cwd=clone.parent, env=environment, capture_output=True, check=False)
    if result.returncode:
        output = (result.stderr or result.stdout).decode("utf-8", "replace").strip()[-_QUOTED:]
        raise ReleaseError(f"the release cannot be built again: {output.replace(str(clone), 'clone')}")


def _differences(corpus: Path, stated: Mapping[str, tuple[str, str]]) -> Iterator[Problem]:
    """Yield files and tables of a rebuilt dataset that differ from those of the release."""
    hashes = {**read_manifest(corpus), NAME: sha256_file(corpus / NAME)}
    rebuilt = subjects(hashes, read_listing(corpus))
    for name in sorted(stated.keys() | rebuilt.keys()):
        if stated.get(name) != rebuilt.get(name):
            found = " ".join(rebuilt[name]) if name in rebuilt else "nothing"
            expected = " ".join(stated[name]) if name in stated else "no such file"
            yield Problem(name, f"{found} in the new build", f"{expected} as released", _OTHERWISE)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
