"""The site is built without a warning, has every page and every public name, and loads nothing from elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import copydesk
from support import ROOT


def sphinx(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Run what ``make docs`` runs."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (line,) = re.findall(r"^\tpython (-m sphinx .*) \. build/site$", makefile, re.MULTILINE)
    arguments = line.replace("build/doctrees", str(out.with_name("doctrees"))).split()
    command = [sys.executable, *arguments, str(source), str(out)]
    return subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site") / "html"
    done = sphinx(ROOT, out)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return out


def test_every_page_is_there_and_listed(site: Path) -> None:
    index = (site / "index.html").read_text("utf-8")
    pages = [*(ROOT / "docs").glob("*.md"), ROOT / "CONTRIBUTING.md", ROOT / "corpus" / "README.md"]
    for page in pages:
        name = page.relative_to(ROOT).with_suffix(".html").as_posix()
        assert (site / name).is_file(), name
        assert f'class="toctree-l1"><a class="reference internal" href="{name}"' in index, name


def test_the_reference_has_every_public_name(site: Path) -> None:
    text = (site / "docs" / "site" / "reference.html").read_text("utf-8")
    for name in sorted(set(copydesk.__all__) - {"__version__", "CopydeskError"}):
        assert f'id="copydesk.{name}"' in text, name
    assert 'id="copydesk.errors.CopydeskError"' in text


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = re.findall(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=\"([^\"]+)\"", page.read_text("utf-8"))
        assert loaded
        assert [address for address in loaded if "//" in address] == [], page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"@import|url\([\"']?(?:https?:)?//", sheet.read_text("utf-8")), sheet


def test_a_link_to_a_heading_that_is_not_there_stops_it(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    shutil.copytree(ROOT / "docs" / "site", tmp_path / "docs" / "site")
    (tmp_path / "README.md").write_text("# A page\n\n[a link](docs/other.md#nowhere)\n")
    (tmp_path / "docs" / "other.md").write_text("# Another\n\n## Here\n")
    done = sphinx(tmp_path, tmp_path / "html")
    assert done.returncode == 1
    assert "'nowhere'" in done.stderr
