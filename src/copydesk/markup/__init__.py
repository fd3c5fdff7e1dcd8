"""HTML elements and SVG plots as escaped text."""
