"""Ask every question of a set and score the answers: parallel, resumable, the same for the same seed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Protocol

from eval.metrics.checker import detection_by_fault
from eval.metrics.metric import AnswerRecord
from eval.metrics.summary import score_answers, summarise
from eval.runs.run import EvaluationRun, Identity, Journal, save_run
from eval.sets.questions import Question
from eval.stand_ins.scripted_models import WrittenSentence
from rag.answering.record.answer import Answer, Turn
from rag.errors import CitewellError
from rag.models.protocols import Message
from rag.retrieval.evidence import Searcher

#: Papers ranked for the retrieval metrics, beyond the sources of the prompt.
RANKED = 10
#: The ledger's kind for a model that did not answer; the text of such an answer is not its work.
_MODEL_FAILED = "backend_failed"
#: Called with the questions done, all questions, and those failed.
Progress = Callable[[int, int, int], None]


class Answerer(Protocol):
    """What answers: :class:`rag.answering.assistant.Assistant`, or a stand-in."""

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """The checked answer."""


class ModelScript(Protocol):
    """A script of the mocked model (:data:`eval.stand_ins.mock.Script`) that says what it wrote."""

    def __call__(self, messages: Sequence[Message]) -> str:
        """The reply to a request."""

    def pop_written(self, question_id: str) -> tuple[WrittenSentence, ...]:
        """The sentences of its last reply to a question."""


def run_questions(
    questions: Sequence[Question],
    answerer: Answerer,
    searcher: Searcher,
    identity: Identity,
    out: Path,
    *,
    workers: int = 1,
    resume: bool = False,
    script: ModelScript | None = None,
    prices: tuple[float, float] | None = None,
    progress: Progress = lambda *_: None,
) -> EvaluationRun:
    """Ask the questions, score the answers and write ``run.json`` in ``out``.

    Args:
        questions: what to ask.
        answerer: what answers.
        searcher: ranks the papers for the retrieval metrics.
        identity: what decides the answers; a run that is resumed must have the same.
        out: the run's directory.
        workers: questions under way at a time; the answers do not depend on it.
        resume: go on with what ``out`` holds; questions that failed are asked again.
        script: the mocked model's, if one answers; says what it wrote.
        prices: money for a million prompt tokens and a million completion tokens.
        progress: see :data:`Progress`.

    Raises:
        RunError, UsageError: see :class:`eval.runs.run.Journal`. An error in a single question becomes its record.
    """
    started = time.perf_counter()
    journal = Journal(out, identity, resume=resume)
    left = [question for question in questions if question.id not in journal.answers]
    done, failed = len(questions) - len(left), 0

    def answer(question: Question) -> AnswerRecord:
        record = _ask(question, answerer, searcher)
        if script is not None:
            record["written"] = [written.to_dict() for written in script.pop_written(question.id)]
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
) -> EvaluationRun:
    """The run that these answers make."""
    scores = score_answers(questions, answers)
    figures = summarise(questions, scores, seed=identity.seed)
    faults = detection_by_fault(answers.values())
    return EvaluationRun(identity, tuple(questions), answers, scores, figures, faults, seconds=seconds, workers=workers)


def _ask(question: Question, answerer: Answerer, searcher: Searcher) -> dict[str, Any]:
    try:
        answer = answerer.ask(question.question, question.history)
        ranking = searcher.search(answer.standalone_question, k=RANKED)
    except CitewellError as error:
        return {"error": str(error)}
    record = answer.to_dict()
    record["ranking"] = [evidence.paper.title for evidence in ranking.evidence]
    failures = [entry.detail for entry in answer.ledger if entry.kind == _MODEL_FAILED]
    if failures:
        record["error"] = failures[0]
    return record
