"""Question expansion: one model call writes what an answering abstract could say, and the search is made once more.

After HyDE (Gao et al., 2023) and query2doc (Wang et al., 2023). What was found for the question alone decides whether
anything is relevant, and is joined with what the expansion finds (:mod:`rag.retrieval.merging`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.answering.assist.step import Ask
from rag.answering.citations.stream import CitationStream
from rag.answering.prompt.budget import count_messages
from rag.answering.prompt.leak import LeakGuard
from rag.answering.prompt.sentinels import leading_sentinel
from rag.answering.prompt.sources import escape, unescape
from rag.answering.prompt.templates import Prompt
from rag.answering.record.wording import is_refusal
from rag.models.tokens import TokenCounter
from rag.retrieval.evidence import Searcher, SearchResult
from rag.retrieval.merging import merge_results

#: Papers that each of the two searches looks at.
SEARCHED = 30
#: Tokens of an expansion: three sentences.
MAX_EXPANSION_TOKENS = 160
_LONGEST = 1_200
_SHORTEST = 12
# Identifiers that a model makes up would be taken for the name of a paper.
_IDENTIFIER = re.compile(r"\b(?:arxiv:\s?)?\d{4}\.\d{4,5}(?:v\d+)?\b|\b10\.\d{4,9}/\S+|\bPMID\W{0,2}\d+", re.IGNORECASE)
_MARKUP = re.compile(r"</?\w+>")


@dataclass(frozen=True, slots=True)
class Expansion:
    """The step that searches once more with a model's words. ``limit`` bounds the tokens of its request."""

    prompt: Prompt
    counter: TokenCounter
    limit: int
    name: str = "expand"
    depth: int = SEARCHED

    def ask(self, question: str, result: SearchResult) -> Ask | None:
        """Return the request for an expansion, or ``None`` if the question fills the budget and so needs none."""
        messages = self.prompt.fill({"question": escape(question)})
        if count_messages(messages, self.counter) > self.limit:
            return None
        instructions = "\n".join(m.content for m in messages if m.role == "system")

        def take(reply: str, searcher: Searcher) -> SearchResult | None:
            text = read_expansion(reply, instructions)
            if text is None:
                return None
            return merge_results(result, searcher.search(text, max(self.depth, len(result.evidence))))

        return Ask(self.name, messages, MAX_EXPANSION_TOKENS, take)


def read_expansion(text: str, instructions: str = "") -> str | None:
    """Return the expansion in a model's reply, as plain text on one line without identifiers.

    ``None`` if the reply is empty or a refusal, or gives ``instructions`` away.
    """
    guard, plain = LeakGuard(instructions), CitationStream(0)
    text = guard.feed(text) + guard.finish()
    if guard.removed or leading_sentinel(text) or is_refusal(text):
        return None
    text = _MARKUP.sub(" ", unescape(text))
    text = _IDENTIFIER.sub(" ", plain.feed(text) + plain.finish())
    text = " ".join(text.split())[:_LONGEST].strip("\"“”'`* ")
    return text if len(text) >= _SHORTEST else None
