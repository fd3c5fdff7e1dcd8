"""Language detection, English words, names and dates: shared by cleaning, splitting and description."""
