"""Check an answer against its sources, sentence by sentence.

A pure function from text and sources to a :class:`CheckedAnswer`. What it removes or moves is in the ledger; what it
keeps with a doubt is in the sentence's problems.
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
from rag.answering.record.answer import Citation, JudgedBy, LedgerEntry, LedgerKind, Quote, Sentence
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
    source of each of their numbers in ``order``, a finding for every sentence, and what was removed in ``ledger``."""

    raw: str
    sources: tuple[Evidence, ...]
    read: tuple[SourceText, ...]
    normal: str
    order: tuple[int, ...]
    findings: tuple[Finding, ...]
    ledger: tuple[LedgerEntry, ...]

    def checked(self, policy: Policy) -> CheckedAnswer:
        """Return the answer as the reader gets it; policies as in :func:`check_answer`."""
        kept = [f for f in self.findings if policy == "mark" or f.support != "unsupported"]
        dropped = [f for f in self.findings if policy == "drop" and f.support == "unsupported"]
        moved = {marker: f.sources[0] for f in self.findings if f.moved_from for marker in f.segment.markers}
        new = rewrite(self.normal, self.order, moved, [(f.segment.start, f.segment.end) for f in dropped])
        report = _Report(self.sources, new)
        ledger = list(self.ledger)
        for finding in self.findings:
            ledger += report.entries(finding)
            if policy == "drop" and finding.support == "unsupported":
                ledger.append(LedgerEntry(LedgerKind.DROPPED_SENTENCE, finding.segment.text))
        return CheckedAnswer(
            text=new.text,
            sentences=tuple(report.sentence(finding) for finding in kept),
            citations=tuple(report.citation(source, kept, self.read[source]) for source in new.order),
            ledger=tuple(ledger),
        )


def known_links(sources: Iterable[Evidence]) -> frozenset[str]:
    """Return the addresses an answer may repeat: those in the sources' abstracts and records."""
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
    """Check a model's answer.

    Args:
        text: the raw answer; its numbers count ``sources`` from 1.
        sources: what the prompt held, in that order.
        similarity: compares sentences by meaning; if ``None``, words alone decide.
        policy: ``mark`` keeps every sentence, ``drop`` removes those that no source backs.
        question: what was asked; its figures and names may be denied ("not 5 points") though no source has them.
    """
    return examine(text, sources, similarity=similarity, question=question).checked(policy)


def examine(
    text: str, sources: Sequence[Evidence], *, similarity: Similarity | None = None, question: str = ""
) -> Examined:
    """Return what the rules find about an answer, before any policy; arguments as in :func:`check_answer`."""
    stream = CitationStream(len(sources), same=_same_papers(sources), links=known_links(sources))
    normal = stream.feed(text) + stream.finish()
    order = [number - 1 for number in stream.order]
    parts = segments(normal)
    read = [SourceText(evidence) for evidence in sources]
    findings = RulesJudge(read, parts, order, similarity, question).judge_all(parts)
    ledger = [LedgerEntry(LedgerKind.UNKNOWN_CITATION, f"{raw} names no source") for raw in stream.removed]
    ledger += [LedgerEntry(LedgerKind.REMOVED_MARKUP, _short(raw)) for raw in stream.removed_markup]
    return Examined(text, tuple(sources), tuple(read), normal, tuple(order), tuple(findings), tuple(ledger))


def _same_papers(sources: Sequence[Evidence]) -> dict[int, int]:
    first: dict[str, int] = {}
    return {
        number: one
        for number, evidence in enumerate(sources, 1)
        if (one := first.setdefault(evidence.paper.id, number)) != number
    }


class _Report:
    """Puts findings into words, with the citation numbers of the final text."""

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
        place = self._new.place(finding.segment.start, finding.segment.end)
        judged_by: JudgedBy = "model" if finding.judged_from else "verbatim" if finding.verbatim else "words"
        return Sentence(
            finding.segment.text, tuple(numbers), finding.support, tuple(problems), quotes, *place, judged_by
        )

    def entries(self, finding: Finding) -> list[LedgerEntry]:
        said = _short(finding.segment.text)
        entries = [LedgerEntry(kind, f"{problem}: {said}") for kind, problem in self._faults(finding)]
        if finding.moved_from:
            to, origin = self._names(finding.sources), self._names(finding.moved_from)
            entries.append(LedgerEntry(LedgerKind.REATTRIBUTED, f"to {to} instead of {origin}: {said}"))
        if finding.judged_from:
            change = f"{finding.support} instead of {finding.judged_from}"
            entries.append(LedgerEntry(LedgerKind.JUDGED, f"{change}, says the model that judges: {said}"))
        return entries

    def citation(self, source: int, findings: Sequence[Finding], read: SourceText) -> Citation:
        paper = self._sources[source].paper
        backings = [finding.backings[source] for finding in findings if source in finding.backings]
        if backings:
            best = max(backings, key=lambda backing: backing.score)
            start, end, score = best.start, best.end, best.score
        else:
            # Cited, but no claim rests on it: quote the opening sentence.
            start, end = read.spans[0] if read.spans else (0, 0)
            score = 0.0
        return Citation(self._new.number(source) or 0, paper, paper.abstract[start:end], start, end, score)

    def _faults(self, finding: Finding) -> list[tuple[LedgerKind, str]]:
        """Return what is wrong with a sentence: ledger kinds, each with plain words."""
        names = self._names(finding.sources)
        if finding.is_injected:
            return [(LedgerKind.ORDERED_SENTENCE, f"{names} has it only where it tells a model what to say")]
        absent, misplaced, reversed_ = finding.absent_figures, finding.misplaced_figures, finding.reversed_figures
        faults = [(LedgerKind.UNSUPPORTED_FIGURE, f"figure {figure} is not in {names}") for figure in absent]
        faults += [
            (LedgerKind.UNSUPPORTED_NAME, f"{_quoted([name])} is not in {names}") for name in finding.absent_names
        ]
        faults += [
            (LedgerKind.MISPLACED_FIGURE, f"figure {figure} stands elsewhere in {names}") for figure in misplaced
        ]
        faults += [(LedgerKind.TURNED_FIGURE, f"{names} bounds {figure} the other way") for figure in reversed_]
        if finding.opposed:
            faults.append((LedgerKind.CONTRADICTED_SENTENCE, f"{names} says otherwise ({_quoted(finding.opposed)})"))
        if finding.is_uncited:
            faults.append((LedgerKind.UNCITED_SENTENCE, "no citation"))
        elif finding.support == "unsupported" and (finding.judged_from or not faults):
            by = ", says the model that judges" if finding.judged_from else ""
            faults.append((LedgerKind.UNSUPPORTED_SENTENCE, f"not backed by {names}{by}"))
        return faults

    def _names(self, sources: Sequence[int]) -> str:
        """Return sources as the reader knows them: by number, or by title if the text does not cite them."""
        numbers = {source: self._new.number(source) for source in sources}
        return " or ".join(
            f"[{number}]" if number else _quoted([_short(self._sources[source].paper.title)])
            for source, number in numbers.items()
        )


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"“{word}”" for word in dict.fromkeys(words))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_DETAIL else text[: _LONGEST_DETAIL - 1].rstrip() + "…"
