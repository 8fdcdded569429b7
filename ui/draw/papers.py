"""The papers an answer shows: which they are, the keys the page knows them by, and their facts in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rag.answering.record.answer import Answer, Citation, Sentence, Support
from rag.bibliography.names import short_byline
from rag.paper import Paper
from ui.draw.html import clean

Role = Literal["cited", "near", "read"]
_RANK: tuple[Support, ...] = ("supported", "weak", "unsupported")


@dataclass(frozen=True, slots=True)
class PaperView:
    """A paper seen from one sentence that cites it: ``abstract[start:end]`` decides how well it supports that sentence.

    Without a ``sentence`` it is the paper as the whole answer uses it.
    """

    start: int = 0
    end: int = 0
    support: Support = "none"
    sentence: Sentence | None = None


@dataclass(frozen=True, slots=True)
class ShownPaper:
    """A paper as one answer shows it.

    ``key`` is its id on the page. A cited paper has a ``number``; its first view is that of the whole answer, and one
    for each sentence that cites it follows. Of the others, ``near`` papers were offered in place of an answer, and
    ``read`` ones were only retrieved.
    """

    key: str
    role: Role
    paper: Paper
    number: int | None = None
    views: tuple[PaperView, ...] = (PaperView(),)

    def view_key(self, position: int) -> str:
        """Return the id of a view on the page."""
        return f"{self.key}.{position}"

    def key_for(self, sentence: Sentence | None) -> str:
        """Return the id of the view to open from a sentence: its own, or that of the whole answer."""
        positions = (i for i, view in enumerate(self.views) if sentence is not None and view.sentence == sentence)
        return self.view_key(next(positions, 0))


def shown_papers(answer: Answer, turn: int) -> tuple[ShownPaper, ...]:
    """Return every paper of ``answer`` once: the cited ones by number, then suggestions, then what else was read."""
    shown = [_cited(answer, citation, turn) for citation in answer.citations]
    seen = {s.paper.id for s in shown}
    others: list[tuple[Role, Paper]] = [("near", paper) for paper in answer.suggestions]
    if answer.outcome != "not_found":
        others += [("read", evidence.paper) for evidence in answer.evidence]
    for role, paper in others:
        if paper.id not in seen:
            seen.add(paper.id)
            shown.append(ShownPaper(f"{role}-{turn}-{len(shown) + 1}", role, paper))
    return tuple(shown)


def _cited(answer: Answer, citation: Citation, turn: int) -> ShownPaper:
    citing = [s for s in answer.sentences if citation.number in s.citations]
    best: Support = next((support for support in _RANK if any(s.support == support for s in citing)), "none")
    views = [PaperView(citation.start, citation.end, best)]
    for sentence in citing:
        quote = next((q for q in sentence.quotes if q.number == citation.number), citation)
        views.append(PaperView(quote.start, quote.end, sentence.support, sentence))
    return ShownPaper(f"source-{turn}-{citation.number}", "cited", citation.paper, citation.number, tuple(views))


def byline(paper: Paper) -> str:
    """Return authors in short, venue and year: ``You et al. · ICLR · 2020``; empty if none is known."""
    return " · ".join(filter(None, [short_byline(paper.authors), paper.venue, str(paper.year) if paper.year else None]))


def addresses(paper: Paper) -> tuple[tuple[str, str], ...]:
    """Return where the paper can be read: pairs of label and http(s) address, each address once."""
    return tuple((address.site, address.url) for address in paper.addresses)


def mark(view: PaperView, paper: Paper) -> tuple[int, int, str] | None:
    """Return what a view highlights in the abstract as drawn: start and end, and what the highlight means.

    Start and end are in UTF-16 units, as scripts count them. ``None`` if the view's offsets do not fit the abstract.
    """
    if not 0 <= view.start < view.end <= len(paper.abstract):
        return None
    start, end = (len(clean(paper.abstract[:at]).encode("utf-16-le")) // 2 for at in (view.start, view.end))
    return start, end, "the closest sentence" if view.support == "unsupported" else "the sentence this rests on"
