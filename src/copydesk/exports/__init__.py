"""Exports: shards for training."""
