"""Settings that a release writes into params.yaml."""

from __future__ import annotations

import re
from pathlib import Path

from copydesk.core.atomic_files import write_text
from copydesk.errors import ReleaseError


def set_corpus_settings(path: Path, values: dict[str, str]) -> None:
    """Write settings of the section corpus; everything else stays, also comments.

    The first setting, ``version``, must exist on a line of its own. A missing setting is added after its predecessor.

    Raises
    ------
    ReleaseError
        If the section does not have that line.
    """
    lines = path.read_text("utf-8").splitlines(keepends=True)
    start = next((n for n, line in enumerate(lines, 1) if re.match(r"corpus:\s*(#|$)", line)), len(lines))
    length = next((n for n, line in enumerate(lines[start:]) if re.match(r"[^\s#]", line)), len(lines) - start)
    section = lines[start : start + length]
    # Deeper lines may belong to a text that only looks like a setting.
    indent = next((m[0] for line in section if (m := re.match(r"[ ]+(?=[^\s#])", line))), "  ")
    line_after = 0
    for name, value in values.items():
        at = [n for n, line in enumerate(section) if line.startswith(f"{indent}{name}:")]
        if name != "version" and not at:
            section.insert(line_after, f"{indent}{name}:\n")
            at = [line_after]
        if len(at) != 1:
            raise ReleaseError(f"{path}: expected one line {name}: below corpus:, found {len(at)}; write it there")
        line_after = at[0] + 1
        section[at[0]] = re.sub(r":[ \t]*[^\s#]*", f": {value}", section[at[0]], count=1)
    write_text(path, "".join([*lines[:start], *section, *lines[start + length :]]))
