"""A source that is cut to size, a whole sentence at a time, least relevant first."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answering.prompt.sources import SourceText, render_source
from rag.language.sentences import Span, sentences
from rag.language.stems import stems
from rag.models.tokens import TokenCounter
from rag.storage.index.passages import Passage


class Draft:
    """A source that is still being cut; ``cost`` is what it takes in tokens.

    Args:
        title: of the paper.
        text: the abstract, or a part of it.
        question: the sentences that share most content words with it stay longest.
        counter: counts tokens.
        about: authors, year and venue.
        passages: parts of ``text``, best first; of two sentences that share as much, the one in the better part stays.
    """

    def __init__(
        self,
        title: str,
        text: str,
        question: str,
        counter: TokenCounter,
        *,
        about: str = "",
        passages: Sequence[Passage] = (),
    ) -> None:
        self._title, self._text, self._about = title, text, about
        self._counter = counter
        self._spans = sentences(text)
        self._kept = list(range(len(self._spans)))
        asked = set(stems(question))

        def relevance(span: Span) -> float:
            ranks = [rank for rank, place in enumerate(passages, 1) if place.start <= span.start < place.end]
            return len(asked & set(stems(text[span.start : span.end]))) + (1 / ranks[0] if ranks else 0.0)

        # Worst first; of equals the later one goes first, for an abstract opens with its subject.
        self._order = sorted(self._kept, key=lambda at: (relevance(self._spans[at]), -at))
        self.cost = self._count()

    def __len__(self) -> int:
        return len(self._kept)

    def drop(self) -> bool:
        """Leave out the least relevant sentence; return ``False`` if it is the last, which stays."""
        if len(self._kept) < 2:
            return False
        self._kept.remove(self._order.pop(0))
        self.cost = self._count()
        return True

    def source(self, number: int) -> SourceText:
        """Return the source with what is kept of it now."""
        runs: list[list[int]] = []
        for at in self._kept:
            if runs and runs[-1][-1] == at - 1:
                runs[-1].append(at)
            else:
                runs.append([at])
        passages = tuple(self._text[self._spans[run[0]].start : self._spans[run[-1]].end] for run in runs)
        left_out = set(range(len(self._spans))).difference(self._kept)
        return SourceText(
            number,
            self._title,
            passages,
            self._about,
            cut_before=0 in left_out,
            cut_after=len(self._spans) - 1 in left_out,
        )

    def _count(self) -> int:
        # Any source number of three digits costs no less than the one it will have.
        return self._counter.count(render_source(self.source(100)) + "\n")
