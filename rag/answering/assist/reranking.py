"""Listwise reranking: one model call puts the best papers of a search in order.

After RankGPT (Sun et al., 2023), over the full list in one call instead of sliding windows (Liu et al., 2024, "Sliding
Windows Are Not the End"): title and best passage of each paper, and back comes a permutation. Models err, and not where
the search does, so the two are weighed against each other: a paper's log-odds of relevance, as the search estimates it,
less twice the logarithm of its place in the model's order. Scores stay those of the search, since they are calibrated
and the model's order is not: after reranking they need not fall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

from rag.answering.assist.replies import Ranking, read_order
from rag.answering.assist.step import Ask
from rag.answering.prompt.budget import count_messages
from rag.answering.prompt.draft import Draft
from rag.answering.prompt.sources import escape, render_sources
from rag.answering.prompt.templates import Prompt
from rag.models.protocols import Message
from rag.models.tokens import TokenCounter
from rag.retrieval.evidence import Evidence, Searcher, SearchResult
from rag.retrieval.merging import ranked_odds

#: Papers that are put in order.
RERANKED = 20
#: Tokens of a reply: every number takes about three, and some models explain themselves.
MAX_RANKING_TOKENS = 240
#: What the model's order counts for: at 4 a model that errs in three papers of ten does harm, at 1 a good one gains
#: half of what it could.
_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A paper as the model sees it."""

    title: str
    passage: str


@dataclass(frozen=True, slots=True)
class Reranking:
    """The step that puts the best papers in a model's order. ``limit`` bounds the tokens of its request."""

    prompt: Prompt
    counter: TokenCounter
    limit: int
    name: str = "rerank"
    depth: int = RERANKED

    def ask(self, question: str, result: SearchResult) -> Ask | None:
        """Return the request to order what a search found, or ``None`` if there is nothing to order."""
        # A paper that the question names by title or identifier counts for exactly 1, and its place is certain.
        sure = next((at for at, e in enumerate(result.evidence) if e.score < 1.0), len(result.evidence))
        pool = result.evidence[sure : sure + self.depth]
        shown = [Candidate(e.paper.title, e.passages[0].passage.text) for e in pool]
        messages, count = ranking_request(self.prompt, question, shown, self.counter, self.limit)
        if not count:
            return None

        def take(reply: str, searcher: Searcher) -> SearchResult | None:  # noqa: ARG001 - the step's interface
            order = read_order(reply, count)
            return None if order is None else _reordered(result, sure, order)

        return Ask(self.name, messages, MAX_RANKING_TOKENS, take, reply_schema=Ranking)


def ranking_request(
    prompt: Prompt, question: str, candidates: Sequence[Candidate], counter: TokenCounter, limit: int
) -> tuple[tuple[Message, ...], int]:
    """Return the request to order candidates (best first so far), and how many of them it holds, numbered from 1.

    To keep within ``limit`` tokens passages lose sentences, the last candidate's first and those that share least with
    the question first; then candidates go, the last first. Below two there is no request: ``((), 0)``.
    """

    def build(kept: Sequence[Draft]) -> tuple[Message, ...]:
        sources = render_sources([draft.source(number) for number, draft in enumerate(kept, 1)])
        return prompt.fill({"sources": sources, "question": escape(question), "count": str(len(kept))})

    drafts = [Draft(candidate.title, candidate.passage, question, counter) for candidate in candidates]
    room = limit - count_messages(build([]), counter)
    while sum(d.cost for d in drafts) > room and any(len(d) > 1 for d in drafts):
        for draft in reversed(drafts):
            if sum(d.cost for d in drafts) <= room:
                break
            draft.drop()
    while drafts and sum(d.cost for d in drafts) > room:
        drafts.pop()
    return (build(drafts), len(drafts)) if len(drafts) > 1 else ((), 0)


def _reordered(result: SearchResult, sure: int, order: Sequence[int]) -> SearchResult:
    """Put the papers behind the first ``sure`` in a new order; as many count as relevant as before, from the top."""
    found = result.evidence
    odds = ranked_odds(result)
    placed: list[Evidence] = [found[sure + at] for at in order]
    worth = {e.paper.id: odds[e.paper.id] - _WEIGHT * log(place) for place, e in enumerate(placed, 1)}
    moved = sorted(placed, key=lambda e: -worth[e.paper.id])
    return replace(result, evidence=(*found[:sure], *moved, *found[sure + len(order) :]))
