"""Releases: what changed between two, what they hold, how to get an earlier one back."""
