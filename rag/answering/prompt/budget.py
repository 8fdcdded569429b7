"""Puts evidence into a prompt that fits: whole sentences go, least relevant first, until it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from rag.answering.prompt.sources import SourceText, render_question, render_source, render_sources
from rag.answering.prompt.templates import Prompt
from rag.bibliography.names import byline
from rag.errors import UsageError
from rag.language.sentences import sentences
from rag.language.stems import stems
from rag.models.protocols import Message
from rag.models.tokens import TokenCounter
from rag.paper import Paper
from rag.retrieval.evidence import Evidence
from rag.settings import Settings

#: What a chat format adds around each message, and for the reply (OpenAI's cookbook counts 3 and 3).
TOKENS_PER_MESSAGE = 4
#: Sentences of a paper that are kept while another paper still has more: breadth before depth.
KEEP_PER_PAPER = 3
#: Tokens that must be left for sources beside instructions and question.
LEAST_ROOM = 100
_AUTHORS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Request:
    """A request that fits the model. ``evidence[i]`` is the source with number ``i + 1`` in ``messages``."""

    messages: tuple[Message, ...]
    evidence: tuple[Evidence, ...]
    prompt_tokens: int


def prompt_limit(settings: Settings, reply_tokens: int | None = None) -> int:
    """Tokens a prompt may take: the setting, or what the model's window leaves beside the reply, which is an answer
    where its bound is not given."""
    beside = settings.max_answer_tokens if reply_tokens is None else reply_tokens
    return max(0, min(settings.max_prompt_tokens, settings.context_window - beside))


def count_messages(messages: Sequence[Message], counter: TokenCounter) -> int:
    """Tokens of a chat request."""
    return sum(counter.count(m.content) + TOKENS_PER_MESSAGE for m in messages)


def fit(
    prompt: Prompt,
    question: str,
    evidence: Sequence[Evidence],
    constants: Mapping[str, str],
    counter: TokenCounter,
    limit: int,
) -> Request:
    """The prompt for ``question`` with as much of ``evidence`` (best first) as ``limit`` tokens hold.

    First every paper, the last first, shrinks to its ``KEEP_PER_PAPER`` best sentences; then papers go whole, the last
    first; then the one that is left shrinks to its best sentence. Without room for that one, no evidence is left.

    Raises:
        UsageError: the question alone leaves no room for a source.
    """

    def build(drafts: Sequence[_Draft]) -> tuple[Message, ...]:
        sources = render_sources([draft.source(number) for number, draft in enumerate(drafts, 1)])
        return prompt.fill({**constants, "sources": sources, "question": render_question(question)})

    fixed = count_messages(build([]), counter)
    if fixed + LEAST_ROOM > limit:
        raise UsageError(
            f"the question takes too many tokens ({fixed} of {limit} with our instructions): ask it in fewer words, "
            "or raise CITEWELL_MAX_PROMPT_TOKENS"
        )
    drafts = [_Draft(e, question, counter) for e in evidence]
    _shrink(drafts, limit - fixed)
    messages = build(drafts)
    # The parts' counts bound the whole's for every tokenizer we know; this is for the one we do not.
    while drafts and (count_messages(messages, counter) > limit):
        if not drafts[-1].drop():
            drafts.pop()
        messages = build(drafts)
    return Request(messages, tuple(d.evidence for d in drafts), count_messages(messages, counter))


def _shrink(drafts: list[_Draft], room: int) -> None:
    for draft in reversed(drafts):
        while sum(d.cost for d in drafts) > room and len(draft) > KEEP_PER_PAPER:
            draft.drop()
    while sum(d.cost for d in drafts) > room and len(drafts) > 1:
        drafts.pop()
    while drafts and drafts[0].cost > room:
        if not drafts[0].drop():
            drafts.pop()


class _Draft:
    """A source that is still being cut to size; ``cost`` is what it takes in tokens."""

    def __init__(self, evidence: Evidence, question: str, counter: TokenCounter) -> None:
        self.evidence = evidence
        self._counter = counter
        self._spans = sentences(evidence.paper.abstract)
        self._kept = set(range(len(self._spans)))
        # Worst first; of equals the later one goes first, for an abstract opens with its subject.
        asked = set(stems(question))
        self._order = sorted(self._kept, key=lambda i: (self._relevance(i, asked), -i))
        self.cost = self._count()

    def __len__(self) -> int:
        return len(self._kept)

    def drop(self) -> bool:
        """Leaves out the least relevant sentence; ``False`` where it is the last."""
        if len(self._kept) < 2:
            return False
        self._kept.remove(self._order.pop(0))
        self.cost = self._count()
        return True

    def source(self, number: int) -> SourceText:
        """The source as it stands now."""
        abstract = self.evidence.paper.abstract
        runs: list[list[int]] = []
        for i in sorted(self._kept):
            if runs and runs[-1][-1] == i - 1:
                runs[-1].append(i)
            else:
                runs.append([i])
        passages = tuple(abstract[self._spans[run[0]].start : self._spans[run[-1]].end] for run in runs)
        return SourceText(number, self.evidence.paper.title, passages, about(self.evidence.paper))

    def _count(self) -> int:
        # Any source number of three digits costs no less than the one it will have.
        return self._counter.count(render_source(self.source(100)) + "\n")

    def _relevance(self, index: int, asked: AbstractSet[str]) -> float:
        """The content words a sentence shares with the question, and the rank of its passage."""
        span = self._spans[index]
        shared = asked & set(stems(self.evidence.paper.abstract[span.start : span.end]))
        places = (p.passage for p in self.evidence.passages)
        ranks = [rank for rank, place in enumerate(places, 1) if place.start <= span.start < place.end]
        return len(shared) + (1 / ranks[0] if ranks else 0.0)


def about(paper: Paper) -> str:
    """Authors, year and venue in one line; empty where nothing is known."""
    names = byline(paper.authors, _AUTHORS_SHOWN)
    return "; ".join(part for part in (names, str(paper.year or ""), paper.venue or "") if part)
