"""A repository with two releases, and a scratch folder for each test."""

from __future__ import annotations

from releases.conftest import releases

__all__ = ["releases"]
