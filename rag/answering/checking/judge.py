"""Judges an answer by rules, one sentence after the other: what is cited, what backs it, what of it stands nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rag.answering.checking.rules.bounds import turned_bounds
from rag.answering.checking.rules.checkworthy import claims
from rag.answering.checking.rules.figure_context import stray_figures, swapped_figures
from rag.answering.checking.rules.figures import Figure, figures, missing_figures, same_figure
from rag.answering.checking.rules.polarity import denies
from rag.answering.checking.scorer import SUPPORTED, WEAK, Backing, Bench, Similarity
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
    """What was found about a segment. Sources are indexes into those of the prompt; numbers come with the final text.

    ``sources`` are those behind it (after a move, the new one; ``moved_from`` the old ones), ``backings`` what each of
    them says for it. ``fits_better`` is a source that backs it where the cited ones do not. ``verbatim`` tells that it
    is a sentence of one of its sources; ``is_ordered`` that it stands there only where an abstract gives orders.
    ``judged_from`` is the rules' verdict where a model's took its place.
    """

    segment: Segment
    sources: tuple[int, ...] = ()
    support: Support = "none"
    score: float = 0.0
    backings: dict[int, Backing] = field(default_factory=dict)
    lost_figures: tuple[str, ...] = ()
    misplaced_figures: tuple[str, ...] = ()
    turned_figures: tuple[str, ...] = ()
    lost_names: tuple[str, ...] = ()
    doubtful_names: tuple[str, ...] = ()
    opposed: tuple[str, ...] = ()
    is_ordered: bool = False
    is_uncited: bool = False
    moved_from: tuple[int, ...] = ()
    fits_better: int | None = None
    verbatim: bool = False
    judged_from: Support | None = None


class RulesJudge:
    """Judges the segments of one answer by rules; a model's verdict, where one is asked for, comes after it
    (:mod:`rag.answering.assist.model_judge`).

    Args:
        sources: the sources of the prompt.
        parts: the segments of the answer.
        order: the source of every citation number of those segments; ``order[0]`` is cited as [1].
        similarity: see :data:`rag.answering.checking.scorer.Similarity`.
        question: a name or figure of it may be denied without standing in a source.
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
        self._bench = Bench(sources, [said(part) for part in parts], similarity)
        cited = [(said(part), [order[number - 1] for number in part.numbers]) for part in parts if part.numbers]
        self._bench.settle([(text, sources) for text, sources in cited if not self._bench.repeats(text, sources)])

    def judge_all(self, parts: Sequence[Segment]) -> list[Finding]:
        """A finding for every segment.

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
                shared = self._weighed(part, following.sources)
                finding = shared if shared.support == "supported" else finding
            found.append(finding)
        return found[::-1]

    def _judge(self, part: Segment) -> Finding:
        cited = tuple(self._order[number - 1] for number in part.numbers)
        if not claims(part.text) or (part.is_heading and not cited) or self._is_title(part, cited):
            return Finding(part, cited)
        if not cited:
            # A lone word or a table's cell without a figure names something and says nothing of it.
            says = bool(figures(part.text)) or not (part.is_cell or len(set(stems(part.text))) < 2)
            return Finding(part, support="unsupported" if says else "none", is_uncited=says)
        finding = self._weighed(part, cited)
        return self._elsewhere(finding) if finding.support == "unsupported" else finding

    def _weighed(self, part: Segment, cited: Sequence[int]) -> Finding:
        text = said(part)
        if self._bench.repeats(text, cited):
            backings = {source: b for source in cited if (b := self._bench.backing(text, [source])) is not None}
            return Finding(part, tuple(cited), "supported", 1.0, backings, verbatim=True)
        self._bench.settle([(text, cited)])
        whole = self._bench.backing(text, cited)
        single = {source: self._bench.backing(text, [source]) for source in cited} if len(cited) > 1 else {}
        lost = self._lost_names(part.text, cited)
        lost_figures = self._lost_figures(part.text, cited)
        finding = Finding(
            part,
            tuple(cited),
            score=whole.score if whole else 0.0,
            backings={s: b for s, b in (single or {cited[0]: whole}).items() if b is not None},
            lost_figures=tuple(figure.text for figure in lost_figures),
            misplaced_figures=tuple(f.text for f in self._misplaced(part, cited) if f not in lost_figures),
            turned_figures=tuple(f.text for f in self._turned(part.text, cited) if f not in lost_figures),
            lost_names=tuple(name.word for name in lost if name.strong),
            doubtful_names=tuple(name.word for name in lost if not name.strong),
            opposed=whole.contradictions if whole else (),
        )
        level = _level(finding)
        if level != "supported" and any(self._sources[source].orders_say(text) for source in cited):
            return replace(finding, support="unsupported", is_ordered=True)
        return replace(finding, support=level)

    def _lost_figures(self, text: str, cited: Sequence[int]) -> list[Figure]:
        lost = missing_figures(text, [self._sources[source].figures for source in cited])
        return [f for f in lost if not (denies(text, f.start) and any(same_figure(f, a) for a in self._asked_figures))]

    def _misplaced(self, part: Segment, cited: Sequence[int]) -> list[Figure]:
        stretches = self._bench.stretches(said(part), cited)
        titles = " ".join(self._sources[source].title for source in cited)
        found = swapped_figures(part.text, stretches)
        if len(cited) == 1:
            # A sentence on several papers draws on more stretches than decide about it.
            found += [figure for figure in stray_figures(part.text, stretches, titles) if figure not in found]
        return [figure for figure in found if not denies(part.text, figure.start)]

    def _turned(self, text: str, cited: Sequence[int]) -> list[Figure]:
        return [f for f in turned_bounds(text, [self._sources[s].abstract for s in cited]) if not denies(text, f.start)]

    def _lost_names(self, text: str, cited: Sequence[int]) -> list[NamedWord]:
        lost = [name for name in named_words(text) if not any(name.word in self._sources[s].names for s in cited)]
        return [name for name in lost if not (denies(text, name.start) and name.word in self._asked_names)]

    def _elsewhere(self, finding: Finding) -> Finding:
        """Moves a sentence whose figures stand in no cited source to one that has them and backs it otherwise; of
        other sentences it is only noted where they would fit."""
        others = [source for source in range(len(self._sources)) if source not in finding.sources]
        likely = [source for source in others if self._may_back(finding.segment, source)]
        self._bench.settle([(said(finding.segment), [source]) for source in likely])
        trials = [self._weighed(finding.segment, [source]) for source in likely]
        fitting = [trial for trial in trials if trial.support == "supported"]
        if not fitting:
            return finding
        best = max(fitting, key=lambda trial: trial.score)
        if finding.lost_figures:
            return replace(best, moved_from=finding.sources)
        return replace(finding, fits_better=best.sources[0])

    def _may_back(self, part: Segment, source: int) -> bool:
        """A cheap look before a close one: all figures are there, and half of what is said."""
        if missing_figures(part.text, [self._sources[source].figures]):
            return False
        return self._bench.coverage(said(part), source) >= _HALF

    def _is_title(self, part: Segment, cited: Sequence[int]) -> bool:
        words = frozenset(stems(part.text))
        titles = [self._sources[source].title_terms for source in cited]
        return any(len(words & title) >= _TITLE_SHARE * max(len(words), len(title), 1) for title in titles)


def said(part: Segment) -> str:
    """What a segment says, with what its table says about it elsewhere."""
    return f"{part.label} {part.text}".strip()


def _level(finding: Finding) -> Support:
    lost = finding.lost_figures or finding.turned_figures or finding.lost_names
    if lost or finding.opposed or finding.score < WEAK:
        return "unsupported"
    doubtful = finding.doubtful_names or finding.misplaced_figures
    return "supported" if finding.score >= SUPPORTED and not doubtful else "weak"
