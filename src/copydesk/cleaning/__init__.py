"""Cleaning: an ordered list of rules, each a pass of reversible edits.

A family of rules is a file of ``rules/`` with a tuple ``RULES`` (or ``DETECTORS``); ``plan.RULES`` is their order. To
add one, write it in its family's file: it is then run, listed, tested by its examples, and switched in params.yaml.
"""
