"""A second opinion: one model call says of each cited sentence whether the abstracts it cites support it.

The rules go first, and what they looked up holds: a figure or name that is in no cited abstract is not made true by a
model that says so, and a sentence that is there word for word is not made doubtful. Between these the model's verdict
counts more than the score, for it reads what words and embeddings do not show: who did what to whom.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel

from rag.answering.assist.replies import Verdict, Verdicts, read_verdicts
from rag.answering.checking.judge import Finding, claim_text
from rag.answering.prompt.budget import about, count_messages
from rag.answering.prompt.sources import ANGLES, SourceText, escape, render_source
from rag.answering.prompt.templates import Prompt
from rag.answering.record.answer import LedgerEntry, LedgerKind
from rag.models.protocols import Message
from rag.models.tokens import TokenCounter
from rag.retrieval.evidence import Evidence

#: Tokens of a reply: a verdict takes about fifteen, and some models explain themselves.
MAX_VERDICT_TOKENS = 400
# Brackets of other scripts before the words that delimit here; in an abstract "⟨query, key⟩" is no attack, so that
# nothing is lost but the look of it, and only in this prompt.
_LOOKALIKE_OPENS = re.compile(rf"[{ANGLES}](?=\s{{0,3}}/?\s{{0,3}}(?:sentence|query))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """A request for verdicts, which come as JSON of ``reply_schema``.

    ``places[i]`` is the index of the sentence with number ``i + 1`` among the findings; ``left_out`` counts those for
    which there was no room.
    """

    messages: tuple[Message, ...]
    places: tuple[int, ...]
    left_out: int = 0
    reply_schema: type[BaseModel] = Verdicts


@dataclass(frozen=True, slots=True)
class ModelJudge:
    """Asks a model for verdicts. ``limit`` bounds the tokens of the request."""

    prompt: Prompt
    counter: TokenCounter
    limit: int

    def ask(self, findings: Sequence[Finding], evidence: Sequence[Evidence], question: str) -> JudgeRequest | None:
        """Return the request to judge an answer, or ``None`` if no sentence of it is open.

        The request has no messages if there are open sentences but no room for any. An abstract is shown whole or not
        at all: one cut short would make true sentences look unsupported.
        """
        open_places = [place for place, finding in enumerate(findings) if is_open(finding)]
        if not open_places:
            return None
        draft = _Draft(self, findings, evidence, question)
        for place in open_places:
            draft.add(place)
        messages = draft.messages()
        # The parts' counts bound the whole's for every tokenizer we know; this is for the one we do not.
        while draft.places and count_messages(messages, self.counter) > self.limit:
            draft.pop()
            messages = draft.messages()
        left_out = len(open_places) - len(draft.places)
        return JudgeRequest(messages if draft.places else (), tuple(draft.places), left_out)


def is_open(finding: Finding) -> bool:
    """Return whether a verdict could change anything: the sentence cites, and the rules found it neither word for word
    in what it cites nor unsupported."""
    return bool(finding.sources) and not finding.verbatim and finding.support in {"supported", "weak"}


def take_verdicts(
    reply: str, request: JudgeRequest, findings: Sequence[Finding]
) -> tuple[tuple[Finding, ...], tuple[LedgerEntry, ...]] | None:
    """Return the findings with the verdicts of a reply, and ledger entries for sentences that it did not judge.

    ``None`` if the reply holds no verdict at all.
    """
    verdicts = read_verdicts(reply, len(request.places))
    if not verdicts:
        return None
    judged = list(findings)
    for number, verdict in verdicts.items():
        place = request.places[number - 1]
        judged[place] = with_verdict(judged[place], verdict)
    missing = len(request.places) - len(verdicts)
    return tuple(judged), (_left("the model's reply has no clear verdict on them", missing),) if missing else ()


def with_verdict(finding: Finding, verdict: Verdict) -> Finding:
    """Apply a model's verdict to a finding, as far as it may change it.

    An open sentence falls to any verdict, and rises if the rules miss neither a figure nor a name.
    """
    before = finding.support
    if not is_open(finding) or verdict == before:
        return finding
    if verdict == "supported" and (finding.doubtful_names or finding.misplaced_figures):
        return finding
    return replace(finding, support=verdict, judged_from=before)


def no_room(request: JudgeRequest) -> tuple[LedgerEntry, ...]:
    """Return the ledger entries for sentences that were not asked about."""
    why = "with their abstracts they do not fit into CITEWELL_MAX_PROMPT_TOKENS"
    return (_left(why, request.left_out),) if request.left_out else ()


def _left(why: str, count: int) -> LedgerEntry:
    sentences = "1 sentence" if count == 1 else f"{count} sentences"
    return LedgerEntry(LedgerKind.JUDGE_LEFT_OUT, f"{sentences} left to the rules' verdict: {why}")


class _Draft:
    """A request that is being filled, in the order of the answer."""

    def __init__(
        self, judge: ModelJudge, findings: Sequence[Finding], evidence: Sequence[Evidence], question: str
    ) -> None:
        self._judge, self._findings, self._evidence, self._question = judge, findings, evidence, question
        self.places: list[int] = []
        self._room = judge.limit - count_messages(self.messages(), judge.counter)

    def add(self, place: int) -> None:
        """Add a sentence and the sources it cites, unless there is no room for both."""
        known = self._sources(self.places)
        # A number of three digits costs no less than the one it will have.
        new = [self._source(source, 100) for source in self._findings[place].sources if source not in known]
        numbers = dict.fromkeys(self._findings[place].sources, 100)
        cost = sum(self._judge.counter.count(text + "\n") for text in [*new, self._sentence(place, 100, numbers)])
        if cost <= self._room:
            self._room -= cost
            self.places.append(place)

    def pop(self) -> None:
        """Remove the last sentence."""
        self.places.pop()

    def messages(self) -> tuple[Message, ...]:
        """Return the request with the sentences added so far."""
        numbers = self._sources(self.places)
        sources = [self._source(source, number) for source, number in numbers.items()]
        sentences = [self._sentence(place, number, numbers) for number, place in enumerate(self.places, 1)]
        return self._judge.prompt.fill(
            {
                "sources": "\n".join(sources),
                "question": _escaped(self._question),
                "sentences": "\n".join(sentences),
            }
        )

    def _sources(self, places: Sequence[int]) -> dict[int, int]:
        """Number every source that the sentences cite, by first use."""
        cited = dict.fromkeys(source for place in places for source in self._findings[place].sources)
        return {source: number for number, source in enumerate(cited, 1)}

    def _source(self, source: int, number: int) -> str:
        paper = self._evidence[source].paper
        return _LOOKALIKE_OPENS.sub(
            "&lt;", render_source(SourceText(number, paper.title, (paper.abstract,), about(paper)))
        )

    def _sentence(self, place: int, number: int, numbers: dict[int, int]) -> str:
        finding = self._findings[place]
        cited = ", ".join(str(numbers[source]) for source in finding.sources)
        return f'<sentence number="{number}" sources="{cited}">{_escaped(claim_text(finding.segment))}</sentence>'


def _escaped(text: str) -> str:
    return _LOOKALIKE_OPENS.sub("&lt;", escape(text))
