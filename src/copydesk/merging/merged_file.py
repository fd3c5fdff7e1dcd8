"""Merge three versions of a hand-written file; as text where a version is not what the file should hold."""

from __future__ import annotations

from copydesk.core.hand_written import LINES_BYTES
from copydesk.core.scratch import scratch
from copydesk.errors import ReleaseError
from copydesk.merging.line_files import SETTINGS
from copydesk.merging.merged_lines import OURS, THEIRS, merge_lines
from copydesk.merging.merged_settings import merge_settings, same_settings
from copydesk.merging.three_way import Conflict, Merged, UnmergeableError
from copydesk.revisions.git import error_output, git_result

_MOST_CONFLICTS = 127  # of git merge-file; a higher status is an error
_AS_TEXT = "it was merged as text; look at it, and run copydesk check"


def merge_file(name: str, base: bytes, ours: bytes, theirs: bytes) -> Merged:
    """Merge three versions of a file that people write.

    Parameters
    ----------
    name : str
        Its path in the project.
    base, ours, theirs : bytes
        The content in the common ancestor and on both branches; empty if a version has no such file.

    Raises
    ------
    ReleaseError
        If a version can be merged neither by its meaning nor as text.
    """
    try:
        if max(len(base), len(ours), len(theirs)) > LINES_BYTES:
            raise UnmergeableError(f"{name}: more than {LINES_BYTES:,} bytes")
        if name != SETTINGS:
            return merge_lines(name, base, ours, theirs)
        merged = merge_settings(base, ours, theirs)
    except UnmergeableError as error:
        merged = merge_text(name, base, ours, theirs)
        return merged._replace(remarks=(f"{error}; {_AS_TEXT}",))
    if not merged.conflicts:  # the text keeps the comments of both
        text = merge_text(name, base, ours, theirs)
        if not text.conflicts and same_settings(text.data, merged):
            return text
    return merged


def merge_text(name: str, base: bytes, ours: bytes, theirs: bytes) -> Merged:
    """Merge three versions of a file line by line, as git does without a driver."""
    labels = [label.partition(" ")[2] for label in (OURS, "||||||| base", THEIRS)]
    with scratch("merge") as folder:
        paths = [folder / side for side in ("ours", "base", "theirs")]
        for path, data in zip(paths, (ours, base, theirs), strict=True):
            path.write_bytes(data)
        options = [part for label in labels for part in ("-L", label)]
        result = git_result(None, "merge-file", "-p", "--quiet", *options, *map(str, paths))
    if result.returncode > _MOST_CONFLICTS:
        raise ReleaseError(f"{name}: cannot be merged: {error_output(result)}; choose one of both versions")
    conflicts = [Conflict(name, "", "the text", f"{len(ours):,} bytes", f"{len(theirs):,} bytes")]
    return Merged(result.stdout, conflicts if result.returncode else [])
