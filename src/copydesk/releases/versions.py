"""The version of a release, computed from what changed: the data semver of Croissant 1.1.

PATCH: the same data, written again. MINOR: only additions. MAJOR: anything changed, removed or moved between splits,
or a schema change that breaks readers.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from copydesk.differences.diff_model import Diff
from copydesk.errors import ConfigError

Level = Literal["patch", "minor", "major"]
LEVELS: tuple[Level, ...] = ("patch", "minor", "major")

_VERSION = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})")


class Version(NamedTuple):
    """A semantic version without pre-release parts; versions sort by number.

    >>> str(Version.parse("1.2.3").raised("minor"))
    '1.3.0'
    """

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read ``x.y.z``.

        Raises
        ------
        ConfigError
            If it is anything else.
        """
        match = _VERSION.fullmatch(text)
        if match is None:
            raise ConfigError(f"{text!r}: expected a version x.y.z")
        return cls(*map(int, match.groups()))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def raised(self, level: Level) -> Version:
        """The next version of a level."""
        if level == "major":
            return Version(self.major + 1, 0, 0)
        if level == "minor":
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + 1)


FIRST = Version(1, 0, 0)


def required_level(changes: Diff) -> Level:
    """The lowest level that fits a difference."""
    labels = changes.labels
    documents = changes.removed or changes.renamed or changes.changed or changes.moved
    if documents or any(change.breaking for change in changes.schemas):
        return "major"
    if labels.removed or labels.changed:
        return "major"
    return "minor" if changes.added or changes.schemas or labels.added else "patch"


def next_version(last: Version | None, changes: Diff | None, at_least: Level = "patch") -> Version:
    """The version after the last one; ``at_least`` may raise the level that the difference requires."""
    if last is None or changes is None:
        return FIRST
    return last.raised(max(required_level(changes), at_least, key=LEVELS.index))
