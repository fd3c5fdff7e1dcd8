"""Lost takedowns: their line is in an ancestor of this commit, or in the last release, and is missing here.

A merge that takes one side of ``seeds/takedowns.jsonl`` drops the lines of the other silently, and the next build
would include those documents again. This needs git alone; if DVC tracks the seeds, also its cache or remote.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple

from copydesk.core.escaping import plain
from copydesk.core.hand_written import parse_yaml
from copydesk.core.ledger import NAME, Ledger
from copydesk.core.plural import plural
from copydesk.errors import ReleaseError
from copydesk.revisions.dataset_tree import TAG
from copydesk.revisions.dvc_config import DvcSettings, dvc_settings, own_settings
from copydesk.revisions.dvc_objects import cache_odb, listing_of, open_object, remote_odb
from copydesk.revisions.git import git, git_result

LEDGER = f"seeds/{NAME}"
#: The .dvc files that git tracks instead of the ledger if DVC tracks the seeds, as a folder or as single files.
_POINTERS = ("seeds.dvc", f"{LEDGER}.dvc")


class LostTakedown(NamedTuple):
    """A line that is missing in the ledger, and a revision that has it."""

    doc_id: str
    revision: str
    row: dict[str, Any]

    def __str__(self) -> str:
        return (
            f"the takedown of {self.doc_id!r} is missing, and {self.revision} has it; put its line back (git show "
            f"{self.revision}:{LEDGER}), or, if the document may return, withdraw it: copydesk takedown --withdraw "
            f"{plain(quote(self.doc_id))} --reason REASON"
        )


def lost_takedowns(root: Path, against: str | None = None, *, own: bool = False) -> list[LostTakedown]:
    """Compare the ledger with those of the last release, of the commits since then, and of an unfinished merge.

    Parameters
    ----------
    root : Path
        The project's folder; outside of git nothing can be compared.
    against : str, optional
        One more revision to compare with.
    own : bool
        Whether the repository is the user's own, so that all of its settings for DVC's remotes apply.

    Raises
    ------
    ReleaseError
        If git does not know ``against``, or a ledger that DVC tracks cannot be read.
    """
    if git_result(root, "rev-parse", "--verify", "--quiet", "HEAD").returncode:
        if against:
            raise ReleaseError(f"{root}: no commits yet, so there is no {against}; omit --against")
        return []
    present = present_ledger(root)
    lost: dict[str, LostTakedown] = {}
    for revision, ledger in _past_ledgers(root, against, own=own):
        for doc_id, row in ledger.items():
            if doc_id not in lost and _is_lost(row, present.get(doc_id)):
                lost[doc_id] = LostTakedown(doc_id, revision, row)
    return list(lost.values())


def refuse_lost_takedowns(root: Path) -> None:
    """Refuse to release while the ledger lacks a takedown.

    Raises
    ------
    ReleaseError
        Naming each document, a revision that has its line, and what to do.
    """
    if lost := lost_takedowns(root, own=True):
        listed = "".join(f"\n  {takedown}" for takedown in lost[:5])
        more = f"\n  and {len(lost) - 5} more; see copydesk check" if len(lost) > 5 else ""
        raise ReleaseError(f"{root / LEDGER}: {plural(len(lost), 'takedown')} would be undone:{listed}{more}")


def _is_lost(row: dict[str, Any], present: dict[str, Any] | None) -> bool:
    """Whether a past line is lost; a withdrawal from before the takedown does not withdraw it."""
    if present is None:
        return True
    withdrawn = present.get("withdrawn")
    return bool(withdrawn and not row.get("withdrawn") and str(withdrawn.get("date")) < str(row.get("date")))


def _past_ledgers(root: Path, against: str | None, *, own: bool) -> list[tuple[str, Ledger]]:
    """Ledgers to compare with, each with its revision: ``against`` and the last release come first, by name."""
    named: dict[str, str] = {}  # names by commit
    if against:
        named[_commit(root, against)] = against
    tags = git(root, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/tags/corpus@v*").split()
    versions = {m[1]: tag for tag in tags if (m := TAG.fullmatch(tag)) and f"{tag}!" not in tags}
    last = max(versions, key=lambda version: tuple(map(int, version.split("."))), default=None)
    if last is not None:
        named.setdefault(_commit(root, versions[last]), versions[last])
    merging = git_result(root, "rev-parse", "--verify", "--quiet", "MERGE_HEAD").stdout.decode()
    # A shallow clone lacks some of the parents.
    neighbours = [*git(root, "rev-list", "--parents", "--max-count=1", "HEAD", "--").split(), *merging.split()]
    since = ["HEAD", *([f"^{versions[last]}"] if last is not None else [])]
    changed = git(root, "log", "--full-history", "--format=%H", *since, "--", LEDGER).split()
    ledgers = []
    for commit in dict.fromkeys([*named, *neighbours, *changed]):
        ledger = ledger_at(root, commit, through_dvc=commit in named or commit in neighbours, own=own)
        ledgers.append((named.get(commit, commit[:12]), ledger))
    return ledgers


def ledger_at(root: Path, commit: str, *, through_dvc: bool = True, own: bool = False) -> Ledger:
    """The lines of the ledger at a commit, withdrawn takedowns included; ``through_dvc``: also if DVC tracks it.

    Raises
    ------
    ReleaseError
        If DVC tracks the ledger, and it cannot be read.
    """
    for path in (LEDGER, *(_POINTERS if through_dvc else ())):
        result = git_result(root, "show", f"{commit}:./{path}")
        if result.returncode == 0:
            return _lines(result.stdout if path == LEDGER else _read_pointer(root, commit, result.stdout, own=own))
    return {}


def _read_pointer(root: Path, commit: str, pointer: bytes, *, own: bool) -> bytes:
    """The ledger that a .dvc file points to. DVC does not open the repository, which may be a stranger's."""
    try:
        settings = own_settings(root) if own else dvc_settings(root, commit)
        (out,) = parse_yaml(pointer.decode())["outs"]
        data = _object(settings, out["md5"])
        if out["md5"].endswith(".dir"):
            oid = listing_of(data, out["md5"]).get(NAME)
            data = _object(settings, oid) if oid is not None else b""
    except Exception as error:  # DVC remotes raise backend-specific exceptions
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        where = f"{root}: {LEDGER} at {commit[:12]}"
        raise ReleaseError(
            f"{where} cannot be read to compare with ({reason}); run dvc fetch --all-commits"
        ) from None
    return data


