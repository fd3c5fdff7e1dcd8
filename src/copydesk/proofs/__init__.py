"""Proofs about a release, for people and programs who do not trust it: signatures, provenance, bills of materials."""
