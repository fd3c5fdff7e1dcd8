"""The corpus at a git revision, and the one way in which git is run."""
