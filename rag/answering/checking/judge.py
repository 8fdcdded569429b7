"""Judge the sentences of an answer by rules: what each cites, what backs it, what no cited source has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rag.answering.checking.rules.bounds import reversed_bounds
from rag.answering.checking.rules.checkworthy import is_checkworthy
from rag.answering.checking.rules.figure_context import figures_outside, swapped_figures
from rag.answering.checking.rules.figures import Figure, figures, missing_figures, same_figure
from rag.answering.checking.rules.polarity import is_negated
from rag.answering.checking.scorer import SUPPORTED, WEAK, Backing, Similarity, SupportScorer
from rag.answering.checking.segments import Segment
from rag.answering.checking.source_index import SourceText
from rag.answering.checking.words import stems
from rag.answering.record.answer import Support
from rag.language.names import NamedWord, NameIndex, named_words

# A segment that says hardly more than a paper's title names the paper and claims nothing.
_TITLE_SHARE = 0.8
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about a segment. Sources are indexes into those of the prompt.

    Attributes:
        sources: those the segment cites; after a move, the new one.
        backings: what each of them says for it.
        is_injected: its sources say it only in an injection (:mod:`rag.injection`).
        moved_from: the sources it cited before a move.
        fits_better: a source that backs it though the cited ones do not.
        verbatim: one of its sources has it word for word.
        judged_from: the rules' verdict, if a model's verdict took its place.
    """

    segment: Segment
    sources: tuple[int, ...] = ()
    support: Support = "none"
    score: float = 0.0
    backings: dict[int, Backing] = field(default_factory=dict)
    absent_figures: tuple[str, ...] = ()
    misplaced_figures: tuple[str, ...] = ()
    reversed_figures: tuple[str, ...] = ()
    absent_names: tuple[str, ...] = ()
    doubtful_names: tuple[str, ...] = ()
    opposed: tuple[str, ...] = ()
    is_injected: bool = False
    is_uncited: bool = False
    moved_from: tuple[int, ...] = ()
    fits_better: int | None = None
    verbatim: bool = False
    judged_from: Support | None = None


