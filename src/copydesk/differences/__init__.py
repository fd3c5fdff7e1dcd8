"""Compare two revisions of a dataset, with the causes of each difference."""
