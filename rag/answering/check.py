"""Checks an answer against its sources: sentence by sentence, before anyone reads it as true.

A pure function from text and sources to a :class:`CheckedAnswer`. What it takes out or moves is in the ledger, what it
leaves standing with a doubt is in the sentence's problems.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rag.answering.answer import Citation, LedgerEntry, Quote, Sentence, Support
from rag.answering.citations import CitationStream
from rag.answering.claims import claims
from rag.answering.figures import Figure, figures, missing_figures, same_figure
from rag.answering.polarity import denies
from rag.answering.rewrite import Rewritten, rewrite
from rag.answering.segments import Segment, segments
from rag.answering.support import SUPPORTED, WEAK, Backing, Bench, read_source
from rag.answering.support import Similarity as Similarity
from rag.answering.words import stems
from rag.retrieval.evidence import Evidence

Policy = Literal["mark", "drop"]

_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"`|\\^{}\[\]]+", re.IGNORECASE)
_IN_DETAIL = 160


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """A checked answer: every [n] of ``text`` outside code is the number of one entry of ``citations`` and the reverse;
    ``citation.paper.abstract[start:end] == quote``. ``sentences`` are those of ``text``, what was dropped is in the
    ledger."""

    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    ledger: tuple[LedgerEntry, ...]


@dataclass(slots=True)
class _Finding:
    """What was found about one segment; sources are indexes, numbers come once the text is final."""

    segment: Segment
    sources: tuple[int, ...] = ()
    support: Support = "none"
    lost_figures: tuple[Figure, ...] = ()
    is_uncited: bool = False
    moved_from: tuple[int, ...] = ()
    fits_better: int | None = None
    backings: dict[int, Backing] = field(default_factory=dict)


def known_links(sources: Iterable[Evidence]) -> frozenset[str]:
    """The addresses that sources give, for :class:`rag.answering.citations.CitationStream`: in their abstracts, and
    their own."""
    found: set[str] = set()
    for paper in (evidence.paper for evidence in sources):
        found |= {match.group().rstrip(".,;:!?'’”*_~)") for match in _LINK.finditer(paper.abstract)}
        found |= {paper.url} if paper.url else set()
        found |= {f"https://doi.org/{paper.doi}"} if paper.doi else set()
        found |= {f"https://arxiv.org/abs/{paper.arxiv_id}"} if paper.arxiv_id else set()
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
        policy: ``mark`` keeps every sentence, ``drop`` takes out those no source backs.
        question: what was asked; a figure or name of it may be denied ("not 5 points") without standing in a source.
    """
    stream = CitationStream(len(sources), same=_same_papers(sources), links=known_links(sources))
    normal = stream.feed(text) + stream.finish()
    order = [number - 1 for number in stream.order]
    parts = segments(normal)
    checker = _Checker(sources, parts, order, similarity, question)
    findings = [checker.judge(part) for part in parts]
    checker.inherit(findings)
    dropped = [f for f in findings if policy == "drop" and f.support == "unsupported"]
    moved = {marker: f.sources[0] for f in findings if f.moved_from for marker in f.segment.markers}
    new = rewrite(normal, order, moved, [(f.segment.start, f.segment.end) for f in dropped])
    report = _Report(sources, new)
    ledger = [
        *(LedgerEntry("unknown_citation", f"{raw} names no source") for raw in stream.removed),
        *(LedgerEntry("removed_markup", _short(raw)) for raw in stream.removed_markup),
    ]
    for finding in findings:
        ledger += report.entries(finding, is_dropped=any(finding is f for f in dropped))
    kept = [f for f in findings if not any(f is d for d in dropped)]
    return CheckedAnswer(
        text=new.text,
        sentences=tuple(report.sentence(finding) for finding in kept),
        citations=tuple(report.citation(source, kept, checker) for source in new.order),
        ledger=tuple(ledger),
    )


def _same_papers(sources: Sequence[Evidence]) -> dict[int, int]:
    first: dict[str, int] = {}
    return {
        number: one
        for number, evidence in enumerate(sources, 1)
        if (one := first.setdefault(evidence.paper.id, number)) != number
    }


