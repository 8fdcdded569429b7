"""The chat itself, free of any page framework: a question in, the frames to be drawn out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from rag.answering.record.events import Condensed, Event, Finished, Retrieved, TextDelta
from ui.page.conversation import Conversation, Message
from ui.page.stream import Answering, Ended, Failed, Run

#: Characters a question may have; more than any question needs, and less than would crowd the sources out of a prompt.
LONGEST_QUESTION = 4_000
#: Without news for so long, an unchanged frame is drawn: only then is a reader noticed who has closed the page.
HEARTBEAT_S = 1.0
BROKEN_OFF = (
    "The answer broke off because of a fault in Citewell; the terminal it runs in shows which. Please ask again."
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What changes on the page; ``None`` leaves a part as it is."""

    messages: list[Message] | None = None
    panel: str | None = None
    notice: str | None = None
    question: str | None = None
    answering: bool | None = None


class Chat:
    """Answers the questions of all readers; each has a session of its own, and one answer at a time."""

    def __init__(self, assistant: Answering) -> None:
        self._assistant = assistant
        self._runs: dict[str, Run] = {}

    async def ask(self, question: str, conversation: Conversation, session: str) -> AsyncGenerator[Frame]:
        """The frames of one answer. Leaving the iterator early closes the request upstream."""
        question = question.strip()
        refusal = _refusal(question, busy=session in self._runs)
        if refusal is not None:
            yield Frame(notice=refusal)
            return
        history = conversation.history()
        run = self._runs[session] = Run(self._assistant, question, history)
        conversation.begin(question)
        try:
            yield Frame(messages=conversation.messages(), notice="", question="", answering=True)
            ended = False
            while not ended:
                batch = await run.next(HEARTBEAT_S)
                if self._runs.get(session) is not run:
                    yield Frame()  # the chat it belongs to is gone: what was drawn last must not come back
                    return
                for event in batch:
                    ended = ended or _apply(event, conversation, stopped=run.stopped)
                yield Frame(messages=conversation.messages()) if batch and not ended else Frame()
            # Whoever asked on meanwhile was told to wait: that is over.
            yield Frame(messages=conversation.messages(), panel=conversation.panel(), notice="", answering=False)
        finally:
            conversation.stop()
            run.stop()
            if self._runs.get(session) is run:
                del self._runs[session]

    def stop(self, session: str) -> None:
        """Stops the answer being written for a session, if there is one; what is there of it stays."""
        run = self._runs.get(session)
        if run is not None:
            run.stop()

    def drop(self, session: str) -> None:
        """As :meth:`stop`, but nothing more is drawn of the answer."""
        run = self._runs.pop(session, None)
        if run is not None:
            run.stop()


def _refusal(question: str, *, busy: bool) -> str | None:
    if busy:
        return "The last answer is still being written. Stop it or wait for it."
    if not question:
        return "Please type a question first."
    if len(question) > LONGEST_QUESTION:
        return f"This question has {len(question):,} characters; please shorten it to {LONGEST_QUESTION:,}."
    return None


def _apply(event: Event | Failed | Ended, conversation: Conversation, *, stopped: bool) -> bool:
    """Takes an event into the conversation; tells whether the answer is over."""
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
