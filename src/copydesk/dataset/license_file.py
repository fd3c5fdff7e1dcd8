"""``LICENSE``: under which licenses the documents are, and how many under each."""

from __future__ import annotations

import re

from copydesk.core.escaping import plain
from copydesk.dataset.metrics import Metrics

NAME = "LICENSE"
UNKNOWN = "LicenseRef-unknown"

_HEAD = """\
Licenses of this dataset

It is a collection of documents, and each is under the license that its row in the table documents names.
What was made of a document (its clean text, edits, sentences and figures) is under the license of that document.
"""
UNKNOWN_RIGHTS = """\
The rights in documents marked LicenseRef-unknown are not known. They are here for work on the tool that made this
dataset; whoever wants to use them for anything else must settle the rights first."""


def render_license(metrics: Metrics) -> str:
    """The file: each license with the number of its documents, and where its text is."""
    parts = [_HEAD]
    for name, count in metrics.licenses.items():
        line = plain(" ".join(name.split()))
        texts = [
            f"    https://spdx.org/licenses/{part}.html\n"
            for part in re.split(r" (?:AND|OR|WITH) ", line)
            if re.fullmatch(r"[A-Za-z0-9.+-]+", part) and not part.startswith("LicenseRef-")
        ]
        parts.append(f"{line}: {count:,} {'document' if count == 1 else 'documents'}\n{''.join(texts)}")
    if UNKNOWN in metrics.licenses:
        parts.append(f"{UNKNOWN_RIGHTS}\n")
    return "\n".join(parts)
