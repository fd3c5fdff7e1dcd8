"""Releases: make one, list them, verify them, and load an earlier one."""
