"""A repository with two releases, and a Hub on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub_double import HubDouble, hub_double
from repositories import releases

__all__ = ["releases"]


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDouble]:
    """A Hub on loopback, for all tests of a worker."""
    with hub_double(tmp_path_factory.mktemp("hub")) as server:
        yield server
