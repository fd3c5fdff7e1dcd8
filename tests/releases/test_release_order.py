"""The order of a release's steps, and what each of them is given: none of them does anything here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copydesk.differences.model import Diff
from copydesk.errors import ReleaseError
from copydesk.releases import release as module


class Steps:
    """The steps of a release, each of which only notes that it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
        self.asked: list[Any] = []
        self.begun: Any = None
        self.versions, self.gone, self.failing = [], dict[str, Any](), False
        (root / "build").mkdir()
        self.note = root / "build" / "release.json"
        self.note.write_text("{}")
        nothing = Diff("old", "new", [], [], {}, [], [], {}, {}, True, {}, [], [])
        self.found = Diff(**{**vars(nothing), "added": ["a"]})
        told: dict[str, Callable[..., Any]] = {
            "_resumed": lambda *given: self.begun,
            "_refuse_unless_known": lambda *given: None,
            "_refuse_unless_ready": lambda *given: None,
            "versions": lambda *given: self.versions,
            "withdrawn": lambda *given: self.gone,
            "diff": lambda *given: self.found,
            "open_revision": lambda *given: given,
            "refuse_broken_contract": lambda *given: None,
            "_written": lambda *given: (given[2], "commit"),
            "_publish": self.publish,
            "_refuse_overtaken": lambda *given: None,
            "_tag": lambda *given: None,
        }
        for name, answer in told.items():
            monkeypatch.setattr(module, name, self.noting(name, answer))
        monkeypatch.setattr(module, "refuse_behind_branch", lambda root: None)
        monkeypatch.setattr(module, "push_command", lambda *given, **more: "git push")

    def noting(self, name: str, answer: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*given: Any, own: bool = False) -> Any:
            self.asked.append((name, *given))
            return answer(*given)

        return noted

    def publish(self, *given: Any) -> None:
        if self.failing:
            raise ReleaseError("the remote is away")


def test_the_steps_of_a_release_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = Steps(monkeypatch, tmp_path)
    monkeypatch.setattr(module, "allowing", lambda key: f"allows {key}")
    done = module.release(tmp_path, remote="there", key=Path("key"))
    assert done == module.Release("1.0.0", "corpus@v1.0.0", "commit", None)
    assert steps.asked == [
        ("_resumed", tmp_path, steps.note),
        ("_refuse_unless_known", tmp_path),
        ("_refuse_unless_ready", tmp_path),
        ("versions", str(tmp_path)),
        ("withdrawn", str(tmp_path)),
        ("refuse_broken_contract", tmp_path, "", None),
        ("_written", tmp_path, steps.note, "1.0.0", None, Path("key")),
        ("_publish", tmp_path, "commit", "1.0.0", "there", "allows key"),
        ("_refuse_overtaken", tmp_path, "commit", "1.0.0"),
        ("_tag", tmp_path, "commit", "1.0.0"),
    ]
    assert not steps.note.exists()
    assert capsys.readouterr().err == "release: corpus@v1.0.0; push it with git push\n"


def test_the_next_version_follows_from_the_last_and_is_none_that_was_withdrawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps(monkeypatch, tmp_path)
    steps.versions = ["1.0.0", "1.2.0"]
    planned = module.release(tmp_path, dry_run=True)
    assert planned == module.Release("1.3.0", "corpus@v1.3.0", None, steps.found)
    assert steps.asked == [
        *(("_refuse_unless_known", tmp_path), ("_refuse_unless_ready", tmp_path)),
        *(("versions", str(tmp_path)), ("withdrawn", str(tmp_path))),
        *(("open_revision", tmp_path, "corpus@v1.2.0"), ("open_revision", tmp_path)),
        ("diff", (tmp_path, "corpus@v1.2.0"), (tmp_path,)),
        ("refuse_broken_contract", tmp_path, "1.2.0", steps.found),
    ]
    assert steps.note.exists()
    assert module.release(tmp_path, dry_run=True, at_least="major").version == "2.0.0"
    steps.gone = {"1.3.0": None, "2.0.0": None}
    assert module.release(tmp_path, dry_run=True).version == "3.0.0"
    steps.versions = []
    assert module.release(tmp_path, dry_run=True).version == "1.0.0"
    steps.versions = ["1.2.0"]
    steps.found = Diff(**{**vars(steps.found), "added": []})
    nothing = rf"^{tmp_path}: nothing differs from 1\.2\.0; there is nothing to release$"
    with pytest.raises(ReleaseError, match=nothing):
        module.release(tmp_path)
    assert not any(name == "_written" for name, *_ in steps.asked)


def test_what_was_begun_goes_on_and_what_fails_is_no_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = Steps(monkeypatch, tmp_path)
    steps.begun, steps.failing = ("1.1.0", "their commit"), True
    with pytest.raises(ReleaseError) as caught:
        module.release(tmp_path)
    assert str(caught.value) == (
        "the remote is away\n1.1.0 is committed and not tagged, so it is no release yet; see to this, then run copydesk "
        "release again: it goes on from here"
    )
    assert [name for name, *_ in steps.asked] == ["_resumed", "_publish"] and steps.note.exists()
    steps.failing = False
    assert module.release(tmp_path) == module.Release("1.1.0", "corpus@v1.1.0", "their commit", None)
    assert steps.asked[-3:] == [
        ("_publish", tmp_path, "their commit", "1.1.0", None, None),
        ("_refuse_overtaken", tmp_path, "their commit", "1.1.0"),
        ("_tag", tmp_path, "their commit", "1.1.0"),
    ]
