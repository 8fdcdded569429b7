"""Asks every question of a set and scores the answers: parallel, resumable, the same for the same seed."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Protocol

from eval.metrics.checker import detection_by_fault
from eval.metrics.metric import AnswerRecord
from eval.metrics.summary import score_answers, summarise
from eval.runs.records import Identity, Journal, Run, save_run
from eval.sets.questions import Question
from eval.stand_ins.scripted_models import Written
from rag.answering.record.answer import Answer, Turn
from rag.errors import CitewellError
from rag.models.protocols import Message
from rag.paper import Paper
from rag.retrieval.evidence import Searcher

#: Papers ranked for the retrieval metrics, beyond the sources of the prompt.
RANKED = 10
#: Ledger kinds that tell that the model did not answer; what stands there is not its work.
_MODEL_FAILED = "backend_failed"
Progress = Callable[[int, int, int], None]


class Asker(Protocol):
    """What answers: :class:`rag.answering.assistant.Assistant`, or a stand-in."""

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """The checked answer."""


class Scripted(Protocol):
    """A script of the mocked model (:data:`eval.stand_ins.mock.Script`) that says what it wrote."""

    def __call__(self, messages: Sequence[Message]) -> str:
        """The reply to a request."""

    def take(self, question_id: str) -> tuple[Written, ...]:
        """The sentences of its last reply to a question."""


def run_questions(
    questions: Sequence[Question],
    asker: Asker,
    searcher: Searcher,
    identity: Identity,
    out: Path,
    *,
    workers: int = 1,
    resume: bool = False,
    script: Scripted | None = None,
    prices: tuple[float, float] | None = None,
    progress: Progress = lambda *_: None,
) -> Run:
    """Asks, scores and writes ``run.json`` in ``out``.

    Args:
        questions: what to ask.
        asker: what answers.
        searcher: ranks the papers for the retrieval metrics.
        identity: what decides the answers; a run that is resumed must have the same.
        out: the run's directory.
        workers: questions under way at a time; the answers do not depend on it.
        resume: go on with what ``out`` holds; questions that failed are asked again.
        script: says what a mocked model wrote, where one answers.
        prices: money for a million prompt tokens and a million completion tokens.
        progress: told the questions done, all questions, and those failed.

    Raises:
        RunError, UsageError: see :class:`eval.runs.records.Journal`. What a single question raises becomes its record.
    """
    started = time.perf_counter()
    journal = Journal(out, identity, resume=resume)
    left = [question for question in questions if question.id not in journal.answers]
    done, failed = len(questions) - len(left), 0

    def answer(question: Question) -> AnswerRecord:
        record = _ask(question, asker, searcher)
        if script is not None:
            record["written"] = [written.to_dict() for written in script.take(question.id)]
        if prices is not None:
            record["prices"] = {"prompt": prices[0], "completion": prices[1]}
        return record

    progress(done, len(questions), failed)
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        futures = {pool.submit(answer, question): question for question in left}
        try:
            for future in as_completed(futures):
                record = future.result()
                journal.add(futures[future].id, record)
                done, failed = done + 1, failed + ("error" in record)
                progress(done, len(questions), failed)
        except BaseException:
            # An interrupted run waits for the questions under way, not for all of them.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    answers = {question.id: journal.answers[question.id] for question in questions}
    run = score_run(identity, questions, answers, seconds=time.perf_counter() - started, workers=workers)
    save_run(run, out)
    return run


def score_run(
    identity: Identity,
    questions: Sequence[Question],
    answers: dict[str, AnswerRecord],
    *,
    seconds: float = 0.0,
    workers: int = 1,
) -> Run:
    """The run that these answers make."""
    scores = score_answers(questions, answers)
    figures = summarise(questions, scores, seed=identity.seed)
    faults = detection_by_fault(answers.values())
    return Run(identity, tuple(questions), answers, scores, figures, faults, seconds=seconds, workers=workers)


def set_digest(questions: Iterable[Question]) -> str:
    """SHA-256 of a set's records: two sets of one digest ask the same and expect the same."""
    return _digest(question.to_dict() for question in questions)


def library_digest(papers: Iterable[Paper], embedder: str, chunking: str) -> str:
    """SHA-256 of what answers can rest on: the papers and how they are indexed."""
    return _digest([embedder, chunking, *sorted((p.id, p.title, p.abstract) for p in papers)])


def _digest(values: Iterable[Any]) -> str:
    digest = hashlib.sha256()
    for value in values:
        digest.update(json.dumps(value, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()


def _ask(question: Question, asker: Asker, searcher: Searcher) -> dict[str, Any]:
    try:
        answer = asker.ask(question.question, question.history)
        ranking = searcher.search(answer.standalone_question, k=RANKED)
    except CitewellError as error:
        return {"error": str(error)}
    record = answer.to_dict()
    record["ranking"] = [evidence.paper.title for evidence in ranking.evidence]
    failures = [entry.detail for entry in answer.ledger if entry.kind == _MODEL_FAILED]
    if failures:
        record["error"] = failures[0]
    return record