class RulesJudge:
    """Judges the segments of one answer by rules; a model's verdict, if one is asked for, comes after it
    (:mod:`rag.answering.assist.model_judge`).

    Args:
        sources: the sources of the prompt.
        parts: the segments of the answer.
        order: the source of every citation number of those segments; ``order[0]`` is cited as [1].
        similarity: see :data:`rag.answering.checking.scorer.Similarity`.
        question: its names and figures may be denied though no source has them.
    """

    def __init__(
        self,
        sources: Sequence[SourceText],
        parts: Sequence[Segment],
        order: Sequence[int],
        similarity: Similarity | None,
        question: str,
    ) -> None:
        self._sources = sources
        self._order = order
        self._asked_figures = figures(question)
        self._asked_names = NameIndex([question])
        self._scorer = SupportScorer(sources, [claim_text(part) for part in parts], similarity)
        cited = [(claim_text(part), [order[number - 1] for number in part.numbers]) for part in parts if part.numbers]
        self._scorer.embed_undecided(
            [(text, sources) for text, sources in cited if not self._scorer.is_verbatim(text, sources)]
        )

    def judge_all(self, parts: Sequence[Segment]) -> list[Finding]:
        """Return a finding for every segment, in order.

        An uncited sentence takes the citation that follows in its paragraph, as authors mean it who cite once at its
        end, but only as far as the cited abstracts back it.
        """
        found: list[Finding] = []
        following: Finding | None = None
        for part in reversed(parts):
            finding = self._judge(part)
            if part.markers:
                following = finding
            elif finding.is_uncited and following and following.segment.block == part.block:
                shared = self._score(part, following.sources)
                finding = shared if shared.support == "supported" else finding
            found.append(finding)
        return found[::-1]

    def _judge(self, part: Segment) -> Finding:
        cited = tuple(self._order[number - 1] for number in part.numbers)
        if not is_checkworthy(part.text) or (part.is_heading and not cited) or self._is_title(part, cited):
            return Finding(part, cited)
        if not cited:
            # A lone word or a table cell without a figure names something but claims nothing about it.
            says = bool(figures(part.text)) or not (part.is_cell or len(set(stems(part.text))) < 2)
            return Finding(part, support="unsupported" if says else "none", is_uncited=says)
        finding = self._score(part, cited)
        return self._reattribute(finding) if finding.support == "unsupported" else finding

    def _score(self, part: Segment, cited: Sequence[int]) -> Finding:
        text = claim_text(part)
        if self._scorer.is_verbatim(text, cited):
            backings = {source: b for source in cited if (b := self._scorer.best_support(text, [source])) is not None}
            return Finding(part, tuple(cited), "supported", 1.0, backings, verbatim=True)
        self._scorer.embed_undecided([(text, cited)])
        whole = self._scorer.best_support(text, cited)
        single = {source: self._scorer.best_support(text, [source]) for source in cited} if len(cited) > 1 else {}
        lost = self._absent_names(part.text, cited)
        absent_figures = self._absent_figures(part.text, cited)
        finding = Finding(
            part,
            tuple(cited),
            score=whole.score if whole else 0.0,
            backings={s: b for s, b in (single or {cited[0]: whole}).items() if b is not None},
            absent_figures=tuple(figure.text for figure in absent_figures),
            misplaced_figures=tuple(f.text for f in self._misplaced_figures(part, cited) if f not in absent_figures),
            reversed_figures=tuple(f.text for f in self._reversed_figures(part.text, cited) if f not in absent_figures),
            absent_names=tuple(name.word for name in lost if name.strong),
            doubtful_names=tuple(name.word for name in lost if not name.strong),
            opposed=whole.contradictions if whole else (),
        )
        level = _level(finding)
        if level != "supported" and any(self._sources[source].is_only_injected(text) for source in cited):
            return replace(finding, support="unsupported", is_injected=True)
        return replace(finding, support=level)

    def _absent_figures(self, text: str, cited: Sequence[int]) -> list[Figure]:
        lost = missing_figures(text, [self._sources[source].figures for source in cited])
        return [
            f for f in lost if not (is_negated(text, f.start) and any(same_figure(f, a) for a in self._asked_figures))
        ]

    def _misplaced_figures(self, part: Segment, cited: Sequence[int]) -> list[Figure]:
        spans = self._scorer.supporting_spans(claim_text(part), cited)
        titles = " ".join(self._sources[source].title for source in cited)
        found = swapped_figures(part.text, spans)
        if len(cited) == 1:
            # A sentence on several papers draws on more spans than decide about it.
            found += [figure for figure in figures_outside(part.text, spans, titles) if figure not in found]
        return [figure for figure in found if not is_negated(part.text, figure.start)]

    def _reversed_figures(self, text: str, cited: Sequence[int]) -> list[Figure]:
        return [
            f
            for f in reversed_bounds(text, [self._sources[s].abstract for s in cited])
            if not is_negated(text, f.start)
        ]

    def _absent_names(self, text: str, cited: Sequence[int]) -> list[NamedWord]:
        lost = [name for name in named_words(text) if not any(name.word in self._sources[s].names for s in cited)]
        return [name for name in lost if not (is_negated(text, name.start) and name.word in self._asked_names)]

    def _reattribute(self, finding: Finding) -> Finding:
        """Move a sentence to another source that has its figures and backs it, if no cited source has them; for
        other sentences, only note which source would fit better."""
        others = [source for source in range(len(self._sources)) if source not in finding.sources]
        likely = [source for source in others if self._may_back(finding.segment, source)]
        self._scorer.embed_undecided([(claim_text(finding.segment), [source]) for source in likely])
        trials = [self._score(finding.segment, [source]) for source in likely]
        fitting = [trial for trial in trials if trial.support == "supported"]
        if not fitting:
            return finding
        best = max(fitting, key=lambda trial: trial.score)
        if finding.absent_figures:
            return replace(best, moved_from=finding.sources)
        return replace(finding, fits_better=best.sources[0])

    def _may_back(self, part: Segment, source: int) -> bool:
        """Return whether a source is worth scoring: it has all figures of the segment and half of its words."""
        if missing_figures(part.text, [self._sources[source].figures]):
            return False
        return self._scorer.coverage(claim_text(part), source) >= _HALF

    def _is_title(self, part: Segment, cited: Sequence[int]) -> bool:
        words = frozenset(stems(part.text))
        titles = [self._sources[source].title_terms for source in cited]
        return any(len(words & title) >= _TITLE_SHARE * max(len(words), len(title), 1) for title in titles)


def claim_text(part: Segment) -> str:
    """Return what a segment claims: its text, after the heads of its table row and column."""
    return f"{part.label} {part.text}".strip()


def _level(finding: Finding) -> Support:
    lost = finding.absent_figures or finding.reversed_figures or finding.absent_names
    if lost or finding.opposed or finding.score < WEAK:
        return "unsupported"
    doubtful = finding.doubtful_names or finding.misplaced_figures
    return "supported" if finding.score >= SUPPORTED and not doubtful else "weak"
