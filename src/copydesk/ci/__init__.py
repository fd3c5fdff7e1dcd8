"""The gate in front of a corpus kept in a git host: inputs checked at once, findings where reviewers look."""
