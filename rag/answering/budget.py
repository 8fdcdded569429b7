"""Puts evidence into a prompt that fits: whole sentences go, least relevant first, until it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.answering.prompting import Prompt
from rag.errors import UsageError
from rag.models.protocols import Message
from rag.models.tokens import TokenCounter
from rag.paper import Paper
from rag.retrieval.evidence import Evidence
from rag.settings import Settings
from rag.text.sentences import sentences
from rag.text.sources import SourceText, render_question, render_source, render_sources

#: What a chat format adds around each message, and for the reply (OpenAI's cookbook counts 3 and 3).
TOKENS_PER_MESSAGE = 4
#: Sentences of a paper that are kept while another paper still has more: breadth before depth.
KEEP_PER_PAPER = 3
_AUTHORS_SHOWN = 3
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Request:
    """A request that fits the model. ``evidence[i]`` is the source with number ``i + 1`` in ``messages``."""

    messages: tuple[Message, ...]
    evidence: tuple[Evidence, ...]
    prompt_tokens: int


def prompt_limit(settings: Settings) -> int:
    """Tokens a prompt may take: the setting, or what the model's window leaves beside the answer."""
    return max(0, min(settings.max_prompt_tokens, settings.context_window - settings.max_answer_tokens))


def count_messages(messages: Sequence[Message], counter: TokenCounter) -> int:
    """Tokens of a chat request."""
    return sum(counter.count(m.content) + TOKENS_PER_MESSAGE for m in messages)


def fit(
    prompt: Prompt,
    question: str,
    evidence: Sequence[Evidence],
    constants: dict[str, str],
    counter: TokenCounter,
    limit: int,
) -> Request:
    """The prompt for ``question`` with as much of ``evidence`` (best first) as ``limit`` tokens hold.

    First every paper, the last first, shrinks to its ``KEEP_PER_PAPER`` best sentences; then papers go whole, the last
    first; then the one that is left shrinks to its best sentence.

    Raises:
        UsageError: the question alone leaves no room for a source.
    """

    def build(drafts: Sequence[_Draft]) -> tuple[Message, ...]:
        sources = [draft.source(number) for number, draft in enumerate(drafts, 1)]
        return prompt.fill({**constants, "sources": render_sources(sources), "question": render_question(question)})

    drafts = [_Draft(e, question) for e in evidence]
    costs = [counter.count(render_source(d.source(n)) + "\n") for n, d in enumerate(drafts, 1)]
    fixed = count_messages(build([]), counter)
    _shrink(drafts, costs, limit - fixed, counter)
    messages = build(drafts)
    # The parts' counts bound the whole's for every tokenizer we know; this is for the one we do not.
    while drafts and count_messages(messages, counter) > limit:
        _drop_one(drafts)
        messages = build(drafts)
    if evidence and not drafts:
        raise UsageError(
            "the question is too long for the model: ask it in fewer words, or raise CITEWELL_MAX_PROMPT_TOKENS"
        )
    return Request(messages, tuple(d.evidence for d in drafts), count_messages(messages, counter))


class _Draft:
    """A source that is still being cut to size."""

    def __init__(self, evidence: Evidence, question: str) -> None:
        self.evidence = evidence
        self._spans = sentences(evidence.paper.abstract)
        self._kept = set(range(len(self._spans)))
        relevance = _relevance(evidence, question)
        # Worst first; of equals the later one goes first, for an abstract opens with its subject.
        self._order = sorted(self._kept, key=lambda i: (relevance(i), -i))

    def __len__(self) -> int:
        return len(self._kept)

    def drop(self) -> None:
        """Leaves out the least relevant sentence."""
        self._kept.remove(self._order.pop(0))

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


def about(paper: Paper) -> str:
    """Authors, year and venue in one line; empty where nothing is known."""
    names = ", ".join(paper.authors[:_AUTHORS_SHOWN]) + (" et al." if len(paper.authors) > _AUTHORS_SHOWN else "")
    return "; ".join(part for part in (names, str(paper.year or ""), paper.venue or "") if part)


def _relevance(evidence: Evidence, question: str) -> Callable[[int], float]:
    """Scores a sentence of the abstract: words it shares with the question, and the rank of its passage."""
    asked = {word for word in _WORD.findall(question.lower()) if len(word) > 2}
    abstract = evidence.paper.abstract
    spans = sentences(abstract)

    def score(index: int) -> float:
        span = spans[index]
        shared = asked & set(_WORD.findall(abstract[span.start : span.end].lower()))
        ranks = [r for r, p in enumerate(evidence.passages, 1) if p.passage.start <= span.start < p.passage.end]
        return len(shared) + (1 / ranks[0] if ranks else 0.0)

    return score


def _shrink(drafts: list[_Draft], costs: list[int], room: int, counter: TokenCounter) -> None:
    for at in range(len(drafts) - 1, -1, -1):
        while sum(costs) > room and len(drafts[at]) > KEEP_PER_PAPER:
            drafts[at].drop()
            costs[at] = counter.count(render_source(drafts[at].source(at + 1)) + "\n")
    while sum(costs) > room and len(drafts) > 1:
        drafts.pop()
        costs.pop()
    while sum(costs) > room and drafts and len(drafts[0]) > 1:
        drafts[0].drop()
        costs[0] = counter.count(render_source(drafts[0].source(1)) + "\n")


def _drop_one(drafts: list[_Draft]) -> None:
    if len(drafts[-1]) > 1:
        drafts[-1].drop()
    else:
        drafts.pop()
