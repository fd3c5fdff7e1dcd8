"""Links in Markdown lead to files and headings that are there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from support import ROOT, run_command

MARKDOWN = run_command(ROOT, "git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md").splitlines()


@pytest.mark.parametrize("name", sorted(MARKDOWN))
def test_links_lead_somewhere(name: str) -> None:
    assert broken(ROOT / name) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# A `title`, twice\n\n# A title, twice\n\n```sh\n# no heading\n```\n")
    links = [
        "other.md",
        "#one",
        "other.md#a-title-twice-1",
        "no.md",
        "#two",
        "other.md#no-heading",
        "http://example.org",
    ]
    page = tmp_path / "page.md"
    page.write_text("# One\n\n" + "\n".join(f"[a\nlink]({link})" for link in links) + "\n`[no](link)`\n")
    assert broken(page) == ["no.md", "#two", "other.md#no-heading", "http://example.org"]


def broken(page: Path) -> list[str]:
    """Links of a page to what is not there; addresses of other hosts are not asked, and begin with https."""
    text = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", prose(page), flags=re.DOTALL)
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not leads(page, target)]


def leads(page: Path, target: str) -> bool:
    if "://" in target:
        return target.startswith("https://")
    name, _, anchor = target.partition("#")
    place = page.parent / name if name else page
    return place.exists() and (not anchor or anchor in anchors(place))


@cache
def anchors(page: Path) -> list[str]:
    """Anchors of a page's headings, as git hosts make them."""
    found: list[str] = []
    for heading in re.findall(r"^#{1,6} +(.*)$", prose(page), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        again = sum(re.fullmatch(rf"{re.escape(slug)}(-\d+)?", other) is not None for other in found)
        found.append(f"{slug}-{again}" if again else slug)
    return found


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