def _object(settings: DvcSettings, oid: str) -> bytes:
    """The bytes of an object, from DVC's cache or else from the default remote."""
    reason = "in neither DVC's cache nor a remote"
    storages: list[Callable[[], Any]] = [partial(cache_odb, settings)]
    if settings.default:
        storages.append(partial(remote_odb, settings, settings.default))
    for open_storage in storages:
        try:
            with open_object(open_storage(), oid) as file:
                data = file.read()
        except FileNotFoundError:
            continue
        if hashlib.md5(data, usedforsecurity=False).hexdigest() == oid.removesuffix(".dir"):
            return data
        reason = "damaged"
    raise ReleaseError(f"object {oid}: {reason}")


def _commit(root: Path, revision: str) -> str:
    result = git_result(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if result.returncode:
        raise ReleaseError(f"{revision}: unknown revision: no such commit, tag or branch; fetch it first")
    return result.stdout.decode().strip()


def present_ledger(root: Path) -> Ledger:
    """The lines of the ledger in the working tree."""
    path = root / LEDGER
    return _lines(path.read_bytes()) if path.is_file() else {}


def _lines(data: bytes) -> Ledger:
    """Lines of a ledger by document; invalid lines are skipped, since `copydesk check` reports them."""
    ledger: Ledger = {}
    for line in data.split(b"\n"):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and isinstance(row.get("doc_id"), str):
            ledger[row["doc_id"]] = row
    return ledger
