"""Keep the splits of past releases in splits.jsonl, and refuse a release that would move a document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from copydesk.core.atomic_files import write_text
from copydesk.core.hand_written import SPLIT_LIST
from copydesk.core.plural import plural
from copydesk.dataset.rows_by_split import split_of
from copydesk.differences.diff_model import Diff
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.releases.release_tags import tag_of
from copydesk.revisions.revision import Revision, open_revision
from copydesk.stages.deduplicate import listed_splits

_NAMED = 5  # documents in a message


def refuse_moves(root: Path, last_version: str, changes: Diff) -> None:
    """Refuse a release in which a document would be in another split than in the last one, or could be in the next.

    Raises
    ------
    ReleaseError
        Naming the documents and what has to be decided.
    """
    tag = tag_of(last_version)
    last = open_revision(root, tag, own=True)
    problems = []
    moves = [f"{move.doc_id} ({move.old} to {move.new})" for move in changes.moved]
    if changes.renamed or (changes.removed and changes.added):
        moves += _moves_by_name(last, open_revision(root))
    if moves:
        problems.append(f"{root}: {plural(len(moves), 'document')} in another split than in {tag}: {_first(moves)}")
    listed = listed_splits(Project.open(root))
    promised = last.split_list
    moved = {move.doc_id for move in changes.moved}
    lost = [
        f"{doc_id} ({split})"
        for doc_id, split in sorted(promised.items())
        if listed.get(doc_id) != split and doc_id not in moved
    ]
    if lost:
        counted = plural(len(lost), "line")
        problems.append(f"{root / SPLIT_LIST}: {counted} of {tag} missing, or with another split: {_first(lost)}")
    if problems:
        raise ReleaseError(
            "\n".join(problems)
            + f"\nA model that was trained on {last_version} could be tested on what it was trained on. Decide: to "
            f"keep the splits, run copydesk splits {tag}, dvc repro, and commit; to move the documents, run "
            "copydesk release --allow-moves"
        )


class _Document(NamedTuple):
    """The split of a document, and the hash of its file."""

    split: str
    raw_sha256: str


def _moves_by_name(last: Revision, current: Revision) -> list[str]:
    """Documents whose file has another name, and with it another split."""
    before, now = _documents(last), _documents(current)
    return [
        f"{new} ({before[old].split} to {now[new].split}; it was {old})"
        for new, old in sorted(_renamed(before, now).items())
        if before[old].split != now[new].split
    ]


def _renamed(before: Mapping[str, _Document], now: Mapping[str, _Document]) -> dict[str, str]:
    """Documents whose bytes had another id before: the new and the old id."""
    gone = {document.raw_sha256: doc_id for doc_id, document in sorted(before.items()) if doc_id not in now}
    added = {doc_id: document.raw_sha256 for doc_id, document in sorted(now.items()) if doc_id not in before}
    return {doc_id: gone[sha256] for doc_id, sha256 in added.items() if sha256 in gone}


def _documents(revision: Revision) -> dict[str, _Document]:
    """The documents of the corpus at a revision, by id."""
    documents: dict[str, _Document] = {}
    for path, shard in revision.shards("documents").items():
        rows = revision.read(shard, ["doc_id", "raw_sha256"])
        hashes = zip(rows["doc_id"].to_pylist(), rows["raw_sha256"].to_pylist(), strict=True)
        documents.update((doc_id, _Document(split_of(path), sha256)) for doc_id, sha256 in hashes)
    return documents


def _first(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else "")


def published_splits(revision: Revision) -> dict[str, str]:
    """The split of each document that the corpus at a revision holds, by id."""
    return {
        doc_id: split_of(path)
        for path, sha256 in revision.shards("documents").items()
        for doc_id in revision.read(sha256, ["doc_id"])["doc_id"].to_pylist()
    }


def keep_splits_of(root: Path, rev: str) -> int:
    """Write the splits of a past release into splits.jsonl, also those that it kept of documents it does not hold.

    A document of the working tree's corpus, if its data are here, whose file only has another name gets the split of
    the old one. Lines about other documents stay. Returns the number of lines that were added or changed.

    Raises
    ------
    ReleaseError
        If there is no corpus at the revision, or it cannot be read.
    """
    revision = open_revision(root, rev, own=True)
    before = _documents(revision)
    promised = revision.split_list | {doc_id: document.split for doc_id, document in before.items()}
    with suppress(ReleaseError):  # a clone without the data: a release of it, which needs them, looks for such files
        promised |= {new: promised[old] for new, old in _renamed(before, _documents(open_revision(root))).items()}
    listed = listed_splits(Project.open(root))
    changed = sum(listed.get(doc_id) != split for doc_id, split in promised.items())
    if changed:
        write_splits(root, listed | promised)
    return changed


def write_splits(root: Path, splits: Mapping[str, str]) -> None:
    """Write splits.jsonl, sorted by id: the lines of two branches merge where they differ in documents."""
    lines = (json.dumps({"doc_id": doc_id, "split": splits[doc_id]}, ensure_ascii=False) for doc_id in sorted(splits))
    write_text(root / SPLIT_LIST, "".join(f"{line}\n" for line in lines))


def refuse_other_splits(root: Path, expected: Mapping[str, str]) -> None:
    """Refuse a build whose documents or splits are not those that were checked and listed.

    Raises
    ------
    ReleaseError
        Naming some of the documents.
    """
    published = published_splits(open_revision(root))
    differing = sorted(i for i in {*published, *expected} if published.get(i) != expected.get(i))
    if differing:
        raise ReleaseError(
            f"{root}: the release was built with other splits than were checked: {_first(differing)}; run dvc repro, "
            "commit, and copydesk release again"
        )
