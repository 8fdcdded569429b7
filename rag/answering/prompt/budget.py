"""Prompts that fit: whole sentences of the evidence are left out, least relevant first, until it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.answering.prompt.draft import Draft
from rag.answering.prompt.sources import render_question, render_sources
from rag.answering.prompt.templates import Prompt
from rag.bibliography.names import byline
from rag.errors import UsageError
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
    """Return the tokens a prompt may take: the setting, or what the model's window leaves beside the reply.

    Without ``reply_tokens`` the reply is an answer.
    """
    beside = settings.max_answer_tokens if reply_tokens is None else reply_tokens
    return max(0, min(settings.max_prompt_tokens, settings.context_window - beside))


def count_messages(messages: Sequence[Message], counter: TokenCounter) -> int:
    """Return the tokens of a chat request."""
    return sum(counter.count(m.content) + TOKENS_PER_MESSAGE for m in messages)


def fit(
    prompt: Prompt,
    question: str,
    evidence: Sequence[Evidence],
    constants: Mapping[str, str],
    counter: TokenCounter,
    limit: int,
) -> Request:
    """Return the prompt for ``question`` with as much of ``evidence`` (best first) as ``limit`` tokens hold.

    First every paper, the last first, shrinks to its ``KEEP_PER_PAPER`` best sentences; then papers go whole, the last
    first; then the one that is left shrinks to its best sentence. Without room for that one, no evidence is left.

    Raises:
        UsageError: the question alone leaves no room for a source.
    """

    def build(drafts: Sequence[Draft]) -> tuple[Message, ...]:
        sources = render_sources([draft.source(number) for number, draft in enumerate(drafts, 1)])
        return prompt.fill({**constants, "sources": sources, "question": render_question(question)})

    fixed = count_messages(build([]), counter)
    if fixed + LEAST_ROOM > limit:
        raise UsageError(
            f"the question takes too many tokens ({fixed} of {limit} with our instructions): ask it in fewer words, "
            "or raise CITEWELL_MAX_PROMPT_TOKENS"
        )
    drafts = [_draft(e, question, counter) for e in evidence]
    _shrink(drafts, limit - fixed)
    messages = build(drafts)
    # The parts' counts bound the whole's for every tokenizer we know; this is for the one we do not.
    while drafts and (count_messages(messages, counter) > limit):
        if not drafts[-1].drop():
            drafts.pop()
        messages = build(drafts)
    return Request(messages, tuple(evidence[: len(drafts)]), count_messages(messages, counter))


def _draft(evidence: Evidence, question: str, counter: TokenCounter) -> Draft:
    paper, passages = evidence.paper, [scored.passage for scored in evidence.passages]
    return Draft(paper.title, paper.abstract, question, counter, about=about(paper), passages=passages)


def _shrink(drafts: list[Draft], room: int) -> None:
    for draft in reversed(drafts):
        while sum(d.cost for d in drafts) > room and len(draft) > KEEP_PER_PAPER:
            draft.drop()
    while sum(d.cost for d in drafts) > room and len(drafts) > 1:
        drafts.pop()
    while drafts and drafts[0].cost > room:
        if not drafts[0].drop():
            drafts.pop()


def about(paper: Paper) -> str:
    """Authors, year and venue in one line; empty where nothing is known."""
    names = byline(paper.authors, _AUTHORS_SHOWN)
    return "; ".join(part for part in (names, str(paper.year or ""), paper.venue or "") if part)
