"""``LICENSE``: the licenses of the documents, with the number of documents under each."""

from __future__ import annotations

import re

from copydesk.core.escaping import plain
from copydesk.core.plural import plural
from copydesk.dataset.metrics import Metrics
from copydesk.tables.licenses import UNKNOWN

NAME = "LICENSE"

_HEAD = """\
Licenses of this dataset

Each document is under the license that its row of the table documents names.
Whatever was derived from a document (clean text, edits, sentences, signals) is under that license too.
"""
UNKNOWN_RIGHTS = """\
The rights to documents marked LicenseRef-unknown are not known. Clarify them before you use these documents."""


def render_license(metrics: Metrics) -> str:
    """Render the file: each license with the number of its documents and the address of its text."""
    parts = [_HEAD]
    for name, count in metrics.licenses.items():
        line = plain(" ".join(name.split()))
        texts = [
            f"    https://spdx.org/licenses/{part}.html\n"
            for part in re.split(r" (?:AND|OR|WITH) ", line)
            if re.fullmatch(r"[A-Za-z0-9.+-]+", part) and not part.startswith("LicenseRef-")
        ]
        parts.append(f"{line}: {plural(count, 'document')}\n{''.join(texts)}")
    if UNKNOWN in metrics.licenses:
        parts.append(f"{UNKNOWN_RIGHTS}\n")
    return "\n".join(parts)
