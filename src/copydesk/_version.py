"""The version of copydesk: pyproject.toml reads it from here, without importing anything."""

__version__ = "0.2.0"
