"""A scripted model that orders papers and expands questions.

``ideal`` knows which papers are relevant and errs at a given rate; ``overlap`` counts shared words. Both see only the
request. The script counts what each kind of call costs.
"""

from __future__ import annotations

import json
import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from math import log
from typing import Literal, TypeAlias

from rag.answering.prompt.sentinels import NOT_FOUND
from rag.answering.prompt.sources import SourceText, parse_prompt, unescape
from rag.language.stems import stems
from rag.models.protocols import Message
from rag.models.tokens import TokenCounter
from rag.paper import title_key

Call: TypeAlias = Literal["rerank", "expand", "answer"]
#: Puts sources in order for a question, best first.
Ranker: TypeAlias = Callable[[str, Sequence[SourceText]], list[SourceText]]
_QUERY = re.compile(r"^<query>([^\n]*)</query>$", re.MULTILINE)


@dataclass
class ScriptedReranker:
    """A script (see :data:`eval.stand_ins.mock.Script`) that answers requests to order papers and to expand questions.

    Args:
        counter: counts tokens, as the server does.
        rank: orders the papers; they keep their order if it is ``None``.
        expansions: what to write for a question; nothing for others.

    A request for an answer gets an abstention: what is measured happens before the answer.
    """

    counter: TokenCounter
    rank: Ranker | None = None
    expansions: Mapping[str, str] = field(default_factory=dict)
    calls: Counter[Call] = field(default_factory=Counter)
    tokens: Counter[Call] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, messages: Sequence[Message]) -> str:
        """The reply to one request."""
        content = "\n".join(m.content for m in messages if m.role == "user")
        query, sources = _QUERY.search(content), parse_prompt(content).sources
        call: Call
        if not query:
            call, reply = "answer", NOT_FOUND
        elif sources:
            ordered = self.rank(unescape(query[1]), sources) if self.rank else list(sources)
            call, reply = "rerank", json.dumps({"order": [source.number for source in ordered]})
        else:
            call, reply = "expand", self.expansions.get(unescape(query[1]), "")
        with self._lock:
            self.calls[call] += 1
            self.tokens[call] += sum(self.counter.count(text) for text in (*(m.content for m in messages), reply))
        return reply


def ideal(relevant: Mapping[str, AbstractSet[str]], error: float, seed: int = 0) -> Ranker:
    """Relevant papers before the others, each kind in the order given.

    Args:
        relevant: title keys of the relevant papers, by question.
        error: how likely a paper is taken for the opposite of what it is, each on its own.
        seed: of the errors; the same question and paper err alike in every order.
    """

    def rank(question: str, sources: Sequence[SourceText]) -> list[SourceText]:
        def judged(source: SourceText) -> bool:
            key = title_key(source.title)
            errs = random.Random(f"{seed}|{question}|{key}").random() < error  # noqa: S311 - errors, not secrets
            return (key in relevant.get(question, frozenset())) != errs

        return sorted(sources, key=lambda source: not judged(source))

    return rank


def overlap(question: str, sources: Sequence[SourceText]) -> list[SourceText]:
    """By the words shared with the question, each weighted by how few of the sources hold it."""
    words = [set(stems(" ".join([s.title, *s.passages]))) for s in sources]
    asked = set(stems(question))
    weight = {w: log(1 + len(words) / sum(w in own for own in words)) for w in asked if any(w in own for own in words)}
    shared = [sum(weight[word] for word in asked & own) for own in words]
    return [sources[at] for at in sorted(range(len(sources)), key=lambda at: -shared[at])]
