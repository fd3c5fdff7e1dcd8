"""CITATION.cff has what the Citation File Format 1.2.0 asks for, and nothing that it does not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from copydesk.errors import ConfigError
from copydesk.project import Project

# The part of the format's schema that concerns the keys written here.
TEXT = {"type": "string", "minLength": 1}
FORMAT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["authors", "cff-version", "message", "title"],
    "properties": {
        "abstract": TEXT,
        "authors": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {"name": TEXT},
            },
        },
        "cff-version": {"const": "1.2.0"},
        "commit": TEXT,
        "date-released": {"type": "string", "pattern": r"^[0-9]{4}-(0[1-9]|1[012])-(0[1-9]|[12][0-9]|3[01])$"},
        "message": TEXT,
        "title": TEXT,
        "type": {"enum": ["dataset", "software"]},
        "url": {"type": "string", "pattern": "^(https|http|ftp|sftp)://.+"},
        "version": TEXT,
    },
}


def cited(project: Project) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((project.corpus / "CITATION.cff").read_text("utf-8"))
    Draft202012Validator(FORMAT).validate(content)
    return content


def test_what_is_not_known_is_left_out(two_articles: Project) -> None:
    content = cited(two_articles)
    assert content["authors"] == [{"name": "The makers of copydesk-articles"}]
    assert content["version"] == "0.1.0"
    assert not {"commit", "date-released", "url"} & content.keys()


def test_what_is_known_is_said(make_corpus: Callable[..., Project]) -> None:
    settings = {
        "title": 'evil: "\n---\nauthors: []',
        "version": "1.2.0",
        "commit": "1" * 40,
        "date": "2026-11-22",
        "url": "https://example.org/corpus",
        "creators": ["A. Writer", "- The Desk"],
    }
    content = cited(make_corpus({"a.txt": "One."}, {"corpus": settings}))
    assert content["title"] == 'evil: " --- authors: []'
    assert content["authors"] == [{"name": "A. Writer"}, {"name": "- The Desk"}]
    assert (content["commit"], content["date-released"]) == ("1" * 40, "2026-11-22")
    assert content["url"] == "https://example.org/corpus"


def test_settings_that_would_break_it_are_refused(make_corpus: Callable[..., Project]) -> None:
    for name, value in (("date", "22.11.2026"), ("date", "2026-13-01"), ("commit", "HEAD"), ("url", "javascript:x")):
        with pytest.raises(ConfigError, match=rf"corpus\.{name}"):
            make_corpus({"a.txt": "One."}, {"corpus": {name: value}}, name)
