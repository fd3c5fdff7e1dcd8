"""The report in a real browser: it opens from disk, runs nothing of an article, and can be used by anybody."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page

from copydesk.project import Project
from copydesk.report.corpus_view import Counts, address
from copydesk.report.documents_page import documents_pages
from copydesk.report.server import Desk
from support import needs_browser

pytestmark = needs_browser
Open = Callable[..., Page]


def pages_of(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_out_of_a_page(site: Path, visit: Open, scheme: str) -> None:
    page = visit(site / "index.html", color_scheme=scheme)
    for path in pages_of(site):
        page.goto(path.as_uri())
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path.name}\n{found.generate_report()}"
        assert page.locator("h1").count() == page.get_by_role("main").count() == 1


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_no_page_is_wider_than_the_screen(site: Path, visit: Open, width: int) -> None:
    page = visit(site / "index.html", viewport={"width": width, "height": 800})
    for path in pages_of(site):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name


def test_no_article_becomes_part_of_a_page(site: Path, visit: Open) -> None:
    page = visit(site / "index.html")
    for path in pages_of(site):
        page.goto(path.as_uri())
        assert "owned" not in page.title()
        assert page.locator("img, iframe").count() == 0
        assert page.locator("script").count() == (2 if path.name == "documents.html" else 1)
    page.goto((site / address("plain")).as_uri())
    assert page.locator(".title").inner_text().startswith('</script></style><script>document.title="owned"')


@pytest.mark.parametrize("served", [False, True])
def test_a_script_in_any_field_is_text(
    site: Path, project: Project, start: Callable[[Project], Desk], visit: Open, served: bool
) -> None:
    home = f"{site.as_uri()}/"
    first = f"{home}index.html"
    if served:
        first = start(project).address
        home = first.partition("?")[0]
    page = visit(first)  # which fails on a dialog, a complaint, a request to anywhere else
    for name in [path.relative_to(site).as_posix() for path in pages_of(site)]:
        page.goto(home + name)
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        assert page.evaluate("document.querySelectorAll('script, style').length") <= 3
        assert page.locator("[onerror], [onload], [href^='javascript'], svg script, base, object").count() == 0
        assert "owned" not in page.title()
    page.goto(home + address("plain"))
    cells = page.locator("#metadata tbody tr")
    names, values = (cells.locator(column).all_inner_texts() for column in ("th", "td:nth-child(2)"))
    shown = dict(zip(names, values, strict=True))
    for field, lead in (("title", ""), ("byline", "By "), ("source", "Paper "), ("publisher", "House ")):
        assert shown[field].startswith(f"{lead}</script></style><script>document.title="), field
    assert shown["url"] == "javascript:alert(1)"
    page.get_by_text("javascript:alert(1)").first.click()
    assert page.url == home + address("plain")
    page.goto(f"{home}documents.html#q=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E&sort=<script>&flag=__proto__")
    page.locator("#count").wait_for()


def test_the_policy_holds_for_a_file(site: Path, browser: Browser) -> None:
    page = browser.new_page()  # not by visit: the browser says of both that it refused them
    page.goto((site / "index.html").as_uri())
    with pytest.raises(Error, match="TrustedHTML"):
        page.evaluate("document.body.innerHTML = '<p>x</p>'")
    refused = page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
            const image = document.createElement("img");
            image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
            document.body.append(image);
        })"""
    )
    assert refused == "img-src"
    page.close()


def test_without_script_all_is_there_to_read(site: Path, visit: Open) -> None:
    page = visit(site / "documents.html", java_script_enabled=False)
    assert page.locator("#list tbody tr").count() == 4
    assert not page.locator("#search").is_visible()
    page.get_by_role("link", name="plain").click()
    assert page.locator(".pair").first.is_visible()
    assert "outcome of the war" in page.locator(".clean").first.inner_text()
    assert page.locator("#edits tbody tr").count() > 0


