"""What of a pipeline has changed since the dataset was built, whether or not its outputs were pulled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from copydesk.core.findings import Report
from copydesk.revisions.dvc_command import run_dvc
from copydesk.revisions.git import git_result

#: What DVC says of an output that was not pulled.
_ABSENT = frozenset({"deleted", "not in cache"})
_ADVICE = "run dvc repro, and commit what it writes"


def check_built(root: Path, report: Report) -> None:
    """Add a finding for each stage whose inputs, code, settings or outputs are not those of dvc.lock.

    Outputs that git does not track and that are not here, as in a clone before ``dvc pull``, are no findings. DVC
    reads the settings of the repository, so it must be the user's own.

    Parameters
    ----------
    root : Path
        Folder of the project; without a dvc.lock nothing is found.
    report : Report

    Raises
    ------
    ReleaseError
        If DVC cannot tell.
    """
    if not (root / "dvc.lock").is_file():
        return
    report.checked["stages"] += 1
    for stage, changes in json.loads(run_dvc(root, "status", "--json") or "{}").items():
        changed = sorted(_changed(root, changes))
        if changed:
            named = ", ".join(changed[:5]) + (f" and {len(changed) - 5:,} more" if len(changed) > 5 else "")
            report.add("built", "dvc.lock", f"{stage} is outdated ({named}); {_ADVICE}", field=stage, line=1)


def _changed(root: Path, changes: list[Any]) -> set[str]:
    names: set[str] = set()
    for change in changes:
        if not isinstance(change, dict):  # such as "changed command"
            names.add(str(change))
            continue
        for paths in change.values():
            for path, state in paths.items():
                if isinstance(state, dict):  # settings of params.yaml
                    names.update(f"{path}: {setting}" for setting in state)
                elif state not in _ABSENT or _is_tracked(root, path):
                    names.add(path)
    return names


def _is_tracked(root: Path, path: str) -> bool:
    return git_result(root, "ls-files", "--error-unmatch", "--", f":(literal){path}").returncode == 0
