"""The pipeline of a question does no I/O: whoever drives it sees each step and decides what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from rag.answering.components import Components
from rag.answering.effects import NextChunk, Search, StartModel, Step, StopModel, advance
from rag.answering.pipeline import AnswerPipeline
from rag.answering.record.answer import Answer, Turn
from rag.answering.record.events import Condensed, Finished, Retrieved, TextDelta
from rag.errors import ModelError
from rag.models.protocols import Backend, Chunk, Usage
from rag.settings import Settings
from tests.support.models import PAPERS, ScriptedModel, WordShelf

QUESTION = "How many charts does MARLIN sort?"
GOOD = [
    Chunk("MARLIN sorts 4,200 charts "),
    Chunk("in 37 minutes [1]. It is 2.5x faster than TURBOT [1].", Usage(9, 8, 1)),
    None,
]
HISTORY = [Turn("user", "What is MARLIN?"), Turn("assistant", "MARLIN is a method that sorts charts [1].")]


def driven(
    received: Sequence[Chunk | ModelError | None],
    question: str = QUESTION,
    history: Sequence[Turn] = (),
    backend: Backend | None = None,
    **settings: Any,
) -> list[Step]:
    """All steps of a question, with ``received`` for one ``NextChunk`` after the other."""
    components = Components.build(Settings(**settings), backend or ScriptedModel([]), None)
    flow, chunks, steps = AnswerPipeline(components, question, history).run(), iter(received), list[Step]()
    answers: dict[type, Callable[[Any], object]] = {
        Search: lambda step: step.find(WordShelf(PAPERS)),
        NextChunk: lambda _: next(chunks),
    }
    sent: object = None
    while (step := advance(flow, sent)) is not None:
        steps.append(step)
        sent = answers.get(type(step), lambda _: None)(step)
    assert next(chunks, "all read") == "all read"
    return steps


def kinds(steps: Sequence[Step]) -> list[type]:
    return [type(step) for step in steps]


def answer_of(steps: Sequence[Step]) -> Answer:
    assert isinstance(steps[-1], Finished)
    return steps[-1].answer


def test_the_steps_of_a_question_come_in_one_order() -> None:
    steps = driven(GOOD)
    model = [StartModel, NextChunk, NextChunk, TextDelta, NextChunk, StopModel]
    assert kinds(steps) == [Condensed, Search, Retrieved, *model, TextDelta, Finished]
    assert answer_of(steps).usage == Usage(9, 8, 1)


def test_a_follow_up_asks_the_model_for_a_question_first() -> None:
    steps = driven([Chunk(QUESTION), None, *GOOD], "how many does it sort?", HISTORY)
    assert kinds(steps)[:6] == [StartModel, NextChunk, NextChunk, StopModel, Condensed, Search]
    assert answer_of(steps).standalone_question == QUESTION


def test_with_nothing_relevant_no_model_is_started() -> None:
    assert kinds(driven([], "zzz qqq?")) == [Condensed, Search, Retrieved, TextDelta, Finished]


@pytest.mark.parametrize("before", [[], GOOD[:2]])
def test_a_failure_of_the_model_is_received_as_data(before: list[Chunk | None]) -> None:
    steps = driven([*before, ModelError("the server is away")])
    assert kinds(steps).count(StopModel) == 1
    assert "the server is away" in answer_of(steps).text


def test_a_reply_past_its_bound_is_stopped_without_reading_on() -> None:
    steps = driven([GOOD[0], Chunk("in 37 minutes [1]. ", cut_off=True)])
    assert kinds(steps).count(NextChunk) == 2
    assert "answer_cut_off" in [entry.kind for entry in answer_of(steps).ledger]


def test_every_request_is_stopped_before_the_next_begins() -> None:
    ranking = [Chunk("[1] > [2]"), None]
    verdicts = [ModelError("the server is away")]
    steps = driven([*ranking, *GOOD, *verdicts], rerank="model", judge="model")
    open_requests = [step for step in kinds(steps) if step in (StartModel, StopModel)]
    assert open_requests == [StartModel, StopModel] * 3
    assert "judge_failed" in [entry.kind for entry in answer_of(steps).ledger]
