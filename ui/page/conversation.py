"""What one reader has asked and been told: the state behind a chat, and its messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from rag.answering.record.answer import Answer, Turn
from ui.draw import render
from ui.draw.files import File, files, stored
from ui.draw.panel import panel
from ui.draw.papers import Shown, shown_papers

#: A message as the chat component takes it: ``{"role": ..., "content": ...}``, the content safe markup.
Message: TypeAlias = dict[str, str]


@dataclass(slots=True)
class Exchange:
    """A question and what became of it. ``text`` is the answer as plain text with markers, as far as it came."""

    question: str
    text: str = ""
    markup: str = ""
    shown: tuple[Shown, ...] = ()
    files: tuple[File, ...] = ()
    state: Literal["open", "answered", "stopped", "failed"] = "open"


@dataclass(slots=True)
class Conversation:
    """All exchanges of one chat, oldest first."""

    exchanges: list[Exchange] = field(default_factory=list)

    def history(self) -> list[Turn]:
        """The earlier turns as the assistant reads them; questions that got no text are left out."""
        return [
            turn
            for exchange in self.exchanges
            if exchange.state != "open" and exchange.text.strip()
            for turn in (Turn("user", exchange.question), Turn("assistant", exchange.text))
        ]

    def begin(self, question: str) -> Exchange:
        """Opens the next exchange."""
        self.exchanges.append(Exchange(question, markup=render.status("Searching the library …")))
        return self.exchanges[-1]

    def searching(self, standalone_question: str) -> None:
        """Says what is searched for, where a follow-up was read as something else than it says."""
        if standalone_question.strip() != self.exchanges[-1].question:
            self.exchanges[-1].markup = render.status(f"Searching the library for “{standalone_question}” …")

    def reading(self, papers: int) -> None:
        """Says how many papers the answer is being written from."""
        if papers:
            self.exchanges[-1].markup = render.status(f"Reading {papers} {'paper' if papers == 1 else 'papers'} …")

    def extend(self, text: str) -> None:
        """Adds streamed text."""
        current = self.exchanges[-1]
        current.text += text
        current.markup = render.streaming(current.text)

    def finish(self, answer: Answer) -> None:
        """Replaces the streamed text by the checked answer."""
        current = self.exchanges[-1]
        current.state, current.text = "answered", answer.text
        current.shown = shown_papers(answer, len(self.exchanges))
        current.files = files(answer, len(self.exchanges))
        current.markup = render.answer(answer, current.shown, current.files)

    def stop(self) -> None:
        """Closes an open exchange, keeping what was shown."""
        current = self.exchanges[-1]
        if current.state == "open":
            current.state, current.markup = "stopped", render.stopped(current.text)

    def fail(self, message: str) -> None:
        """Closes an open exchange with the reason it failed, keeping what was shown."""
        current = self.exchanges[-1]
        if current.state == "open":
            current.state, current.markup = "failed", render.failed(current.text, message)

    def messages(self) -> list[Message]:
        """The whole chat for display."""
        return [
            message
            for exchange in self.exchanges
            for message in (
                {"role": "user", "content": render.question(exchange.question)},
                {"role": "assistant", "content": exchange.markup},
            )
        ]

    def panel(self) -> str:
        """The panel beside the chat for display, with the files of all answers out of sight."""
        papers = panel([(exchange.question, exchange.shown) for exchange in self.exchanges])
        return str(papers + stored([file for exchange in self.exchanges for file in exchange.files]))
