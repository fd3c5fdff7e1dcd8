"""The merge drivers of git that .gitattributes names.

A repository cannot set a driver by itself: git reads its program from the configuration of the clone alone. Without
it, git merges these files as text; `copydesk merge` needs no configuration.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from copydesk.revisions.git import git, git_result

#: Names in .gitattributes: of the files that people write, and of those that the build writes.
HAND_WRITTEN, GENERATED = "copydesk", "copydesk-generated"
#: Git gives its temporary files and the path, quoted for the shell; the path may look like an option.
_ARGUMENTS = "merge-driver -- %O %A %B %P"
#: What a clone has to set, by key.
SETTINGS = {
    f"merge.{HAND_WRITTEN}.name": "copydesk: by document and field",
    f"merge.{HAND_WRITTEN}.driver": f"copydesk {_ARGUMENTS}",
    f"merge.{GENERATED}.name": "copydesk: as it is here, made anew by dvc repro",
    f"merge.{GENERATED}.driver": "true",
}


def settings_of_this_process() -> list[str]:
    """The settings for one command of git: the driver is this copydesk, whatever is on PATH."""
    program = f"{shlex.quote(sys.executable)} -P -m copydesk".replace("%", "%%")
    return [
        f"{key}={program} {_ARGUMENTS}" if value.endswith(_ARGUMENTS) else f"{key}={value}"
        for key, value in SETTINGS.items()
    ]


def set_drivers(root: Path) -> list[str]:
    """Set the drivers in the clone's configuration; return the keys that were not set so."""
    outdated = unset_drivers(root)
    for key in outdated:
        git(root, "config", key, SETTINGS[key])
    return outdated


def unset_drivers(root: Path) -> list[str]:
    """Keys of the drivers whose value in the configuration is not the one of this copydesk."""
    # The value is read, and no program is run.
    values = {key: git_result(root, "config", key, own=True).stdout.decode("utf-8", "replace") for key in SETTINGS}
    return [key for key, value in SETTINGS.items() if values[key] != f"{value}\n"]


def set_command(key: str) -> str:
    """The command that sets a driver in a clone."""
    return f"git config {key} {shlex.quote(SETTINGS[key])}"
