"""A model as judge of faithfulness and correctness, and how far it can be believed.

A judge's verdicts are shown only beside its agreement with labels that are known by construction: gold answers with
their own papers, the same with an injected fault, and gold answers to another question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from eval.metrics.metric import answered
from eval.runs.run import EvaluationRun
from eval.sets.questions import Question
from eval.stand_ins.fault_injection import inject_fault
from rag.answering.prompt.sources import SourceText, escape, render_question, render_sources
from rag.answering.prompt.templates import Prompt
from rag.errors import ModelError
from rag.models.protocols import Backend
from rag.paper import Paper, title_key

#: Tokens of a verdict; models that think aloud need more than the two lines.
MAX_TOKENS = 400
#: Examples with known labels that a judge is tried on.
LABELLED = 36
_VERDICT = re.compile(r"^\W{0,8}(faithful|correct)\W{1,8}(yes|no)\b", re.IGNORECASE | re.MULTILINE)
_SIDES = ("faithful", "correct")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judge's verdict on an answer; ``None`` for a side without a readable one."""

    faithful: bool | None = None
    correct: bool | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """An answer to judge with its sources; ``label`` is known in the labelled sample only."""

    sources: tuple[SourceText, ...]
    question: str
    gold: str
    answer: str
    label: Judgement = Judgement()


class Judge:
    """A backend that is asked for verdicts. As thread-safe as the backend."""

    def __init__(self, backend: Backend, prompt: Prompt) -> None:
        self._backend = backend
        self._prompt = prompt

    @property
    def name(self) -> str:
        """Model and prompt: two judges of one name judge alike."""
        return f"{self._backend.model}, {self._prompt.label}"

    def judge(self, example: Example) -> Judgement:
        """The verdict on one answer; an empty one if the model failed or replied something else."""
        messages = self._prompt.fill(
            {
                "sources": render_sources(example.sources),
                "question": render_question(example.question),
                "gold": escape(example.gold),
                # Not escaped as a source is: the numbers in it are what is judged.
                "answer": " ".join(example.answer.replace("<", "&lt;").split()),
            }
        )
        try:
            text = "".join(chunk.text for chunk in self._backend.stream(messages, max_tokens=MAX_TOKENS))
        except ModelError:
            return Judgement()
        return read_verdict(text)


def read_verdict(text: str) -> Judgement:
    """The verdict in a model's reply; the last one if a side is named twice."""
    said = {match[1].lower(): match[2].lower() == "yes" for match in _VERDICT.finditer(text)}
    return Judgement(said.get("faithful"), said.get("correct"))


def judge_run(
    run: EvaluationRun, judge: Judge, papers: Sequence[Paper], *, workers: int = 1, seed: int = 0
) -> dict[str, Any]:
    """Verdicts on a run's answers beside the judge's agreement with known labels.

    Args:
        run: its answered questions that have a gold answer are judged.
        judge: who judges.
        papers: of the library, for the labelled sample.
        workers: requests under way at a time.
        seed: of the labelled sample.

    Returns:
        ``{"model", "verdicts": {side: {"share", "n", "unread", "agreement", "kappa", "labelled"}}, "judgements"}``; a
        side is ``faithful`` or ``correct``, ``share`` is of the answers judged so, and ``None`` if none was.
    """
    judged = [q for q in run.questions if q.answerable and q.gold_answer and answered(run.answers[q.id])]
    sample = labelled_sample(run.questions, papers, seed=seed)
    examples = [_example(question, run.answers[question.id]) for question in judged]
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        verdicts = list(pool.map(judge.judge, [*examples, *sample]))
    own, tried = verdicts[: len(examples)], verdicts[len(examples) :]
    return {
        "model": judge.name,
        "verdicts": {side: _side(side, own, tried, sample) for side in _SIDES},
        "judgements": {q.id: asdict(verdict) for q, verdict in zip(judged, own, strict=True)},
    }


def labelled_sample(
    questions: Sequence[Question], papers: Sequence[Paper], *, size: int = LABELLED, seed: int = 0
) -> list[Example]:
    """Examples whose labels follow from how they are made, as far as the set holds enough questions: a third gold
    answers, a third gold answers with a wrong figure or turned into the opposite, a third gold answers to another
    question with that question's papers (faithful, but no answer to this one)."""
    by_title = {title_key(paper.title): paper for paper in papers}
    usable = [
        q for q in questions if q.answerable and not q.history and q.attack is None and q.relevant_keys <= set(by_title)
    ]
    examples: list[Example] = []
    for at, question in enumerate(usable):
        if len(examples) == size:
            break
        if at % 3 == 0:
            examples += _labelled(question, question, question.gold_answer, by_title, Judgement(True, True))
        elif at % 3 == 1:
            abstracts = " ".join(p for s in _gold_sources(question, by_title) for p in s.passages)
            wrong = inject_fault(question.gold_answer, question.question, abstracts, f"{seed}:{at}")
            examples += _labelled(question, question, wrong, by_title, Judgement(False, False))
        else:
            other = usable[(at + len(usable) // 2) % len(usable)]
            if other.relevant_keys.isdisjoint(question.relevant_keys):
                examples += _labelled(question, other, other.gold_answer, by_title, Judgement(True, False))
    return examples


def _labelled(
    asked: Question, sourced: Question, answer: str | None, by_title: Mapping[str, Paper], label: Judgement
) -> list[Example]:
    """The example of an answer that cites all gold papers of ``sourced``; none without an answer."""
    sources = _gold_sources(sourced, by_title)
    markers = "".join(f" [{source.number}]" for source in sources)
    return [Example(sources, asked.question, asked.gold_answer, answer + markers, label)] if answer is not None else []


def cohens_kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Agreement beyond chance (Cohen, 1960); ``None`` if chance alone would always agree."""
    n = len(pairs)
    if not n:
        return None
    agreed = sum(a == b for a, b in pairs) / n
    first, second = sum(a for a, _ in pairs) / n, sum(b for _, b in pairs) / n
    chance = first * second + (1 - first) * (1 - second)
    return None if chance == 1.0 else (agreed - chance) / (1 - chance)


def _side(side: str, own: Sequence[Judgement], tried: Sequence[Judgement], sample: Sequence[Example]) -> dict[str, Any]:
    said = [verdict for j in own if (verdict := getattr(j, side)) is not None]
    pairs = [
        (bool(verdict), bool(getattr(example.label, side)))
        for example, j in zip(sample, tried, strict=True)
        if (verdict := getattr(j, side)) is not None
    ]
    return {
        "share": sum(said) / len(said) if said else None,
        "n": len(said),
        "unread": len(own) - len(said),
        "agreement": sum(a == b for a, b in pairs) / len(pairs) if pairs else None,
        "kappa": cohens_kappa(pairs),
        "labelled": len(pairs),
    }


def _example(question: Question, answer: Mapping[str, Any]) -> Example:
    sources = tuple(
        SourceText(int(c["number"]), str(c["paper"]["title"]), (str(c["paper"]["abstract"]),))
        for c in answer.get("citations", ())
    )
    asked = str(answer.get("standalone_question") or question.question)
    return Example(sources, asked, question.gold_answer, str(answer.get("answer", "")))


def _gold_sources(question: Question, by_title: Mapping[str, Paper]) -> tuple[SourceText, ...]:
    papers = [by_title[title_key(title)] for title in question.relevant]
    return tuple(SourceText(n, paper.title, (paper.abstract,)) for n, paper in enumerate(papers, 1))
