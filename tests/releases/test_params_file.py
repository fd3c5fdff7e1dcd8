"""A release writes into params.yaml what it must and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from copydesk.core.config import load_params
from copydesk.errors import ReleaseError
from copydesk.releases.params_file import set_corpus_settings
from support import ROOT

VALUES = {"version": "1.2.3", "commit": f'"{"0" * 40}"', "date": '"2026-11-22"'}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a: 1\ncorpus:\n  name: x\n\n  # kept\n  version: 0.1.0 # kept\nb: {version: 7}\n",
            'a: 1\ncorpus:\n  name: x\n\n  # kept\n  version: 1.2.3 # kept\n  commit: "{0}"\n  date: "2026-11-22"\n'
            "b: {version: 7}\n",
        ),
        (
            "corpus:\n  version: 0.1.0  # as in: semver, of: data\nb:\n  version: 7\n  date: 8\n",
            'corpus:\n  version: 1.2.3  # as in: semver, of: data\n  commit: "{0}"\n  date: "2026-11-22"\n'
            "b:\n  version: 7\n  date: 8\n",
        ),
        (
            "corpus: # kept\n    date: '2025-01-01'\n    commit: null # kept\n    version: 0.1.0\n",
            'corpus: # kept\n    date: "2026-11-22"\n    commit: "{0}" # kept\n    version: 1.2.3\n',
        ),
        (
            "corpus:\n  summary: |\n    version: 9.9.9\n    date: never\n  version:\n# kept\nb: 1",
            'corpus:\n  summary: |\n    version: 9.9.9\n    date: never\n  version: 1.2.3\n  commit: "{0}"\n'
            '  date: "2026-11-22"\n# kept\nb: 1',
        ),
    ],
)
def test_everything_else_is_left_as_it_is(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    set_corpus_settings(path, VALUES)
    assert path.read_text() == expected.replace("{0}", "0" * 40)
    set_corpus_settings(path, VALUES)
    assert path.read_text() == expected.replace("{0}", "0" * 40)


def test_the_settings_of_this_repository_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes((ROOT / "params.yaml").read_bytes())
    before = load_params(path)
    set_corpus_settings(path, VALUES)
    assert load_params(path) == {
        **before,
        "corpus": {
            **before["corpus"],
            **yaml.safe_load("\n".join(f"{name}: {value}" for name, value in VALUES.items())),
        },
    }


@pytest.mark.parametrize("text", ["", "corpus: {version: 0.1.0}\n", "corpus:\n  name: x\n", "b:\n  version: 0.1.0\n"])
def test_a_file_without_the_line_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(ReleaseError, match=r"params\.yaml: expected one line version: below corpus:, found 0"):
        set_corpus_settings(path, VALUES)
    assert path.read_text() == text
