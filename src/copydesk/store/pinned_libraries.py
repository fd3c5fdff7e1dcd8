"""Libraries of which one version alone makes the right bytes."""

from __future__ import annotations

import re
from importlib.metadata import requires

_PINNED = re.compile(r"([A-Za-z0-9._-]+)==([^ ;]+)")


def pins(*, extras: bool = True) -> dict[str, str]:
    """Libraries of which one version alone makes the right bytes, and that version.

    Those of extras, which are not always installed, are left out if they are not asked for.
    """
    found = (_PINNED.match(line) for line in requires("copydesk") or () if extras or "extra ==" not in line)
    return {match[1]: match[2] for match in found if match}
