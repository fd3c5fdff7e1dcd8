"""The store of finished shards: fingerprints, results, and the folder or bucket that holds them."""
