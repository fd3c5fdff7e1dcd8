"""Publish releases: to the Hub, a folder, a bucket or another machine. No stage depends on this."""
