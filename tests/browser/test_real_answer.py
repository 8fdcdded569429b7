"""The whole way in the browser: question, search, extractive answer, check, and the sentence it rests on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rag.answering.assistant import Assistant
from rag.api import Library
from rag.settings import Settings
from tests.browser.conftest import GRADIO_WARNINGS, Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), *GRADIO_WARNINGS]

QUESTION = "Which optimizer trains BERT in 76 minutes?"
# Notes that an answer was seen before it was checked: its marks are links only afterwards.
_WATCH = """
new MutationObserver(() => {
  if (document.querySelector(".cw-streaming .cw-prose")?.innerText) window.sawItStream = true;
}).observe(document.body, {childList: true, subtree: true, characterData: true});
"""


def test_the_sample_library_answers_with_the_sentence_it_rests_on(
    visit: Callable[..., Visit], sample_library: Library
) -> None:
    from ui.web import running

    assistant = Assistant(sample_library, Settings(), similarity=sample_library.similarity)
    with running(sample_library, assistant, Settings()) as address:
        here = visit(address)
        here.page.evaluate(_WATCH)
        here.ask(QUESTION)
        assert here.page.evaluate("window.sawItStream")
        here.page.get_by_role("link", name="Source 1: Large Batch Optimization").last.click()
        assert "76 minutes" in here.page.locator("mark:visible").inner_text()

        here.ask("Which pasta sauce goes with gnocchi?")
        assert here.page.get_by_text("Not found", exact=True).is_visible()
        here.page.close()
