#!/usr/bin/env bash
# Package: wordfreq 3.1.1.
#
# Expected: the frequency list of a language holds its words as they are
# written in small letters, so that a word of a text is looked up by
# str.lower(). For German and Greek that finds no "straße" and no "λόγος".
#
# Seen: no error. The lists are case-folded: no German entry holds an "ß" and
# no Greek entry a final sigma. word_frequency() folds what it is given, so it
# gives an answer where the list that get_frequency_dict() returns has none;
# and two German words that differ in ß and ss (mass, measures) are one entry.
#
# Output seen:
#   wordfreq 3.1.1
#   de: entries with ß 0 in the list: straße False strasse True
#   el: entries with final sigma 0 in the list: λόγος False λόγοσ True
#   de: same frequency of two words: Masse, Maße True
#   word_frequency finds them: True True
#
# Why it matters: whoever looks words up in the lists, for speed, takes every
# German word with ß and most Greek nouns for unknown, and repairs or drops them.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check wordfreq==3.1.1

env/bin/python - <<'PY'
import importlib.metadata

from wordfreq import get_frequency_dict, word_frequency

print("wordfreq", importlib.metadata.version("wordfreq"))
german, greek = get_frequency_dict("de"), get_frequency_dict("el")
sharp = sum("ß" in word for word in german)
print("de: entries with ß", sharp, "in the list: straße", "straße" in german, "strasse", "strasse" in german)
final = sum(word.endswith("ς") for word in greek)
print("el: entries with final sigma", final, "in the list: λόγος", "λόγος" in greek, "λόγοσ", "λόγοσ" in greek)
same = word_frequency("Masse", "de") == word_frequency("Maße", "de") > 0
print("de: same frequency of two words: Masse, Maße", same)
looked_up = [word_frequency("straße", "de") > 0, word_frequency("λόγος", "el") > 0]
print("word_frequency finds them:", *looked_up)
assert (sharp, final, same, looked_up) == (0, 0, True, [True, True])
assert ("straße" in german, "strasse" in german) == (False, True)
assert ("λόγος" in greek, "λόγοσ" in greek) == (False, True)
PY
