"""The state of one reader's chat: what was asked and answered, and its messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from rag.answering.record.answer import Answer, Turn
from rag.language.counting import counted
from ui.draw import render
from ui.draw.files import File, files
from ui.draw.panel import delivery
from ui.draw.papers import ShownPaper, shown_papers

#: A message as the chat component takes it: ``{"role": ..., "content": ...}``, the content safe markup.
Message: TypeAlias = dict[str, str]


@dataclass(slots=True)
class Exchange:
    """A question and its answer. ``text`` is the plain text with citation markers, as far as it was written."""

    question: str
    text: str = ""
    markup: str = ""
    shown: tuple[ShownPaper, ...] = ()
    files: tuple[File, ...] = ()
    state: Literal["open", "answered", "stopped", "failed"] = "open"


@dataclass(slots=True)
class Conversation:
    """All exchanges of one chat, oldest first."""

    exchanges: list[Exchange] = field(default_factory=list)

    def history(self) -> list[Turn]:
        """Return the earlier turns for the assistant; questions without an answer's text are left out."""
        return [
            turn
            for exchange in self.exchanges
            if exchange.state != "open" and exchange.text.strip()
            for turn in (Turn("user", exchange.question), Turn("assistant", exchange.text))
        ]

    def begin(self, question: str) -> Exchange:
        """Open the next exchange."""
        self.exchanges.append(Exchange(question, markup=render.status("Searching the library …")))
        return self.exchanges[-1]

    def searching(self, standalone_question: str) -> None:
        """Show what is searched for if a follow-up was rewritten."""
        if standalone_question.strip() != self.exchanges[-1].question:
            self.exchanges[-1].markup = render.status(f"Searching the library for “{standalone_question}” …")

    def reading(self, papers: int) -> None:
        """Show how many papers the answer is being written from."""
        if papers:
            self.exchanges[-1].markup = render.status(f"Reading {counted(papers, 'paper')} …")

    def extend(self, text: str) -> None:
        """Add streamed text."""
        current = self.exchanges[-1]
        current.text += text
        current.markup = render.streaming(current.text)

    def finish(self, answer: Answer) -> None:
        """Replace the streamed text by the checked answer."""
        current = self.exchanges[-1]
        current.state, current.text = "answered", answer.text
        current.shown = shown_papers(answer, len(self.exchanges))
        current.files = files(answer, len(self.exchanges))
        current.markup = render.answer(answer, current.shown, current.files)

    def stop(self) -> None:
        """Close an open exchange and keep what was shown."""
        current = self.exchanges[-1]
        if current.state == "open":
            current.state, current.markup = "stopped", render.stopped(current.text)

    def fail(self, message: str) -> None:
        """Close an open exchange with the reason it failed and keep what was shown."""
        current = self.exchanges[-1]
        if current.state == "open":
            current.state, current.markup = "failed", render.failed(current.text, message)

    def messages(self) -> list[Message]:
        """Return the whole chat for display."""
        return [
            message
            for exchange in self.exchanges
            for message in (
                {"role": "user", "content": render.question(exchange.question)},
                {"role": "assistant", "content": exchange.markup},
            )
        ]

    def delivery(self) -> str | None:
        """Return what the last answer adds to the panel beside the chat; ``None`` if there is no such answer."""
        last = self.exchanges[-1]
        return (
            delivery(len(self.exchanges), last.question, last.shown, last.files) if last.state == "answered" else None
        )