def test_search_filters_and_links_into_them(site: Path, visit: Open) -> None:
    page = visit(site / "index.html")
    page.locator("figure", has_text="Flags").locator("summary").first.click()
    page.get_by_role("link", name="redaction").click()
    rows = page.locator("#list tbody tr")
    assert [page.locator("#count").inner_text(), rows.count()] == ["1 of 4 documents", 1]
    assert page.locator("#flag").input_value() == "redaction"
    page.locator("#flag").select_option("")
    page.get_by_label("Search in ids").fill("TWIN")
    assert rows.locator("th").all_inner_texts() == ["twin"]
    page.get_by_label("Search in ids").fill("")
    page.get_by_label("Duplicate").select_option("exact")
    assert rows.locator("th").all_inner_texts() == ["twin"]
    page.get_by_label("Duplicate").select_option("")
    page.get_by_label("With suggestions").check()
    page.get_by_label("Sort by").select_option("words")
    words = [int(text) for text in page.locator("#list tbody tr td:nth-child(4)").all_inner_texts()]
    assert words == sorted(words, reverse=True)
    page.reload()
    assert page.get_by_label("With suggestions").is_checked()


def test_edits_are_reached_and_told_by_keyboard(site: Path, visit: Open) -> None:
    page = visit(site / address("plain"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.id").startswith("clean-")
    shown = page.evaluate("getComputedStyle(document.activeElement, '::after').content")
    assert "spaces · safe · confidence 1.00" in shown
    number = page.evaluate("document.activeElement.id").removeprefix("clean-")
    assert "twin" in page.locator(f"#raw-{number}").get_attribute("class")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == f"#edit-{number}"
    page.locator(f"#raw-{number}").hover()
    shown = page.evaluate(f"getComputedStyle(document.getElementById('raw-{number}'), '::after').content")
    assert "spaces" in shown


def test_tens_of_thousands_of_documents_are_searched(tmp_path: Path, visit: Open) -> None:
    many = 30_000
    columns = {
        "doc_id": [f"article-{n:05d}" for n in range(many)],
        "title": [f"Headline {n} of the day" for n in range(many)],
        "source": [f"Outlet {n % 400}" for n in range(many)],
        "publisher": [None] * many,
        "language": [("en", "de", "fr")[n % 3] for n in range(many)],
        "words": list(range(many)),
        "sentence_count": [9] * many,
        "duplicate_kind": pa.nulls(many, pa.string()),
        "split": ["train"] * many,
        "flags": [[{"kind": "redaction"}] if n % 10 == 0 else [] for n in range(many)],
    }
    corpus: Any = SimpleNamespace(
        documents=pa.table(columns), edit_counts={"article-00007": Counts(3, 2)}, title="Many"
    )
    for name, content in documents_pages(corpus, linked=False):
        (tmp_path / name).write_text(content, "utf-8")
    assert len(list(tmp_path.iterdir())) == 150
    page = visit(tmp_path / "documents.html")
    assert page.locator("#count").inner_text() == "30,000 documents"
    assert page.locator("#list tbody tr").count() == 200
    page.get_by_role("button", name="Next").click()
    assert page.locator("#position").inner_text() == "Page 2 of 150"
    assert page.locator("#list tbody th").first.inner_text().startswith("article-00200")
    page.get_by_label("Search in ids").fill("headline 29999")
    assert page.locator("#list tbody tr").count() == 1
    page.get_by_label("Search in ids").fill("")
    page.get_by_label("With suggestions").check()
    assert page.locator("#list tbody td").all_inner_texts()[4:6] == ["3", "2"]


def test_a_steward_decides_with_the_keyboard(project: Project, start: Callable[[Project], Desk], visit: Open) -> None:
    desk = start(project)
    page = visit(desk.address)
    assert page.url == desk.address.partition("?")[0]  # the key is a cookie now, and stands in no history
    page.goto(f"{page.url}{address('plain')}")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    accept = page.get_by_role("button", name="Accept edit 0")
    accept.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**#edit-0")
    assert "accepted; takes effect in the next build" in page.locator("#edit-0").inner_text()
    page.locator("#metadata summary").first.click()
    page.get_by_label("Correct title").fill("A headline")
    page.keyboard.press("Enter")
    page.wait_for_url("**#decisions")
    rows = [json.loads(line) for line in (project.seeds / "decisions.jsonl").read_text("utf-8").splitlines()]
    assert [(row["decision"], row.get("value")) for row in rows] == [("accept", None), ("correct", "A headline")]
    for _ in rows:
        page.locator("#decisions").get_by_role("button", name="Undo").first.click()
        page.wait_for_load_state()
    page.get_by_text("No decisions yet.").wait_for()
    assert not (project.seeds / "decisions.jsonl").exists()
