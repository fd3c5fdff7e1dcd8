"""The queue in a real browser, on a desk and on a phone: with the mouse, with the keyboard, and all kinds of decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from browsing import send
from copydesk.project import Project
from copydesk.report.corpus_view import address
from copydesk.report.server import Desk
from served import lines
from support import needs_browser, run_stages, write_seeds

pytestmark = needs_browser
Open = Callable[..., Page]
WORDS = ("silence", "noise", "sorrow", "music")
GLUED = {
    f"{word}-{n}.txt": f"The {place} of the city were full of{word}, and nobody else went home {n} times.\n"
    for word in WORDS
    for n, place in enumerate(("streets", "houses"))
}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("city")
    write_seeds(root / "seeds", GLUED)
    (root / "params.yaml").write_text("clean: {apply: [safe]}\nengine: {workers: 1}\n")
    return run_stages(Project.open(root))


@pytest.fixture
def undecided(city: Project) -> Project:
    (city.seeds / "decisions.jsonl").unlink(missing_ok=True)
    return city


def left(page: Page) -> str:
    return page.locator("#count").inner_text().partition(" suggestion")[0]


def written(project: Project) -> list[tuple[Any, ...]]:
    names = ("decision", "rule", "source", "before", "doc_id", "reason")
    return [tuple(row[name] for name in names if name in row) for row in lines(project)]


def press(page: Page, *keys: str) -> None:
    """Press keys; the last one sends a form."""
    for key in keys[:-1]:
        page.keyboard.press(key)
    with page.expect_navigation():
        page.keyboard.press(keys[-1])


@pytest.mark.parametrize("width", [1400, 390])
def test_suggestions_are_decided_about_by_the_hundred(
    undecided: Project, start: Callable[[Project], Desk], visit: Open, width: int
) -> None:
    page = visit(start(undecided).address, viewport={"width": width, "height": 800})
    page.get_by_role("link", name="Queue").click()
    assert left(page) == "8"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    for box in (button.bounding_box() for button in page.get_by_role("button").all()):
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    # One, with a reason in the group's field for all of it; then a group; then all of the rule in its source.
    send(page.locator("#group-0").get_by_role("button", name="Accept this").first)
    assert left(page) == "7"
    page.locator("#group-0").get_by_label("Reason").fill("it is one word")
    send(page.locator("#group-0").get_by_role("button", name="Reject all 2"))
    assert left(page) == "5"
    page.get_by_label("Rule", exact=True).select_option("glued-word-maybe")
    page.get_by_label("Source", exact=True).select_option("no source")
    send(page.get_by_role("button", name="Select"))
    send(page.locator(".whole").get_by_role("button", name="Accept all 5"))
    assert left(page) == "0"
    (one, group, rule) = written(undecided)
    assert (one[0], len(one)) == ("accept", 3)  # of an edit, which has a document and the text before
    assert (group[0], group[1], group[-1]) == ("reject", "glued-word-maybe", "it is one word")
    assert rule == ("accept", "glued-word-maybe", "")
    send(page.get_by_role("button", name="Undo"))
    assert (left(page), len(lines(undecided))) == ("5", 2)


def test_the_queue_is_worked_off_with_the_keyboard(
    undecided: Project, start: Callable[[Project], Desk], visit: Open
) -> None:
    page = visit(f"{start(undecided).address}", viewport={"width": 1400, "height": 800})
    page.goto(f"{page.url}queue.html")
    first = page.locator("#group-0 .text").first.inner_text()
    press(page, "n", "a")
    assert left(page) == "6"
    assert page.evaluate("document.activeElement.id") == "group-0"  # the next group has its place, and the focus
    assert page.locator("#group-0 .text").first.inner_text() != first
    press(page, "n", "p", "n", "w", "a", "s", "Enter")  # a reason may have letters that are keys
    assert [(row["decision"], row.get("reason")) for row in lines(undecided)] == [("accept", None), ("accept", "as")]
    press(page, "r")
    assert (left(page), written(undecided)[-1][0]) == ("2", "reject")
    press(page, "u")
    assert left(page) == "4"
    for key in ("n", "w", "Escape"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.className") == "group"


def test_every_kind_of_decision_is_made_and_undone_on_a_phone(
    undecided: Project, start: Callable[[Project], Desk], visit: Open
) -> None:
    page = visit(start(undecided).address, viewport={"width": 390, "height": 800})
    page.goto(f"{page.url}{address('silence-0')}")
    page.locator("#metadata summary").first.click()
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    page.get_by_label("Reason for the decision about edit 0").fill("a name")
    send(page.get_by_role("button", name="Reject edit 0"))
    page.locator("#metadata summary").first.click()
    page.get_by_label("Correct title").fill("A headline")
    send(page.get_by_role("button", name="Correct title"))
    page.get_by_label("Reason (for reviewers)").fill("a list")
    send(page.get_by_role("button", name="Exclude this document"))
    page.goto(f"{page.url.partition('/documents/')[0]}/{address('silence-1')}")
    send(page.get_by_role("button", name="Accept edit 0"))
    made = [(row["decision"], row.get("reason")) for row in lines(undecided)]
    assert made == [("reject", "a name"), ("correct", None), ("exclude", "a list"), ("accept", None)]
    page.get_by_label("Report").get_by_role("link", name="Decisions").click()
    for count in (3, 2, 1, 0):
        send(page.get_by_role("button", name="Undo").first)
        assert len(lines(undecided)) == count
