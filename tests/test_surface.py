"""What others count on is what was promised: names, options, settings, columns."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

import copydesk
import surface
from support import ROOT

TOLD = json.loads(surface.RECORD.read_text("utf-8"))


def test_what_others_count_on_is_what_was_promised() -> None:
    now = surface.surface()
    lost, new = sorted({*TOLD["names"]} - {*now}), sorted({*now} - {*TOLD["names"]})
    assert not lost, (
        f"gone, and others count on it: {lost}. Bring it back as deprecated, see docs/stability.md; or raise "
        "__version__, name it under ### Removed in docs/changelog.md, and run make surface"
    )
    assert not new, f"new: {new}. Say so in docs/changelog.md, and run make surface"


def test_the_version_is_that_of_the_record_or_a_later_one() -> None:
    assert numbers(copydesk.__version__) >= numbers(TOLD["version"])


def numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


@pytest.mark.parametrize(
    ("recorded", "now", "removed", "why"),
    [
        ("0.1.0", "0.1.9", "`python load`", "set __version__ to 0.2.0 or above"),
        ("0.1.0", "0.2.0", "", "name under ### Removed in docs/changelog.md, in backticks: python load"),
        ("0.1.0", "0.2.0", "`python loader`", "name under ### Removed"),
        ("0.1.0", "0.2.0", "`python load`", None),
        ("1.2.0", "1.3.0", "`python load`", "set __version__ to 2.0.0 or above"),
        ("1.2.0", "2.0.0", "`python load`", None),
    ],
)
def test_a_name_goes_with_a_major_version_and_a_line_in_the_changelog(
    recorded: str, now: str, removed: str, why: str | None
) -> None:
    changelog = f"## [Unreleased]\n\n### Removed\n\n- {removed}\n\n### Fixed\n\n- `python load` was slow\n"
    found = surface.refusal(["python load"], recorded, now, changelog)
    assert (found or "").startswith(why) if why else found is None
    assert surface.refusal([], recorded, recorded, "") is None


def test_recording_refuses_to_forget_and_takes_what_is_new(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    record = tmp_path / "surface.json"
    monkeypatch.setattr(surface, "RECORD", record)
    record.write_text(json.dumps({**TOLD, "names": [*TOLD["names"], "command copydesk print"]}))
    kept = record.read_bytes()
    with pytest.raises(SystemExit, match=r"'command copydesk print' is gone"):
        surface.main()
    assert record.read_bytes() == kept
    names = surface.surface()
    record.write_text(json.dumps({**TOLD, "names": names[:-1]}))
    surface.main()
    assert json.loads(record.read_text("utf-8"))["names"] == names


def test_the_changelog_has_the_form_of_keep_a_changelog() -> None:
    text = surface.CHANGELOG.read_text("utf-8")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    released = [re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d\d-\d\d)", heading) for heading in headings[1:]]
    assert all(released)
    order = [tuple(map(int, match.groups()[:3])) for match in released if match]
    assert order == sorted(order, reverse=True)
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= kinds


def test_what_the_code_is_ahead_of_the_last_release_stands_in_the_changelog() -> None:
    text = surface.CHANGELOG.read_text("utf-8")
    newest = re.search(r"^## \[(\d+)\.(\d+)\.(\d+)\]", text, re.MULTILINE)
    released = newest and numbers(newest[0])
    assert released is None or released <= numbers(copydesk.__version__)
    assert (
        released == numbers(copydesk.__version__)
        or "\n- " in text.partition("## [Unreleased]")[2].partition("\n## ")[0]
    )


def test_the_version_stands_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "copydesk._version.__version__"}
    assert "version" not in project["project"]
