"""Checks for CI: validate hand-written files quickly, and report findings in the formats of git hosts."""
