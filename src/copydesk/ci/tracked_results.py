"""Results of a build that git tracks: a branch would deliver them, and a build would take them for its own."""

from __future__ import annotations

import os
from pathlib import Path

from copydesk.core.findings import Report
from copydesk.errors import ReleaseError
from copydesk.revisions.git import git_result

#: Some file systems take ``Build`` for the same folder.
_BUILD = ":(icase)build"


def check_results_untracked(root: Path, report: Report) -> None:
    """Add a finding for each file below ``build/`` that git tracks, also for a link or a submodule of that name.

    Parameters
    ----------
    root : Path
        Folder of the project; outside of git nothing is found.
    report : Report
    """
    try:
        tracked = os.fsdecode(git_result(root, "ls-files", "-z", "--", _BUILD).stdout).split("\0")[:-1]
    except ReleaseError:
        return
    for path in tracked:
        folder = path.partition("/")[0]
        report.add(
            "results",
            path.encode("utf-8", "replace").decode(),
            "git tracks a result of a build; expected none: a build takes finished results for its own, so it would "
            f"believe what a branch delivers; run git rm -r --cached {folder}, and keep /{folder}/ in .gitignore",
            line=1,
        )
