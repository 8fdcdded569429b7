"""Checks an answer against its sources: sentence by sentence, before anyone reads it as true.

A pure function from text and sources to a :class:`CheckedAnswer`. What it takes out or moves is in the ledger, what it
leaves standing with a doubt is in the sentence's problems.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.answering.checking.judge import Finding, RulesJudge
from rag.answering.checking.scorer import Similarity as Similarity
from rag.answering.checking.segments import segments
from rag.answering.checking.source_index import SourceText
from rag.answering.citations.renumbering import Rewritten, rewrite
from rag.answering.citations.stream import CitationStream
from rag.answering.record.answer import Citation, LedgerEntry, Quote, Sentence
from rag.retrieval.evidence import Evidence

Policy = Literal["mark", "drop"]

_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"`|\\^{}\[\]]+", re.IGNORECASE)
_LONGEST_DETAIL = 240


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """A checked answer: every [n] of ``text`` outside code is the number of one entry of ``citations`` and the reverse;
    ``citation.paper.abstract[start:end] == quote``. ``sentences`` are those of ``text``; what was dropped is in the
    ledger."""

    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    ledger: tuple[LedgerEntry, ...]


@dataclass(frozen=True, slots=True)
class Examined:
    """An answer as the rules found it: ``raw`` as the model wrote it, ``normal`` with citations in normal form, the
    source of each of their numbers in ``order``, a finding for every sentence, and what was taken out in ``ledger``."""

    raw: str
    sources: tuple[Evidence, ...]
    read: tuple[SourceText, ...]
    normal: str
    order: tuple[int, ...]
    findings: tuple[Finding, ...]
    ledger: tuple[LedgerEntry, ...]

    def checked(self, policy: Policy) -> CheckedAnswer:
        """The answer as the reader gets it; policies as those of :func:`check_answer`."""
        kept = [f for f in self.findings if policy == "mark" or f.support != "unsupported"]
        dropped = [f for f in self.findings if policy == "drop" and f.support == "unsupported"]
        moved = {marker: f.sources[0] for f in self.findings if f.moved_from for marker in f.segment.markers}
        new = rewrite(self.normal, self.order, moved, [(f.segment.start, f.segment.end) for f in dropped])
        report = _Report(self.sources, new)
        ledger = list(self.ledger)
        for finding in self.findings:
            ledger += report.entries(finding)
            if policy == "drop" and finding.support == "unsupported":
                ledger.append(LedgerEntry("dropped_sentence", finding.segment.text))
        return CheckedAnswer(
            text=new.text,
            sentences=tuple(report.sentence(finding) for finding in kept),
            citations=tuple(report.citation(source, kept, self.read[source]) for source in new.order),
            ledger=tuple(ledger),
        )


def known_links(sources: Iterable[Evidence]) -> frozenset[str]:
    """The addresses that sources give, in their abstracts and as their own: those an answer may repeat."""
    found: set[str] = set()
    for paper in (evidence.paper for evidence in sources):
        found |= {match.group().rstrip(".,;:!?'’”*_~)") for match in _LINK.finditer(paper.abstract)}
        found |= {paper.url} if paper.url else set()
        found |= {address.url for address in paper.addresses}
    return frozenset(found)


def check_answer(
    text: str,
    sources: Sequence[Evidence],
    *,
    similarity: Similarity | None = None,
    policy: Policy = "mark",
    question: str = "",
) -> CheckedAnswer:
    """Checks a model's answer.

    Args:
        text: the raw answer; its numbers count ``sources`` from 1.
        sources: what the prompt held, in that order.
        similarity: compares sentences by meaning; without it words alone decide.
        policy: ``mark`` keeps every sentence, ``drop`` takes out those that no source backs.
        question: what was asked; a figure or name of it may be denied ("not 5 points") without standing in a source.
    """
    return examine(text, sources, similarity=similarity, question=question).checked(policy)


def examine(
    text: str, sources: Sequence[Evidence], *, similarity: Similarity | None = None, question: str = ""
) -> Examined:
    """What the rules find about an answer, before any policy; arguments as those of :func:`check_answer`."""
    stream = CitationStream(len(sources), same=_same_papers(sources), links=known_links(sources))
    normal = stream.feed(text) + stream.finish()
    order = [number - 1 for number in stream.order]
    parts = segments(normal)
    read = [SourceText(evidence) for evidence in sources]
    findings = RulesJudge(read, parts, order, similarity, question).judge_all(parts)
    ledger = [LedgerEntry("unknown_citation", f"{raw} names no source") for raw in stream.removed]
    ledger += [LedgerEntry("removed_markup", _short(raw)) for raw in stream.removed_markup]
    return Examined(text, tuple(sources), tuple(read), normal, tuple(order), tuple(findings), tuple(ledger))


def _same_papers(sources: Sequence[Evidence]) -> dict[int, int]:
    first: dict[str, int] = {}
    return {
        number: one
        for number, evidence in enumerate(sources, 1)
        if (one := first.setdefault(evidence.paper.id, number)) != number
    }


class _Report:
    """Puts findings into words, with the numbers of the final text."""

    def __init__(self, sources: Sequence[Evidence], new: Rewritten) -> None:
        self._sources = sources
        self._new = new

    def sentence(self, finding: Finding) -> Sentence:
        numbers = [number for source in finding.sources if (number := self._new.number(source)) is not None]
        problems = [problem for _, problem in self._faults(finding)]
        if finding.doubtful_names:
            problems.append(f"{_quoted(finding.doubtful_names)} is not in {self._names(finding.sources)}")
        if finding.fits_better is not None:
            problems.append(f"fits {self._names([finding.fits_better])} better")
        if finding.judged_from and finding.support == "weak":
            problems.append(f"only in part backed by {self._names(finding.sources)}, says the model that judges")
        quotes = tuple(
            Quote(number, backing.start, backing.end)
            for source, backing in finding.backings.items()
            if (number := self._new.number(source)) is not None
        )
        return Sentence(finding.segment.text, tuple(numbers), finding.support, tuple(problems), quotes)

    def entries(self, finding: Finding) -> list[LedgerEntry]:
        said = _short(finding.segment.text)
        entries = [LedgerEntry(kind, f"{problem}: {said}") for kind, problem in self._faults(finding)]
        if finding.moved_from:
            to, origin = self._names(finding.sources), self._names(finding.moved_from)
            entries.append(LedgerEntry("reattributed", f"to {to} instead of {origin}: {said}"))
        if finding.judged_from:
            change = f"{finding.support} instead of {finding.judged_from}"
            entries.append(LedgerEntry("judged", f"{change}, says the model that judges: {said}"))
        return entries

    def citation(self, source: int, findings: Sequence[Finding], read: SourceText) -> Citation:
        paper = self._sources[source].paper
        backings = [finding.backings[source] for finding in findings if source in finding.backings]
        if backings:
            best = max(backings, key=lambda backing: backing.score)
            start, end, score = best.start, best.end, best.score
        else:
            # Cited where nothing is claimed: the opening sentence stands for the paper.
            start, end = read.spans[0] if read.spans else (0, 0)
            score = 0.0
        return Citation(self._new.number(source) or 0, paper, paper.abstract[start:end], start, end, score)

    def _faults(self, finding: Finding) -> list[tuple[str, str]]:
        """What is wrong with a sentence: kinds of the ledger, each with plain words."""
        names = self._names(finding.sources)
        if finding.is_ordered:
            return [("ordered_sentence", f"{names} has it only where it tells a model what to say")]
        faults = [("unsupported_figure", f"figure {figure} is not in {names}") for figure in finding.lost_figures]
        faults += [("unsupported_name", f"{_quoted([name])} is not in {names}") for name in finding.lost_names]
        faults += [
            ("misplaced_figure", f"figure {figure} stands elsewhere in {names}") for figure in finding.misplaced_figures
        ]
        faults += [("turned_figure", f"{names} bounds {figure} the other way") for figure in finding.turned_figures]
        if finding.opposed:
            faults.append(("contradicted_sentence", f"{names} says otherwise ({_quoted(finding.opposed)})"))
        if finding.is_uncited:
            faults.append(("uncited_sentence", "no citation"))
        elif finding.support == "unsupported" and (finding.judged_from or not faults):
            by = ", says the model that judges" if finding.judged_from else ""
            faults.append(("unsupported_sentence", f"not backed by {names}{by}"))
        return faults

    def _names(self, sources: Sequence[int]) -> str:
        """Sources as the reader knows them: by number, or by title where the text does not cite them."""
        numbers = {source: self._new.number(source) for source in sources}
        return " or ".join(
            f"[{number}]" if number else _quoted([_short(self._sources[source].paper.title)])
            for source, number in numbers.items()
        )


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"“{word}”" for word in dict.fromkeys(words))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_DETAIL else text[: _LONGEST_DETAIL - 1].rstrip() + "…"
