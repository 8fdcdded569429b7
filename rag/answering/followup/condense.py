"""Follow-up to standalone question: by one small model call, or by rules if no model writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from rag.answering.citations.stream import CitationStream
from rag.answering.prompt.budget import count_messages
from rag.answering.prompt.leak import LeakGuard
from rag.answering.prompt.sources import escape, render_question, unescape
from rag.answering.prompt.templates import Prompt
from rag.answering.record.answer import Turn
from rag.errors import UsageError
from rag.models.protocols import Message
from rag.models.tokens import TokenCounter

#: Tokens the rewritten question may take.
MAX_CONDENSED_TOKENS = 120
#: Tokens the conversation may take in the request; older turns go first.
MAX_HISTORY_TOKENS = 1_000
_LONGEST_TURN = 1_200
_LABEL = re.compile(r"^\W{0,3}(?:standalone |rewritten )?question\W{1,3}", re.IGNORECASE)
_MARKUP = re.compile(r"</?question>")


def as_turns(history: Iterable[Turn | Mapping[str, object]]) -> tuple[Turn, ...]:
    """The conversation as turns; records are ``{"role", "content"}``, and those of other roles are passed over.

    Raises:
        UsageError: a record lacks one of the two, or its content is no text.
    """
    turns: list[Turn] = []
    for number, record in enumerate(history, 1):
        if isinstance(record, Turn):
            turns.append(record)
            continue
        role, content = (record.get("role"), record.get("content")) if isinstance(record, Mapping) else (None, None)
        if not isinstance(role, str) or not isinstance(content, str):
            raise UsageError(f'history record {number}: give {{"role": "user" or "assistant", "content": text}}')
        if role == "user":
            turns.append(Turn("user", content))
        elif role == "assistant":
            turns.append(Turn("assistant", content))
    return tuple(turns)


def condense_request(
    prompt: Prompt, question: str, history: Sequence[Turn], counter: TokenCounter, limit: int
) -> tuple[Message, ...]:
    """The request for a standalone question, with as many of the latest turns as the budget holds."""
    room = min(MAX_HISTORY_TOKENS, limit - count_messages(_fill(prompt, question, []), counter))
    kept: list[str] = []
    for turn in reversed(history):
        line = _render(turn)
        room -= counter.count(line + "\n")
        if room < 0:
            break
        kept.insert(0, line)
    return _fill(prompt, question, kept)


def read_condensed(text: str, question: str, instructions: str = "") -> str | None:
    """The standalone question in a model's reply, as plain text; ``None`` where the reply cannot be one: it is empty,
    an essay, or gives away ``instructions``."""
    guard = LeakGuard(instructions)
    text = guard.feed(text) + guard.finish()
    plain = CitationStream(0)
    text = _MARKUP.sub(" ", unescape(text))
    lines = [line.strip() for line in (plain.feed(text) + plain.finish()).splitlines() if line.strip()]
    if not lines or guard.removed:
        return None
    line = _LABEL.sub("", lines[0]).strip().strip("\"“”'`*").strip()
    return line if line and len(line) <= len(question) + 400 else None


def _render(turn: Turn) -> str:
    content = escape(turn.content)
    if len(content) > _LONGEST_TURN:
        content = f"{content[:_LONGEST_TURN]} …"
    return f'<turn role="{turn.role}">{content}</turn>'


def _fill(prompt: Prompt, question: str, turns: Sequence[str]) -> tuple[Message, ...]:
    return prompt.fill({"history": "\n".join(turns), "question": render_question(question)})
