"""Cleaning: an ordered list of rules, each a pass of reversible edits.

A file of ``rules/`` holds the rules about one defect, in a tuple ``RULES`` (or ``DETECTORS``); ``plan.RULES`` is
their order. A rule that is added to such a tuple is run, listed, tested by its examples and set in params.yaml.
"""
