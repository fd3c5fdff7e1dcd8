"""Passages of the dataset card that are the same for every dataset, by what they are about."""

HOW_TO_LOAD = """\
```python
from datasets import load_dataset

documents = load_dataset("corpus", split="train")               # one row a document
sentences = load_dataset("corpus", "sentences", split="train")  # one row a sentence
```

The first argument is the folder with this file, or the name of the dataset on the Hub. `load_dataset` accepts
`streaming=True`; the files under `data/` are plain Parquet for any other reader. The tables belong together by
`doc_id`."""

USES = (
    "### Direct Use",
    """\
- Training and evaluation of language models, by documents or by sentences; `flags`, signals, duplicates and the
  overlap with benchmarks are columns, so that each user chooses with a filter of their own.
- Work on cleaning and on splitting text: raw text, clean text and every edit between the two are here.""",
    "### Out-of-Scope Use",
    """\
- As a source of facts: nothing was checked, and a machine translation reads as such.
- To find out about the persons who are named in it.
- Beyond what the license of a document allows.""",
)

RATIONALE = """\
Scraped text is damaged in ways that are seldom written down. This dataset keeps the damage and the repair apart:
nothing is lost, each change can be looked at and undone, and the same input gives the same bytes."""

LEFT_OUT = {
    "flag": "Documents that repeat others are marked in `duplicate_of` and stay.",
    "drop": "Documents that repeat others were left out.",
}

HOW_IT_WAS_MADE = """\
Each file was read without guessing its encoding; a file that could not be read so that its bytes come back was
refused and listed. The text was then cleaned by an ordered list of rules. Each change is an edit in the
configuration `edits`: applying the edits of a document to `raw.text` gives `documents.text`, undoing them on
`documents.text` gives `raw.text`, and `raw.text` in `raw.encoding`, behind its byte-order mark where it has one,
gives the bytes of the file. Sentences are spans of the clean text, and each has its span in the raw text too. Offsets
count Unicode code points and are half-open. What cannot be known, such as a word that was struck out, is marked
in `flags` and never invented."""

QUALITY = """\
Signals are computed as in the literature and measure form. Filters are counted as they were published and applied to
no document."""

ANNOTATIONS = """\
Computed, by programs whose versions `manifest.json` names: language (a statistical model), signals of quality, flags,
sentences, duplicates. Title, byline, outlet and date are what the delivery or the text says; `provenance` has the
origin of each value and its place in the raw text."""

TAKEDOWN = """\
A document that is taken down leaves the next release, cannot come back under another name, and releases that hold
it are withdrawn."""

LIMITS = """\
- What was scraped decides topics, outlets, places and times; the tables of languages and sources above say which.
- The rules repair defects of form. They do not check facts, and they do not improve a machine translation.
- Repairs of the tier `probable` are what a careful editor would do; each says in `edits` how sure it is.
- The language is told by a statistical model from the beginning of a text; `language_score` says how surely.
- Near duplicates are told by an estimate: of pairs that share 85 % of their runs of five words nearly all are found.
- The articles were written by people about people and events; names and claims stand as they were published."""

RECOMMENDATIONS = """\
Filter by `language`, `language_share`, the signals and `duplicate_of` for the task at hand, and look at `flags`
before a text is quoted. State the version. Where personal data matter, mask what `flags` marks."""

GLOSSARY = """\
- **edit**: a change that cleaning made, with its place before and after, its rules and how sure they are.
- **tier**: `safe`, a defect beyond doubt; `probable`, what a careful editor would do; `suggest`, only recorded.
- **flag**: a defect or a finding that is marked and not repaired.
- **signal**: a figure about the form of a text, with the name that the literature gives it.
- **exact, near duplicate**: equal but for case, punctuation and white space; similar.
- **raw**: a file as it was delivered, byte for byte."""

AUTHORS = """\
Written by copydesk from the schemas, the settings and the figures of this version."""
