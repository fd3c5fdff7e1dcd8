"""Exports: shards for training, and corpora without their texts, which the raw files make whole again."""