class _Checker:
    """Judges the segments of one answer."""

    def __init__(
        self,
        sources: Sequence[Evidence],
        parts: Sequence[Segment],
        order: Sequence[int],
        similarity: Similarity | None,
        question: str,
    ) -> None:
        self._prepared = [read_source(evidence) for evidence in sources]
        self._order = order
        self._asked = figures(question)
        texts = [self._claim(part) for part in parts]
        self.bench = Bench(self._prepared, texts, similarity)
        self.bench.embed(order)

    @staticmethod
    def _claim(part: Segment) -> str:
        return f"{part.label} {part.text}".strip()

    def judge(self, part: Segment) -> _Finding:
        cited = tuple(self._order[number - 1] for number in part.numbers)
        finding = _Finding(part, cited)
        if not claims(part.text) or (part.is_heading and not cited) or self._is_reference(part, cited):
            return finding
        if not cited:
            # A lone word or a table's cell without a figure names something and says nothing of it.
            finding.is_uncited = bool(figures(part.text)) or not (part.is_cell or len(set(stems(part.text))) < 2)
            finding.support = "unsupported" if finding.is_uncited else "none"
            return finding
        self._weigh(finding, cited)
        if finding.lost_figures or finding.support == "unsupported":
            self._look_elsewhere(finding, cited)
        return finding

    def _weigh(self, finding: _Finding, cited: Sequence[int]) -> None:
        text = self._claim(finding.segment)
        finding.sources = tuple(cited)
        finding.lost_figures = tuple(self._lost_figures(finding.segment.text, cited))
        for source in cited:
            backing = self.bench.backing(text, [source])
            if backing is not None:
                finding.backings[source] = backing
        whole = self.bench.backing(text, cited)
        finding.support = "unsupported" if finding.lost_figures else _level(whole)

    def _lost_figures(self, text: str, cited: Sequence[int]) -> list[Figure]:
        lost = missing_figures(text, [fact for source in cited for fact in self._prepared[source].facts])
        return [
            figure
            for figure in lost
            if not (denies(text, figure.start) and any(same_figure(figure, asked) for asked in self._asked))
        ]

    def _look_elsewhere(self, finding: _Finding, cited: Sequence[int]) -> None:
        """Moves a sentence whose figures stand in another source that backs it; notes one that backs other claims."""
        others = [source for source in range(len(self._prepared)) if source not in cited]
        had_figures = bool(figures(finding.segment.text))
        self.bench.embed(others)
        best: _Finding | None = None
        for source in others:
            other = _Finding(finding.segment)
            self._weigh(other, [source])
            if other.support == "supported" and (best is None or _score(other) > _score(best)):
                best = other
        if best is None:
            return
        if finding.lost_figures and had_figures:
            finding.moved_from, finding.lost_figures = tuple(cited), ()
            finding.sources, finding.support, finding.backings = best.sources, best.support, best.backings
        else:
            finding.fits_better = best.sources[0]

    def inherit(self, findings: Sequence[_Finding]) -> None:
        """Gives an uncited sentence the citation that follows in its paragraph, as authors do who cite once at its
        end, as far as the cited abstracts back it."""
        following: _Finding | None = None
        for finding in reversed(findings):
            if finding.segment.markers:
                following = finding
            elif finding.is_uncited and following and following.segment.block == finding.segment.block:
                trial = _Finding(finding.segment)
                self._weigh(trial, following.sources)
                if trial.support == "supported":
                    finding.sources, finding.support = trial.sources, trial.support
                    finding.backings, finding.is_uncited = trial.backings, False

    def _is_reference(self, part: Segment, cited: Sequence[int]) -> bool:
        """Whether a segment merely names the paper it cites, as a line of a reference list does."""
        words = set(stems(part.text))
        return any(
            len(words & self._prepared[source].title_stems) >= 0.8 * max(len(words), 1)
            and len(words & self._prepared[source].title_stems) >= 0.8 * len(self._prepared[source].title_stems)
            for source in cited
        )


class _Report:
    """Puts findings into words, with the numbers of the final text."""

    def __init__(self, sources: Sequence[Evidence], new: Rewritten) -> None:
        self._sources = sources
        self._new = new

    def sentence(self, finding: _Finding) -> Sentence:
        numbers = [number for source in finding.sources if (number := self._new.number(source)) is not None]
        quotes = tuple(
            Quote(number, backing.start, backing.end)
            for source, backing in finding.backings.items()
            if (number := self._new.number(source)) is not None
        )
        return Sentence(finding.segment.text, tuple(numbers), finding.support, tuple(self._problems(finding)), quotes)

    def citation(self, source: int, findings: Sequence[_Finding], checker: _Checker) -> Citation:
        paper = self._sources[source].paper
        backings = [f.backings[source] for f in findings if source in f.backings]
        if not backings:
            # Cited where nothing is claimed: the opening sentence stands for the paper.
            opening = next(iter(checker.bench.sources[source].spans), None)
            start, end, score = (opening.start, opening.end, 0.0) if opening else (0, 0, 0.0)
        else:
            best = max(backings, key=lambda backing: backing.score)
            start, end, score = best.start, best.end, best.score
        number = self._new.number(source) or 0
        return Citation(number, paper, paper.abstract[start:end], start, end, score)

    def entries(self, finding: _Finding, *, is_dropped: bool) -> list[LedgerEntry]:
        said = _short(finding.segment.text)
        entries = [
            LedgerEntry("unsupported_figure", f"figure {figure.text} is not in {self._names(finding.sources)}: {said}")
            for figure in finding.lost_figures
        ]
        if finding.is_uncited:
            entries.append(LedgerEntry("uncited_sentence", said))
        elif finding.support == "unsupported" and not finding.lost_figures:
            entries.append(LedgerEntry("unsupported_sentence", f"{self._names(finding.sources)} does not back: {said}"))
        if finding.moved_from:
            to, origin = self._names(finding.sources), self._names(finding.moved_from)
            entries.append(LedgerEntry("reattributed", f"to {to} instead of {origin}: {said}"))
        if is_dropped:
            entries.append(LedgerEntry("dropped_sentence", finding.segment.text))
        return entries

    def _problems(self, finding: _Finding) -> list[str]:
        names = self._names(finding.sources)
        problems = [f"figure {figure.text} is not in {names}" for figure in finding.lost_figures]
        if finding.is_uncited:
            problems.append("no citation")
        elif finding.support == "unsupported" and not finding.lost_figures:
            problems.append(f"not backed by {names}")
        if finding.fits_better is not None:
            problems.append(f"fits {self._names([finding.fits_better])} better")
        return problems

    def _names(self, sources: Sequence[int]) -> str:
        """Sources as the reader knows them: by number, or by title where the text does not cite them."""
        named = []
        for source in sources:
            number = self._new.number(source)
            named.append(f"[{number}]" if number else f"“{_short(self._sources[source].paper.title)}”")
        return " or ".join(named)


def _level(backing: Backing | None) -> Support:
    if backing is None or backing.score < WEAK:
        return "unsupported"
    return "supported" if backing.score >= SUPPORTED else "weak"


def _score(finding: _Finding) -> float:
    return max((backing.score for backing in finding.backings.values()), default=0.0)


def _short(text: str) -> str:
    return text if len(text) <= _IN_DETAIL else text[: _IN_DETAIL - 1].rstrip() + "…"
