"""``CITATION.cff``: how to cite the dataset, in the Citation File Format 1.2.0."""

from __future__ import annotations

from typing import Any

import yaml

NAME = "CITATION.cff"


def render_citation(settings: dict[str, Any]) -> str:
    """The file, from the section ``corpus`` of params.yaml; what is not known is left out."""
    title = " ".join(settings["title"].split())
    entries = {
        "cff-version": "1.2.0",
        "message": "If you use this dataset, please cite it as below.",
        "type": "dataset",
        "title": title,
        # The format asks for an author, and params.yaml need not name one.
        "authors": [{"name": name} for name in settings["creators"] or [f"The makers of {settings['name']}"]],
        "abstract": settings["summary"].strip(),
        "version": settings["version"],
        "commit": settings["commit"],
        "date-released": settings["date"],
        "url": settings["url"],
    }
    known = {name: value for name, value in entries.items() if value}
    return yaml.safe_dump(known, sort_keys=False, allow_unicode=True, width=110)
