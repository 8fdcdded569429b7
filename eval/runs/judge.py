"""A model as judge of faithfulness and correctness, and how far it can be believed.

A judge's verdicts are shown only beside its agreement with labels that are known by construction: gold answers with
their own papers, the same with a fault planted, and gold answers to another question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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
    """A judge's word on an answer; ``None`` where it gave none that can be read."""

    faithful: bool | None = None
    correct: bool | None = None

    def to_dict(self) -> dict[str, bool | None]:
        """For JSON."""
        return {"faithful": self.faithful, "correct": self.correct}


@dataclass(frozen=True, slots=True)
class Example:
    """Something to judge; the labels are known for examples of the labelled sample."""

    sources: tuple[SourceText, ...]
    question: str
    gold: str
    answer: str
    label: Judgement = Judgement()


class Judge:
    """Answerer a backend for verdicts. Thread-safe as the backend is."""

    def __init__(self, backend: Backend, prompt: Prompt) -> None:
        self._backend = backend
        self._prompt = prompt

    @property
    def name(self) -> str:
        """Model and prompt: two judges of one name judge alike."""
        return f"{self._backend.model}, {self._prompt.label}"

    def judge(self, example: Example) -> Judgement:
        """The verdict on one answer; an empty one where the model failed or said something else."""
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
    """The verdict in a model's reply; of a side named twice the last word counts."""
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
        side is ``faithful`` or ``correct``, ``share`` is of the answers judged so, and ``None`` where none was.
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
        "judgements": {q.id: verdict.to_dict() for q, verdict in zip(judged, own, strict=True)},
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
        sources = _gold_sources(question, by_title)
        marks = "".join(f" [{source.number}]" for source in sources)
        gold = question.gold_answer
        if at % 3 == 0:
            examples.append(Example(sources, question.question, gold, gold + marks, Judgement(True, True)))
        elif at % 3 == 1:
            wrong = inject_fault(
                gold, question.question, " ".join(p for s in sources for p in s.passages), f"{seed}:{at}"
            )
            if wrong is not None:
                label = Judgement(False, False)
                examples.append(Example(sources, question.question, gold, wrong + marks, label))
        else:
            other = usable[(at + len(usable) // 2) % len(usable)]
            if other.relevant_keys.isdisjoint(question.relevant_keys):
                theirs = _gold_sources(other, by_title)
                theirs_marks = "".join(f" [{source.number}]" for source in theirs)
                label = Judgement(True, False)
                examples.append(Example(theirs, question.question, gold, other.gold_answer + theirs_marks, label))
    return examples


def cohens_kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Agreement beyond chance (Cohen, 1960); ``None`` where chance alone would agree always."""
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
