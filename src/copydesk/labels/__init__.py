"""Labels on spans of clean texts: carried from one release to another, written for annotation tools and read back."""
