"""A page on a free port with a scripted assistant behind it, and a headless Chromium before it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from rag.settings import Settings
from tests.support.scripted import SampleShelf, Scripted

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE_MS = 30_000
#: Gradio's own statistics use what pandas 3 has deprecated; raised in there, it would break the server's queue.
GRADIO_WARNINGS = (
    pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting' is deprecated"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
)


@dataclass
class Visit:
    """An open page, and what went wrong in it: requests that left this machine, errors of its scripts, and whatever the
    content security policy had to refuse."""

    page: Page
    left: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def ask(self, question: str, *, wait: bool = True) -> None:
        """Types a question and presses Enter; waits for the answer's end unless told not to."""
        box = self.page.get_by_role("textbox", name="Your question")
        box.fill(question)
        box.press("Enter")
        if wait:
            self.page.locator("#cw-messages .cw-question", has_text=question).first.wait_for()
            self.page.locator("#cw-send").wait_for(state="visible")
            self.page.locator(".cw-checks, .cw-error, .cw-stopped").last.wait_for()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium that is installed on this machine. Its driver keeps an event loop running in this thread, and
    other tests start their own: it goes with the module that needs it."""
    executable = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if executable is None:
        pytest.skip("no Chromium on this machine; Debian's package is called chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def scripted() -> Scripted:
    """The assistant behind the shared page."""
    return Scripted(SampleShelf())


@pytest.fixture(scope="module")
def address(chromium: Browser, scripted: Scripted) -> Iterator[str]:
    """The shared page's address."""
    from ui.serve.web import running

    with running(scripted.shelf, scripted, Settings()) as url:
        yield url


@pytest.fixture
def visit(chromium: Browser, address: str, scripted: Scripted) -> Iterator[Callable[..., Visit]]:
    """Opens the page in a browser context of its own; at the end checks that nothing left this machine."""
    visits: list[Visit] = []
    scripted.reset()

    def opened(url: str = address, *, width: int = 1280, height: int = 800) -> Visit:
        context = chromium.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        context.set_default_timeout(_PATIENCE_MS)
        visit = Visit(context.new_page())
        visits.append(visit)

        def requested(request: Request) -> None:
            if urlsplit(request.url).scheme not in {"data", "blob"} and not request.url.startswith(url):
                visit.left.append(request.url)

        context.on("request", requested)
        visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
        visit.page.on("console", lambda said: visit.errors.append(said.text) if said.type == "error" else None)
        visit.page.goto(url)
        visit.page.locator(".cw-brand").wait_for()
        return visit

    yield opened
    for visit in visits:
        visit.page.context.close()
    scripted.go_on.set()
    assert [url for visit in visits for url in visit.left] == []
    assert [error for visit in visits for error in visit.errors] == []
