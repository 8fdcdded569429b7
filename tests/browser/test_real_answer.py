"""The whole way in the browser: question, search, extractive answer, check, and the sentence it rests on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from rag.answering.assistant import Assistant
from rag.answering.backends import ExtractiveBackend
from rag.library import Library
from rag.models.protocols import Chunk, Message
from rag.settings import Settings
from tests.browser.conftest import GRADIO_WARNINGS, Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), *GRADIO_WARNINGS]

QUESTION = "Which optimizer trains BERT in 76 minutes?"


class Held(ExtractiveBackend):
    """The extractive backend, which says its last sentence only when it is told to: it is too quick to be watched."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    async def astream(self, messages: Sequence[Message], *, max_tokens: int, **_: object) -> AsyncIterator[Chunk]:
        *pieces, end = list(self.stream(messages, max_tokens=max_tokens))
        for chunk in pieces:
            yield chunk
        await asyncio.to_thread(self.go_on.wait, 60)
        yield end


def test_the_sample_library_answers_with_the_sentence_it_rests_on(
    visit: Callable[..., Visit], sample_library: Library
) -> None:
    from ui.serve.web import running

    backend = Held()
    assistant = Assistant(sample_library, Settings(), backend)
    with running(sample_library, assistant, Settings()) as address:
        here = visit(address)
        here.ask(QUESTION, wait=False)
        here.page.locator(".cw-streaming .cw-prose", has_text="BERT").wait_for()
        assert here.page.get_by_role("link", name="Source 1: Large Batch Optimization").count() == 0
        backend.go_on.set()
        here.page.get_by_role("link", name="Source 1: Large Batch Optimization").last.click()
        assert "76 minutes" in here.page.locator("mark:visible").inner_text()

        here.ask("Which pasta sauce goes with gnocchi?")
        assert here.page.get_by_text("Not found", exact=True).is_visible()
        here.page.close()
