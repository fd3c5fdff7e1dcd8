"""What a document is: its language, its signals, where it came from, which others it repeats."""
