"""Repositories for corpora: create one (init), move it to another toolkit (upgrade), diagnose it (doctor)."""
