"""The part of a reply that the reader may see while it is still being written."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answering.checking.check import known_links
from rag.answering.citations.stream import CitationStream
from rag.answering.prompt.leak import LeakGuard
from rag.answering.prompt.sentinels import Sentinel, leading_sentinel, may_become_sentinel, without_sentinels
from rag.retrieval.evidence import Evidence

#: Characters held back before the first citation: an uncited opening may turn out to be a refusal or a digression.
HELD_BACK = 600


class LiveText:
    """Takes in a reply in pieces and gives out what may be shown, with citations in their normal form.

    Runs of words from the instructions are taken out. A beginning that may become a sentinel is held back, and so is
    any text before the first citation, up to ``HELD_BACK`` characters, so that an answer that never cites is not shown.

    Args:
        sources: what the prompt held, in that order.
        instructions: the system messages of the request.
    """

    def __init__(self, sources: Sequence[Evidence], instructions: str = "") -> None:
        self._guard = LeakGuard(instructions)
        self._citations = CitationStream(len(sources), links=known_links(sources))
        self._raw: list[str] = []
        self._held = ""
        self._opened = False
        self.shown = ""

    @property
    def raw(self) -> str:
        """The reply so far, with source numbers as the model wrote them, without words of its instructions."""
        return "".join(self._raw)

    @property
    def leaked_words(self) -> int:
        """The number of words of the instructions that were taken out."""
        return self._guard.removed

    @property
    def sentinel(self) -> Sentinel | None:
        """The outcome that the reply opens with, if it opens with a sentinel."""
        return None if self.shown else leading_sentinel(self.raw)

    def feed(self, text: str) -> str:
        """Take in more of the reply and return what may be shown now."""
        return self._read(self._guard.feed(text))

    def _read(self, text: str) -> str:
        self._raw.append(text)
        if not self._opened:
            if may_become_sentinel(self.raw) or leading_sentinel(self.raw):
                return ""
            self._opened, text = True, self.raw
        return self._release(self._citations.feed(text))

    def finish(self) -> str:
        """Return the rest of a reply that has ended; nothing if it opens with a sentinel or cites nothing."""
        early = self._read(self._guard.finish())
        if self.sentinel:
            return ""
        rest = "" if self._opened else self.raw
        text = self._citations.feed(rest) if rest else ""
        self._held += text + self._citations.finish()
        if not self.shown and not self._citations.order:
            return ""
        return early + self._show()

    def _release(self, text: str) -> str:
        self._held += text
        if self.shown or self._citations.order or len(self._held) > HELD_BACK:
            return self._show()
        return ""

    def _show(self) -> str:
        text, self._held = without_sentinels(self._held), ""
        self.shown += text
        return text
