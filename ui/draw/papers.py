"""The papers an answer shows: which there are, under which key the page knows them, and their facts in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rag.answering.record.answer import Answer, Citation, Sentence, Support
from rag.bibliography.names import short_byline
from rag.paper import Paper

Role = Literal["cited", "near", "read"]
_RANK: tuple[Support, ...] = ("supported", "weak", "unsupported")


@dataclass(frozen=True, slots=True)
class View:
    """A paper seen from one sentence of the answer that cites it: the deciding sentence ``abstract[start:end]`` and how
    well it backs that one. Without a ``sentence`` it is the paper as the whole answer uses it."""

    start: int = 0
    end: int = 0
    support: Support = "none"
    sentence: Sentence | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A paper as one answer shows it.

    ``key`` is its address on the page. ``number`` is there when it is cited; then the first view is that of the whole
    answer, and one of each sentence that cites it follows. Of the others, ``near`` papers were offered in place of an
    answer, ``read`` ones only retrieved.
    """

    key: str
    role: Role
    paper: Paper
    number: int | None = None
    views: tuple[View, ...] = (View(),)

    def view_key(self, position: int) -> str:
        """The address of a view on the page."""
        return f"{self.key}.{position}"

    def key_for(self, sentence: Sentence | None) -> str:
        """The address to open from a sentence: its own view where there is one."""
        positions = (i for i, view in enumerate(self.views) if sentence is not None and view.sentence == sentence)
        return self.view_key(next(positions, 0))


def shown_papers(answer: Answer, turn: int) -> tuple[Shown, ...]:
    """Every paper of ``answer`` once: the cited ones by number, then suggestions, then what else was read."""
    shown = [_cited(answer, citation, turn) for citation in answer.citations]
    seen = {s.paper.id for s in shown}
    others: list[tuple[Role, Paper]] = [("near", paper) for paper in answer.suggestions]
    if answer.outcome != "not_found":
        others += [("read", evidence.paper) for evidence in answer.evidence]
    for role, paper in others:
        if paper.id not in seen:
            seen.add(paper.id)
            shown.append(Shown(f"{role}-{turn}-{len(shown) + 1}", role, paper))
    return tuple(shown)


def _cited(answer: Answer, citation: Citation, turn: int) -> Shown:
    citing = [s for s in answer.sentences if citation.number in s.citations]
    best: Support = next((support for support in _RANK if any(s.support == support for s in citing)), "none")
    views = [View(citation.start, citation.end, best)]
    for sentence in citing:
        quote = next((q for q in sentence.quotes if q.number == citation.number), citation)
        views.append(View(quote.start, quote.end, sentence.support, sentence))
    return Shown(f"source-{turn}-{citation.number}", "cited", citation.paper, citation.number, tuple(views))


def byline(paper: Paper) -> str:
    """Authors in short, venue and year: ``You et al. · ICLR · 2020``; empty if nothing is known."""
    return " · ".join(filter(None, [short_byline(paper.authors), paper.venue, str(paper.year) if paper.year else None]))


def addresses(paper: Paper) -> tuple[tuple[str, str], ...]:
    """Where the paper can be read: pairs of label and http(s) address, each address once."""
    return tuple((address.site, address.url) for address in paper.addresses)
