"""The second step of a release: write version and splits, build, state how, sign, write the changelog, commit."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from copydesk.core.atomic_files import write_json, write_text
from copydesk.core.journal import journaled, note_written
from copydesk.core.progress import say
from copydesk.dataset.manifest import NAME, PROOFS, STATEMENT
from copydesk.project import Project
from copydesk.proofs.signing import sign
from copydesk.proofs.sigstore_bundles import SigstoreSigning
from copydesk.proofs.statement import write_statement
from copydesk.releases.changelog import add_section, changelog_section, mark_withdrawn
from copydesk.releases.check import PlannedRelease
from copydesk.releases.kept_splits import published_splits, refuse_other_splits, write_splits
from copydesk.releases.params_file import set_corpus_settings
from copydesk.releases.release_tags import tag_of, withdrawn_versions
from copydesk.releases.undo import WRITTEN, delete_notes, journal_of, keep_shard_lists, note_of, undo_release
from copydesk.revisions.dvc_command import run_dvc
from copydesk.revisions.git import git
from copydesk.revisions.revision import open_revision
from copydesk.stages.deduplicate import listed_splits


class CommittedRelease(NamedTuple):
    """The version and commit of a release that has no tag yet, and so is not a release yet."""

    version: str
    commit: str


def write_release(
    root: Path, planned: PlannedRelease, key: Path | None, sigstore: SigstoreSigning | None = None
) -> CommittedRelease:
    """Write and commit a release; if a step fails, undo everything written.

    ``key`` is an SSH key to sign the manifest and the statement of provenance with; ``sigstore`` signs both as well.
    """
    version = planned.version
    base = git(root, "rev-parse", "HEAD").strip()
    keep_shard_lists(root)
    try:
        with journaled(journal_of(root)):
            write_json(note_of(root), {"version": version, "base": base})
            date = git(root, "log", "-1", "--format=%cs").strip()
            # In quotes, because YAML would read a date as a date, and a hash of digits as a number.
            set_corpus_settings(
                root / "params.yaml", {"version": version, "commit": f'"{base}"', "date": f'"{date}"'}
            )
            splits = published_splits(open_revision(root))
            write_splits(root, listed_splits(Project.open(root)) | splits)
            say(f"release: building {version}")
            run_dvc(root, "repro")
            refuse_other_splits(root, splits)
            note_written(root / "dvc.lock")
            for name in PROOFS:  # those of an earlier release
                (root / "corpus" / name).unlink(missing_ok=True)
            write_statement(root)
            if key is not None:
                for name in (NAME, STATEMENT):
                    sign(root / "corpus", key, name)
            if sigstore is not None:
                sigstore.sign(root / "corpus", (NAME, STATEMENT))
            changelog = root / "CHANGELOG.md"
            sections = changelog.read_text("utf-8") if changelog.is_file() else None
            sections = add_section(sections, changelog_section(version, date, planned.diff))
            write_text(changelog, mark_withdrawn(sections, withdrawn_versions(root)))
        git(root, "add", "--", *(name for name in WRITTEN if (root / name).exists()), own=True)
        git(root, "commit", "--quiet", "--message", commit_message(version), hooks=True)
    except BaseException:
        undo_release(root)
        delete_notes(root)
        raise
    return CommittedRelease(version, git(root, "rev-parse", "HEAD").strip())


def commit_message(version: str) -> str:
    """The message of the commit of a release; a run after a kill recognises the commit by it."""
    return f"Release {tag_of(version)}"
