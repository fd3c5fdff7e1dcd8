"""One repository for the tests of labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from label_history import make_history


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with two releases; tests read it and do not change it."""
    return make_history(tmp_path_factory.mktemp("labels") / "corpus")
