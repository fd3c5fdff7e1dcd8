"""What cleaning, splitting and description know of languages: detection, English words, names and dates."""
