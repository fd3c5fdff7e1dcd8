"""What a dataset needs beside its rows: card, manifest, metrics."""
