"""Documents that resemble each other, a benchmark, or a document that was taken down."""
