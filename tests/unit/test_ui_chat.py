"""The chat without a page: a question in, updates out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from rag.answering.record.answer import Turn
from rag.answering.record.events import Event, TextDelta
from tests.support.scripted import SampleShelf, Scripted
from ui.page.chat import LONGEST_QUESTION, Chat, PageUpdate
from ui.page.conversation import Conversation


class Stalled:
    """Says two words and then waits for ever."""

    def __init__(self) -> None:
        self.closed = False

    async def astream(self, _question: str, _history: Sequence[Turn]) -> AsyncGenerator[Event]:
        """As the assistant's."""
        try:
            yield TextDelta("Two words")
            await asyncio.Event().wait()
        finally:
            self.closed = True


class Faulty:
    """Has a fault of its own."""

    async def astream(self, _question: str, _history: Sequence[Turn]) -> AsyncGenerator[Event]:
        """As the assistant's."""
        yield TextDelta("Some text")
        raise KeyError("a fault in the engine")


@pytest.fixture
def scripted() -> Scripted:
    """An assistant that answers at once."""
    return Scripted(SampleShelf())


def _all(chat: Chat, question: str, conversation: Conversation) -> list[PageUpdate]:
    async def collect() -> list[PageUpdate]:
        return [update async for update in chat.ask(question, conversation, "s")]

    return asyncio.run(collect())


def test_an_answer_starts_and_ends_the_answering(scripted: Scripted) -> None:
    updates = _all(Chat(scripted), "Which?", Conversation())
    assert [update.answering for update in updates if update.answering is not None] == [True, False]
    assert updates[0].question == ""
    assert "source-1-1" in (updates[-1].panel or "")


def test_the_conversation_of_answers_becomes_the_history(scripted: Scripted) -> None:
    conversation = Conversation()
    chat = Chat(scripted)
    _all(chat, "First?", conversation)
    _all(chat, "It breaks?", conversation)
    _all(chat, "Third?", conversation)
    _, history = scripted.asked[-1]
    assert [(turn.role, turn.content[:10]) for turn in history] == [
        ("user", "First?"),
        ("assistant", "LAMB train"),
        ("user", "It breaks?"),
        ("assistant", "LAMB train"),
    ]


@pytest.mark.parametrize("question", ["", " \n ", "x" * (LONGEST_QUESTION + 1)])
def test_what_is_no_question_is_refused_without_asking(scripted: Scripted, question: str) -> None:
    conversation = Conversation()
    updates = _all(Chat(scripted), question, conversation)
    assert [bool(update.notice) for update in updates] == [True]
    assert updates[0].question is None
    assert conversation.exchanges == []
    assert scripted.asked == []


def test_stop_ends_a_model_that_says_nothing_more_and_keeps_its_words() -> None:
    stalled, conversation = Stalled(), Conversation()

    async def stop_after_text() -> list[PageUpdate]:
        chat = Chat(stalled)
        updates = []
        async for update in chat.ask("Which?", conversation, "s"):
            updates.append(update)
            if update.messages and "Two words" in update.messages[-1]["content"]:
                chat.stop("s")
        return updates

    updates = asyncio.run(asyncio.wait_for(stop_after_text(), 10))
    assert stalled.closed
    assert updates[-1].answering is False
    assert conversation.exchanges[0].state == "stopped"
    assert "Two words" in conversation.exchanges[0].markup


def test_a_reader_who_leaves_closes_the_stream() -> None:
    stalled = Stalled()

    async def leave() -> None:
        updates = Chat(stalled).ask("Which?", Conversation(), "s")
        await anext(updates)
        await anext(updates)
        await updates.aclose()
        await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(leave(), 10))
    assert stalled.closed


def test_one_session_gets_one_answer_at_a_time() -> None:
    async def ask_twice() -> tuple[PageUpdate, PageUpdate]:
        chat = Chat(Stalled())
        first = chat.ask("Which?", Conversation(), "s")
        await anext(first)
        second = await anext(chat.ask("Another?", Conversation(), "s"))
        other = await anext(chat.ask("Another?", Conversation(), "t"))
        await first.aclose()
        return second, other

    second, other = asyncio.run(asyncio.wait_for(ask_twice(), 10))
    assert second.notice
    assert other.answering


def test_the_notice_to_wait_goes_with_the_answer_that_was_waited_for(scripted: Scripted) -> None:
    assert _all(Chat(scripted), "Which?", Conversation())[-1].notice == ""


def test_a_fault_in_the_engine_is_told_plainly_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    conversation = Conversation()
    _all(Chat(Faulty()), "Which?", conversation)
    markup = conversation.exchanges[0].markup
    assert "broke off" in markup
    assert "Some text" in markup
    assert "KeyError" not in markup
    assert "a fault in the engine" in caplog.text


def test_a_follow_up_that_was_read_otherwise_says_what_is_searched() -> None:
    conversation = Conversation()
    conversation.begin("And it?")
    conversation.searching("And LAMB?")
    assert "for “And LAMB?”" in conversation.exchanges[0].markup


def test_nothing_more_is_drawn_of_an_answer_whose_chat_is_gone() -> None:
    async def drop_after_text() -> list[PageUpdate]:
        chat = Chat(Stalled())
        updates = []
        async for update in chat.ask("Which?", Conversation(), "s"):
            updates.append(update)
            if update.messages and "Two words" in update.messages[-1]["content"]:
                chat.drop("s")
        return updates

    updates = asyncio.run(asyncio.wait_for(drop_after_text(), 10))
    assert updates[-1] == PageUpdate()
    assert all(update.answering is not False for update in updates)


def test_an_answer_adds_as_much_to_the_panel_after_twenty_as_after_one(scripted: Scripted) -> None:
    conversation, chat = Conversation(), Chat(scripted)
    sizes = [len((_all(chat, "Which?", conversation)[-1].panel or "").encode()) for _ in range(20)]
    assert sizes[0] > 1_000
    assert max(sizes) < 1.2 * sizes[0]
