"""One corpus for the tests of exports."""

from __future__ import annotations

import json

import pytest

from copydesk.core.config import check_params
from copydesk.core.json_schema import PACKAGED
from copydesk.project import Project
from label_history import HARD
from support import articles, run_stages, write_seeds

#: An id that would lead a tar file, a shard or a reader astray.
STRANGE = "a.b..=c d👩\u2028e"


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A corpus in two splits and several files, with a document that may not be published."""
    root = tmp_path_factory.mktemp("corpus")
    files = articles(40) | {
        f"{STRANGE}.txt": f"{HARD}\n\nA second paragraph.",
        "closed.txt": articles(41)["article-0040.txt"],
    }
    licenses = [{"doc_id": name[:-4], "license": "CC-BY-4.0"} for name in files if name != "closed.txt"]
    files["sources.jsonl"] = "".join(json.dumps(row) + "\n" for row in licenses)
    settings = {
        "engine": {"workers": 1},
        "publish": {"allow": ["CC-BY-4.0"]},
        "deduplicate": {"near": False},
        "splits": {"train": 0.7, "validation": 0.3, "test": 0, "minimum": 1},
        "shards": {"target": 5, "minimum": 2, "maximum": 9},
    }
    write_seeds(root / "seeds", files)
    (root / "params.yaml").write_text(json.dumps(settings))
    folders = {name: root / name for name in ("seeds", "corpus", "reports", "build")}
    return run_stages(Project(**folders, schemas=PACKAGED, params=check_params(settings)))
