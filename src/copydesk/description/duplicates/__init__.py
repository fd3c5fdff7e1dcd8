"""Find documents that resemble another one, a benchmark, or a document that was taken down."""
