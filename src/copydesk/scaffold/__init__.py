"""A corpus of one's own: the repository it lies in, how that follows the toolkit, and what may be in its way."""
