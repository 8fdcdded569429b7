"""What of a reply the reader may see while it is still being written."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answering.checking.check import known_links
from rag.answering.citations.stream import CitationStream
from rag.answering.prompt.leak import LeakGuard
from rag.answering.prompt.sentinels import Sentinel, leading_sentinel, may_become_sentinel, without_sentinels
from rag.retrieval.evidence import Evidence

#: Characters held back while no citation has come: an uncited opening may turn out to be a refusal or a digression.
HELD_BACK = 600


class LiveText:
    """Takes a reply in pieces and gives out what may be shown, in the citations' normal form.

    Taken out are runs of words from the instructions. Held back are a beginning that may become a sentinel, and any
    text before the first citation up to ``HELD_BACK`` characters: an answer that never cites is then never shown.
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
        """The reply so far, source numbers as the model wrote them; without what it gave away of its instructions."""
        return "".join(self._raw)

    @property
    def leaked_words(self) -> int:
        """How many words of the instructions were taken out."""
        return self._guard.removed

    @property
    def sentinel(self) -> Sentinel | None:
        """The outcome the reply opens with."""
        return None if self.shown else leading_sentinel(self.raw)

    def feed(self, text: str) -> str:
        """More of the reply; returns what may be shown now."""
        return self._take(self._guard.feed(text))

    def _take(self, text: str) -> str:
        self._raw.append(text)
        if not self._opened:
            if may_become_sentinel(self.raw) or leading_sentinel(self.raw):
                return ""
            self._opened, text = True, self.raw
        return self._release(self._citations.feed(text))

    def finish(self) -> str:
        """The rest, once the reply has ended; nothing where it opens with a sentinel or cites nothing."""
        early = self._take(self._guard.finish())
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
