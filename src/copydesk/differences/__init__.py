"""What differs between two revisions of a dataset, and why."""
