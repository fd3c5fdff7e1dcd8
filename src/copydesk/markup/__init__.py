"""HTML and plots, written as text."""
