"""The chat without a page framework: a question goes in, updates of the page come out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from rag.answering.record.events import Condensed, Event, Finished, Retrieved, TextDelta
from ui.page.conversation import Conversation, Message
from ui.page.stream import Answering, AnswerStream, Ended, Failed

#: Characters a question may have; more than any question needs, and less than would crowd the sources out of a prompt.
LONGEST_QUESTION = 4_000
#: After so long without an event an empty update is sent: only then does the server notice that the page was closed.
HEARTBEAT_S = 1.0
BROKEN_OFF = (
    "The answer broke off because of a fault in Citewell; the terminal it runs in shows which. Please ask again."
)


@dataclass(frozen=True, slots=True)
class PageUpdate:
    """What changes on the page; ``None`` leaves a part as it is. ``panel`` is added to the panel, ``""`` empties it."""

    messages: list[Message] | None = None
    panel: str | None = None
    notice: str | None = None
    question: str | None = None
    answering: bool | None = None


class Chat:
    """Answers of all readers; each reader has a session, and one answer at a time."""

    def __init__(self, assistant: Answering) -> None:
        self._assistant = assistant
        self._streams: dict[str, AnswerStream] = {}

    async def ask(self, question: str, conversation: Conversation, session: str) -> AsyncGenerator[PageUpdate]:
        """Yield the updates of one answer. Closing the iterator early closes the request to the model."""
        question = question.strip()
        refusal = _refusal(question, busy=session in self._streams)
        if refusal is not None:
            yield PageUpdate(notice=refusal)
            return
        history = conversation.history()
        stream = self._streams[session] = AnswerStream(self._assistant, question, history)
        conversation.begin(question)
        try:
            yield PageUpdate(messages=conversation.messages(), notice="", question="", answering=True)
            ended = False
            while not ended:
                batch = await stream.next(HEARTBEAT_S)
                if self._streams.get(session) is not stream:
                    yield PageUpdate()  # the chat was dropped: its last update must not come back
                    return
                for event in batch:
                    ended = ended or _apply(event, conversation, stopped=stream.stopped)
                # Gradio sends what differs from the last update: an unchanged list costs nothing, but after an update
                # without a list the next one would be sent whole.
                if not ended:
                    yield PageUpdate(messages=conversation.messages())
            # A notice to wait, shown for a question asked meanwhile, no longer applies.
            yield PageUpdate(
                messages=conversation.messages(), panel=conversation.delivery(), notice="", answering=False
            )
        finally:
            conversation.stop()
            stream.stop()
            if self._streams.get(session) is stream:
                del self._streams[session]

    def stop(self, session: str) -> None:
        """Stop the answer being written for a session, if there is one; its text so far stays."""
        stream = self._streams.get(session)
        if stream is not None:
            stream.stop()

    def drop(self, session: str) -> None:
        """Stop the answer being written for a session and draw nothing more of it."""
        stream = self._streams.pop(session, None)
        if stream is not None:
            stream.stop()


def _refusal(question: str, *, busy: bool) -> str | None:
    if busy:
        return "The last answer is still being written. Stop it or wait for it."
    if not question:
        return "Please type a question first."
    if len(question) > LONGEST_QUESTION:
        return f"This question has {len(question):,} characters; please shorten it to {LONGEST_QUESTION:,}."
    return None


def _apply(event: Event | Failed | Ended, conversation: Conversation, *, stopped: bool) -> bool:
    """Apply an event to the conversation; return whether the answer is over."""
    if stopped:
        conversation.stop()
        return True
    match event:
        case Condensed(standalone):
            conversation.searching(standalone)
        case Retrieved(result):
            conversation.reading(result.relevant)
        case TextDelta(text):
            conversation.extend(text)
        case Finished(answer):
            conversation.finish(answer)
            return True
        case Failed(message):
            conversation.fail(message)
            return True
        case Ended():
            conversation.fail(BROKEN_OFF)
            return True
    return False
