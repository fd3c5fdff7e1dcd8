"""On real text: a text is cleaned alike alone and among others, and in any process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pyarrow as pa

from copydesk.cleaning.apply import clean_column, clean_text
from copydesk.cleaning.plan import plan
from copydesk.core.config import check_params
from support import ROOT

OPEN = ROOT / "benchmarks" / "quality" / "open"
PLAN = plan(check_params({})["clean"])


def real_texts() -> list[str]:
    lines = [line for path in sorted(OPEN.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [json.loads(line)["dirty"] for line in lines]


def test_a_text_is_cleaned_alone_as_among_others() -> None:
    # Alone it is not screened, so this also shows that no screen hides what its rule would find.
    texts = real_texts()
    for text, among_others in zip(texts, clean_column(pa.array(texts), PLAN), strict=True):
        alone = clean_text(text, PLAN)
        assert alone.edited.edits == among_others.edited.edits
        assert (alone.suggestions, alone.flags) == (among_others.suggestions, among_others.flags)


def test_no_edit_depends_on_the_order_of_a_set() -> None:
    code = (
        "import sys; sys.path[:0] = ['tests', 'tests/cleaning']\n"
        "import hashlib, pyarrow as pa, test_real_text as t\n"
        "made = [(c.edited.edits, c.suggestions, c.flags) for c in t.clean_column(pa.array(t.real_texts()), t.PLAN)]\n"
        "print(hashlib.sha256(repr(made).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(digests) == 1
