"""Build a release again from its inputs, and compare: data with what reproducible builds are for code."""
