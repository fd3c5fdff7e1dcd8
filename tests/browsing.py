"""A real browser for tests, and the pages that it opens: whatever one of them complains of fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support import CHROMIUM

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "no chromium; with CI set nothing is skipped"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens an address; whatever a page complains of fails the test."""
    contexts = []
    said: list[str] = []

    def begin(target: Path | str, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: said.append(request.url) if foreign(request.url) else None)
        page.goto(target.as_uri() if isinstance(target, Path) else target)
        return page

    yield begin
    for context in contexts:
        context.close()
    assert said == []


def foreign(url: str) -> bool:
    return not url.startswith(("file:///", "http://127.0.0.1:"))


def send(button: Locator) -> None:
    """Click a button, and wait for the page that answers."""
    with button.page.expect_navigation():
        button.click()
