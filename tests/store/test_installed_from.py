"""A new corpus names where copydesk came from: never a name that nobody has registered."""

from __future__ import annotations

import json
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import pytest
import yaml

from copydesk._version import __version__
from copydesk.scaffold.repository import init, upgrade
from copydesk.store import installed_from
from copydesk.store.installed_from import action, install_extra, requirement, requirements

COMMIT = "0123456789abcdef0123456789abcdef01234567"
GIT = {"url": "https://github.com/ORG/copydesk.git", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make copydesk an installed package whose installer recorded an address, or none."""

    def record(url: Any) -> None:
        info = tmp_path / "site" / "copydesk.dist-info"
        info.mkdir(parents=True, exist_ok=True)
        (info / "METADATA").write_text(f"Name: copydesk\nVersion: {__version__}\n")
        (info / "direct_url.json").unlink(missing_ok=True)
        if url is not None:
            (info / "direct_url.json").write_text(url if isinstance(url, str) else json.dumps(url))
        monkeypatch.setattr(installed_from, "distribution", lambda _: Distribution.at(info))

    return record


@pytest.mark.parametrize(
    ("url", "line"),
    [
        (None, f"copydesk[build]=={__version__}\n"),
        (GIT, f"copydesk[build] @ git+https://github.com/ORG/copydesk.git@{COMMIT}\n"),
        (
            {**GIT, "url": "https://me:secret@git.example.org/copydesk", "subdirectory": "python"},
            f"copydesk[build] @ git+https://git.example.org/copydesk@{COMMIT}#subdirectory=python\n",
        ),
        (
            {"url": "https://example.org/copydesk-1-py3-none-any.whl", "archive_info": {"hashes": {"sha256": "ab"}}},
            "copydesk[build] @ https://example.org/copydesk-1-py3-none-any.whl#sha256=ab\n",
        ),
    ],
)
def test_the_place_that_the_installer_recorded(recorded: Any, url: Any, line: str) -> None:
    recorded(url)
    assert requirement() == line


@pytest.mark.parametrize(
    "url",
    [
        {"url": "file:///somewhere/copydesk", "dir_info": {"editable": True}},
        {"url": "file:///somewhere/copydesk.whl", "archive_info": {}},
        {"url": "file:///somewhere/copydesk", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
        "not JSON",
    ],
)
def test_a_place_on_one_machine_installs_nothing_and_says_what_to_write(recorded: Any, url: Any) -> None:
    recorded(url)
    text = requirement()
    assert all(line.startswith("#") for line in text.splitlines()) and "somewhere" not in text
    assert "copydesk[build] @ git+https://HOST/ORG/copydesk@COMMIT" in text


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        (None, f"run: pip install 'copydesk[web]=={__version__}'"),
        (GIT, f"run: pip install 'copydesk[web] @ git+https://github.com/ORG/copydesk.git@{COMMIT}'"),
        (
            {"url": "file:///somewhere/copydesk", "dir_info": {}},
            "from where you have it: pip install 'copydesk[web] @",
        ),
    ],
)
def test_the_advice_to_install_an_extra_names_the_copydesk_that_is_installed(
    recorded: Any, url: Any, advice: str
) -> None:
    recorded(url)
    assert advice in install_extra("web") and "somewhere" not in install_extra("web")


def test_the_workflow_runs_the_action_of_that_repository(recorded: Any, tmp_path: Path) -> None:
    for number, (url, jobs) in enumerate(((GIT, ["corpus", "changes"]), (None, ["corpus"]))):
        recorded(url)
        init(root := tmp_path / f"corpus-{number}")
        workflow = yaml.safe_load((root / ".github" / "workflows" / "corpus.yml").read_text())
        assert list(workflow["jobs"]) == jobs
    recorded(GIT)
    assert action() == f"ORG/copydesk@{COMMIT}"
    recorded({**GIT, "url": "https://git.example.org/ORG/copydesk"})
    assert action() is None


def test_an_upgrade_keeps_extras_and_other_lines(recorded: Any, tmp_path: Path) -> None:
    recorded(GIT)
    init(root := tmp_path / "my-corpus")
    path = root / "requirements.txt"
    path.write_text(f"# ours\ncopydesk[web,s3]=={__version__}\ns3fs\n")
    assert upgrade(root).differing == []
    line = f"copydesk[web,s3] @ git+https://github.com/ORG/copydesk.git@{COMMIT}\n"
    assert path.read_text() == f"# ours\n{line}s3fs\n"
    again = upgrade(root)
    assert (again.written, again.differing, again.renamed, again.missing) == ([], [], [], [])
    recorded({"url": "file:///somewhere", "dir_info": {}})  # what the steward wrote stays
    assert requirements(path.read_text()) == path.read_text()
