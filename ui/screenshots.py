"""``python -m ui.screenshots OUTDIR``: pictures of the page with the sample library, for the documentation.

Needs a Chromium on this machine and the development dependencies; nothing is fetched.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rag.errors import CitewellError, UsageError
from rag.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_WIDE, _NARROW = (1280, 800), (390, 844)
_ANSWERED = "Which optimizer trains BERT in 76 minutes?"
_NOT_FOUND = "Which pasta sauce goes with gnocchi?"


def take(outdir: Path) -> list[Path]:
    """Serve the sample library with the extractive backend, take all pictures and return their files.

    Raises:
        UsageError: there is no Chromium on this machine, or Playwright is not installed.
    """
    executable = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if executable is None:
        raise UsageError("no Chromium on this machine; install one (Debian: apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise UsageError("playwright is not installed; it is one of the development dependencies") from error
    from rag.answering.assistant import Assistant
    from rag.library import Library
    from rag.sample import fill_with_sample
    from ui.serve.web import running

    outdir.mkdir(parents=True, exist_ok=True)
    settings = Settings(llm="extractive", embedding="minilm")
    with (
        tempfile.TemporaryDirectory() as directory,
        Library.open(Path(directory) / "library", settings.local(), create=True) as library,
    ):
        fill_with_sample(library)
        assistant = Assistant(library, settings)
        with running(library, assistant, settings) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
            taken = [
                *_walk(browser, address, outdir, "light", _WIDE),
                *_walk(browser, address, outdir, "dark", _WIDE),
                *_walk(browser, address, outdir, "light", _NARROW),
            ]
            browser.close()
    return taken


def _walk(
    browser: Browser, address: str, outdir: Path, scheme: Literal["light", "dark"], size: tuple[int, int]
) -> list[Path]:
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce", device_scale_factor=2
    )
    page = context.new_page()
    taken: list[Path] = []

    def shoot(name: str) -> None:
        taken.append(outdir / f"{name}-{scheme if size == _WIDE else 'narrow'}.png")
        page.screenshot(path=taken[-1])

    page.goto(address)
    page.locator(".cw-welcome").wait_for()
    shoot("empty")
    _ask(page, _ANSWERED)
    shoot("answer")
    page.locator("a.cw-cite").last.click()
    page.locator("mark:visible").wait_for()
    shoot("citation")
    page.keyboard.press("Escape")
    _ask(page, _NOT_FOUND)
    shoot("not-found")
    context.close()
    return taken


def _ask(page: Page, question: str) -> None:
    box = page.get_by_role("textbox", name="Your question")
    box.fill(question)
    box.press("Enter")
    page.locator(".message-row", has_text=question).wait_for()
    page.locator("#cw-send").wait_for(state="visible")
    page.locator(".cw-checks").last.wait_for()


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 0 for success, 1 for a failure, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m ui.screenshots", description=__doc__)
    parser.add_argument("outdir", metavar="OUTDIR", type=Path, help="directory for the PNG files")
    chosen = parser.parse_args(arguments)
    try:
        for path in take(chosen.outdir):
            sys.stdout.write(f"{path}\n")
    except CitewellError as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, UsageError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
