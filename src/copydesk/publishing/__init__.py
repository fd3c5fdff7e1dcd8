"""Where releases are published: the Hub, folders, buckets, other machines. No stage depends on this."""
