"""A browser, and reports opened in it as from a disk. Nothing may leave the page, and nothing may go wrong in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from playwright.sync_api import sync_playwright

from grader.reports import to_html

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, Request

    from grader.model import GradeReport

NAMES = ("chromium", "chromium-browser", "google-chrome")
ABSENT = "no Chromium here: `sudo apt-get install -y chromium` and the HTML report's browser tests run"


def chromium() -> str:
    """Where Chromium is. Without it these tests are skipped; in CI they fail."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is not None:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(ABSENT)
    pytest.skip(ABSENT)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    found = chromium()
    with sync_playwright() as playwright:
        # What it would shut itself in with is not to be had in a container; the pages are our own.
        running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield running
        running.close()


class Open(Protocol):
    """Opens a report in a fresh window."""

    def __call__(
        self,
        report: GradeReport | Path,
        place: str = "",
        *,
        width: int = 1280,
        dark: bool = False,
        scripts: bool = True,
        calm: bool = False,
    ) -> Page:
        """The page of a report, or of a file, at a `place`: what follows the `#`."""


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens reports; afterwards, each must have asked for nothing but itself, and complained of nothing."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def watch(page: Page, address: str) -> None:
        def asked(request: Request) -> None:
            if request.url.split("#")[0] != address:
                wrong.append(f"request: {request.url}")

        def asks(dialog: Dialog) -> None:
            wrong.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        page.on("request", asked)
        page.on("dialog", asks)
        page.on("console", lambda said: wrong.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("popup", lambda popup: wrong.append(f"popup: {popup.url}"))

    def open_(
        report: GradeReport | Path,
        place: str = "",
        *,
        width: int = 1280,
        dark: bool = False,
        scripts: bool = True,
        calm: bool = False,
    ) -> Page:
        path = report if isinstance(report, Path) else saved(report, tmp_path / f"report-{len(contexts)}.html")
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if calm else "no-preference",
            java_script_enabled=scripts,
            permissions=["clipboard-read", "clipboard-write"],
            offline=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8_000)
        watch(page, path.as_uri())
        page.goto(path.as_uri() + (f"#{place}" if place else ""))
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []


def heading(page: Page) -> Locator:
    """Whose page it is: a student's, for the overview's own heading stays until the page has followed."""
    return page.locator("#student").get_by_role("heading", level=1)


def saved(report: GradeReport, path: Path) -> Path:
    """The report as a file."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(to_html.render(report))
    return path
