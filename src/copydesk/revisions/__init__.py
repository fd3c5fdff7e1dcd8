"""Read the corpus at a git revision; run git and DVC."""
