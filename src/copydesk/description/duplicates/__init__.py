"""Documents that resemble each other, benchmarks, and documents that were taken down."""
