"""Tables: one JSON Schema seen as Arrow and Features, Parquet files, how shards are cut, and logical hashes."""
