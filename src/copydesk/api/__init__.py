"""The public functions that need no project: one text at a time, and the difference between two revisions."""
