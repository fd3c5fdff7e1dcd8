"""The report: pages for review, and the listing of rules for the terminal."""
